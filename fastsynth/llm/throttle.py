"""How long a server asks its clients to wait, read from response headers.

RFC 9110 section 10.2.3 (Retry-After), OpenAI's `x-ratelimit-*`, and the `retry-after-ms` of Azure.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

LONGEST = 3600.0
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|h|m|s)")
_UNIT = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds until the server wants to hear again, None where it does not say."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return _bounded(milliseconds / 1000)
    value = headers.get("Retry-After")
    if value is None:
        return exhausted(headers)
    seconds = _number(value)
    return _bounded(_until(value, headers.get("Date")) if seconds is None else seconds)


def exhausted(headers: Mapping[str, str]) -> float | None:
    """Seconds until a quota that stands at 0 is filled again; None where none stands at 0."""
    waits = [
        duration(headers.get(f"x-ratelimit-reset-{what}", ""))
        for what in ("requests", "tokens")
        if headers.get(f"x-ratelimit-remaining-{what}") == "0"
    ]
    return _bounded(max((wait for wait in waits if wait is not None), default=None))


def duration(text: str) -> float | None:
    """Seconds of `20ms`, `6s`, `1m30.5s`, `2h` or a bare number."""
    bare = _number(text)
    if bare is not None:
        return bare
    parts = _PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _UNIT[unit] for number, unit in parts)


def _until(date: str, server_now: str | None) -> float | None:
    """Seconds until an HTTP date, by the server's own clock where it shows one."""
    try:
        then = parsedate_to_datetime(date).timestamp()
        now = parsedate_to_datetime(server_now).timestamp() if server_now else time.time()
    except ValueError:
        return None
    return then - now


def _number(text: str | None) -> float | None:
    if text and text.replace(".", "", 1).isdecimal():
        return float(text)
    return None


def _bounded(seconds: float | None) -> float | None:
    """None for nothing and for 0: both leave the wait to the client."""
    return min(seconds, LONGEST) if seconds and seconds > 0 else None
