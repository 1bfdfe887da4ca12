"""Turns in which something is missing, and the turns in which it is there.

A value that only the user can give is left out, or the one tool that could serve is withheld. The
first turn leaves the world as it is; the second does what both ask for. A plain twin has it all.
"""

from __future__ import annotations

import msgspec

from fastsynth.env import paths
from fastsynth.method.plan import Slot, Turn, User
from fastsynth.method.turns.halves import moved
from fastsynth.method.turns.plain import plain_turn
from fastsynth.method.walk.memory import Memory
from fastsynth.method.walk.stage import Stage
from fastsynth.method.wording import words


async def missing_parameter(stage: Stage, number: int) -> list[Turn]:
    """A turn that lacks a value, then the turn in which the user says it; [] where none fits."""
    digest, earlier = await stage.world.digest(), stage.memory.copy()
    turn = await _second_half(stage, number)
    slot = _slot(stage, turn, earlier) if turn is not None else None
    if turn is None or slot is None or len(turn.goals) > 1:
        return []
    if stage.plain_twin:
        return [turn]
    return _halves(turn, number, digest, "missing_parameter", slot=slot)


async def missing_function(stage: Stage, number: int) -> list[Turn]:
    """A turn whose tool is withheld, then the turn in which it is there; [] where another tool
    could serve."""
    digest = await stage.world.digest()
    turn = await _second_half(stage, number)
    if turn is None or len(turn.goals) > 1 or not _sole(stage, turn):
        return []
    if stage.plain_twin:
        return [turn]
    return _halves(turn, number, digest, "missing_function", withheld=turn.target)


async def _second_half(stage: Stage, number: int) -> Turn | None:
    """A plain turn, planned after an empty one unless this is the plain twin."""
    if stage.plain_twin:
        return await plain_turn(stage, number)
    stage.memory.begin_turn()
    return await plain_turn(stage, number + 1)


def _halves(
    turn: Turn, number: int, digest: str, kind: str, slot: Slot | None = None, withheld: str = ""
) -> list[Turn]:
    first = Turn(
        number=number,
        kind=kind,
        target="",
        steps=(),
        goals=(),
        digest=digest,
        draft=moved(turn.steps, turn.number, number),
        draft_goals=turn.goals,
        slot=slot,
        withheld=withheld,
    )
    second = msgspec.structs.replace(turn, kind=f"{kind}_resolved", slot=slot, withheld=withheld)
    return [first, second]


def _slot(stage: Stage, turn: Turn, earlier: Memory) -> Slot | None:
    """A required value that only the user can give: nothing earlier or readable singles it out."""
    goals = [goal.step for goal in turn.goals]
    options: list[Slot] = []
    for number in goals:
        step = turn.steps[number]
        schema = stage.graph.tools[step.tool].parameters
        for name in schema.get("required", ()):
            value, source = step.arguments.get(name), step.sources.get(name)
            if not isinstance(source, User) or isinstance(value, bool | list | dict):
                continue
            if "default" in schema["properties"][name] or not _only_there(turn, name, number):
                continue
            if not earlier.holds(value):
                options.append(Slot(step=number, parameter=name, value=value, words=words(name)))
    return stage.rng.choice(options) if options else None


def _only_there(turn: Turn, name: str, number: int) -> bool:
    """Whether no other argument or result of the turn holds the same value."""
    value = turn.steps[number].arguments[name]
    places = [
        (n, k) for n, s in enumerate(turn.steps) for k, v in s.arguments.items() if v == value
    ]
    earlier = [v for s in turn.steps[:number] for _, v in paths.leaves(s.value)]
    return places == [(number, name)] and value not in earlier


def _sole(stage: Stage, turn: Turn) -> bool:
    """Whether nothing but the turn's target writes or gives what its goal wants."""
    target = turn.target
    if any(step.tool == target for earlier in stage.before for step in earlier.steps):
        return False
    if sum(step.tool == target for step in turn.steps) != 1:
        return False
    own, tools = stage.graph.profiles[target], stage.graph.tools
    wanted = set(own.gives.values()) | set(own.takes.values())
    for name in stage.allowed:
        other = stage.graph.profiles[name]
        if name == target or tools[name].mutates != tools[target].mutates:
            continue
        if tools[name].part != tools[target].part:
            continue
        same = set(other.gives.values()) | set(other.takes.values())
        if wanted <= same:
            return False
    return True
