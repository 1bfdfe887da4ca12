"""Controls: values of the same kind and shape as one that worked, that no tool has ever given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from random import Random
from typing import Any

from fastsynth.method.discovery.pool import fits

SMALL = 20
"""Whole numbers up to here may be ids counted from 1: those below are no strangers."""
_MOMENT = re.compile(
    r"(?P<year>(?:19|20)\d\d)-(?P<month>0[1-9]|1[0-2])-(?P<day>\d\d)|(?<!\d)\d\d:\d\d(?!\d)"
)


def strangers(value: Any, schema: Mapping[str, Any], rng: Random) -> list[Any]:
    """Dates stay dates, and numbers lie on both sides, so that what a limit lets pass is not taken
    for an id. Empty where the schema names the values itself."""
    made: list[Any] = []
    if isinstance(value, bool) or "enum" in schema or "const" in schema:
        return []
    if isinstance(value, str):
        made = _strange_texts(value, rng)
    elif isinstance(value, int):
        below = [value * 31 // 100, value * 83 // 100] if abs(value) > SMALL else []
        made = [*below, value + rng.randint(200, 400), value * 3 + rng.randint(10**5, 10**6)]
    elif isinstance(value, float):
        made = [round(value * factor + 0.37, 2) for factor in (0.31, 0.83, 1.21, 1.7)]
        made += [round(item) * 1.0 for item in made]
    step = schema.get("multipleOf")
    if step and isinstance(value, (int, float)):
        made = [type(value)(round(item / step) * step) for item in made]
    return [item for item in made if item != value and fits(item, schema)]


def _strange_texts(value: str, rng: Random) -> list[str]:
    """Two of the same form, one of them under the same folder, and two words that mean nothing:
    where those do as well, the parameter takes any text (a new file's path)."""
    moved = [found for _ in range(4) if (found := _moved_time(value, rng))]
    if moved:
        return moved
    folder, slash, last = value.rpartition("/")
    words = ["".join(rng.choice("bdfgklmnprtvz") + rng.choice("aeiou") for _ in range(4))]
    words.append(words[0][:4].capitalize() + str(rng.randint(100, 999)))
    return [_scrambled(value, rng), folder + slash + _scrambled(last, rng), *words]


def _moved_time(value: str, rng: Random) -> str | None:
    """Another day, or another time of day, in the same form; None for other texts."""
    found = _MOMENT.search(value)
    if found is None:
        return None
    if found["day"]:
        moved = date(int(found["year"]), int(found["month"]), 1) + timedelta(rng.randint(3, 60))
        return value[: found.start()] + moved.isoformat() + value[found.end() :]
    moved_time = f"{rng.randint(7, 21):02}:{rng.randint(10, 59)}"
    return value[: found.start()] + moved_time + value[found.end() :]


def _scrambled(value: str, rng: Random) -> str:
    """Same length, letters for letters and digits for digits; punctuation stays."""
    letters = "".join(
        str(rng.randint(0, 9)) if c.isdigit() else rng.choice("abcdeghkmnoprstuvw") if c.isalpha()
        else c
        for c in value
    )  # fmt: skip
    return "".join(n.upper() if o.isupper() else n for n, o in zip(letters, value, strict=True))
