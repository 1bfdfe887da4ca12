"""The assistant's side in words: the answer that closes a turn.

Every told value stands in a result; numbers, ids and names are exact, dates keep their year.
"""

from __future__ import annotations

import re
from functools import partial
from random import Random
from typing import Any

from fastsynth.env import paths
from fastsynth.method.deeds import deed, found_by
from fastsynth.method.plan import Goal, User
from fastsynth.method.script import Script
from fastsynth.sim.teacher.bank import Bank, Phrases, Template
from fastsynth.sim.teacher.days import zone_of
from fastsynth.sim.teacher.deriving import fit
from fastsynth.sim.teacher.doing import Standing
from fastsynth.sim.teacher.refer import phrases_of
from fastsynth.sim.teacher.words import capital, done, is_plural, join, label, tell, words

_LISTED = 30
_SENTENCE = 20
_OPENING = 160
_HERE = ("Here they are: {}.", "That gives {}.", "This is what there is: {}.")
_LONG = ("It is too long to repeat in full.", "That is a long text.", "There is a lot of it.")
_NAMED = 60
"""Characters up to which a description's noun phrase is what its value is called."""
_WHOLE = 600
"""Characters of a result that are still told whole."""
_LOOSE = frozenset("to from at on by due left out now until marked sent done free used".split())
"""Field names that are no noun: `To: Anna.` reads better than `The to is Anna.`"""


def answer(
    standing: Standing, script: Script, bank: Bank, rng: Random, mistake: str | None = None
) -> str:
    """Tells every goal value and claims every effect; wrong on purpose where `mistake` says so."""
    goals = list(standing.turn.goals)
    if mistake == "missing_value":
        goals = _without_one(goals, rng)
    telling = _Telling(standing, script, bank, rng)
    if mistake == "wrong_answer":
        telling.twist = _numeric(standing, goals)
    sentences = [sentence for goal in goals for sentence in telling.goal(goal)]
    return " ".join(dict.fromkeys(sentences)) or "That's done."


class _Telling:
    def __init__(self, standing: Standing, script: Script, bank: Bank, rng: Random) -> None:
        self.standing = standing
        self.script = script
        self.bank = bank
        self.rng = rng
        self.twist: tuple[int, str] | None = None
        self._zone = zone_of(script.now)

    def _tell(self, value: Any) -> str:
        return tell(value, zone=self._zone)

    def goal(self, goal: Goal) -> list[str]:
        """Sentences that tell one goal: phrases first, plain ones for what they leave out."""
        step = self.standing.turn.steps[goal.step]
        result = self.standing.value(goal.step)
        if not goal.effect and not goal.paths and len(str(result)) > _WHOLE:
            return [self._summed_up(result)]
        told: dict[str, list[str]] = {}
        for path in goal.paths:
            told.setdefault(paths.pattern(path), []).extend(self._said(goal.step, path))
        phrases = phrases_of(self.bank, step)
        sentences = self._phrased(goal, phrases, told)
        if goal.effect and not sentences:
            clause = done(self._deed(goal.step))
            sentences.append(self.rng.choice(("I've {}.", "Done: I've {}.")).format(clause))
        for pattern, values in told.items():
            if values:
                said = _subject(pattern, len(values)) if pattern else self._asked(goal, values)
                sentences.append(f"{capital(said)} {join(values)}.")
        if not sentences:
            sentences.append(self._summed_up(result))
        return sentences

    def _summed_up(self, value: Any) -> str:
        """A result too long to be told value by value: a short list whole, else its beginning."""
        found = [self._tell(leaf) for _, leaf in paths.leaves(value) if leaf not in (None, "")]
        if len(found) <= _LISTED and all(len(text) <= 40 for text in found):
            return self.rng.choice(_HERE).format(join(found))
        found.sort(key=lambda text: len(text) < _SENTENCE)
        first = found[0] if len(found[0]) <= _OPENING else found[0][:_OPENING].rpartition(" ")[0]
        return f"{self.rng.choice(_LONG)} It begins with: {first}"

    def _phrased(self, goal: Goal, phrases: Phrases, told: dict[str, list[str]]) -> list[str]:
        """Sentences from `tell` phrases; what they told is taken out of `told`."""
        sentences: list[str] = []
        wanted = {f"={pattern}" for pattern in told}
        templates = list(phrases.tell)
        self.rng.shuffle(templates)
        while wanted or not sentences:
            best = max(templates, key=lambda t: _fit(t, wanted), default=None)
            if best is None or (wanted and not best.slots & wanted):
                break
            templates.remove(best)
            if len({self._count(goal.step, slot, told) for slot in best.each}) > 1:
                continue
            text = best.fill(partial(self._slot, goal.step, told))
            if text is None:
                continue
            sentences.append(text.strip())
            for slot in best.slots & wanted:
                wanted.discard(slot)
                if slot in best.either or all(value in text for value in told[slot[1:]]):
                    told[slot[1:]] = []
        return sentences

    def _asked(self, goal: Goal, values: list[str]) -> str:
        """What a bare value is called: as its tool describes it, where that is a noun phrase."""
        noun = "" if goal.effect else found_by(self._deed(goal.step))
        if not noun or len(noun) > _NAMED or " and " in noun:
            return _subject("", len(values))
        many = len(values) > 1 or is_plural(re.split(r" (?:of|for|in|with)\b", noun)[0])
        return f"{noun} {'are' if many else 'is'}"

    def _deed(self, number: int) -> str:
        step = self.standing.turn.steps[number]
        clause = deed(self.script.about.get(step.tool, ""), step.tool) or words(step.tool)
        for name, value in self.standing.arguments(number).items():
            if isinstance(step.sources.get(name), User) and not isinstance(value, bool):
                text = self._tell(value)
                bare = f"{clause} {text}" if " " not in clause else clause
                clause = fit(clause, name, text) or bare
        return clause

    def _count(self, number: int, slot: str, told: dict[str, list[str]]) -> int:
        return len(told.get(slot[1:]) or paths.find(slot[1:], self.standing.value(number)))

    def _slot(self, number: int, told: dict[str, list[str]], slot: str) -> str | None:
        if not slot.startswith("="):
            arguments = self.standing.arguments(number)
            return self._tell(arguments[slot]) if arguments.get(slot) is not None else None
        slot, entry, place = slot.partition("#")
        values = told.get(slot[1:])
        if entry:
            found = paths.find(slot[1:], self.standing.value(number))
            values = values or [self._tell(value) for _, value in found]
            return values[int(place)] if int(place) < len(values) else None
        if values:
            return join(values)
        found = paths.find(slot[1:], self.standing.value(number))
        if len(found) != 1 or isinstance(found[0][1], dict | list) or found[0][1] is None:
            return None
        return self._tell(found[0][1])

    def _said(self, number: int, path: str) -> list[str]:
        found = paths.find(path, self.standing.value(number)) or paths.find(
            path, self.standing.turn.steps[number].value
        )
        values = [value for _, value in found]
        if (number, path) == self.twist and values:
            values = [_other_number(value) for value in values]
        return [self._tell(value) for value in values]


def _fit(template: Template, wanted: set[str]) -> tuple[int, int]:
    """Most wanted values first, then fewest others."""
    told = {slot for slot in template.slots if slot.startswith("=")}
    return len(told & wanted), -len(told - wanted)


def _subject(pattern: str, count: int) -> str:
    name = label(pattern)
    if name.rpartition(" ")[2].lower() in _LOOSE:
        return f"{name}:"
    if name in ("result", "value"):
        return "the result is" if count == 1 else "the results are"
    if is_plural(name):
        return f"the {name} are" if count > 1 else f"{name}:"
    return f"the {name}s are" if count > 1 else f"the {name} is"


def _without_one(goals: list[Goal], rng: Random) -> list[Goal]:
    told = [n for n, goal in enumerate(goals) if goal.paths]
    if not told:
        return goals
    at = rng.choice(told)
    gone = goals[at].paths[1:]
    kept = Goal(step=goals[at].step, effect=goals[at].effect, paths=gone)
    return [*goals[:at], *([kept] if gone or kept.effect else []), *goals[at + 1 :]]


def _numeric(standing: Standing, goals: list[Goal]) -> tuple[int, str] | None:
    for goal in goals:
        for path in goal.paths:
            for _, value in paths.find(path, standing.value(goal.step)):
                if isinstance(value, int | float) and not isinstance(value, bool):
                    return goal.step, path
    return None


def _other_number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return value + 10 if isinstance(value, int) else round(value * 1.1 + 1, 2)
