"""Dates and moments as people write them; the year and the zone that go without saying left out."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Any, Literal

Dates = Literal["iso", "long", "short"]

_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::(?!00)\d\d)?)(?::00)?(?:\.\d+)?([+-]\d\d:\d\d|Z)?"
)
_MONTHS = (
    "January February March April May June July August September October November December"
).split()


def day(value: str, dates: Dates, year: int = 0, zone: str = "") -> str:
    """A date or moment as a person writes it, any other text as it is."""
    if not value[:4].isdigit():
        return value
    if _DATE.fullmatch(value):
        return _date(value, dates, year)
    moment = _MOMENT.fullmatch(value)
    if moment:
        apart = moment[3] and _offset(moment[3]) != zone
        clock = f"{moment[2]} (UTC{_offset(moment[3])})" if apart else moment[2]
        return f"{clock} on {_date(moment[1], dates, year)}"
    return value


def zone_of(now: str) -> str:
    """The offset of a moment, which goes without saying in a conversation that has it."""
    found = _MOMENT.fullmatch(now)
    return _offset(found[3]) if found and found[3] else ""


def is_date(value: Any) -> bool:
    return isinstance(value, str) and _DATE.fullmatch(value) is not None


def is_day(value: Any) -> bool:
    """Whether it is a date or a moment."""
    return isinstance(value, str) and (is_date(value) or _MOMENT.fullmatch(value) is not None)


def _offset(zone: str) -> str:
    return "+00:00" if zone == "Z" else zone


@lru_cache(maxsize=4096)
def _date(value: str, dates: Dates, year: int) -> str:
    if dates == "iso":
        return value
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return value
    month = _MONTHS[day.month - 1]
    if dates == "long":
        return f"{day.day} {month}" + (f" {day.year}" if day.year != year else "")
    return f"{month} {day.day}" + (f", {day.year}" if day.year != year else "")
