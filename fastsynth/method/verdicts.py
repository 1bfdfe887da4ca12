"""From experiments to a graph: which edges stand, on what evidence, and what was refuted.

An edge by flow needs values that work clearly more often than strangers do. Names alone carry an
edge only into a parameter that no experiment can tell anything about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from fastsynth.env import paths
from fastsynth.env.environment import Domain, Tool
from fastsynth.method.explore import OrderSeen
from fastsynth.method.flows import Flows, Place, Trial
from fastsynth.method.graph import GENERIC, Edge, Order
from fastsynth.method.pool import harvest, last_name
from fastsynth.method.probes import Success, is_hollow
from fastsynth.method.similarity import likeness

RATE, SURE_RATE = 0.5, 0.15
"""Least share of a path's values that work; and where no stranger's text ever did."""
MARGIN = 0.4
"""By how much it must beat strangers."""
MEASURE = 0.34
"""Share of strangers from which on a parameter is free: a limit, not a reference."""
ALIKE, LEAST_ALIKE = 0.8, 0.3
"""Least likeness of names for an edge by schema, and for numbers that cross from part to part."""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Everything seen; counts are over all scenarios."""

    flows: Flows
    orders: tuple[OrderSeen, ...]
    ran: Mapping[str, int]
    mutators: frozenset[str]
    volatile: Mapping[str, tuple[str, ...]]
    restless: tuple[str, ...]
    runs: Mapping[str, Success]
    calls: int
    scenarios: int


class Discovery(msgspec.Struct, frozen=True, kw_only=True):
    """A found graph, as JSON. `method.equip` makes a domain of it."""

    fingerprint: str = ""
    """Hash of the tools it was found for."""
    edges: tuple[Edge, ...]
    orders: tuple[Order, ...]
    mutates: tuple[str, ...]
    free: tuple[str, ...]
    """`tool.parameter` whose value no experiment tells from a stranger's."""
    said: Mapping[str, tuple[str, ...]]
    """`tool.parameter` -> groups of facts and live values that work there."""
    opaque: tuple[str, ...]
    """`tool.parameter` that took values of results only, never one a user could say."""
    volatile: Mapping[str, tuple[str, ...]]
    banned: tuple[str, ...]
    """Tools whose results or effects cannot be repeated: no check of them could hold."""
    silent: tuple[str, ...]
    """Tools that never ran."""
    refuted: int
    """Edges that names proposed and execution disposed of."""
    calls: int
    scenarios: int


def judge(domain: Domain, seen: Evidence) -> Discovery:
    flows = seen.flows
    edges = list(_by_flow(domain, seen))
    proposed = [e for e in by_schema(domain, seen) if not _has(edges, e)]
    checked = {place for place, trial in flows.controls.items() if trial.rate < MEASURE}
    standing = [e for e in proposed if (e.consumer, e.parameter) not in checked]
    said = _said(flows)
    opaque = [
        place
        for place in sorted({(e.consumer, e.parameter) for e in edges})
        if place not in said and flows.controls[place].rate == 0.0
    ]
    unsteady = set(seen.restless) | set(seen.volatile)
    return Discovery(
        edges=tuple(sorted(edges + standing, key=_order_of_edge)),
        orders=tuple(_orders(seen)),
        mutates=tuple(sorted(seen.mutators)),
        free=tuple(sorted(map(_dotted, flows.controls.keys() - checked))),
        said={_dotted(place): groups for place, groups in sorted(said.items())},
        opaque=tuple(map(_dotted, opaque)),
        volatile=dict(seen.volatile),
        banned=tuple(sorted(unsteady)),
        silent=tuple(name for name in sorted(domain.tools) if name not in seen.ran),
        refuted=len(proposed) - len(standing),
        calls=seen.calls,
        scenarios=seen.scenarios,
    )


def _by_flow(domain: Domain, seen: Evidence) -> Iterator[Edge]:
    flows = seen.flows
    for (source, place), trial in flows.edges.items():
        controls = flows.controls[place]
        alike = _alike(domain.tools, source, place)
        if not _stands(trial, controls) or source[1] in seen.volatile.get(source[0], ()):
            continue
        if _is_chance(domain.tools, source, place, trial) and alike < LEAST_ALIKE:
            continue
        yield Edge(
            producer=source[0],
            path=source[1],
            consumer=place[0],
            parameter=place[1],
            concept="",
            evidence="flow",
            support=trial.ok,
            trials=trial.tried,
            controls=controls.tried,
            controls_ok=controls.ok,
            likeness=round(alike, 2),
            example={**(trial.example or {}), "refused": flows.refused.get(place)},
        )


def _stands(trial: Trial, controls: Trial) -> bool:
    if controls.rate >= MEASURE or trial.rate - controls.rate < SURE_RATE:
        return False
    named = trial.example is not None and isinstance(trial.example["value"], str)
    if named and not controls.ok and trial.ok >= 2:
        return True
    return trial.rate >= RATE and trial.rate - controls.rate >= MARGIN


def _is_chance(tools: Mapping[str, Tool], source: Place, place: Place, trial: Trial) -> bool:
    """A number of one part that works in another: chance, unless their names speak for it."""
    named = trial.example is not None and isinstance(trial.example["value"], str)
    return not named and tools[source[0]].part != tools[place[0]].part


def by_schema(domain: Domain, seen: Evidence) -> Iterator[Edge]:
    """Edges that names and types propose: same meaning by name, same kind of value."""
    givers = [place for name in sorted(domain.tools) for place in _paths(domain.tools[name], seen)]
    for name, tool in sorted(domain.tools.items()):
        for parameter, schema in tool.parameters.get("properties", {}).items():
            many = schema.get("type") == "array"
            inner = schema.get("items", {}) if many else schema
            if "enum" in inner or inner.get("type") in ("boolean", "object"):
                continue
            place = (name, f"{parameter}[]" if many else parameter)
            for giver, kind in givers:
                alike = _alike(domain.tools, giver, place)
                if giver[0] != name and _same_kind(kind, inner) and alike >= ALIKE:
                    yield Edge(
                        producer=giver[0],
                        path=giver[1],
                        consumer=name,
                        parameter=place[1],
                        concept="",
                        evidence="schema",
                        likeness=round(alike, 2),
                        usable=_is_plain(domain.tools, giver, place, alike),
                    )


def _paths(tool: Tool, seen: Evidence) -> list[tuple[Place, str]]:
    """Result paths and the JSON types there, as seen; by the schema where nothing was."""
    run = seen.runs.get(tool.name)
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


def _alike(tools: Mapping[str, Tool], giver: Place, place: Place) -> float:
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


def _is_plain(tools: Mapping[str, Tool], giver: Place, place: Place, alike: float) -> bool:
    """The very same name, one that means something, in the same part."""
    name = last_name(giver[1]).lower()
    same_part = tools[giver[0]].part == tools[place[0]].part
    return same_part and alike == 1.0 and name not in GENERIC


def _has(edges: list[Edge], edge: Edge) -> bool:
    mark = (edge.producer, edge.path, edge.consumer, edge.parameter)
    return any(mark == (e.producer, e.path, e.consumer, e.parameter) for e in edges)


def _said(flows: Flows) -> dict[Place, tuple[str, ...]]:
    """The groups whose values work better than a stranger's, best first."""
    found: dict[Place, list[tuple[float, str]]] = {}
    for (group, place), trial in flows.said.items():
        if trial.rate >= RATE and trial.rate - flows.controls[place].rate >= MARGIN:
            found.setdefault(place, []).append((-trial.rate, group))
    return {place: tuple(group for _, group in sorted(groups)) for place, groups in found.items()}


def _orders(seen: Evidence) -> Iterator[Order]:
    counted: dict[tuple[str, str], Trial] = {}
    for one in seen.orders:
        trial = counted.setdefault((one.before[0], one.after[0]), Trial())
        example = {
            "before": {"tool": one.before[0], "arguments": one.before[1]},
            "after": {"tool": one.after[0], "arguments": one.after[1]},
            "without": one.complaint,
        }
        trial.add(one.needed, example)
    for (before, after), trial in sorted(counted.items()):
        if trial.rate > RATE:
            yield Order(
                before=before,
                after=after,
                evidence="order",
                support=trial.ok,
                trials=trial.tried,
                example=trial.example or {},
            )


def _dotted(place: Place) -> str:
    return f"{place[0]}.{place[1]}"


def _order_of_edge(edge: Edge) -> tuple[str, ...]:
    return edge.consumer, edge.parameter, edge.producer, edge.path
