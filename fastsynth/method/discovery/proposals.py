"""Edges that names and types propose. They stand only where execution can say nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fastsynth.env import paths
from fastsynth.env.environment import Tool
from fastsynth.method.discovery.harvest import harvest, last_name
from fastsynth.method.discovery.points import Success
from fastsynth.method.discovery.probes import is_hollow
from fastsynth.method.discovery.similarity import likeness, telling, words
from fastsynth.method.graph.concepts import GENERIC
from fastsynth.method.graph.graph import Edge

Place = tuple[str, str]
"""(tool, result path), or (tool, parameter)."""
ALIKE = 0.8
"""Least likeness of names."""


def by_schema(tools: Mapping[str, Tool], runs: Mapping[str, Success]) -> Iterator[Edge]:
    """Edges that names and types propose: same meaning by name, same kind of value."""
    givers = _Givers(
        place for name in sorted(tools) for place in _paths(tools[name], runs.get(name))
    )
    for name, tool in sorted(tools.items()):
        for parameter, schema in tool.parameters.get("properties", {}).items():
            many = schema.get("type") == "array"
            inner = schema.get("items", {}) if many else schema
            if "enum" in inner or inner.get("type") in ("boolean", "object"):
                continue
            place = (name, f"{parameter}[]" if many else parameter)
            for giver, kind, close in givers.like(place):
                if giver[0] != name and _same_kind(kind, inner):
                    yield Edge(
                        producer=giver[0],
                        path=giver[1],
                        consumer=name,
                        parameter=place[1],
                        concept="",
                        evidence="schema",
                        likeness=round(close, 2),
                        usable=_is_plain(tools, giver, place, close),
                    )


class _Givers:
    """Result paths by the words in their names: only those that share one can be like a parameter,
    and asking each of them of each parameter takes minutes over a thousand tools."""

    def __init__(self, givers: Iterable[tuple[Place, str]]) -> None:
        self._givers = list(givers)
        self._named: dict[str, list[int]] = {}
        for number, (giver, _) in enumerate(self._givers):
            for word in _words(giver, last_name(giver[1])):
                self._named.setdefault(word, []).append(number)

    def like(self, place: Place) -> Iterator[tuple[Place, str, float]]:
        """(place, kind, likeness) of those that are `ALIKE`, in order."""
        numbers = {
            number for word in _words(place, place[1]) for number in self._named.get(word, ())
        }
        for number in sorted(numbers):
            giver, kind = self._givers[number]
            close = alike(giver, place)
            if close >= ALIKE:
                yield giver, kind, close


def _words(place: Place, name: str) -> frozenset[str]:
    """Those of which alike places share one: those of the tool, and the weak ones of a `name` that
    has no others."""
    own = telling(name) or words(name) or frozenset([""])
    return own | telling(" ".join(place))


def _paths(tool: Tool, run: Success | None) -> list[tuple[Place, str]]:
    """Result paths and the JSON types there, as seen; by the schema where nothing was."""
    found: dict[str, str] = {}
    if run is None or is_hollow(run.value):
        found.update(_schema_paths(tool.result, ""))
    if run is not None:
        for path, value in harvest(run.value, tool.result):
            found.setdefault(paths.pattern(path), _kind_of(value))
    return [((tool.name, path), kind) for path, kind in found.items()]


def _schema_paths(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    kind = schema.get("type")
    if kind == "object":
        for name, inner in schema.get("properties", {}).items():
            if not re.search(r"[.\[\]{}]", name):
                yield from _schema_paths(inner, paths.join(path, name))
        further = schema.get("additionalProperties")
        if isinstance(further, dict):
            yield from _schema_paths(further, f"{path}{{*}}")
            yield f"{path}{{}}", "string"
    elif kind == "array":
        yield from _schema_paths(schema.get("items", {}), path + "[]")
    elif isinstance(kind, str):
        yield path, kind


def _kind_of(value: Any) -> str:
    kinds = {str: "string", bool: "boolean", int: "integer", float: "number"}
    return kinds.get(type(value), "")


def _same_kind(given: str, schema: Mapping[str, Any]) -> bool:
    wanted = schema.get("type")
    return given == wanted or (given, wanted) == ("integer", "number")


def alike(giver: Place, place: Place) -> float:
    """Likeness of what a field and a parameter are called; 0 where the field's name is generic
    and its tool's name adds nothing that the parameter says."""
    field, parameter = last_name(giver[1]), place[1].removesuffix("[]")
    if not field:
        return 0.0
    if field.lower() in GENERIC or parameter.lower() in GENERIC:
        owner = " ".join([giver[0], *(n for k, n in paths.parse(giver[1])[:-1] if k == "field")])
        with_owner = likeness(f"{field} {owner}", f"{parameter} {place[0]}")
        return with_owner if field.lower() != "status" else 0.0
    return likeness(field, parameter)


def _is_plain(tools: Mapping[str, Tool], giver: Place, place: Place, close: float) -> bool:
    """The very same name, one that means something, in the same part."""
    name = last_name(giver[1]).lower()
    same_part = tools[giver[0]].part == tools[place[0]].part
    return same_part and close == 1.0 and name not in GENERIC
