"""One turn's trace as it grows: a tool is run with drawn arguments, and joins if it gave something.

What failed, changed nothing though it should, or told nothing new is rolled back and leaves no
mark. Which tool is next is the walk's to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from fastsynth.env.environment import Tool
from fastsynth.env.world import World
from fastsynth.method.graph.graph import ApiGraph
from fastsynth.method.plan import Output, Step
from fastsynth.method.walk.arguments import Binder, Bound, Missing
from fastsynth.method.walk.memory import Memory
from fastsynth.method.walk.standing import Standing, standing
from fastsynth.records import canonical

BINDINGS = 6
"""Draws of arguments per tool before it is given up."""
SEARCHED = 30
"""The same where the call has to be one that a rule forbids."""


class Trace:
    """Adds its steps to `memory`."""

    def __init__(self, graph: ApiGraph, world: World, memory: Memory, rng: Random) -> None:
        self._graph = graph
        self._world = world
        self._memory = memory
        self._rng = rng
        self._known: Mapping[str, Sequence[Any]] = {}
        self._standing: Standing | None = None
        self._forbidden = ""
        self.broken = ""
        """Text of the rule that the call of the forbidden tool breaks."""

    async def begin(self, forbidden: str) -> None:
        """To be called first. `forbidden`: a tool whose call is to break a user's rule, or ""."""
        self._known, self._forbidden = await self._world.known(), forbidden

    async def run(self, tool: Tool, lookups: frozenset[str], draws: int) -> Missing | None:
        """Runs `tool` with drawn arguments. None if it ran; else what it lacks ("": unclear)."""
        binder = self.standing.binder
        lacking = binder.prospects.lacks(tool, lookups)
        if lacking is not None:
            return Missing(parameter=lacking)
        tried: set[str] = set()
        missing: Missing | None = None
        for _ in range(SEARCHED if self._breaks(tool) else draws):
            bound = binder.bind(tool, lookups)
            if isinstance(bound, Missing):
                missing = bound
            elif self._is_new(tool, bound, tried) and await self._try(tool, bound):
                return None
        return missing if missing is not None and not tried else Missing(parameter="")

    async def extend(self, tool: Tool, wishes: int) -> bool | None:
        """Runs `tool` as a further call of the turn; None where nothing could tie it there. With
        as many `wishes` as a turn may hold, one of them has to become a means."""
        trace = self.standing
        prospects = trace.binder.prospects
        ties = prospects.ties(tool, trace.loose if trace.sated(wishes) else None)
        if not ties or prospects.lacks(tool) is not None:
            return None
        tried: set[str] = set()
        for _ in range(BINDINGS):
            bound = trace.binder.bind(tool, tie=self._rng.choice(ties))
            if isinstance(bound, Missing) or not self._is_new(tool, bound, tried):
                continue
            if self._fits_in(bound, wishes) and await self._try(tool, bound):
                return True
        return False

    def _is_new(self, tool: Tool, bound: Bound, tried: set[str]) -> bool:
        """Whether this very call has not been tried just now, nor run in this turn or, where it
        only reads, since the state last moved."""
        key = canonical(bound.arguments)
        if key in tried:
            return False
        tried.add(key)
        return not self._memory.has_run(tool, bound.arguments)

    def _fits_in(self, bound: Bound, wishes: int) -> bool:
        trace, turn = self.standing, len(self._memory.turns) - 1
        used = {s.step for s in bound.sources.values() if isinstance(s, Output) and s.turn == turn}
        return trace.wishes - len(trace.loose & used) < wishes

    @property
    def standing(self) -> Standing:
        """What holds until the next step joins the trace."""
        if self._standing is None:
            binder = Binder(self._graph, self._memory, self._known, self._rng)
            self._standing = standing(self._graph, self._memory, binder)
        return self._standing

    def _breaks(self, tool: Tool) -> bool:
        return tool.name == self._forbidden

    async def _try(self, tool: Tool, bound: Bound) -> bool:
        broken = await self._world.forbidden(tool.name, bound.arguments)
        if bool(broken) != self._breaks(tool):
            return False
        self.broken = broken
        mark = await self._world.mark()
        before = await self._world.digest() if tool.mutates else ""
        observation = await self._world.attempt(tool.name, bound.arguments)
        useful = observation.ok and not (tool.mutates and await self._world.digest() == before)
        if not useful or (not tool.mutates and self._memory.has_result(observation.value)):
            await self._world.rewind(mark)
            return False
        given = self._world.log[-1][1]
        self._standing = None
        self._memory.add(
            Step(
                tool=tool.name,
                arguments=given,
                sources=bound.sources,
                value=observation.value,
                mutates=tool.mutates,
            )
        )
        if tool.mutates:
            self._known = await self._world.known()
        return True
