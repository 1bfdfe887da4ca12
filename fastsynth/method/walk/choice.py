"""How a person singles out one element of a result: the only one, the cheapest, the one named X.

An element that nothing singles out is never used: a query could not say which one is meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import Any

from fastsynth.env import paths
from fastsynth.env.environment import Tool
from fastsynth.method.forms import normal
from fastsynth.method.graph.graph import ApiGraph
from fastsynth.method.plan import Choice, Step

_LAST_MARK = re.compile(r"^(.*(?:\[\d+\]|\{\*?\d+\}))(.*?)$")
ONLY = Choice(by="only")
Texts = tuple[tuple[str, str], ...]
"""Field and `normal` text of each text of a record."""


@lru_cache(maxsize=8192)
def element(path: str) -> str | None:
    """The concrete path of the list element a value belongs to; None where there is no list."""
    found = _LAST_MARK.match(path)
    return found.group(1).replace("{*", "{").replace("{", "{*") if found else None


class Elements:
    """The elements of one list of a step's result, and what singles each of them out.

    Found once for all values of the list: a walk asks for a dozen of them.
    """

    def __init__(self, graph: ApiGraph, step: Step, pattern: str) -> None:
        """`pattern`: that of an element, `flights[]`."""
        self._tool = graph.tools[step.tool]
        self._gives = graph.profiles[step.tool].gives
        self._opaque = graph.opaque
        self._step = step
        self._pattern = pattern
        found = paths.find(pattern, step.value)
        self._places = [place for place, _ in found]
        self._records = {place: item for place, item in found if isinstance(item, dict)}
        self._ways: dict[str, list[tuple[str, Choice]]] = {}

    def choices(self, own: str, path: str) -> list[Choice | None]:
        """Every way to single out the element at `own`, for the value at `path` in it."""
        if len(self._places) == 1:
            return [ONLY]
        if own == path:
            opaque = self._gives.get(self._pattern) in self._opaque
            return list(self._placed(own)) if opaque else []
        ways = self._ways.get(own)
        if ways is None:
            ways = self._ways[own] = [*self._ranked(own), *self._named(own)]
        return [choice for place, choice in ways if place != path]

    def _placed(self, own: str) -> Iterator[Choice]:
        """Bare values in a list can only be told apart by where they stand."""
        if own == self._places[-1]:
            yield Choice(by="latest", field=self._pattern, words="most recent")
        if own == self._places[0]:
            yield Choice(by="lowest", field=self._pattern, words="first")

    def _ranked(self, own: str) -> Iterator[tuple[str, Choice]]:
        for places, place, choice in self._extremes:
            alone = place.startswith(own) and sum(p.startswith(own) for p in places) == 1
            if alone and candidates(self._tool, choice, self._step, own) == [own]:
                yield "", choice

    @cached_property
    def _extremes(self) -> list[tuple[list[str], str, Choice]]:
        """Where a ranked field stands, where alone it is lowest or highest, how that is said."""
        found = []
        for field, (low, high) in self._tool.ranks.items():
            held = paths.find(field, self._step.value) if field.startswith(self._pattern) else []
            places, values = [place for place, _ in held], [value for _, value in held]
            if not values or not _comparable(values):
                continue
            least = Choice(by="lowest", field=field, words=low)
            most = Choice(by="highest", field=field, words=high)
            for choice, end in ((least, min(values)), (most, max(values))):
                if choice.words and values.count(end) == 1:
                    found.append((places, places[values.index(end)], choice))
        return found

    def _named(self, own: str) -> Iterator[tuple[str, Choice]]:
        """Fields whose value is in this element alone, with their places."""
        for name, value in self._records.get(own, {}).items():
            field = paths.pattern(f"{self._pattern}.{name}")
            if self._gives.get(field, name) in self._opaque or not _nameable(value):
                continue
            said = normal(value)
            if all(place == own or not _fits(said, name, text) for place, text in self._texts):
                yield f"{own}.{name}", Choice(by="named", field=field, words=value, value=value)

    @cached_property
    def _texts(self) -> list[tuple[str, Texts]]:
        return [(place, _texts_of(record)) for place, record in self._records.items()]


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
            said, meant = normal(choice.words), choice.field.rpartition(".")[2]
            return [
                rival
                for rival in rivals
                if _fits(said, meant, _texts_of(paths.get(rival, step.value)))
            ]
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


def _texts_of(record: Any) -> Texts:
    if not isinstance(record, dict):
        return ()
    return tuple((name, normal(text)) for name, text in record.items() if isinstance(text, str))


def _fits(said: str, meant: str, texts: Texts) -> bool:
    """Whether what the user says names this element: by the field meant, or whole by another."""
    return any(said in text if name == meant else said == text for name, text in texts)


def _nameable(value: Any) -> bool:
    return isinstance(value, str) and 2 <= len(value) <= 40 and not value.isdigit()


def _comparable(values: list[Any]) -> bool:
    return all(type(v) in (int, float) for v in values) or all(isinstance(v, str) for v in values)
