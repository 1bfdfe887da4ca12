"""How values stand in text: the forms a person or a model may give them, and where they occur.

Normalised for case, punctuation, thousands separators, and the spelling of dates, times and
numbers. Used by every guard and check that compares text with values. What binary fractions leave
behind (`209.32999999999998`) is no part of a number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from functools import lru_cache
from typing import Any
from unicodedata import normalize

NUMBER = re.compile(r"[-+\d](?<![\w.].)(?:(?<=\d)|\d)[\d,]*(?:\.\d+)?(?!\w)")
"""A sign or digit that no word or point goes before, and the rest. It begins with what it looks for
and then looks back: looking back first, at each character of a text, is twice as slow."""
_THOUSANDS = re.compile(r"[, ](?<=\d.)(?=\d{3}(?!\d))")
_EDGE = re.compile(r"[.:/+-](?:(?<!\d.)|(?!\w))")
"""Marks that are no part of a number or word. These begin with the mark itself and look back after
it: looking back first is three times as slow."""
_WIDE = re.compile(r"([\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])")
"""Letters of scripts without spaces between words, or with endings that cling to foreign ones:
each is a word."""
_OTHER = re.compile(r"[^\w.%/:+-]+")
_ASCII = {c: " " for c in range(128) if not (chr(c).isalnum() or chr(c) in ".%/:+-")}
_DATE = re.compile(
    r"^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::\d{2})?(?:Z|[+-]\d{2}:?\d{2})?)?$"
)
_TIME = re.compile(r"^(\d{1,2}):(\d{2})$")
_LONG_FRACTION = re.compile(r"\d+\.\d{10,}")
_PLAIN = frozenset((str, int, float, bool, type(None)))
EXACT_DECIMALS = 4
"""A number of up to so many decimals is told in full; one of more may be rounded."""
_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen twenty"
).split()
_MONTHS = (
    "january february march april may june july august september october november december"
).split()


@lru_cache(maxsize=4096)
def normal(text: str) -> str:
    """Text as compared: lower case, single spaces, padded so that whole words can be searched."""
    if not text.isascii() and _WIDE.search(text):
        text = _WIDE.sub(r" \1 ", normalize("NFKC", text))
    text = text.lower().replace("’", "'").replace("_", " ")
    text = _EDGE.sub(" ", _THOUSANDS.sub("", text))
    text = text.translate(_ASCII) if text.isascii() else _OTHER.sub(" ", text)
    return f" {' '.join(text.split())} "


def stands_in(value: Any, text: str, *, rounded: bool = False) -> bool:
    """Whether `value` can be read off `text`: every part of it, in any of its forms.

    `text` is already `normal`. Booleans, written as text too, are not looked for: words for them
    depend on the clause. `rounded`: fractions that nobody reads out may stand rounded.
    """
    if value is None or isinstance(value, bool) or value in ("true", "false"):
        return True
    if isinstance(value, dict):
        return all(stands_in(item, text, rounded=rounded) for item in value.values())
    if isinstance(value, list | tuple):
        return all(stands_in(item, text, rounded=rounded) for item in value)
    if any(form in text for form in forms(value)):
        return True
    if isinstance(value, float):
        return rounded and any(form in text for form in _padded(_roundings(value)))
    return isinstance(value, str) and _mostly(value, text)


def forms(value: Any) -> tuple[str, ...]:
    """Normal forms of a scalar, each padded with spaces."""
    if isinstance(value, float | int):
        return _forms_of_number(value)
    text = str(value)
    return _text_forms(text)


@lru_cache(maxsize=4096, typed=True)
def _forms_of_number(value: float | int) -> tuple[str, ...]:
    return _padded(_number_forms(value))


@lru_cache(maxsize=8192)
def _text_forms(text: str) -> tuple[str, ...]:
    found = _DATE.match(text)
    if found:
        return _padded([text.lower(), *_date_forms(found)])
    found = _TIME.match(text)
    if found:
        return _padded([text, *_time_forms(int(found.group(1)), found.group(2))])
    spoken = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    return tuple({normal(text), normal(spoken), normal(text.strip("#@"))} - {"  ", " "})


def exact(value: float) -> float:
    """Without what binary fractions leave behind: 209.32999999999998 is 209.33."""
    short = float(f"{value:.12g}")
    return short if len(repr(abs(short)).replace(".", "").lstrip("0")) <= 10 else value


def told_as(value: float) -> float:
    """As a person says it: two decimals, more where that leaves fewer than three digits."""
    value = exact(value)
    if _decimals(value) <= EXACT_DECIMALS:
        return value
    return float(next(_roundings(value), repr(value)))


def without_noise(text: str) -> str:
    """JSON or words with each number in it `exact`."""
    return _LONG_FRACTION.sub(lambda found: repr(exact(float(found[0]))), text)


def alike(value: Any, other: Any) -> bool:
    """Equal, or two numbers that only binary fractions tell apart."""
    if isinstance(value, float) and isinstance(other, float):
        return math.isclose(value, other, rel_tol=1e-9)
    return bool(value == other)


def _decimals(value: float) -> int:
    text = repr(value)
    return 0 if "e" in text else len(text.partition(".")[2])


def _roundings(value: float) -> Iterator[str]:
    """To two decimals and more, three digits at least; to one of four digits at least."""
    if _decimals(exact(value)) <= EXACT_DECIMALS:
        return
    for decimals, least in ((2, 3), (3, 3), (4, 3), (5, 3), (6, 3), (8, 3), (10, 3), (1, 4)):
        text = f"{value:.{decimals}f}"
        if len(re.sub(r"\D", "", text).lstrip("0")) >= least:
            yield from (text, repr(float(text)), f"{text}%")
    if 0 < abs(value) < 1:
        yield from (f"{value * 100:.{decimals}f}%" for decimals in (1, 2))


def _number_forms(value: float | int) -> Iterator[str]:
    if isinstance(value, float) and not value.is_integer():
        yield repr(value)
        value = exact(value)
        yield repr(value)
        for digits in (1, 2, 3, 4):
            if round(value, digits) == value:
                yield f"{value:.{digits}f}"
        if 0 < abs(value) < 1:
            share = f"{value * 100:.10g}"
            yield from (f"{share}%", f"{share} %", f"{share} percent", f"{share} per cent")
        if not value.is_integer():
            yield f"{value!r}%"
            return
    whole = int(value)
    yield str(whole)
    yield f"{whole}.0"
    yield f"{whole}.00"
    yield f"{whole}%"
    if 0 <= whole < len(_SMALL):
        yield _SMALL[whole]
    if whole and whole % 1000 == 0:
        yield f"{whole // 1000}k"
        yield f"{whole // 1000} thousand"


def _date_forms(found: re.Match[str]) -> Iterator[str]:
    try:
        day = date(int(found.group(1)), int(found.group(2)), int(found.group(3)))
    except ValueError:
        return
    month = _MONTHS[day.month - 1]
    ordinal = f"{day.day}{_suffix(day.day)}"
    yield day.isoformat()
    for name in (month, month[:3]):
        for number in (str(day.day), ordinal):
            yield f"{name} {number}"
            yield f"{number} {name}"
            yield f"{number} of {name}"
    yield f"{day.month}/{day.day}"
    yield f"{day.day}.{day.month}."
    yield f"{day.month:02}/{day.day:02}/{day.year}"
    yield f"{day.day:02}/{day.month:02}/{day.year}"


def _suffix(day: int) -> str:
    return "th" if 10 <= day % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _time_forms(hour: int, minutes: str) -> Iterator[str]:
    half = "am" if hour < 12 else "pm"
    twelve = hour % 12 or 12
    yield f"{twelve}:{minutes} {half}"
    yield f"{twelve}:{minutes}{half}"
    if minutes == "00":
        yield f"{twelve} {half}"
        yield f"{twelve}{half}"


def _padded(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(normal(form) for form in found))


def _mostly(value: str, text: str) -> bool:
    """Long free text counts as said when nearly all of its words are there."""
    words = normal(value).split()
    if len(words) < 5:
        return False
    return sum(1 for word in words if f" {word} " in text) >= 0.9 * len(words)


def numbers(text: str) -> set[float]:
    """All numbers written in `text`, thousands separators removed."""
    return {float(found.group().replace(",", "")) for found in NUMBER.finditer(text)}


def scalars(value: Any) -> list[Any]:
    """Every scalar of a JSON value, keys of mappings included, in order."""
    found: list[Any] = []
    _gather(value, found.append)
    return found


def _gather(value: Any, put: Callable[[Any], None]) -> None:
    """Conversations are looked through whole at each answer: a generator takes three times this."""
    if isinstance(value, dict):
        for name, item in value.items():
            put(name)
            if type(item) in _PLAIN:
                put(item)
            else:
                _gather(item, put)
    elif isinstance(value, list | tuple):
        for item in value:
            _gather(item, put)
    else:
        put(value)
