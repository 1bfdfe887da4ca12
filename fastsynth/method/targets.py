"""Which tool a turn is walked to: coverage by seeded permutation, then what fits the thread.

A pure function of seed, stratum and position: no job waits for another, and any run of as many
jobs as there are tools aims at every tool once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from random import Random

from fastsynth.method.graph import ApiGraph
from fastsynth.method.memory import Memory
from fastsynth.seeds import derive


def first_target(tools: Sequence[str], seed: int, stratum: str, position: int) -> str:
    """The tool at `position` of the stratum's endless stream of permutations of `tools`."""
    epoch, place = divmod(position, len(tools))
    order = sorted(tools)
    derive(seed, "targets", stratum, epoch).shuffle(order)
    return order[place]


def next_targets(
    graph: ApiGraph, memory: Memory, allowed: Collection[str], used: Collection[str], rng: Random
) -> list[str]:
    """Candidates for a further turn, best first: those that pick up what the conversation holds."""
    scored: list[tuple[float, str]] = []
    called = {step.tool for steps in memory.turns for step in steps}
    produced, said = memory.items.keys(), memory.said.keys()
    for name in sorted(allowed):
        tool = graph.tools[name]
        if name in used or not tool.askable:
            continue
        takes = graph.concepts_taken[name]
        held = len(graph.opaque_taken[name] & produced)
        shared = len(takes & said)
        undo = not called.isdisjoint(tool.undoes)
        led = 0.6 * bool(takes) + 0.8 * bool(graph.producers[name])
        weight = 0.4 + 2.0 * undo + 3.0 * held + 1.0 * shared + led
        scored.append((rng.random() ** (1.0 / weight), name))
    return [name for _, name in sorted(scored, reverse=True)]
