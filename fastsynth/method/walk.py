"""Directed sampling (paper, section 3.1, Algorithm 1): an executed trace that reaches a target.

Corrections to the paper: where the target is not legal yet, only its *unmet ancestors* are
candidates, nearest first; a tool counts as called per binding, not per name; a call that fails is
rolled back and never enters the trace; calls after the target must share a value with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import msgspec

from fastsynth.env.environment import Tool
from fastsynth.env.world import World
from fastsynth.method.arguments import Binder, Bound, Missing
from fastsynth.method.graph import ApiGraph
from fastsynth.method.memory import Memory
from fastsynth.method.pace import breathe
from fastsynth.method.plan import Output, Step
from fastsynth.method.standing import Standing, standing
from fastsynth.records import canonical

BINDINGS = 6
"""Draws of arguments per tool before it is given up."""
SEARCHED = 30
"""The same where the call has to be one that a rule forbids."""
LOOKUP = 0.55
"""Share of sayable parameters of a target that are looked up instead, where a tool could."""
LED_TO = 0.7
"""Share in which one is looked up where none was drawn but the turn is to have several calls."""
DEEPEST = 5
TRIES = 5
"""Tools tried for one further call."""


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """How far a walk may go in one turn."""

    calls: int
    """At most this many calls; the walk may end earlier."""
    wishes: int
    """At most this many calls that nothing in the turn consumes: what the user has to ask for."""
    most_wishes: int = 0
    """The same where the turn would be a lone call otherwise; 0: no more."""
    allowed: frozenset[str]
    breaking: bool = False
    """Whether the call of the target is to be one that a user's rule forbids; it is the last."""


class Walk:
    """One turn's walk over the graph, in a living world. Adds its steps to `memory`."""

    def __init__(
        self, graph: ApiGraph, world: World, memory: Memory, reach: Reach, rng: Random
    ) -> None:
        self._graph = graph
        self._world = world
        self._memory = memory
        self._reach = reach
        self._rng = rng
        self._known: Mapping[str, Sequence[Any]] = {}
        self._hopeless: set[str] = set()
        self._tried: set[str] = set()
        """Tools that others need to have run before, and that this walk has tried to run."""
        self._wishes = reach.wishes
        self._standing: Standing | None = None
        self._target = ""
        self.broken = ""
        """Text of the rule that the call of the target breaks, where that was wanted."""

    async def to(self, target: str) -> bool:
        """Walks until `target` has run, then on while a further call shares a value with it."""
        self._known, self._target = await self._world.known(), target
        if not await self._reach_tool(target, self._lookups(target), DEEPEST):
            return False
        while len(self._memory.steps) < self._reach.calls and not self._reach.breaking:
            await breathe()  # a walk of eight calls takes 10 ms
            if not await self._continue() and not self._open_up():
                break
        return True

    def _open_up(self) -> bool:
        """Allows a lone call a companion, where what it does could not be led to by others."""
        lone = len(self._memory.steps) == 1 and self._wishes == self._reach.wishes
        if not lone or self._reach.wishes >= self._reach.most_wishes:
            return False
        self._wishes += 1
        return True

    def _lookups(self, target: str) -> frozenset[str]:
        """Parameters that the user could say but that are looked up in this turn."""
        takes = self._graph.profiles[target].takes
        could = [
            parameter.removesuffix("[]")
            for parameter in self._graph.producers[target]
            if takes[parameter] not in self._graph.opaque
        ]
        drawn = {parameter for parameter in could if self._rng.random() < LOOKUP}
        if could and not drawn and self._reach.calls > 1 and self._rng.random() < LED_TO:
            drawn = {self._rng.choice(could)}
        return frozenset(drawn)

    async def _reach_tool(self, name: str, lookups: frozenset[str], depth: int) -> bool:
        """Case 2 and 3 of the sampler: run `name`, after its unmet ancestors where it needs any."""
        tool = self._graph.tools[name]
        for _ in range(DEEPEST):
            await breathe()
            full = depth == 0 or len(self._memory.steps) + 1 >= self._reach.calls
            doubtful = not full and self._doubtful(name)
            missing = await self._execute(tool, lookups, 1 if doubtful else BINDINGS)
            if missing is None:
                return True
            if full:
                if not lookups:
                    return False
                lookups = frozenset()
            elif missing.parameter == "":
                if await self._reach_needs(name, depth) or doubtful:
                    continue
                if not lookups:
                    return False
                lookups = frozenset()
            elif not await self._reach_producer(name, missing.parameter, depth):
                if missing.parameter not in lookups:
                    return False
                lookups -= {missing.parameter}
        return False

    def _doubtful(self, name: str) -> bool:
        """Whether something that must run before has not been seen to: then other arguments would
        most often fail alike."""
        needs = set(self._graph.needs[name]) - self._tried
        return any(need in self._reach.allowed for need in needs) and needs.isdisjoint(
            step.tool for steps in self._memory.turns for step in steps
        )

    async def _reach_needs(self, name: str, depth: int) -> bool:
        """Order edges: whatever must have run before and has not, or has run out."""
        ran = {step.tool for step in self._memory.steps}
        unmet = [n for n in self._graph.needs[name] if n not in ran and n in self._reach.allowed]
        self._tried.update(unmet)
        for need in unmet:
            if need not in self._hopeless and await self._reach_tool(need, frozenset(), depth - 1):
                return True
        return False

    async def _reach_producer(self, name: str, parameter: str, depth: int) -> bool:
        edges = self._graph.producers[name]
        found = edges.get(parameter) or edges.get(f"{parameter}[]") or ()
        part = self._graph.tools[name].part
        candidates = {
            edge.producer: self._rng.random() * self._ease(edge.producer, part)
            for edge in found
            if edge.producer in self._reach.allowed
            and edge.producer not in self._hopeless
            and edge.producer not in self._graph.tools[name].undoes
        }
        for producer in sorted(candidates, key=lambda p: -candidates[p])[:4]:
            if await self._reach_tool(producer, frozenset(), depth - 1):
                return True
            self._hopeless.add(producer)
        return False

    def _ease(self, producer: str, part: str) -> float:
        """Preference among producers: the graph's, and those of the same part."""
        same = self._graph.tools[producer].part == part
        return self._graph.ease[producer] * (1.0 if same else 0.6)

    async def _execute(self, tool: Tool, lookups: frozenset[str], draws: int) -> Missing | None:
        """Runs `tool` with drawn arguments. None if it ran; else what it lacks ("": unclear)."""
        binder = self._trace().binder
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

    async def _extend(self, tool: Tool) -> bool | None:
        """Runs `tool` as a further call of the turn; None where nothing could tie it there."""
        trace = self._trace()
        prospects = trace.binder.prospects
        ties = prospects.ties(tool, trace.loose if self._sated(trace) else None)
        if not ties or prospects.lacks(tool) is not None:
            return None
        tried: set[str] = set()
        for _ in range(BINDINGS):
            bound = trace.binder.bind(tool, tie=self._rng.choice(ties))
            if isinstance(bound, Missing) or not self._is_new(tool, bound, tried):
                continue
            if self._fits_in(trace, bound) and await self._try(tool, bound):
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

    def _sated(self, trace: Standing) -> bool:
        """Whether there are as many wishes as a turn may hold: then a further call has to turn
        one of them into a means."""
        return trace.wishes >= self._wishes

    def _fits_in(self, trace: Standing, bound: Bound) -> bool:
        turn = len(self._memory.turns) - 1
        used = {s.step for s in bound.sources.values() if isinstance(s, Output) and s.turn == turn}
        return trace.wishes - len(trace.loose & used) < self._wishes

    def _trace(self) -> Standing:
        """What holds until the next step joins the trace."""
        if self._standing is None:
            binder = Binder(self._graph, self._memory, self._known, self._rng)
            self._standing = standing(self._graph, self._memory, binder)
        return self._standing

    def _breaks(self, tool: Tool) -> bool:
        return self._reach.breaking and tool.name == self._target

    async def _try(self, tool: Tool, bound: Bound) -> bool:
        broken = await self._world.forbidden(tool.name, bound.arguments)
        if bool(broken) != self._breaks(tool):
            return False
        self.broken = broken
        mark = await self._world.mark()
        before = await self._world.digest() if tool.mutates else ""
        observation = await self._world.call(tool.name, bound.arguments)
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

    async def _continue(self) -> bool:
        """Case 1, corrected: one more call that shares a value with the trace, if there is one."""
        trace = self._trace()
        sated = self._sated(trace)
        if sated and not trace.loose:
            return False
        called = {step.tool for step in self._memory.steps}
        undone = {u for name in called for u in self._graph.tools[name].undoes}
        shared = trace.fresh if sated else trace.fresh | trace.spoken
        near = {name for concept in shared for name in self._graph.takers.get(concept, ())}
        candidates: dict[str, float] = {}
        for name in sorted((near & self._reach.allowed) - called - undone - self._hopeless):
            tool = self._graph.tools[name]
            if tool.askable and called.isdisjoint(tool.undoes):
                consumes = len(self._graph.concepts_taken[name] & trace.fresh)
                candidates[name] = self._rng.random() ** (1.0 / (0.3 + 2.0 * consumes))
        tries = 0
        for name in sorted(candidates, key=lambda n: -candidates[n]):
            ran = await self._extend(self._graph.tools[name])
            if ran:
                return True
            if ran is not None:
                self._hopeless.add(name)
                tries += 1
                if tries == TRIES:
                    break
        return False
