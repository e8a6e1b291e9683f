"""What a Retry-After header asks for."""

from __future__ import annotations

import datetime as dt
import email.utils

_LONGEST_WAIT_S = 7 * 86400.0  # no answer may shut a museum out for longer


def retry_after(text: str) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110, 10.2.3: a number, or a date); None where it is neither.

    >>> retry_after("120")
    120.0
    >>> retry_after("soon") is None
    True
    """
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:12]), _LONGEST_WAIT_S)
    try:
        when = email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    if when.tzinfo is None:  # "-0000": UTC, says RFC 5322
        when = when.replace(tzinfo=dt.UTC)
    seconds = (when - dt.datetime.now(dt.UTC)).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_WAIT_S)
