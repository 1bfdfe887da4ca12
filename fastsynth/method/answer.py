"""Checks on a turn's closing answer: it gives every goal value, and nothing it could not know."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from fastsynth.method.agents import Dropped, refused
from fastsynth.method.forms import normal, numbers, scalars, stands_in
from fastsynth.method.goals import goal_values
from fastsynth.method.plan import Rule, Turn

COUNTS = 20
"""Whole numbers up to here may count things and need no source."""
_CLAIM = re.compile(
    r"\b(i(?:'ve| have)(?: now| just| also)? (?:booked|sent|posted|cancell?ed|deleted|transferred"
    r"|paid|created|placed|added|moved|scheduled|updated|purchased|reserved|closed|resolved))\b",
    re.IGNORECASE,
)
_UNABLE = re.compile(
    r"\b(can(?:'|no)?t|cannot|can not|unable|not able|not allowed|not permitted|don't have"
    r"|do not have|none of|no tool|no way|not possible|isn't (?:something|possible)|not something"
    r"|won't|may not|must not|unfortunately|declin\w+|refuse)\b",
    re.IGNORECASE,
)
_RULE = re.compile(r"\b(rule|policy|limit|maximum|at most|not allowed|not permitted)\b", re.I)
_WHICH = re.compile(r"\b(which|what|who|whom|when|where|how (?:much|many|long))\b", re.I)
_MEASURE = re.compile(r"\d+(st|nd|rd|th|am|pm|k|km|s|h|min|usd)")
_DIGITS = re.compile(r"\d+")
_PUNCTUATION = re.compile(r"\W")
_IDENTIFIER = re.compile(r"\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[A-Za-z0-9][\w-]{3,}\b")


def answer_fault(turn: Turn, answer: str, context: Iterable[Any], told: str) -> Dropped | None:
    """Why an answer cannot stand, or None.

    `context` is every value the model has seen (arguments and results of the conversation);
    `told` is all text before the answer, the system message included.
    """
    text = normal(answer)
    if text.strip() == "":
        return refused("answer_empty", "")
    for goal in turn.goals:
        for value in goal_values(turn.steps[goal.step], goal):
            if not stands_in(value, text):
                return refused("goal_value_not_told", str(value))
    unknown = unentailed(answer, context, told)
    if unknown:
        return refused("answer_not_entailed", unknown)
    claim = _CLAIM.search(answer)
    if claim and not any(goal.effect for goal in turn.goals):
        return refused("false_claim", claim.group())
    return None


def unentailed(text: str, context: Iterable[Any], told: str) -> str:
    """A number or id of `text` that nothing seen or told holds, or ""."""
    seen = list(scalars(list(context)))
    return _unknown_number(text, seen, told) or _unknown_identifier(text, seen, told)


def kind_fault(turn: Turn, answer: str) -> Dropped | None:
    """Why an answer is not the right one for a turn in which nothing may be done, or None."""
    text = normal(answer)
    match turn.kind, turn.variant:
        case "missing_parameter", _:
            return _asks_for_slot(turn, answer, text)
        case ("missing_function", _) | ("no_tool", "unavailable"):
            return (
                None if _UNABLE.search(answer) else refused("does_not_say_it_cannot", answer[:120])
            )
        case "refusal", _:
            if not _UNABLE.search(answer):
                return refused("does_not_refuse", answer[:120])
            assert turn.rule is not None
            named = _names(turn.rule, text)
            return (
                None if named or _RULE.search(answer) else refused("rule_not_named", answer[:120])
            )
        case _:
            return None


def _names(rule: Rule, text: str) -> bool:
    """Whether the answer says which rule: its bound, its argument, or two of a user's own words."""
    if rule.form != "own":
        return stands_in(rule.bound, text) or _shares_stem(rule.parameter, text)
    stems = {word[:5] for word in normal(rule.text).split() if len(word) > 4}
    return sum(f" {stem}" in text for stem in stems) >= min(2, len(stems))


def _asks_for_slot(turn: Turn, answer: str, text: str) -> Dropped | None:
    """It asks, for what is missing, and not for three other things as well."""
    assert turn.slot is not None
    if "?" not in answer:
        return refused("does_not_ask", answer[:120])
    if answer.count("?") > 2:
        return refused("asks_for_more", answer[:120])
    if _shares_stem(f"{turn.slot.parameter} {turn.slot.words}", text) or _WHICH.search(answer):
        return None
    return refused("asks_for_other", answer[:120])


def _shares_stem(name: str, text: str) -> bool:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    stems = [word[:4] for word in normal(spaced).split() if len(word) > 2]
    return any(f" {stem}" in text for stem in stems)


def _unknown_number(answer: str, seen: list[Any], told: str) -> str:
    asserted = [n for n in numbers(answer) if not (n.is_integer() and 0 <= n <= COUNTS)]
    if not asserted:
        return ""
    known = numbers(told)
    for value in seen:
        if isinstance(value, bool):
            continue
        if isinstance(value, int | float):
            known.add(float(value))
        elif isinstance(value, str):
            known |= _numbers_in(value)
    left = [n for n in asserted if n not in known]
    if not left:
        return ""
    rounded = {round(n, digits) for n in known for digits in (0, 1, 2)}
    shares = {round(n * 100, 2) for n in known if abs(n) <= 1}
    entailed = {abs(n) for n in known | rounded | shares}
    return next((f"{n:g}" for n in left if abs(n) not in entailed), "")


@lru_cache(maxsize=4096)
def _numbers_in(value: str) -> frozenset[float]:
    if not any(map(str.isdecimal, value)):
        return frozenset()
    return frozenset(numbers(value) | {float(n) for n in _DIGITS.findall(value)[:12]})


def _unknown_identifier(answer: str, seen: list[Any], told: str) -> str:
    words = [
        found.group()
        for found in _IDENTIFIER.finditer(answer)
        if not _MEASURE.fullmatch(found.group().lower())
    ]
    if not words:
        return ""
    known = (told + " " + " ".join(str(value) for value in seen)).lower()
    left = [word for word in words if word.lower() not in known]
    if not left:
        return ""
    bare = _PUNCTUATION.sub("", known)
    return next((word for word in left if _PUNCTUATION.sub("", word.lower()) not in bare), "")
