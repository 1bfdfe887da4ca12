"""Directed sampling (paper, section 3.1, Algorithm 1): an executed trace that reaches a target.

Corrections to the paper: where the target is not legal yet, only its *unmet ancestors* are
candidates, nearest first; a tool counts as called per binding, not per name; a call that fails is
rolled back and never enters the trace; calls after the target must share a value with it.
"""

from __future__ import annotations

from random import Random

import msgspec

from fastsynth.env.world import World
from fastsynth.method.graph.graph import ApiGraph
from fastsynth.method.pace import breathe
from fastsynth.method.walk.memory import Memory
from fastsynth.method.walk.trace import BINDINGS, Trace

LOOKUP = 0.55
"""Share of sayable parameters of a target that are looked up instead, where a tool could."""
LED_TO = 0.7
"""Share in which one is looked up where none was drawn but the turn is to have several calls."""
TELLING = 0.6
"""Weight of a producer for each thing but one that the user would have to say for it."""
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
        self._memory = memory
        self._reach = reach
        self._rng = rng
        self._trace = Trace(graph, world, memory, rng)
        self._hopeless: set[str] = set()
        self._tried: set[str] = set()
        """Tools that others need to have run before, and that this walk has tried to run."""
        self._wishes = reach.wishes

    @property
    def broken(self) -> str:
        """Text of the rule that the call of the target breaks, where that was wanted."""
        return self._trace.broken

    async def to(self, target: str) -> bool:
        """Walks until `target` has run, then on while a further call shares a value with it."""
        await self._trace.begin(target if self._reach.breaking else "")
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
            missing = await self._trace.run(tool, lookups, 1 if doubtful else BINDINGS)
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
        leading = [edge.producer for edge in found] or self._fillers(name, parameter)
        part = self._graph.tools[name].part
        candidates = {
            producer: self._rng.random() * self._ease(producer, part)
            for producer in leading
            if producer in self._reach.allowed
            and producer not in self._hopeless
            and producer not in self._graph.tools[name].undoes
        }
        for producer in sorted(candidates, key=lambda p: -candidates[p])[:4]:
            if await self._reach_tool(producer, frozenset(), depth - 1):
                return True
            self._hopeless.add(producer)
        return False

    def _fillers(self, name: str, parameter: str) -> list[str]:
        """Tools that give the first id a record needs and no result has yet."""
        for one in self._graph.parameters[name]:
            for leaf in one.leaves if one.name == parameter else ():
                if leaf.hidden and not self._memory.has_any(self._graph.named[leaf.field]):
                    return [giver for giver in self._graph.givers(leaf.field) if giver != name]
        return []

    def _ease(self, producer: str, part: str) -> float:
        """Preference among producers: the graph's, those of the same part, and a look-up before
        what has to be told a lot first (a card listed, not registered)."""
        same = self._graph.tools[producer].part == part
        told = sum(p.required and not p.opaque for p in self._graph.parameters[producer])
        return self._graph.ease[producer] * (1.0 if same else 0.6) * TELLING ** max(0, told - 1)

    async def _continue(self) -> bool:
        """Case 1, corrected: one more call that shares a value with the trace, if there is one."""
        trace = self._trace.standing
        sated = trace.sated(self._wishes)
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
            ran = await self._trace.extend(self._graph.tools[name], self._wishes)
            if ran:
                return True
            if ran is not None:
                self._hopeless.add(name)
                tries += 1
                if tries == TRIES:
                    break
        return False
