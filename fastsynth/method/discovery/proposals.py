"""Edges that names and types propose. They stand only where execution can say nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fastsynth.env import paths
from fastsynth.env.environment import Tool
from fastsynth.method.discovery.flows import Place
from fastsynth.method.discovery.pool import harvest, last_name
from fastsynth.method.discovery.probes import Success, is_hollow
from fastsynth.method.discovery.similarity import likeness
from fastsynth.method.graph.concepts import GENERIC
from fastsynth.method.graph.graph import Edge

ALIKE = 0.8
"""Least likeness of names."""


def by_schema(tools: Mapping[str, Tool], runs: Mapping[str, Success]) -> Iterator[Edge]:
    """Edges that names and types propose: same meaning by name, same kind of value."""
    givers = [place for name in sorted(tools) for place in _paths(tools[name], runs.get(name))]
    for name, tool in sorted(tools.items()):
        for parameter, schema in tool.parameters.get("properties", {}).items():
            many = schema.get("type") == "array"
            inner = schema.get("items", {}) if many else schema
            if "enum" in inner or inner.get("type") in ("boolean", "object"):
                continue
            place = (name, f"{parameter}[]" if many else parameter)
            for giver, kind in givers:
                close = alike(giver, place)
                if giver[0] != name and _same_kind(kind, inner) and close >= ALIKE:
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
