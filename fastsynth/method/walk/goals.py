"""What the user wants of a trace, and the trace cut to what that needs.

Goals are the effects wanted and the result values asked for. Calls outside the goals' backward
slice are cut: this is what makes every remaining call necessary.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from fastsynth.env import paths
from fastsynth.method.graph.graph import ApiGraph
from fastsynth.method.plan import Goal, Output, Provenance, Step
from fastsynth.method.walk.memory import is_value
from fastsynth.records import canonical

MOST_VALUES = 6
"""Values of one result path that a person would still want to hear."""
MOST_TEXTS = 2
"""The same for running text."""
LONGEST_TOLD = 160
BRIEF = 40


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """A trace without its needless calls. `changed` says whether any were cut."""

    steps: tuple[Step, ...]
    goals: tuple[Goal, ...]
    changed: bool


def cut(graph: ApiGraph, turn: int, steps: Sequence[Step], target: str) -> Cut | None:
    """Goals and backward slice of one turn's trace; None where the target gives nothing to want.

    A target whose result is too long to be told value by value is a goal without paths: the call
    has to be there, and the answer may sum it up.
    """
    consumed = {
        source.step
        for step in steps
        for source in step.sources.values()
        if isinstance(source, Output) and source.turn == turn
    }
    goals: list[Goal] = []
    for number, step in enumerate(steps):
        goal = _goal(graph, number, step, target, number in consumed)
        if goal is not None:
            goals.append(goal)
    if not any(steps[goal.step].tool == target for goal in goals):
        return None
    kept = _slice(graph, turn, steps, {goal.step for goal in goals})
    renumber = {old: new for new, old in enumerate(kept)}
    return Cut(
        steps=tuple(_renumbered(steps[old], turn, renumber) for old in kept),
        goals=tuple(msgspec.structs.replace(goal, step=renumber[goal.step]) for goal in goals),
        changed=len(kept) < len(steps),
    )


def told_paths(graph: ApiGraph, step: Step) -> tuple[str, ...]:
    """Concrete paths of the values of a result that a person would want to hear, at most a few."""
    tool = graph.tools[step.tool]
    patterns: Sequence[str] = tool.told or [
        pattern
        for pattern, concept in graph.profiles[step.tool].gives.items()
        if concept not in graph.opaque
    ]
    said = {canonical(value) for value in step.arguments.values()}
    found: list[str] = []
    for pattern in patterns[:4] if tool.told else list(patterns)[:3]:
        places = paths.find(pattern, step.value)
        if len(places) <= (MOST_VALUES if _brief(places) else MOST_TEXTS):
            found += [place for place, v in places if _tellable(v) and canonical(v) not in said]
    if not found and not tool.told:
        scalars = [place for place, v in paths.leaves(step.value) if _tellable(v)]
        found = scalars if len(scalars) <= MOST_VALUES else []
    return tuple(dict.fromkeys(found))


def _goal(graph: ApiGraph, number: int, step: Step, target: str, consumed: bool) -> Goal | None:
    tool = graph.tools[step.tool]
    wanted = step.tool == target
    if step.mutates and (tool.askable or wanted):
        news = [p for p in told_paths(graph, step) if type(paths.get(p, step.value)) is not bool]
        return Goal(step=number, effect=True, paths=tuple(news[:2]))
    if step.mutates or (consumed and not wanted):
        return None
    places = told_paths(graph, step)
    if not places and not wanted:
        return None
    empty = all(not is_value(value) for _, value in paths.leaves(step.value))
    return None if empty else Goal(step=number, effect=False, paths=places)


def _slice(graph: ApiGraph, turn: int, steps: Sequence[Step], wanted: set[int]) -> list[int]:
    """Numbers of the steps that `wanted` depend on, by value or by order, themselves included."""
    kept = set(wanted)
    for number in range(len(steps) - 1, -1, -1):
        if number not in kept:
            continue
        step = steps[number]
        for source in step.sources.values():
            if isinstance(source, Output) and source.turn == turn:
                kept.add(source.step)
        needs = set(graph.needs[step.tool])
        kept.update(n for n in range(number) if steps[n].tool in needs)
    return sorted(kept)


def _renumbered(step: Step, turn: int, renumber: dict[int, int]) -> Step:
    sources: dict[str, Provenance] = {
        place: msgspec.structs.replace(source, step=renumber[source.step])
        if isinstance(source, Output) and source.turn == turn
        else source
        for place, source in step.sources.items()
    }
    return msgspec.structs.replace(step, sources=sources)


def _brief(places: Sequence[tuple[str, Any]]) -> bool:
    return all(len(str(value)) <= BRIEF for _, value in places)


def _tellable(value: Any) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= LONGEST_TOLD
    return isinstance(value, int | float)


def longest_chain(turn: int, steps: Sequence[Step]) -> int:
    """Calls on the longest chain of value dependencies of one turn."""
    depth: list[int] = []
    for step in steps:
        before = [
            depth[source.step]
            for source in step.sources.values()
            if isinstance(source, Output) and source.turn == turn
        ]
        depth.append(1 + max(before, default=0))
    return max(depth, default=0)


def goal_values(step: Step, goal: Goal) -> list[Any]:
    return [paths.get(path, step.value) for path in goal.paths]
