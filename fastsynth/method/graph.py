"""The Environment-API graph (paper, section 3.1): tools, value edges and order edges.

Built with networkx from declared concepts, and from schema matching where nothing is declared;
compiled to plain adjacency for the walk (five times faster there than asking networkx).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec
import networkx as nx

from fastsynth.env.environment import Domain, Tool

Evidence = Literal["declared", "schema", "flow", "order"]

# Field names that match everywhere and mean nothing: `status` of one tool is not another's.
GENERIC = frozenset(
    [
        "status",
        "message",
        "result",
        "results",
        "success",
        "error",
        "type",
        "count",
        "total",
        "name",
        "value",
        "data",
        "text",
        "content",
        "description",
        "id",
        "date",
        "time",
        "items",
        "list",
        "state",
        "info",
        "details",
        "output",
        "response",
        "ok",
    ]
)
_OPAQUE = re.compile(r"(^|_)(id|ids|token|uuid|hash|key|code|ref|reference|handle)$")


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """A value can flow from a result path of `producer` into a parameter of `consumer`."""

    producer: str
    path: str
    consumer: str
    parameter: str
    concept: str
    evidence: Evidence
    support: int = 0
    """Calls that ran with a value of this path, and how many were tried with one."""
    trials: int = 0
    controls_ok: int = 0
    """The same for values that no tool gave."""
    controls: int = 0
    likeness: float = 0.0
    """Of the names of field and parameter, 0 to 1."""
    example: dict[str, Any] = {}
    """A pair of calls that shows it; {} where nothing was run."""
    usable: bool = True
    """False for what names propose and nothing speaks for: shown, never walked."""


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """`after` fails unless `before` ran; no value flows."""

    before: str
    after: str
    evidence: Evidence
    support: int = 0
    """Scenarios in which `after` failed without `before` and ran with it, of those measured."""
    trials: int = 0
    example: dict[str, Any] = {}


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """The concepts of one tool, declared or found in its schemas."""

    takes: Mapping[str, str]
    gives: Mapping[str, str]
    declared: bool


class ApiGraph:
    """Tools as nodes, edges with their evidence; adjacency ready for the walk."""

    def __init__(self, domain: Domain, edges: Iterable[Edge], orders: Iterable[Order]) -> None:
        self.tools = domain.tools
        self.edges = tuple(edges)
        self.orders = tuple(orders)
        self.profiles = {name: profile(tool) for name, tool in domain.tools.items()}
        self.concepts_taken = {
            name: frozenset(known.takes.values()) for name, known in self.profiles.items()
        }
        self.ordered = {name: _ordered(tool) for name, tool in domain.tools.items()}
        """Tool -> (name, required, schema) of its parameters, the required ones first."""
        self.broader: Mapping[str, tuple[str, ...]] = getattr(domain, "broader", {})
        self.opaque = domain.opaque | _inferred_opaque(self.profiles.values())
        self.opaque_taken = {
            name: taken & self.opaque for name, taken in self.concepts_taken.items()
        }
        self.network: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        self.network.add_nodes_from(self.tools)
        self.producers: dict[str, dict[str, tuple[Edge, ...]]] = {name: {} for name in self.tools}
        self.needs: dict[str, tuple[str, ...]] = dict.fromkeys(self.tools, ())
        for edge in self.edges:
            into = self.producers[edge.consumer]
            into[edge.parameter] = (*into.get(edge.parameter, ()), edge)
            self.network.add_edge(edge.producer, edge.consumer, kind="value")
        for order in self.orders:
            self.needs[order.after] = (*self.needs[order.after], order.before)
            self.network.add_edge(order.before, order.after, kind="order")
        self._distances: dict[str, dict[str, int]] = {}

    def distance(self, tool: str, target: str) -> int | None:
        """Edges on the shortest path from `tool` to `target`; None where there is none."""
        to_target = self._distances.get(target)
        if to_target is None:
            backwards = self.network.reverse(copy=False)
            to_target = dict(nx.single_source_shortest_path_length(backwards, target))
            self._distances[target] = to_target
        return to_target.get(tool)

    def accepts(self, wanted: str, given: str) -> bool:
        """Whether a value of concept `given` may stand where `wanted` is needed."""
        return wanted == given or wanted in self.broader.get(given, ())

    def to_json(self) -> dict[str, Any]:
        return {
            "tools": {
                name: {
                    "part": tool.part,
                    "mutates": tool.mutates,
                    "description": tool.description,
                    "parameters": list(tool.parameters.get("properties", {})),
                }
                for name, tool in self.tools.items()
            },
            "edges": [msgspec.structs.asdict(edge) for edge in self.edges],
            "orders": [msgspec.structs.asdict(order) for order in self.orders],
            "opaque": sorted(self.opaque),
        }


def build_graph(domain: Domain) -> ApiGraph:
    """The graph of everything declared, completed by schema matching."""
    profiles = {name: profile(tool) for name, tool in domain.tools.items()}
    broader: Mapping[str, tuple[str, ...]] = getattr(domain, "broader", {})
    orders = [
        Order(before=before, after=name, evidence="declared")
        for name, tool in domain.tools.items()
        for before in tool.needs
        if before in domain.tools
    ]
    return ApiGraph(domain, _value_edges(profiles, broader), orders)


def profile(tool: Tool) -> Profile:
    """The concepts a tool takes and gives. A tool that declares any is taken at its word."""
    if tool.takes or tool.gives:
        return Profile(takes=tool.takes, gives=tool.gives, declared=True)
    takes = dict(_parameter_concepts(tool.parameters))
    gives = dict(result_concepts(tool.result))
    return Profile(takes=takes, gives=gives, declared=False)


def _ordered(tool: Tool) -> list[tuple[str, bool, Mapping[str, Any]]]:
    required = frozenset(tool.parameters.get("required", ()))
    properties: Mapping[str, Any] = tool.parameters.get("properties", {})
    names = sorted(properties, key=lambda name: name not in required)
    return [(name, name in required, properties[name]) for name in names]


def _value_edges(
    profiles: Mapping[str, Profile], broader: Mapping[str, tuple[str, ...]]
) -> list[Edge]:
    givers: dict[str, list[tuple[str, str, bool]]] = {}
    for name, known in profiles.items():
        for path, concept in known.gives.items():
            for meaning in (concept, *broader.get(concept, ())):
                givers.setdefault(meaning, []).append((name, path, known.declared))
    return [
        Edge(
            producer=producer,
            path=path,
            consumer=consumer,
            parameter=parameter,
            concept=concept,
            evidence="declared" if declared and known.declared else "schema",
        )
        for consumer, known in profiles.items()
        for parameter, concept in known.takes.items()
        for producer, path, declared in givers.get(concept, ())
        if producer != consumer
    ]


def _parameter_concepts(schema: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name, inner in schema.get("properties", {}).items():
        concept = snake(name)
        if concept in GENERIC or inner.get("type") == "boolean" or "enum" in inner:
            continue
        if inner.get("type") == "array":
            yield f"{name}[]", _singular(concept)
        else:
            yield name, concept


def result_concepts(
    schema: Mapping[str, Any], path: str = "", owner: str = ""
) -> Iterable[tuple[str, str]]:
    """Concepts of a result schema: `flights[].id` means `flight_id`, `order.total` `total`."""
    kind = schema.get("type")
    if kind == "object":
        for name, inner in schema.get("properties", {}).items():
            deeper = f"{path}.{name}" if path else name
            yield from result_concepts(inner, deeper, snake(name))
    elif kind == "array":
        yield from result_concepts(schema.get("items", {}), path + "[]", _singular(owner))
    elif kind in ("string", "integer", "number"):
        concept = _field_concept(path, owner)
        if concept not in GENERIC:
            yield path, concept


def _field_concept(path: str, owner: str) -> str:
    fields = [snake(part) for part in re.split(r"\[\]\.?|\.", path) if part]
    if not fields:
        return owner or "result"
    if path.endswith("[]"):
        return _singular(fields[-1])
    if fields[-1] in ("id", "name", "key") and len(fields) > 1:
        return f"{_singular(fields[-2])}_{fields[-1]}"
    return fields[-1]


def _inferred_opaque(profiles: Iterable[Profile]) -> frozenset[str]:
    return frozenset(
        concept
        for known in profiles
        if not known.declared
        for concept in (*known.takes.values(), *known.gives.values())
        if _OPAQUE.search(concept)
    )


def snake(name: str) -> str:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[\W_]+", "_", spaced).strip("_").lower()


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("ses") or word.endswith("xes"):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word
