"""Turns in which no call is right: small talk, what the history answers, or a wish no tool serves.

The world stays as it is. How a reply is judged is `answer`'s and `claims`'s.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from random import Random
from typing import Literal

from fastsynth.env import paths
from fastsynth.method.graph.graph import ApiGraph
from fastsynth.method.plan import Output, Step, Turn
from fastsynth.method.walk.arguments import Binder, Bound
from fastsynth.method.walk.choice import element
from fastsynth.method.walk.memory import Memory
from fastsynth.method.walk.stage import Stage

Variant = Literal["chat", "history", "unavailable"]


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
