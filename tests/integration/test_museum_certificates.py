"""A server's certificate is checked against its name, though its checked address is what is connected to."""

from __future__ import annotations

import datetime as dt
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from r2r_shared.errors import NotFetched
from r2r_shared.fetching.addresses import Addresses
from r2r_shared.fetching.client import Client
from r2r_shared.fetching.pace import Pace
from tests import museum_server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of museum.example, signed by itself: (file of the certificate, context of a server)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "museum.example")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("museum.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    root = tmp_path_factory.mktemp("tls")
    own, secret = root / "own.pem", root / "key.pem"
    own.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own, secret)
    return own, context


@pytest.mark.parametrize(
    ("host", "trusted", "answers"),
    [("museum.example", True, True), ("museum.example", False, False), ("other.example", True, False)],
)
def test_only_the_named_server_is_believed(certificate, monkeypatch, host, trusted, answers):
    own, context = certificate
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(own))
    with museum_server.running(tls=context) as museum:
        port = int(museum.netloc.rpartition(":")[2])
        client = Client(Addresses([f"{host}:{port}"], resolver=lambda name, port: ["127.0.0.1"]), Pace(100))
        try:
            if answers:
                with client.get(f"https://{host}:{port}/a.jpg") as reply:
                    assert reply.status == 200
                    assert b"".join(reply.chunks()) == museum_server.picture("/a.jpg")
            else:
                with (
                    pytest.raises(NotFetched, match="certificate cannot be trusted"),
                    client.get(f"https://{host}:{port}/a.jpg"),
                ):
                    pass
                assert museum.asked() == []
        finally:
            client.close()
