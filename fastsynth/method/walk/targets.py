"""Which tool a turn is walked to: coverage by seeded permutation, then what fits the thread.

A pure function of seed, stratum and position: no job waits for another, and any run of as many
jobs as there are tools aims at every tool once. Where a student's results are known (`Focus`), a
fixed share of the positions goes on like that; the others go to tools in proportion to how much
is to be learnt from them (HardGen: targets a student fails; RODS: priority 4 r (1 - r)).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Container, Mapping, Sequence
from functools import lru_cache
from heapq import nlargest
from itertools import accumulate
from math import floor
from random import Random

import msgspec

from fastsynth.method.graph.graph import ApiGraph
from fastsynth.method.walk.memory import Memory
from fastsynth.seeds import derive

NEVER = 0.75
"""Weight of a tool the student never got right: no reward to learn from yet, but examples."""
UNSEEN = 0.5
"""Weight of a tool that the probing never came to."""
ALIKE = 0.4
"""Weight of any tool, before what speaks for it."""
LEANING = 0.1
"""Weight of a tool with nothing to learn, against 1.1 of the best, where turns follow a thread."""


class Focus(msgspec.Struct, frozen=True, kw_only=True):
    """Weights by what a student got right; without them every tool counts alike."""

    weights: Mapping[str, float] = {}
    """Tool -> how much is to be learnt from it, in [0, 1]."""
    coverage: float = 1.0
    """Share of first targets that go round all tools."""

    def first(self, tools: Sequence[str], seed: int, stratum: str, position: int) -> str:
        """The tool at `position` of the stratum's stream: coverage and weights interleaved evenly,
        each a stream of its own."""
        before = floor(position * self.coverage + 1e-9)
        if floor((position + 1) * self.coverage + 1e-9) > before:
            return first_target(tools, seed, stratum, before)
        return self._weighted(tools, seed, stratum, position - before)

    def leaning(self, tool: str) -> float:
        """Factor of a tool's weight where several would go on with what is being talked about."""
        return LEANING + self.weights.get(tool, UNSEEN) if self.weights else 1.0

    def _weighted(self, tools: Sequence[str], seed: int, stratum: str, position: int) -> str:
        """Systematic sampling: in each block of as many positions as there are tools, a tool comes
        up as often as its weight says, give or take one."""
        block, place = divmod(position, len(tools))
        rng = derive(seed, "failing", stratum, block)
        order, places = sorted(tools), list(range(len(tools)))
        rng.shuffle(order)
        rng.shuffle(places)
        sums = list(accumulate(self.weights.get(tool, UNSEEN) for tool in order))
        point = (places[place] + rng.random()) / len(tools) * sums[-1]
        return order[min(bisect_right(sums, point), len(order) - 1)]


COVERAGE = Focus()


def focus_on(results: Mapping[str, tuple[int, int]], coverage: float) -> Focus:
    """`results`: tool -> (runs that came to it, passes). All passed by all: coverage alone."""
    runs = sum(came for came, _ in results.values())
    usual = sum(passes for _, passes in results.values()) / max(runs, 1)
    weights = {
        tool: _weight(*result, usual) for tool, result in sorted(results.items()) if result[0]
    }
    return Focus(weights=weights, coverage=coverage) if any(weights.values()) else COVERAGE


def _weight(runs: int, passes: int, usual: float) -> float:
    """With one more run at the student's `usual` rate: one pass of one does not say all is well."""
    rate = (passes + usual) / (runs + 1)
    return round(4 * rate * (1 - rate), 6) if passes else NEVER


def first_target(tools: Sequence[str], seed: int, stratum: str, position: int) -> str:
    """The tool at `position` of the stratum's endless stream of permutations of `tools`."""
    epoch, place = divmod(position, len(tools))
    return _permutation(tuple(tools), seed, stratum, epoch)[place]


@lru_cache(maxsize=256)
def _permutation(tools: tuple[str, ...], seed: int, stratum: str, epoch: int) -> tuple[str, ...]:
    """Drawn once for as many jobs as there are tools: of a thousand it takes a millisecond."""
    order = sorted(tools)
    derive(seed, "targets", stratum, epoch).shuffle(order)
    return tuple(order)


def next_targets(
    graph: ApiGraph,
    memory: Memory,
    allowed: frozenset[str],
    used: Collection[str],
    rng: Random,
    focus: Focus = COVERAGE,
    most: int | None = None,
) -> list[str]:
    """Candidates for a further turn, best first: those that pick up what the conversation holds.
    The best `most` of them; None for all."""
    weights = dict(_led_to(graph, allowed))
    for name in used:
        weights.pop(name, None)
    weights.update(_picked_up(graph, memory, weights.keys()))
    if focus.weights:
        weights = {name: weight * focus.leaning(name) for name, weight in weights.items()}
    chance = rng.random
    scored = [(chance() ** (1.0 / weight), name) for name, weight in weights.items()]
    return [name for _, name in nlargest(len(scored) if most is None else most, scored)]


@lru_cache(maxsize=256)
def _led_to(graph: ApiGraph, allowed: frozenset[str]) -> Mapping[str, float]:
    """Weights of the tools that a user asks for, in order, where nothing has been said yet."""
    askable = sorted(name for name in allowed if graph.tools[name].askable)
    return {name: ALIKE + graph.led_to[name] for name in askable}


def _picked_up(graph: ApiGraph, memory: Memory, among: Container[str]) -> Mapping[str, float]:
    """Weights of the tools that take what the conversation holds, or undo what it did."""
    takers = graph.takers
    held = Counter(n for c in memory.items if c in graph.opaque for n in takers.get(c, ()))
    shared = Counter(name for concept in memory.said for name in takers.get(concept, ()))
    called = {step.tool for steps in memory.turns for step in steps}
    undoing = {name for done in called for name in graph.undoers.get(done, ())}
    return {
        name: ALIKE
        + 2.0 * (name in undoing)
        + 3.0 * held[name]
        + 1.0 * shared[name]
        + graph.led_to[name]
        for name in (*held, *shared, *undoing)
        if name in among
    }
