"""Takes secrets out of text before anybody reads it: log lines, tracebacks, what a worker tells of itself.

Two nets. What this process knows to be secret, passwords in its own addresses and variables, is taken out wherever it
stands, in whatever dress: as it is, percent-encoded in any part, escaped as JSON, Python or libpq write it. What only
looks like a secret, a password in any address or behind `password=`, is taken out by its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, unquote, unquote_plus

from r2r_shared.errors import UserError

HIDDEN = "***"
SHORTEST = 4
"""Characters. A shorter secret is hidden only where it stands in an address or behind its name: taken out of every
line, a password `r2r` would blot out half of them, and be told by the blots."""

_ADDRESSES = ("R2R_DATABASE_URL", "R2R_BROKER_URL", "R2R_TRAIN_BROKER_URL", "R2R_MEDIA")
_NAMES = re.compile(
    r"(?:PASSWORD|PASSWD|(?:^|_)(?:SECRET|TOKEN|PASS|ACCESS_KEY(?:_ID)?|SECRET_KEY|API_KEY))$|^FSSPEC_S3_(?:KEY|SECRET)$",
    re.IGNORECASE,
)
"""A variable whose name ends like this holds a secret; TOKENIZERS_PARALLELISM and …_TOKEN_FILE hold none."""

# The user's part may be empty, the password's may hold anything but a blank; its end is the last @ of the word.
_IN_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^\s/?#:@\"'<>]*:)[^\s]+@")
_BEHIND_NAME = re.compile(
    r"((?:password|passwd|secret|token|access_?key(?:_id)?|api_?key)[\w.-]*\\?[\"']?\s*[=:]\s*)"
    r"(\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|[^\s,;&)}\]\"']+)",
    re.IGNORECASE,
)
_OF_AMAZON = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|(?<=[?&])X-Amz-(?:Signature|Credential|Security-Token)=[^&\s]+")


class Redaction:
    """A function from text to the same text without secrets.

    Args:
        secrets: passwords and keys, as they are; empty and very short ones are passed over (see SHORTEST).
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        dresses = {dress for secret in secrets if len(secret) >= SHORTEST for dress in _dresses(secret)}
        longest_first = sorted(dresses, key=lambda dress: (-len(dress), dress))
        self._known = re.compile("|".join(map(_any_percent, longest_first))) if dresses else None

    def __call__(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        if "@" in text and "://" in text:
            text = _IN_ADDRESS.sub(rf"\1{HIDDEN}@", text)
        text = _BEHIND_NAME.sub(rf"\1{HIDDEN}", text)
        return _OF_AMAZON.sub(HIDDEN, text)

    @staticmethod
    def from_env(environ: Mapping[str, str]) -> Redaction:
        """With the secrets of an environment: passwords in its addresses, and variables that are named like one."""
        return Redaction(known_secrets(environ))


def known_secrets(environ: Mapping[str, str]) -> set[str]:
    """The secrets that an environment holds, each as it is and as it is written there."""
    found: set[str] = set()
    for name, value in environ.items():
        if name in _ADDRESSES:
            found |= passwords(value)
        elif _NAMES.search(name):
            found.add(value)
        elif "://" in value and "@" in value:  # an endpoint or a proxy with a user in it
            found |= passwords(value)
    return found - {""}


def passwords(address: str) -> set[str]:
    """The passwords in an address, or in libpq's `key=value` words, as written and decoded. Never fails.

    The readers of addresses disagree where a password holds `/`, `@` or `#`: it is taken as each of them takes it.
    """
    found: set[str] = set()
    rest = address.partition("://")[2]
    for userinfo in {rest.rpartition("@")[0], rest.split("/", 1)[0].rpartition("@")[0]}:
        _, colon, password = userinfo.partition(":")
        if colon:
            found.add(password)
    found |= {value for key, value in parse_qsl(rest.partition("?")[2]) if _NAMES.search(key)}
    found |= {part.partition(":")[2] for part in re.findall(r"://([^\s@/]+)@", address)}  # sentinel: several, by ;
    if address.startswith(("postgres", "host", "user", "dbname")) or "password" in address:
        from psycopg import ProgrammingError
        from psycopg.conninfo import conninfo_to_dict

        try:
            options = conninfo_to_dict(address)
        except (ProgrammingError, UserError):
            options = {}
        found |= {str(value) for key, value in options.items() if "password" in key and value is not None}
    return {dress for password in found for dress in (password, unquote(password), unquote_plus(password))}


def _dresses(secret: str) -> set[str]:
    """A secret as it is, and inside the quotes of Python, JSON and libpq; twice, because errors quote errors."""
    found = {secret}
    for _ in range(2):
        for one in tuple(found):
            quoted = (repr(one), ascii(one), json.dumps(one), json.dumps(one, ensure_ascii=False))
            found |= {text[1:-1] for text in quoted}
            found.add(one.replace("\\", "\\\\").replace("'", "\\'"))
            found.add(repr(one.encode(errors="surrogateescape"))[2:-1])
    return found


def _any_percent(dress: str) -> str:
    """A pattern for it, each of its characters percent-encoded or not: there are as many ways as libraries."""
    return "".join(map(_character, dress))


def _character(character: str) -> str:
    if character.isascii() and character.isalnum():  # nobody encodes these, though they may
        return character
    encoded = "".join(f"%{byte:02x}" for byte in character.encode(errors="surrogateescape"))
    plus = r"|\+" if character == " " else ""
    return f"(?:{re.escape(character)}|(?i:{encoded}){plus})"
