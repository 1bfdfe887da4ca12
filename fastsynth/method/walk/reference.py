"""Whether words name exactly one object: candidates are enumerated in what the model will see.

`choice` finds words that single something out where a value is drawn; here a finished turn is
held against all its results, words in which they are said, and everything seen before it.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastsynth.env import paths
from fastsynth.method.graph.graph import ApiGraph
from fastsynth.method.plan import Choice, Output, Step, Turn
from fastsynth.method.walk.choice import candidates, element
from fastsynth.records import canonical


def ambiguous(graph: ApiGraph, turn: Turn, before: Sequence[Turn]) -> str:
    """The first argument of `turn` whose words fit another object too, or none; "" where every
    reference names exactly one."""
    turns = {held.number: held.steps for held in before} | {turn.number: turn.steps}
    for step in turn.steps:
        for place, source in step.sources.items():
            if not isinstance(source, Output) or source.turn not in turns:
                continue
            choice, origin = source.choice, turns[source.turn][source.step]
            if choice is None:
                continue
            if source.turn == turn.number:
                fit = candidates(graph.tools[origin.tool], choice, origin, source.path)
                if fit != [element(source.path) or source.path]:
                    return f"{step.tool}.{place}: {choice.words or choice.by} fits {len(fit)}"
            elif (fits := _seen(graph, choice, source, before)) != 1:
                return f"{step.tool}.{place}: {choice.words or choice.by} fits {fits} seen before"
    return ""


def _seen(graph: ApiGraph, choice: Choice, source: Output, before: Sequence[Turn]) -> int:
    """How many things of the concept, in all results so far, the words of `choice` fit.

    `latest` looks at the newest result with such a thing only, other words at all results of the
    tool that the thing comes from: what else gives the concept has not the field they speak of.
    """
    turns = {held.number: held.steps for held in before}
    origin = turns[source.turn][source.step]
    concept = _concept(graph, origin, paths.pattern(source.path))
    results = [
        (step, path)
        for held in before
        for step in held.steps
        for path in [_place(graph, step, concept)]
        if path is not None
    ]
    if choice.by == "latest":
        results = results[-1:]
    elif choice.by != "only":
        results = [(step, path) for step, path in results if step.tool == origin.tool]
    found: set[str] = set()
    for step, path in results:
        found |= _values(graph, choice, step, path)
    return len(found)


def _concept(graph: ApiGraph, step: Step, pattern: str) -> str:
    return graph.profiles[step.tool].gives.get(pattern, pattern)


def _place(graph: ApiGraph, step: Step, concept: str) -> str | None:
    """The result path pattern at which a step gives `concept` at least once."""
    for pattern, given in graph.profiles[step.tool].gives.items():
        meanings = (given, *graph.broader.get(given, ()))
        if concept in meanings and paths.find(pattern, step.value):
            return pattern
    return None


def _values(graph: ApiGraph, choice: Choice, step: Step, pattern: str) -> set[str]:
    """The different values at `pattern` of the elements that the words fit."""
    found = paths.find(pattern, step.value)
    fit = {
        own
        for path, _ in found[:1]
        for own in candidates(graph.tools[step.tool], choice, step, path)
    }
    if element(found[0][0]) is None:
        fit = {path for path, _ in found}
    return {canonical(v) for path, v in found if (element(path) or path) in fit}
