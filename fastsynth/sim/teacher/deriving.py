"""What is said of tools without phrases: arguments in the clause that their description makes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fastsynth.sim.teacher.bank import Reference
from fastsynth.sim.teacher.days import is_date
from fastsynth.sim.teacher.words import join, words

_BY = re.compile(r" by ((?:\w+ )?\w+(?:, \w+)*(?:,? (?:or|and) (?:by )?\w+)?)$")
_LEADING = frozenset(("from", "to", "in", "at", "by", "until", "since", "before", "after"))
_DAYS = frozenset(("date", "day", "on", "when", "travel date", "departure date", "arrival date"))
"""Names of the day on which it happens; another date (`due date`) is told by its name."""


def wish(clause: str, arguments: Mapping[str, Any], texts: dict[str, str]) -> str:
    """A deed with what there is to say of its arguments, `texts`: in the words for them where the
    clause has some, by name otherwise."""
    if not texts and " " not in clause:
        return alone(clause)
    clause, told = by(clause, texts)
    led_on: list[str] = []
    said: list[str] = []
    for name, text in texts.items():
        value, fitted = arguments[name], fit(clause, name, text)
        if isinstance(value, bool):
            said.append(f"{words(name)} {'on' if value else 'off'}")
        elif name in told:
            continue
        elif fitted or " " not in clause:
            clause = fitted or f"{clause} {text}"
        elif lead := "" if isinstance(text, Reference) else led(name, text):
            led_on.append(lead)
        elif is_date(value) and words(name) in _DAYS and not led_on:
            led_on.append(f" on {text}")
        else:
            said.append(text if isinstance(text, Reference) else detail(name, value, text))
    return clause + "".join(led_on) + (f", with {join(said)}" if said else "")


def fit(clause: str, name: str, value: str) -> str | None:
    """`clause` with the value in place of the words for it: `the forecast of a city` and `city`
    give `the forecast of Porto`; None where it has no such words."""
    for noun in dict.fromkeys((words(name).removesuffix(" ID"), words(name).split(" ")[-1])):
        found = re.search(
            rf"\b(?:an?|the|your|this|one)\s+(?:given |specified |specific )?{re.escape(noun)}\b",
            clause,
        )
        if found and not (" " in value and clause[found.end() :].startswith("'")):
            return clause[: found.start()] + value + clause[found.end() :]
    return None


def alone(verb: str) -> str:
    """A verb that nothing is said with: `list` -> `list everything`."""
    return f"{verb} everything" if verb in ("list", "show", "get", "view", "read") else verb


def by(clause: str, names: dict[str, str]) -> tuple[str, list[str]]:
    """A clause that ends in `by author or title` with those that are given, and which they are."""
    found = _BY.search(clause)
    if found is None:
        return clause, []
    told = [
        name
        for name in names
        if re.search(rf"\b{re.escape(words(name).split(' ')[-1])}\b", found[1]) is not None
    ]
    bare = clause[: found.start()]
    if not told:
        return (bare if " or " in found[1] else clause), []
    if len(told) == 1 and words(told[0]).endswith("name"):
        return f"{bare} called {names[told[0]]}", told
    return f"{bare} by {join([f'{words(name)} {names[name]}' for name in told])}", told


def detail(name: str, value: Any, text: str) -> str:
    """A particular that the clause has no words for: `15 servings`, `a radius of 5`, `from kg`."""
    said = words(name).removesuffix(" ID")
    if isinstance(value, dict):
        return text
    if isinstance(value, int | float) and not isinstance(value, bool):
        if said.endswith("s") and not said.endswith(("ss", "us", "is")):
            return f"{text} {said}"
        return f"{'an' if said[:1] in 'aeiou' else 'a'} {said} of {text}"
    if isinstance(value, list) and value and all(isinstance(one, int | float) for one in value):
        return f"{text} as {said}"
    if isinstance(value, str) and len(text.split()) > 2 and text[:1].islower():
        return f'the {said} "{text}"'
    return f"the {said} {text}"


def led(name: str, text: str) -> str:
    """`from_unit`, `until` and the like say themselves how they are tied on: ` from kg`; "" for
    any other name."""
    first, _, rest = words(name).partition(" ")
    if rest in ("at", "on"):
        return f" {rest} {text}"
    return f" {first} {text}" if first in _LEADING and len(rest.split()) < 2 else ""
