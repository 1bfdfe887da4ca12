"""Texts that a regular expression matches, drawn at random: for parameters with a `pattern`.

JSON Schema's patterns are ECMA 262's; what Python's own parser does not read has no texts here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random
from re import _constants as code  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

MORE = 4
"""Repetitions beyond the least where a pattern sets no bound."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_KINDS = {
    code.CATEGORY_DIGIT: "0123456789",
    code.CATEGORY_WORD: _LETTERS + "0123456789",
    code.CATEGORY_SPACE: " ",
}
_PRINTABLE = "".join(map(chr, range(32, 127)))


def matches_of(pattern: str, rng: Random, count: int) -> Iterator[str]:
    """At most `count` texts in which `pattern` is found; none for what cannot be read."""
    try:
        tree, whole = parser.parse(pattern), re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return
    for _ in range(count):
        groups: dict[int, str] = {}
        text = _text(tree, rng, groups)
        if whole.search(text):
            yield text


def _text(tree: Any, rng: Random, groups: dict[int, str]) -> str:
    return "".join(_piece(op, value, rng, groups) for op, value in tree)


def _piece(op: Any, value: Any, rng: Random, groups: dict[int, str]) -> str:
    match op:
        case code.LITERAL:
            return chr(value)
        case code.ANY | code.NOT_LITERAL:
            return rng.choice([c for c in _LETTERS if op is code.ANY or ord(c) != value])
        case code.IN:
            return rng.choice(_allowed(value))
        case code.BRANCH:
            return _text(rng.choice(value[1]), rng, groups)
        case code.SUBPATTERN:
            number, *_, inner = value
            text = _text(inner, rng, groups)
            if number is not None:
                groups[number] = text
            return text
        case code.GROUPREF:
            return groups.get(value, "")
        case code.MAX_REPEAT | code.MIN_REPEAT | code.POSSESSIVE_REPEAT:
            least, most, inner = value
            times = rng.randint(least, min(int(most), least + MORE))
            return "".join(_text(inner, rng, groups) for _ in range(times))
        case code.ATOMIC_GROUP:
            return _text(value, rng, groups)
    return ""  # anchors and lookarounds take no room; whether the text matches is asked in the end


def _allowed(parts: Any) -> str:
    """Characters of a set such as `[^a-f\\d]`; letters before others."""
    members = "".join(_members(op, value) for op, value in parts if op is not code.NEGATE)
    if parts[0][0] is not code.NEGATE:
        return members or _LETTERS
    rest = [c for c in _PRINTABLE if c not in members]
    return "".join(c for c in rest if c in _LETTERS) or "".join(rest) or "?"


def _members(op: Any, value: Any) -> str:
    if op is code.LITERAL:
        return chr(value)
    if op is code.RANGE:
        low, high = value
        return "".join(map(chr, range(low, min(high, low + 255) + 1)))
    return _KINDS.get(value, _LETTERS) if op is code.CATEGORY else ""
