"""Where may be connected to: nowhere that a stranger's file could lead inside."""

from __future__ import annotations

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from r2r_shared.errors import NotFetched
from r2r_shared.fetching.addresses import Addresses, is_public, ports_of, server_of
from r2r_shared.fetching.client import Client
from r2r_shared.fetching.pace import Pace
from tests import museum_server

PRIVATE = [
    *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10", "0.0.0.0/8"),
    *("192.0.0.0/24", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4", "255.255.255.255/32"),
]
PRIVATE_6 = ["::1/128", "::/128", "fe80::/10", "fc00::/7", "ff00::/8", "2001:db8::/32", "fec0::/10", "100::/64"]


@given(st.sampled_from(PRIVATE).flatmap(lambda net: st.ip_addresses(v=4, network=net)))
def test_no_private_address_is_public_in_any_spelling(ip):
    number = int(ip)
    spellings = [
        str(ip),
        f"::ffff:{ip}",
        str(ipaddress.IPv6Address((0x2002 << 112) | (number << 80))),  # 6to4
        str(ipaddress.IPv6Address((0x0064FF9B << 96) | number)),  # NAT64
        str(ipaddress.IPv6Address((0x20010000 << 96) | (number ^ 0xFFFFFFFF))),  # Teredo
    ]
    assert not any(map(is_public, spellings))


@given(st.sampled_from(PRIVATE_6).flatmap(lambda net: st.ip_addresses(v=6, network=net)))
def test_no_private_address_of_version_6_is_public(ip):
    assert not is_public(str(ip))
    assert not is_public(f"{ip}%eth0")


@pytest.mark.parametrize("ip", ["151.101.1.1", "8.8.8.8", "2606:4700::6810:84e5", "::ffff:8.8.8.8"])
def test_servers_of_the_internet_are(ip):
    assert is_public(ip)


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://museum.example/a.jpg", "file:///etc/passwd", "gopher://museum.example", "//museum.example/a.jpg"),
        *("data:image/png;base64,AAAA", "museum.example/a.jpg", "http://", "http:///a", "javascript:alert(1)", ""),
        *("http://user:password@museum.example/", "http://museum.example:port/", "http://[::1", "http://a b/"),
        "http://museum.example/" + "a" * 5000,
    ],
)
def test_what_is_no_web_address_is_not_asked(url):
    asked = []
    addresses = Addresses(resolver=lambda host, port: asked.append(host) or ["8.8.8.8"])
    with pytest.raises(NotFetched, match="not a web address"):
        addresses.check(url)
    assert asked == []


@pytest.mark.parametrize(
    "url",
    [
        *("http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0177.0.0.1/"),
        *("http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://localhost/", "http://169.254.169.254/latest/"),
    ],
)
def test_this_machine_is_not_asked_however_it_is_written(url):
    with pytest.raises(NotFetched, match=r"not on the public internet|name is not known"):
        Addresses().check(url)


def test_a_name_with_one_private_address_among_public_ones_is_refused():
    addresses = Addresses(resolver=lambda host, port: ["8.8.8.8", "10.0.0.7"])
    with pytest.raises(NotFetched, match="not on the public internet"):
        addresses.check("https://museum.example/a.jpg")


def test_a_host_that_a_person_named_may_be_anywhere_and_only_that_one():
    addresses = Addresses(["Museum.Local:8080"], resolver=lambda host, port: ["10.0.0.7"])
    target = addresses.check("http://MUSEUM.local:8080/a b.jpg?x=ø#part")
    assert (target.netloc, target.path, target.ips) == (
        *("museum.local:8080", "/a%20b.jpg?x=%C3%B8"),
        ("10.0.0.7",),
    )
    for other in ("http://other.museum.local:8080/", "http://museum.local/", "http://museum.local:22/"):
        with pytest.raises(NotFetched, match="not on the public internet"):
            addresses.check(other)


@pytest.mark.parametrize(
    ("named", "host", "ports"),
    [
        ("museum.local", "museum.local", (80, 443)),
        ("Museum.Local:8080", "museum.local", (8080,)),
        ("127.0.0.1:22", "127.0.0.1", (22,)),
        ("::1", "::1", (80, 443)),
        ("[::1]", "::1", (80, 443)),
        ("[FE80::1]:8080", "fe80::1", (8080,)),
    ],
)
def test_a_host_alone_means_its_usual_ports(named, host, ports):
    assert ports_of(named) == (host, ports)
    addresses = Addresses([named], resolver=lambda host, port: ["10.0.0.7"])
    written = f"[{host}]" if ":" in host else host
    for port in {*ports, 9999}:
        if port in ports:
            assert addresses.check(f"http://{written}:{port}/").port == port
        else:
            with pytest.raises(NotFetched, match="not on the public internet"):
                addresses.check(f"http://{written}:{port}/")


@pytest.mark.parametrize(
    "named", ["", ":80", "a:", "a:0", "a:65536", "a:b", "http://a", "a/b", "u@a", "a b", "[::1", "[::1]:x"]
)
def test_what_is_no_server_is_none(named):
    with pytest.raises(ValueError, match=r".*"):
        ports_of(named)


def test_the_address_that_was_checked_is_the_one_that_is_connected_to():
    """DNS rebinding: the name means another machine as soon as it has been looked at."""
    answers = iter([["93.184.216.34"]])
    addresses = Addresses(resolver=lambda host, port: next(answers))
    first = addresses.check("http://rebinding.example/a.jpg")
    again = addresses.check("http://rebinding.example/b.jpg")  # would raise StopIteration if it asked
    assert first.ips == again.ips == ("93.184.216.34",)

    with museum_server.running() as museum:
        port = int(museum.netloc.rpartition(":")[2])
        named = Addresses([f"museum.example:{port}"], resolver=lambda host, port: ["127.0.0.1"])
        client = Client(named, Pace(100))
        with client.get(f"http://museum.example:{port}/a.jpg") as reply:
            assert reply.status == 200
        client.close()
        (asked,) = museum.asked()
        assert asked.headers["Host"] == f"museum.example:{port}"


def test_a_name_nobody_knows_may_be_known_later():
    def nobody(host, port):
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(NotFetched, match="name is not known") as caught:
        Addresses(resolver=nobody).check("http://nowhere.example/")
    assert not caught.value.final


def test_the_server_of_an_address():
    assert server_of("https://Images.Museum.example:443/a") == "images.museum.example:443"
    assert server_of("https://museum.example/a") == "museum.example"
    assert server_of("http://[::1]:8080/") == "[::1]:8080"
    assert server_of("http://[::1") == ""
