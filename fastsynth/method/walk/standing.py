"""A turn's trace as it stands: what a further call is held against."""

from __future__ import annotations

import msgspec

from fastsynth.method.graph.graph import ApiGraph
from fastsynth.method.plan import Output, Step
from fastsynth.method.walk.arguments import Binder
from fastsynth.method.walk.draft import is_entity
from fastsynth.method.walk.memory import Memory


class Standing(msgspec.Struct, frozen=True):
    """Good until the next step joins the trace."""

    binder: Binder
    loose: frozenset[int]
    """Reads of this turn whose results nothing has consumed yet."""
    wishes: int
    """Calls that nothing in the turn consumes: what the user has to ask for."""
    fresh: frozenset[str]
    """Concepts of the values that this turn's results hold."""
    spoken: frozenset[str]
    """Concepts of the entities that calls of this turn are about."""

    def sated(self, wishes: int) -> bool:
        """Whether it holds as many wishes as a turn may."""
        return self.wishes >= wishes


def standing(graph: ApiGraph, memory: Memory, binder: Binder) -> Standing:
    steps, turn = memory.steps, len(memory.turns) - 1
    used = {source.step for step in steps for source in outputs_of(step) if source.turn == turn}
    loose = frozenset(n for n, step in enumerate(steps) if not step.mutates and n not in used)
    effects = sum(1 for step in steps if step.mutates and graph.tools[step.tool].askable)
    fresh = frozenset(
        concept for concept, items in memory.items.items() if items and items[-1].turn == turn
    )
    spoken = frozenset(
        concept
        for step in steps
        for place, concept in graph.profiles[step.tool].takes.items()
        if is_entity(step.arguments.get(place))
    )
    return Standing(binder, loose, len(loose) + effects, fresh, spoken)


def outputs_of(step: Step) -> list[Output]:
    return [source for source in step.sources.values() if isinstance(source, Output)]
