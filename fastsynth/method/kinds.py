"""The kinds of conversation and their special turns: what is right in each.

A conversation of a kind has one special turn, or two that belong together (something is missing,
then it is there). The state after each is decided here; how a reply is judged, in `answer` and
`verify`. Kinds with twins come in pairs of jobs that differ in the decisive point alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Iterator, Sequence
from random import Random
from typing import Literal, Protocol

import msgspec

from fastsynth.env import paths
from fastsynth.env.environment import Tool
from fastsynth.env.law import Law
from fastsynth.env.world import World
from fastsynth.method.arguments import Binder, Bound
from fastsynth.method.choice import element
from fastsynth.method.graph import ApiGraph
from fastsynth.method.halves import merged, moved, split
from fastsynth.method.memory import Memory
from fastsynth.method.plan import Interruption, Output, Slot, Step, Turn, User
from fastsynth.method.reference import ambiguous
from fastsynth.method.rules import rule_against
from fastsynth.method.wording import words
from fastsynth.records import canonical

TWINS = frozenset({"missing_parameter", "missing_function", "refusal"})
PAIRS = frozenset({"missing_parameter", "missing_function", "split"})
"""Kinds whose special turns are two."""
NO_CALLS = frozenset({"no_tool", "missing_parameter", "missing_function", "refusal"})
"""Kinds of turn that must leave the world as it is."""
RESOLVED = frozenset({"missing_parameter_resolved", "missing_function_resolved"})
ONE_GOAL = frozenset({"missing_parameter", "missing_function", "refusal"})
"""Kinds whose special turn asks for one thing only."""
TRIES = 10
LONG_RESULT = 16_000
"""Characters of canonical JSON, about 4,000 tokens."""
TROUBLES = (
    "the service did not answer in time; nothing was changed, the call can be repeated",
    "connection lost before the request was handled; nothing was changed",
    "the service is busy (503); nothing was done, please repeat the call",
)
Variant = Literal["chat", "history", "unavailable"]


class PlanPlain(Protocol):
    def __call__(self, number: int, breaking: bool = False) -> Awaitable[Turn | None]:
        """Plans and executes a plain turn under a number, memory and world standing after it; with
        `breaking`, one whose last call a user's rule forbids."""


def position(stratum: str, turns: int, rng: Random) -> int | None:
    """The number of the (first) special turn in a conversation of this stratum; None for `base`."""
    last = turns - (2 if stratum in PAIRS else 1)
    match stratum:
        case "base":
            return None
        case "no_tool":
            return rng.randint(1, max(1, last))
        case "refusal":
            return last
        case _:
            return rng.randint(0, max(0, last))


def fewest(stratum: str) -> int:
    """Turns that a conversation of this stratum needs at least."""
    return 2 if stratum in PAIRS or stratum == "no_tool" else 1


def suits(stratum: str, tool: Tool, law: Law | None = None) -> bool:
    """Whether a special turn of the stratum may aim at `tool`: planning others is wasted."""
    if stratum != "refusal":
        return True
    if law is not None:
        return tool.name in law.tools
    properties = tool.parameters.get("properties", {}).values()
    return tool.mutates and any(p.get("type") in ("number", "integer") for p in properties)


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """Where a special turn is planned."""

    graph: ApiGraph
    memory: Memory
    world: World
    before: Sequence[Turn]
    allowed: Collection[str]
    plain_twin: bool
    rng: Random
    plan: PlanPlain
    law: Law | None = None


async def special_turns(stratum: str, stage: Stage) -> list[Turn]:
    """The special turn or turns of a stratum; [] where the world offers none here."""
    if stratum == "no_tool":
        return [await no_tool_turn(stage)]
    start = await stage.world.mark()
    held = stage.memory.copy()
    for _ in range(TRIES):
        turns = await _one_try(stratum, stage)
        if turns and not any(_unclear(stage, turns)):
            return turns
        await stage.world.rewind(start)
        stage.memory.become(held)
    return []


def _unclear(stage: Stage, turns: Sequence[Turn]) -> Iterator[str]:
    for place, turn in enumerate(turns):
        yield ambiguous(stage.graph, turn.as_asked(), (*stage.before, *turns[:place]))


async def _one_try(stratum: str, stage: Stage) -> list[Turn]:
    number = len(stage.before)
    match stratum:
        case "missing_parameter":
            return await _missing_parameter(stage, number)
        case "missing_function":
            return await _missing_function(stage, number)
        case "refusal":
            return await _refusal(stage, number)
        case "merged":
            return await merged(stage.memory, stage.plan, number)
        case "split":
            return await split(stage.graph, stage.memory, stage.world, stage.plan, number)
    turn = await stage.plan(number)
    if turn is None:
        return []
    if stratum == "parallel" and _independent(turn):
        return [msgspec.structs.replace(turn, kind="parallel", parallel=True)]
    if stratum == "error_recovery" and turn.steps:
        tool = stage.rng.choice(turn.steps).tool
        trouble = Interruption(tool=tool, message=stage.rng.choice(TROUBLES))
        return [msgspec.structs.replace(turn, kind="error_recovery", interruptions=(trouble,))]
    if stratum == "long_context" and _sought(turn):
        return [msgspec.structs.replace(turn, kind="long_context")]
    return []


def _sought(turn: Turn) -> bool:
    """Whether an argument of the turn has to be found in a long result of it."""
    long = {n for n, s in enumerate(turn.steps) if len(canonical(s.value)) >= LONG_RESULT}
    return any(
        isinstance(source, Output) and source.turn == turn.number and source.step in long
        for step in turn.steps
        for source in step.sources.values()
    )


async def _missing_parameter(stage: Stage, number: int) -> list[Turn]:
    digest, earlier = await stage.world.digest(), stage.memory.copy()
    turn = await _second_half(stage, number)
    slot = _slot(stage, turn, earlier) if turn is not None else None
    if turn is None or slot is None or len(turn.goals) > 1:
        return []
    if stage.plain_twin:
        return [turn]
    return _halves(turn, number, digest, "missing_parameter", slot=slot)


async def _missing_function(stage: Stage, number: int) -> list[Turn]:
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
        return await stage.plan(number)
    stage.memory.begin_turn()
    return await stage.plan(number + 1)


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


async def _refusal(stage: Stage, number: int) -> list[Turn]:
    digest = await stage.world.digest()
    start = await stage.world.mark()
    held = stage.memory.copy()
    own = stage.law is not None
    turn = await stage.plan(number, breaking=own and not stage.plain_twin)
    if turn is None or len(turn.goals) > 1:
        return []
    tools = stage.graph.tools
    if own and stage.plain_twin:
        return [turn]
    made = None if own else rule_against(tools, turn, stage.before, stage.plain_twin, stage.rng)
    rule = made or turn.rule
    if rule is None:
        return []
    if stage.plain_twin:
        return [msgspec.structs.replace(turn, rule=rule)]
    await stage.world.rewind(start)
    stage.memory.become(held)
    stage.memory.begin_turn()
    return [
        Turn(
            number=number,
            kind="refusal",
            target="",
            steps=(),
            goals=(),
            digest=digest,
            draft=turn.steps,
            draft_goals=turn.goals,
            rule=rule,
        )
    ]


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


def _independent(turn: Turn) -> bool:
    """Whether two neighbouring calls of the turn need nothing of each other."""
    return any(not _depends(turn, n + 1, n) for n in range(len(turn.steps) - 1))


def _depends(turn: Turn, later: int, earlier: int) -> bool:
    """By value, or because either changes the world the other sees."""
    first, second = turn.steps[earlier], turn.steps[later]
    if first.mutates or second.mutates:
        return True
    return any(
        isinstance(source, Output) and source.turn == turn.number and source.step == earlier
        for source in second.sources.values()
    )


async def no_tool_turn(stage: Stage) -> Turn:
    """A turn in which no call is right. The world stays as it is."""
    recall = _recall(stage.before, stage.rng)
    wish = _wish(stage.graph, stage.memory, stage.allowed, stage.rng)
    variants: list[Variant] = ["chat"]
    variants += ["history", "history"] if recall is not None else []
    variants += ["unavailable", "unavailable"] if wish is not None else []
    variant = stage.rng.choice(variants)
    stage.memory.begin_turn()
    return Turn(
        number=len(stage.before),
        kind="no_tool",
        target="",
        steps=(),
        goals=(),
        digest=await stage.world.digest(),
        variant=variant,
        recall=recall if variant == "history" else None,
        wish=wish if variant == "unavailable" else None,
    )


def _recall(before: Sequence[Turn], rng: Random) -> Output | None:
    """A value that an earlier answer has told, the only one of its name."""
    told = [
        Output(turn=turn.number, step=goal.step, path=path)
        for turn in before
        for goal in turn.goals
        for path in goal.paths
        if element(path) is None and len(str(paths.get(path, turn.steps[goal.step].value))) <= 40
    ]
    return rng.choice(told) if told else None


def _wish(graph: ApiGraph, memory: Memory, inside: Collection[str], rng: Random) -> Step | None:
    """A call that only a part outside this conversation could serve, as the user would ask it."""
    outside = [
        tool for name, tool in sorted(graph.tools.items()) if name not in inside and tool.askable
    ]
    rng.shuffle(outside)
    binder = Binder(graph, memory, {}, rng)
    for tool in outside[:8]:
        opaque = set(graph.profiles[tool.name].takes.values()) & graph.opaque
        bound = binder.bind(tool) if not opaque else None
        if isinstance(bound, Bound):
            return Step(
                tool=tool.name, arguments=bound.arguments, sources=bound.sources, value=None
            )
    return None
