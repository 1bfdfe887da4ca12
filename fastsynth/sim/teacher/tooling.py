"""The writer's first job: a turn's trace as one composite tool, sub-tools and values unsaid."""

from __future__ import annotations

from random import Random

from fastsynth.method.deeds import deed
from fastsynth.method.plan import Output, Turn, User
from fastsynth.method.script import AdvancedDraft, Script
from fastsynth.records import canonical
from fastsynth.sim.teacher.asking import ask_clause
from fastsynth.sim.teacher.bank import Bank
from fastsynth.sim.teacher.refer import Speaker, user_names
from fastsynth.sim.teacher.words import capital, join, label, theirs, words

_ENDS = ("desk", "assistant", "request", "service")
_FILLERS = frozenset("get set by for to from of the a and list show in on with my all".split())


def write_advanced(script: Script, bank: Bank, rng: Random, purposeless: float) -> AdvancedDraft:
    """The composite tool, or its rejection where goals have nothing in common (share of those)."""
    turn = script.turns[-1]
    if not turn.goals:
        text = "The user talks and needs no call."
        return AdvancedDraft(purposeful=True, purpose=text, name="no_call", description=text)
    purpose = _purpose(script, bank, rng)
    if not _joined(turn) and rng.random() < purposeless:
        return AdvancedDraft(purposeful=False, purpose=purpose, name="", description="")
    return AdvancedDraft(
        purposeful=True,
        purpose=purpose,
        name=_name(turn, script, rng),
        description=_description(script, turn),
    )


def _purpose(script: Script, bank: Bank, rng: Random) -> str:
    speaker, clauses = Speaker(script, bank, rng), []
    for goal in speaker.turn.goals:
        clauses.append(theirs(ask_clause(speaker, goal.step, speaker.turn.steps[goal.step])))
        speaker.asked.add(goal.step)
    return f"The user wants to {join(clauses)}."


def _name(turn: Turn, script: Script, rng: Random) -> str:
    taken = {*script.about, *(step.tool for step in turn.steps)}
    nouns: list[str] = []
    for goal in turn.goals:
        parts = [p for p in words(turn.steps[goal.step].tool).split() if p.lower() not in _FILLERS]
        nouns += [p.lower() for p in parts[-1:] if p.lower() not in nouns]
    stem = "_and_".join(nouns[:2]) or "user"
    for end in (rng.choice(_ENDS), *_ENDS):
        if f"{stem}_{end}" not in taken:
            return f"{stem}_{end}"
    return f"{stem}_composite"


def _description(script: Script, turn: Turn) -> str:
    tools = [turn.steps[goal.step].tool for goal in turn.goals]
    wishes = [deed(script.about.get(tool, ""), tool) or words(tool) for tool in tools]
    takes = [words(name) for step in turn.steps for name in user_names(step)]
    gives = [label(path) for goal in turn.goals for path in goal.paths]
    text = f"{capital(join(list(dict.fromkeys(wishes))))} in one go."
    if takes:
        text += f" Takes what the user knows: {join(list(dict.fromkeys(takes)))}."
    if gives:
        text += f" Gives {join(list(dict.fromkeys(gives)))}."
    return text


def _joined(turn: Turn) -> bool:
    """Whether goals share a value the user says, or values flow between their calls."""
    if len(turn.goals) < 2:
        return True
    groups = [_needs(turn, goal.step) for goal in turn.goals]
    said = [{value for number in group for value in _values(turn, number)} for group in groups]
    return any(
        groups[a] & groups[b] or said[a] & said[b]
        for a in range(len(groups))
        for b in range(a + 1, len(groups))
    )


def _needs(turn: Turn, number: int) -> set[int]:
    """A step and all steps of the turn that its values come from."""
    found, open_ = set[int](), [number]
    while open_:
        at = open_.pop()
        found.add(at)
        for kind in turn.steps[at].sources.values():
            if isinstance(kind, Output) and kind.turn == turn.number and kind.step not in found:
                open_.append(kind.step)
    return found


def _values(turn: Turn, number: int) -> set[str]:
    step = turn.steps[number]
    texts = [
        canonical(step.arguments[name])
        for name in user_names(step)
        if isinstance(step.sources.get(name), User)
    ]
    return {text for text in texts if len(text) > 3}
