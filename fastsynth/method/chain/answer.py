"""What a turn's closing answer has to say: every goal value, or the word its kind asks for.

What it must not say is `claims`'s.
"""

from __future__ import annotations

import re

from fastsynth.languages import ENGLISH, LANGUAGES, Language
from fastsynth.method.agents import Dropped, refused
from fastsynth.method.forms import normal, stands_in
from fastsynth.method.plan import Rule, Turn
from fastsynth.method.walk.goals import goal_values


def goal_fault(turn: Turn, answer: str) -> Dropped | None:
    """Why an answer leaves something of the turn's goals untold, or None."""
    text = normal(answer)
    if text.strip() == "":
        return refused("answer_empty", "")
    for goal in turn.goals:
        for value in goal_values(turn.steps[goal.step], goal):
            if not stands_in(value, text, rounded=True):
                return refused("goal_value_not_told", str(value))
    return None


def kind_fault(turn: Turn, answer: str, language: str = ENGLISH) -> Dropped | None:
    """Why an answer is not the right one for a turn in which nothing may be done, or None."""
    text, said = normal(answer), LANGUAGES[language]
    match turn.kind, turn.variant:
        case "missing_parameter", _:
            return _asks_for_slot(turn, answer, text, said)
        case ("missing_function", _) | ("no_tool", "unavailable"):
            unable = _holds(said.unable, answer)
            return None if unable else refused("does_not_say_it_cannot", answer[:120])
        case "refusal", _:
            if not _holds(said.unable, answer):
                return refused("does_not_refuse", answer[:120])
            assert turn.rule is not None
            named = _names(turn.rule, text) or _holds(said.rule, answer)
            return None if named else refused("rule_not_named", answer[:120])
        case _:
            return None


def _holds(pattern: str, answer: str) -> bool:
    return re.search(pattern, answer.replace("’", "'"), re.IGNORECASE) is not None


def _names(rule: Rule, text: str) -> bool:
    """Whether the answer says which rule: its bound, its argument, or two of a user's own words."""
    if rule.form != "own":
        return stands_in(rule.bound, text) or _shares_stem(rule.parameter, text)
    stems = {word[:5] for word in normal(rule.text).split() if len(word) > 4}
    return sum(f" {stem}" in text for stem in stems) >= min(2, len(stems))


def _asks_for_slot(turn: Turn, answer: str, text: str, said: Language) -> Dropped | None:
    """It asks, for what is missing, and not for three other things as well."""
    assert turn.slot is not None
    questions = answer.count("?") + answer.count("？")
    if not questions:
        return refused("does_not_ask", answer[:120])
    if questions > 2:
        return refused("asks_for_more", answer[:120])
    if _shares_stem(f"{turn.slot.parameter} {turn.slot.words}", text) or _holds(said.asks, answer):
        return None
    return refused("asks_for_other", answer[:120])


def _shares_stem(name: str, text: str) -> bool:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    stems = [word[:4] for word in normal(spaced).split() if len(word) > 2]
    return any(f" {stem}" in text for stem in stems)
