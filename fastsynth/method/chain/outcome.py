"""What an answer says of what happened: no failure where nothing failed, no unit nobody gave.

A tool that succeeds in silence (`null`) tempts models to report an error, and a bare number to
put a unit of their own behind it. Both read well and are wrong; both can be seen by rule.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from fastsynth.method.agents import Dropped, refused
from fastsynth.method.chain.verify import Executed

_FAILED = re.compile(
    r"\b(?:fail(?:ed|ure)|(?:does not|doesn't|do not|don't) exist|unsuccessful"
    r"|an error (?:occurred|was)|error while"
    r"|(?:could not|couldn't|cannot|can't) be (?:completed|performed|done|executed|processed)"
    r"|unable to (?:complete|perform|execute|process))\b",
    re.I,
)
_UNITS = {
    "€": ("€", "eur"),
    "£": ("£", "gbp", "pound", "sterling"),
    "$": ("$", "usd", "dollar"),
    "¥": ("¥", "jpy", "yen", "cny", "yuan"),
    "psi": ("psi",),
    "kpa": ("kpa", "pascal"),
    "mph": ("mph", "miles per hour"),
    "km/h": ("km/h", "kph", "kmh", "kilometers per hour", "kilometres per hour"),
    "km": ("km", "kilomet"),
    "miles": ("mile", " mi"),
    "kg": ("kg", "kilogram"),
    "lbs": ("lb", "pound"),
    "liters": ("liter", "litre"),
    "litres": ("liter", "litre"),
    "gallons": ("gallon",),
    "°c": ("°c", "celsius"),
    "°f": ("°f", "fahrenheit"),
    "dollars": ("$", "usd", "dollar"),
    "euros": ("€", "eur"),
    "pounds": ("£", "gbp", "pound", "lb"),
}
"""What may stand in the sources for a unit of an answer."""
_BEHIND = re.compile(
    r"\d\s?(" + "|".join(map(re.escape, sorted(_UNITS, key=len, reverse=True))) + r")(?![a-z/])"
)
_BEFORE = re.compile(r"([€£$¥])\s?\d")


def outcome_fault(
    answer: str, executed: Sequence[Executed], sources: Callable[[], str]
) -> Dropped | None:
    """Why an answer misreports what the calls did, or None.

    `sources` gives all text the model saw: the conversation, its values, the tools' descriptions.
    It is asked only where the answer holds a word that needs one. Where nothing was called, nothing
    is reported: "that cannot be done" is then what a refusal says.
    """
    told = _FAILED.search(answer) if executed else None
    lower = answer.lower()
    units = {*_BEHIND.findall(lower), *_BEFORE.findall(lower)}
    if not told and not units:
        return None
    known = sources().lower()
    if told and not any(call.error for call in executed):
        stem = told.group().split()[-1].lower()[:4]
        if stem not in known:
            return refused("tells_of_failure", told.group())
    made_up = (unit for unit in units if not any(form in known for form in _UNITS[unit]))
    return next((refused("unit_made_up", unit) for unit in sorted(made_up)), None)
