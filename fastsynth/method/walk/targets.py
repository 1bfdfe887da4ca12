"""Which tool a turn is walked to: coverage by seeded permutation, then what fits the thread.

A pure function of seed, stratum and position: no job waits for another, and any run of as many
jobs as there are tools aims at every tool once. Where a student's results are known (`Focus`), a
fixed share of the positions goes on like that; the others go to tools in proportion to how much
is to be learnt from them (HardGen: targets a student fails; RODS: priority 4 r (1 - r)).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
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
    order = sorted(tools)
    derive(seed, "targets", stratum, epoch).shuffle(order)
    return order[place]


def next_targets(
    graph: ApiGraph,
    memory: Memory,
    allowed: Collection[str],
    used: Collection[str],
    rng: Random,
    focus: Focus = COVERAGE,
) -> list[str]:
    """Candidates for a further turn, best first: those that pick up what the conversation holds."""
    scored: list[tuple[float, str]] = []
    called = {step.tool for steps in memory.turns for step in steps}
    takers = graph.takers
    held = Counter(n for c in memory.items if c in graph.opaque for n in takers.get(c, ()))
    shared = Counter(name for concept in memory.said for name in takers.get(concept, ()))
    for name in sorted(allowed):
        tool = graph.tools[name]
        if name in used or not tool.askable:
            continue
        weight = 0.4
        if tool.undoes and not called.isdisjoint(tool.undoes):
            weight += 2.0
        if name in held:
            weight += 3.0 * held[name]
        if name in shared:
            weight += 1.0 * shared[name]
        weight += graph.led_to[name]
        if focus.weights:
            weight *= focus.leaning(name)
        scored.append((rng.random() ** (1.0 / weight), name))
    return [name for _, name in sorted(scored, reverse=True)]
