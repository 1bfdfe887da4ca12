"""How a person singles out one element of a result: the only one, the cheapest, the one named X.

An element that nothing singles out is never used: a query could not say which one is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from fastsynth.env import paths
from fastsynth.env.environment import Tool
from fastsynth.method.forms import normal
from fastsynth.method.graph import ApiGraph
from fastsynth.method.plan import Choice, Step

_LAST_MARK = re.compile(r"^(.*(?:\[\d+\]|\{\*?\d+\}))(.*?)$")
ONLY = Choice(by="only")


@lru_cache(maxsize=8192)
def element(path: str) -> str | None:
    """The concrete path of the list element a value belongs to; None where there is no list."""
    found = _LAST_MARK.match(path)
    return found.group(1).replace("{*", "{").replace("{", "{*") if found else None


def choices(graph: ApiGraph, step: Step, path: str) -> list[Choice | None]:
    """Every way to single out the element at `path`; [None] where no choice is needed."""
    own = element(path)
    if own is None:
        return [None]
    pattern = paths.pattern(own)
    rivals = [place for place, _ in paths.find(pattern, step.value)]
    if len(rivals) == 1:
        return [ONLY]
    tool = graph.tools[step.tool]
    if own == path:
        opaque = graph.profiles[step.tool].gives.get(pattern) in graph.opaque
        return list(_placed(own, pattern, rivals)) if opaque else []
    found = [*_ranked(tool, step, own, pattern), *_named(graph, step, own, path, rivals)]
    return [choice for choice in found if candidates(tool, choice, step, path) == [own]]


def _placed(own: str, pattern: str, rivals: list[str]) -> Iterator[Choice]:
    """Bare values in a list can only be told apart by where they stand."""
    if own == rivals[-1]:
        yield Choice(by="latest", field=pattern, words="most recent")
    if own == rivals[0]:
        yield Choice(by="lowest", field=pattern, words="first")


def _ranked(tool: Tool, step: Step, own: str, pattern: str) -> Iterator[Choice]:
    for field, (low, high) in tool.ranks.items():
        if not field.startswith(pattern):
            continue
        values = paths.find(field, step.value)
        mine = [value for place, value in values if place.startswith(own)]
        rest = [value for place, value in values if not place.startswith(own)]
        if len(mine) != 1 or not _comparable([*mine, *rest]):
            continue
        if low and all(mine[0] < other for other in rest):
            yield Choice(by="lowest", field=field, words=low)
        if high and all(mine[0] > other for other in rest):
            yield Choice(by="highest", field=field, words=high)


def _named(graph: ApiGraph, step: Step, own: str, path: str, rivals: list[str]) -> Iterator[Choice]:
    record = paths.get(own, step.value)
    if not isinstance(record, dict):
        return
    gives = graph.profiles[step.tool].gives
    records = [paths.get(rival, step.value) for rival in rivals]
    for field, value in record.items():
        place = f"{own}.{field}"
        concept = gives.get(paths.pattern(place), field)
        if place == path or concept in graph.opaque or not _nameable(value):
            continue
        same = sum(1 for other in records if isinstance(other, dict) and other.get(field) == value)
        if same == 1:
            yield Choice(by="named", field=paths.pattern(place), words=str(value), value=value)


def candidates(tool: Tool, choice: Choice, step: Step, path: str) -> list[str]:
    """Elements of the result at `path`'s list that the words of `choice` fit, as concrete paths.

    Words are compared as they are said: without case, and a name also fits where it is part of a
    longer one. A superlative fits the extremes of every field that has this word.
    """
    own = element(path)
    if own is None:
        return [path]
    pattern = paths.pattern(own)
    rivals = [place for place, _ in paths.find(pattern, step.value)]
    if choice.by in ("lowest", "highest", "latest") and choice.field in ("", pattern):
        return rivals[:1] if choice.by == "lowest" else rivals[-1:]
    match choice.by:
        case "lowest" | "highest":
            return list(dict.fromkeys(_extremes(tool, choice, step, pattern)))
        case "named":
            return [rival for rival in rivals if _fits(choice, paths.get(rival, step.value))]
        case _:
            return rivals


def _extremes(tool: Tool, choice: Choice, step: Step, pattern: str) -> Iterator[str]:
    for field, words in tool.ranks.items():
        if choice.words not in words or not field.startswith(pattern):
            continue
        found = paths.find(field, step.value)
        values = [value for _, value in found]
        if values:
            best = min(values) if choice.words == words[0] else max(values)
            yield from (element(place) or place for place, value in found if value == best)


def _fits(choice: Choice, record: Any) -> bool:
    """Whether what the user says names this element: by the field meant, or whole by another."""
    if not isinstance(record, dict):
        return False
    said, meant = normal(choice.words), choice.field.rpartition(".")[2]
    return any(
        said in normal(value) if field == meant else said == normal(value)
        for field, value in record.items()
        if isinstance(value, str)
    )


def _nameable(value: Any) -> bool:
    return isinstance(value, str) and 2 <= len(value) <= 40 and not value.isdigit()


def _comparable(values: list[Any]) -> bool:
    return all(type(v) in (int, float) for v in values) or all(isinstance(v, str) for v in values)
