"""The assistant's side in words: why a call is made, said before it.

Knows what the calls so far have brought, and nothing of what is still to come.
"""

from __future__ import annotations

import re
from random import Random

from fastsynth.env import paths
from fastsynth.method.deeds import deed
from fastsynth.method.plan import Default, Output
from fastsynth.method.script import Script
from fastsynth.sim.teacher.bank import Bank
from fastsynth.sim.teacher.days import zone_of
from fastsynth.sim.teacher.doing import Standing
from fastsynth.sim.teacher.refer import phrases_of, sources_of
from fastsynth.sim.teacher.words import capital, tell, thing, words

_FIRST = ("Let me see.", "Right.", "", "", "", "")
_FED = ("Now I have the {}.", "The {} is known now.", "That gives me the {}.", "I've got the {}.")
_AGAIN = (
    "That failed for a passing reason and changed nothing, so I'll make the same call again.",
    "The service did not answer properly; the call itself was right and can be repeated.",
    "Nothing was done, through no fault of the call, so it goes out once more.",
)  # fmt: skip
_CORRECTED = (
    "The error shows that I passed the wrong {}; this time I'll take the right one.",
    "That was refused because of the {} I gave, so I'll correct it.",
    "I got the {} wrong there and have to put it right.",
)  # fmt: skip
_OTHER = (
    "That call failed and changed nothing; what is needed does not hang on it.",
    "That led nowhere, so I'll go on with what was asked.",
)  # fmt: skip
_UNREADABLE = (
    "Those arguments were not valid JSON; I'll write them out properly.",
    "I made a slip in writing the call, so here it is again.",
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
    "This may not be needed, but to be safe I'll {} first.",
)  # fmt: skip
_TWICE = ("To be safe I'll {} once more.", "I'd rather make sure, so once again I'll {}.")
_CLOSING = (
    "Everything that was asked for is there, so I can answer.",
    "That was the last call; what remains is the answer.",
    "Nothing is left to look up or to do.", "The results hold the answer.",
    "Every part of the request is covered now.", "With that the request is complete.",
    "No further call is needed; I have what the answer takes.",
    "That settles it, so I'll report the outcome.",
)  # fmt: skip
_ASIDE = re.compile(r",| (?:that|which|who|whose|where|under|optionally|given|based on|in order)\b")
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
        return tell(arguments[name], "iso", zone_of(script.now))

    said = [template.fill(fill) for template in phrases_of(bank, step).think]
    usable = [text.strip() for text in said if text]
    body = capital(rng.choice(usable) if usable else _plain_thought(standing, number, script, rng))
    if standing.failed_last():
        return f"{_after_failure(standing, number, rng)} {capital(body)}"
    if not standing.made:
        return f"{rng.choice(_FIRST)} {body}".strip()
    fed = [kind for kind in step.sources.values() if isinstance(kind, Output)]
    name = _fed_name(fed[0], script, bank) if fed else ""
    if name and name not in _DULL and rng.random() < 0.4:
        return f"{rng.choice(_FED).format(name)} {body}"
    return body


def _after_failure(standing: Standing, number: int, rng: Random) -> str:
    """What to make of the call that has just failed, seen from the one that comes next."""
    last, due = standing.made[-1], standing.arguments(number)
    if last.arguments is None:
        return rng.choice(_UNREADABLE)
    if last.name != standing.turn.steps[number].tool:
        return rng.choice(_OTHER)
    wrong = [name for name in last.arguments if last.arguments[name] != due.get(name)]
    return rng.choice(_CORRECTED).format(words(wrong[0])) if wrong else rng.choice(_AGAIN)


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
    clause = _ASIDE.split(deed(about, tool) or words(tool), maxsplit=1)[0]
    return rng.choice(said).format(clause)


def leak(reasoning: str, level: int, rng: Random) -> str:
    """Reasoning that gives away how the data is made; nothing to give away at level 0."""
    if level == 0 or not reasoning:
        return reasoning
    opener = rng.choice(_LEAKS[:3] if level > 1 else _LEAKS[2:])
    return opener + reasoning[:1].lower() + reasoning[1:]


def closing_thought(rng: Random) -> str:
    return rng.choice(_CLOSING)


def _plain_thought(standing: Standing, number: int, script: Script, rng: Random) -> str:
    step = standing.turn.steps[number]
    clause = deed(script.about.get(step.tool, ""), step.tool) or words(step.tool)
    served = next((goal for goal in standing.turn.goals if goal.step > number), None)
    if served is None or any(goal.step == number for goal in standing.turn.goals):
        return rng.choice(_PLAIN).format(clause)
    tool = standing.turn.steps[served.step].tool
    return rng.choice(_SERVES).format(clause, deed(script.about.get(tool, ""), tool) or words(tool))
