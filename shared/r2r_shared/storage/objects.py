"""Objects in buckets, by way of fsspec: looked at, listed, streamed. Each failure is one line and a remedy."""
# fsspec carries no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from r2r_shared.errors import FilmRefused, R2RError, Unavailable, UserError
from r2r_shared.film.places import BUCKET
from r2r_shared.film.stamps import Stamp

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

CHUNK_BYTES = 8 << 20

_CREDENTIALS = frozenset(
    {"NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "ProfileNotFound"}
)
_MAY = (
    "check the credentials (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile in AWS_PROFILE) and what they "
    "may do there"
)
_REACH = "check the network, and AWS_ENDPOINT_URL where the store is not Amazon's"


@dataclass(frozen=True, slots=True)
class RemoteObject:
    """One object: how people call it, where it is, and its stamp."""

    name: str
    fs: Any
    address: str
    stamp: Stamp

    def chunks(self) -> Iterator[bytes]:
        """Its bytes, a piece at a time. What changes meanwhile is refused by the store (If-Match).

        Raises:
            Unavailable: the store does not answer, or the object is no longer the one that was looked at.
        """
        with complaints(f"cannot read {self.name}", UserError):
            try:
                with self.fs.open(self.address, "rb", block_size=CHUNK_BYTES, cache_type="none") as file:
                    while data := file.read(CHUNK_BYTES):
                        yield data
            except FileNotFoundError as error:
                raise Unavailable(f"{self.name} went away while it was being read", "is it being replaced?") from error


def open_url(url: str, what: str) -> tuple[AbstractFileSystem, str]:
    """fsspec's file system for an address, and the address as that calls it.

    Retries and waits are bounded: an unreachable store says so within a minute, and at once where the connection is
    refused. Listings are not kept: other processes write there, too.

    Raises:
        UserError: the package for that kind of address is not installed, or there is no such kind.
    """
    import fsspec

    protocol, _, rest = url.partition("://")
    try:
        if protocol == "s3":  # never by way of fsspec's reading of addresses, in which `::` opens another one
            options: dict[str, Any] = {
                "use_listings_cache": False,
                "config_kwargs": {
                    "connect_timeout": 5,
                    "read_timeout": 10,
                    "retries": {"total_max_attempts": 3, "mode": "standard"},
                },
            }
            fs: Any = fsspec.filesystem("s3", **options)
            fs.retries = 2  # s3fs tries again what botocore has given up: a body that broke off
            return fs, rest.rstrip("/")
        opened: tuple[AbstractFileSystem, str] = fsspec.url_to_fs(url)
    except ImportError as error:
        extra = "pip install 'reel-to-real[s3]'" if protocol == "s3" else str(error)
        raise UserError(f"{what} needs a package that is not installed", extra) from error
    except ValueError as error:
        raise UserError(f"{what} is of no known kind", "name a directory, or s3://bucket/prefix") from error
    return opened[0], opened[1].rstrip("/")


def look(url: str) -> RemoteObject:
    """An object as it is now.

    Raises:
        FileNotFoundError: there is none.
        FilmRefused: the bucket is not there, or lets nobody in with these credentials.
        Unavailable: nothing answers.
    """
    fs, address = open_url(url, url)
    with complaints(f"cannot read {url}", FilmRefused):
        return look_at(fs, address, url)


def look_at(fs: Any, address: str, name: str) -> RemoteObject:
    """As `look`, of a store that is open; errors are the driver's."""
    info: dict[str, Any] = fs.info(address)
    if info["type"] != "file":
        raise FileNotFoundError(f"{name} is no object")
    version = info.get("ETag") or info.get("LastModified") or info.get("mtime") or info.get("created") or ""
    return RemoteObject(name, fs, address, Stamp.of_object(int(info["size"]), str(version)))


def listed(url: str, *, page_keys: int = 1000) -> Iterator[str]:
    """The addresses of all objects below `s3://bucket/prefix/`, in order, a page of them at a time.

    Raises:
        FilmRefused, Unavailable: as `look`.
    """
    opened, _ = open_url(url, url)
    fs: Any = opened
    bucket, _, prefix = url.removeprefix(BUCKET).partition("/")
    more: dict[str, Any] = {}
    while True:
        with complaints(f"cannot list {url}", FilmRefused, missing=f"there is no bucket {bucket}"):
            page: dict[str, Any] = fs.call_s3(
                "list_objects_v2", Bucket=bucket, Prefix=prefix, MaxKeys=page_keys, **more
            )
        for entry in page.get("Contents", ()):
            if not entry["Key"].endswith("/"):
                yield f"{BUCKET}{bucket}/{entry['Key']}"
        if not page.get("IsTruncated"):
            return
        more = {"ContinuationToken": page["NextContinuationToken"]}


@contextmanager
def complaints(what: str, denied: type[UserError], *, hint: str = "", missing: str | None = None) -> Generator[None]:
    """Turn what a store raises into one line and a remedy.

    Args:
        what: "cannot read …".
        denied: what to raise where the store answers and will not: wrong credentials, no such bucket.
        hint: said beside the remedy.
        missing: how to say that something is not there; None leaves FileNotFoundError to the caller.
    """
    try:
        yield
    except R2RError:
        raise
    except Exception as error:
        if _no_bucket(error):
            raise denied(f"{what}: there is no such bucket", _join(hint, "check its name")) from error
        if isinstance(error, FileNotFoundError):
            if missing is None:
                raise
            raise denied(f"{what}: {missing}", hint) from error
        reason = _reason(error)
        if isinstance(error, PermissionError) and error.errno is None:  # the store's, not this machine's
            raise denied(f"{what}: {reason}", _join(hint, _MAY)) from error
        if type(error).__name__ in _CREDENTIALS:
            raise denied(f"{what}: {reason}", _join(hint, _MAY)) from error
        raise Unavailable(f"{what}: {reason}", hint or _REACH) from error


def _join(*hints: str) -> str:
    return "; ".join(filter(None, hints))


def _no_bucket(error: Exception) -> bool:
    response: Any = getattr(error.__cause__ or error, "response", None)
    return isinstance(response, dict) and response.get("Error", {}).get("Code") == "NoSuchBucket"


def _reason(error: Exception) -> str:
    """The first line of what went wrong, without the password that an endpoint's address may hold."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    line = (text.strip().splitlines() or [type(error).__name__])[0]
    return re.sub(r"//[^/@\s]*@", "//…@", line)
