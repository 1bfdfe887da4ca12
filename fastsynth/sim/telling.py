"""The assistant's side in words: why a call is made, and the answer that closes a turn.

Every told value stands in a result; numbers, ids and names are exact, dates keep their year.
"""

from __future__ import annotations

from random import Random
from typing import Any

from fastsynth.env import paths
from fastsynth.method.plan import Default, Goal, Output, User
from fastsynth.method.script import Script
from fastsynth.sim.bank import Bank, Phrases, Template
from fastsynth.sim.doing import Standing
from fastsynth.sim.refer import phrases_of, sources_of
from fastsynth.sim.words import capital, deed, done, fit, join, label, say, thing, words

_FIRST = ("Let me see.", "Right.", "", "", "", "")
_FED = ("Now I have the {}.", "The {} is known now.", "That gives me the {}.", "I've got the {}.")
_AGAIN = (
    "That call failed, so I have to try again.", "The last call did not go through.",
    "This did not work; nothing has changed, so I'll make the call once more.",
)  # fmt: skip
_PLAIN = (
    "What is wanted here is to {}, and I have the details for it.",
    "I have what I need to {}.", "The user wants me to {}, so that is the next call.",
)  # fmt: skip
_SERVES = (
    "Before I can {1} I have to {0}.", "To {1}, I first need to {0}.",
    "I can't {1} yet; I'll {0} first.",
)  # fmt: skip
_NEEDLESS = (
    "It may help to know more first, so I'll {}.", "Before I go on I'd rather {}.",
    "I'm not sure that this is needed, but I'll {} to be safe.",
)  # fmt: skip
_TWICE = ("To be safe I'll {} once more.", "I'd rather make sure, so once again I'll {}.")
_CLOSING = (
    "Everything that was asked for is there, so I can answer.",
    "That was the last call; I'll sum it up.",
    "All of it is done. I'll tell the user what came out.",
    "The results have what the user asked about.",
)  # fmt: skip
_LISTED = 30
_SENTENCE = 20
_OPENING = 160
_HERE = ("Here they are: {}.", "That gives {}.", "This is what there is: {}.")
_LONG = ("I have it in full.", "It is all there.", "That came back complete.")
_LOOSE = frozenset("to from at on by due left out now until marked sent done free used".split())
"""Field names that are no noun: `To: Anna.` reads better than `The to is Anna.`"""
_DULL = frozenset("result access value status".split())
_LEAKS = (
    "Following the hint I was given, ", "The critic's hint says what to fix, so ",
    "As the composite tool described it, ", "According to the ground truth, ",
)  # fmt: skip


def think(standing: Standing, number: int, script: Script, bank: Bank, rng: Random) -> str:
    """Why the next call is made; uses its arguments, which are known by then."""
    step = standing.turn.steps[number]
    arguments = standing.arguments(number)

    def fill(name: str) -> str | None:
        kinds = sources_of(step, name).values()
        if not kinds or all(isinstance(kind, Default) for kind in kinds):
            return None
        return say(arguments[name])

    said = [template.fill(fill) for template in phrases_of(bank, step).think]
    usable = [text.strip() for text in said if text]
    body = rng.choice(usable) if usable else _plain_thought(standing, number, script, rng)
    if standing.failed_last():
        return f"{rng.choice(_AGAIN)} {body}"
    if not standing.made:
        return f"{rng.choice(_FIRST)} {body}".strip()
    fed = [kind for kind in step.sources.values() if isinstance(kind, Output)]
    name = _fed_name(fed[0], script, bank) if fed else ""
    if name and name not in _DULL and rng.random() < 0.4:
        return f"{rng.choice(_FED).format(name)} {body}"
    return body


def _fed_name(output: Output, script: Script, bank: Bank) -> str:
    """What the value is called that a call takes from an earlier result."""
    source = next((turn for turn in script.turns if turn.number == output.turn), None)
    if source is None:
        return thing(output.path)
    short = phrases_of(bank, source.steps[output.step]).short.get(paths.pattern(output.path))
    return short[0] if short else thing(output.path)


def think_of_all(reasoning: str) -> str:
    """The thought before several calls that need nothing of each other."""
    return f"{reasoning} The other call needs nothing from it, so both can go at once."


def think_needless(tool: str, about: str, rng: Random, again: bool) -> str:
    """Why a call is made that nobody asked for: caution, and nothing of the call that is due."""
    said = _TWICE if again else _NEEDLESS
    return rng.choice(said).format(deed(about) or words(tool))


def leak(reasoning: str, level: int, rng: Random) -> str:
    """Reasoning that gives away how the data is made; nothing to give away at level 0."""
    if level == 0 or not reasoning:
        return reasoning
    opener = rng.choice(_LEAKS[:3] if level > 1 else _LEAKS[2:])
    return opener + reasoning[:1].lower() + reasoning[1:]


def closing_thought(rng: Random) -> str:
    return rng.choice(_CLOSING)


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

    def goal(self, goal: Goal) -> list[str]:
        """Sentences that tell one goal: phrases first, plain ones for what they leave out."""
        step = self.standing.turn.steps[goal.step]
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
                sentences.append(f"{capital(_subject(pattern, len(values)))} {join(values)}.")
        if not goal.effect and not goal.paths:
            sentences.append(self._summed_up(self.standing.value(goal.step)))
        return sentences

    def _summed_up(self, value: Any) -> str:
        """A result too long to be told value by value: a short list whole, else its beginning."""
        found = [say(leaf, "long") for _, leaf in paths.leaves(value) if leaf not in (None, "")]
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
            text = best.fill(lambda slot: self._slot(goal.step, slot, told))
            if text is None:
                continue
            sentences.append(text.strip())
            for slot in best.slots & wanted:
                wanted.discard(slot)
                if told[slot[1:]] and join(told[slot[1:]]) in text:
                    told[slot[1:]] = []
        return sentences

    def _deed(self, number: int) -> str:
        step = self.standing.turn.steps[number]
        clause = deed(self.script.about.get(step.tool, "")) or words(step.tool)
        for name, value in self.standing.arguments(number).items():
            if isinstance(step.sources.get(name), User) and not isinstance(value, bool):
                clause = fit(clause, name, say(value, "long")) or clause
        return clause

    def _slot(self, number: int, slot: str, told: dict[str, list[str]]) -> str | None:
        if not slot.startswith("="):
            arguments = self.standing.arguments(number)
            return say(arguments[slot], "long") if arguments.get(slot) is not None else None
        values = told.get(slot[1:])
        if values:
            return join(values)
        found = paths.find(slot[1:], self.standing.value(number))
        if len(found) != 1 or isinstance(found[0][1], dict | list) or found[0][1] is None:
            return None
        return say(found[0][1], "long")

    def _said(self, number: int, path: str) -> list[str]:
        found = paths.find(path, self.standing.value(number)) or paths.find(
            path, self.standing.turn.steps[number].value
        )
        values = [value for _, value in found]
        if (number, path) == self.twist and values:
            values = [_other_number(value) for value in values]
        return [say(value, "long") for value in values]


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
    plural = count > 1 and not name.endswith("s")
    return f"the {name}{'s are' if plural else ' are' if count > 1 else ' is'}"


def _plain_thought(standing: Standing, number: int, script: Script, rng: Random) -> str:
    step = standing.turn.steps[number]
    clause = deed(script.about.get(step.tool, "")) or words(step.tool)
    served = next((goal for goal in standing.turn.goals if goal.step > number), None)
    if served is None or any(goal.step == number for goal in standing.turn.goals):
        return rng.choice(_PLAIN).format(clause)
    tool = standing.turn.steps[served.step].tool
    return rng.choice(_SERVES).format(clause, deed(script.about.get(tool, "")) or words(tool))


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
