"""The kinds of conversation and their special turns: what is right there, and how it is checked.

`base` has no special turn; `no_tool` has one turn in which zero calls are right.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from random import Random
from typing import Literal

from fastsynth.env import paths
from fastsynth.env.world import World
from fastsynth.method.arguments import Binder, Bound
from fastsynth.method.choice import element
from fastsynth.method.graph import ApiGraph
from fastsynth.method.memory import Memory
from fastsynth.method.plan import Output, Step, Turn

KINDS = ("base", "no_tool")
Variant = Literal["chat", "history", "unavailable"]


def position(stratum: str, turns: int, rng: Random) -> int | None:
    """The number of the special turn in a conversation of this stratum; None for `base`."""
    if stratum == "base":
        return None
    return rng.randint(1, max(1, turns - 1))


async def no_tool_turn(
    graph: ApiGraph,
    memory: Memory,
    world: World,
    before: Sequence[Turn],
    rng: Random,
) -> Turn | None:
    """A turn in which no call is right. The world stays as it is."""
    recall = _recall(before, rng)
    wish = _wish(graph, memory, set(world.tools), rng)
    variants: list[Variant] = ["chat"]
    variants += ["history", "history"] if recall is not None else []
    variants += ["unavailable", "unavailable"] if wish is not None else []
    variant = rng.choice(variants)
    turn = Turn(
        number=len(before),
        kind="no_tool",
        target="",
        steps=(),
        goals=(),
        digest=await world.digest(),
        variant=variant,
        recall=recall if variant == "history" else None,
        wish=wish if variant == "unavailable" else None,
    )
    memory.begin_turn()
    return turn


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
