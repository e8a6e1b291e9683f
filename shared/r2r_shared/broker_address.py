"""Addresses of Redis, as Celery writes them. No complaint about one quotes it: there is a password in it."""
# kombu carries no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from r2r_shared.errors import UserError

_SCHEMES = ("redis", "rediss", "redis+socket")
_DATABASES = 16  # of a Redis, unless it is told otherwise


def check(broker_url: str) -> None:
    """See to it that an address can be taken apart, by libraries that would quote it where it cannot.

    Raises:
        UserError: it is not that of one Redis.
    """
    try:
        parts = urlsplit(broker_url)
        well = parts.scheme in _SCHEMES and parts.port != 0 and ";" not in broker_url
    except ValueError:  # a port that is no number: what stands after an @ or / in a password
        well = False
    else:
        well = well and not {"password", "username"} & {name for name, _ in parse_qsl(parts.query)}
        if parts.scheme != "redis+socket":
            number = parts.path.strip("/")
            well = well and bool(parts.hostname) and (not number or number.isdecimal())
    if not well:
        raise UserError(
            "the broker's address is not that of a Redis",
            "write it as redis://:password@host:6379/0; in the password, @ is %40, / is %2F, # is %23",
        )


def of_training(broker_url: str, *, named: str | None) -> str:
    """The Redis database of the queue `train`: the one that was named, else the one after the films'.

    Raises:
        UserError: none can be told from the films' address, or it is the films' own, or that of no Redis.
    """
    hint = "set R2R_TRAIN_BROKER_URL to another database of it, such as redis://:password@host:6379/1"
    if named is not None:
        check(named)
        if named.rstrip("/") == broker_url.rstrip("/"):
            raise UserError("films and training have the same Redis database", hint)
        return named
    parts = urlsplit(broker_url)
    if parts.scheme == "redis+socket":  # urlunsplit would drop its empty host
        query = dict(parse_qsl(parts.query))
        query["virtual_host"] = _next_database(query.get("virtual_host", "0"), hint)
        return f"{broker_url.partition('?')[0]}?{urlencode(query)}"
    return urlunsplit(parts._replace(path=f"/{_next_database(parts.path.strip('/') or '0', hint)}"))


def _next_database(number: str, hint: str) -> str:
    if not number.isdecimal() or int(number) >= _DATABASES - 1:
        raise UserError(f"no Redis database comes after number {number} of {_DATABASES}", hint)
    return str(int(number) + 1)


def describe(broker_url: str) -> str:
    """A broker's address without its password."""
    from kombu.utils import url

    return str(url.maybe_sanitize_url(broker_url))
