"""The Environment-API graph (paper, section 3.1): tools, value edges and order edges.

Built with networkx from declared concepts, and from schema matching where nothing is declared;
compiled to plain adjacency for the walk (five times faster there than asking networkx).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec
import networkx as nx

from fastsynth.env.environment import Domain, Tool
from fastsynth.method.graph.concepts import Profile, inferred_opaque, profile
from fastsynth.method.graph.leaves import fields_given
from fastsynth.method.graph.parameters import parameters_of

Evidence = Literal["declared", "schema", "flow", "order"]


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
        self.broader: Mapping[str, tuple[str, ...]] = getattr(domain, "broader", {})
        self.opaque = domain.opaque | inferred_opaque(self.profiles.values())
        bounded = getattr(domain, "bounded", False)
        self.named = fields_given(self.profiles.values()) if bounded else {}
        """Name of a result field -> concepts of its values: what fields of records are fed by."""
        self.parameters = {
            name: parameters_of(
                tool, self.profiles[name], self.opaque, bounded=bounded, given=self.named
            )
            for name, tool in domain.tools.items()
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
        self.takers = _takers(self.concepts_taken)
        """Concept -> tools that take a value of it."""
        self.undoers = _undoers(domain.tools)
        """Tool -> tools that are its inverse."""
        self.ease = {name: self._ease(name) for name in self.tools}
        """Preference among producers, in (0, 1]: reads before writes, the nearest first."""
        self.led_to = {
            name: 0.6 * bool(self.concepts_taken[name]) + 0.8 * bool(self.producers[name])
            for name in self.tools
        }
        """Preference among targets that others could lead to."""
        self._distances: dict[str, dict[str, int]] = {}

    def _ease(self, name: str) -> float:
        hidden = sum(concept in self.opaque for concept in self.profiles[name].takes.values())
        return 1.0 / (1 + hidden) * (0.5 if self.tools[name].mutates else 1.0)

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

    def givers(self, field: str) -> list[str]:
        """Tools whose results have a field of this name."""
        concepts = frozenset(self.named.get(field, ()))
        return [n for n, known in self.profiles.items() if concepts & {*known.gives.values()}]

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


def _takers(taken: Mapping[str, frozenset[str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, concepts in taken.items():
        for concept in concepts:
            found[concept] = (*found.get(concept, ()), name)
    return found


def _undoers(tools: Mapping[str, Tool]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, tool in tools.items():
        for done in tool.undoes:
            found[done] = (*found.get(done, ()), name)
    return found


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
