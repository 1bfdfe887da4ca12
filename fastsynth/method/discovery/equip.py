"""A domain that knows what discovery found out: concepts, needs, effects, opaque values.

Every parameter gets a concept, shared where name and sources agree; every result path that feeds
one shares it, and one that feeds several is `broader`. So the concepts give back exactly the
edges that were found, and no more. Facts and live values are filed under the new concepts.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from random import Random
from typing import Any

import msgspec

from fastsynth.env.adapters.masks import MASKS
from fastsynth.env.environment import Domain, Environment, Scenario, Tool
from fastsynth.env.schemas import simple
from fastsynth.method.discovery.harvest import STATE, last_name, state_groups
from fastsynth.method.discovery.pool import fits
from fastsynth.method.discovery.similarity import likeness
from fastsynth.method.discovery.verdicts import Discovery
from fastsynth.method.graph.concepts import GENERIC, result_concepts, snake
from fastsynth.method.graph.graph import ApiGraph, Edge
from fastsynth.method.graph.regrouped import Regrouped
from fastsynth.records import canonical

SERVES = 3
"""Tools that need a tool from which on it is one nobody asks for by itself: a log-in."""
NAMED = 0.6
"""Least likeness by which a group of facts goes to a parameter that takes anything."""
Place = tuple[str, str]
_ENDS = re.compile(r"(?:cancel|close|delete|remove|drop|revoke|clear|archive|discard)(?:_|[A-Z])")


class Knowledge(msgspec.Struct, frozen=True, kw_only=True):
    """What the wrapper says in place of declarations."""

    tools: Mapping[str, Tool]
    broader: Mapping[str, tuple[str, ...]]
    opaque: frozenset[str]
    groups: Mapping[str, tuple[str, ...]]
    """Concept -> names of the groups of facts and live values that hold its values."""
    schemas: Mapping[str, Mapping[str, Any]]
    """Concept -> schema of a parameter that takes it."""
    masked: Mapping[str, list[str]] = {}
    """Tool -> result paths blanked in every result."""


def equip(domain: Domain, found: Discovery) -> tuple[Domain, ApiGraph]:
    """`domain` without the banned tools and with what was found, and its graph."""
    knowledge, edges = _knowledge(domain, found)
    equipped = Equipped(domain, knowledge)
    known = equipped.tools
    orders = [o for o in found.orders if o.before in known and o.after in known]
    return equipped, ApiGraph(equipped, edges, orders)


class Equipped:
    """The wrapper. What it does not know better it asks the domain."""

    def __init__(self, domain: Domain, knowledge: Knowledge) -> None:
        self._domain = domain
        self._knowledge = knowledge
        self.tools = knowledge.tools
        self.broader = knowledge.broader
        self.opaque = knowledge.opaque

    def __getattr__(self, name: str) -> Any:
        return getattr(self._domain, name)

    def draw(self, parts: Sequence[str], rng: Random) -> Scenario:
        scenario = self._domain.draw(parts, rng)
        groups = {**scenario.facts, **state_groups(scenario.state)}
        state = scenario.state
        if self._knowledge.masked:
            state = {**state, MASKS: _joined(self._knowledge.masked, state.get(MASKS, {}))}
        facts = refiled(groups, self._knowledge)
        return msgspec.structs.replace(scenario, state=state, facts=facts)

    async def open(self, parts: Sequence[str]) -> Environment:
        environment = await self._domain.open(parts)
        return Regrouped(environment, lambda groups: refiled(groups, self._knowledge))


def _joined(*masks: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    joined: dict[str, list[str]] = {}
    for tools in masks:
        for name, hidden in tools.items():
            joined[name] = list(dict.fromkeys((*joined.get(name, ()), *hidden)))
    return joined


def refiled(groups: Mapping[str, Sequence[Any]], knowledge: Knowledge) -> dict[str, list[Any]]:
    """Values by found concept. A concept nothing is known of takes the group of the likest name."""
    filed: dict[str, list[Any]] = {}
    for concept, schema in knowledge.schemas.items():
        names = [name for name in knowledge.groups.get(concept, ()) if name in groups]
        if not names and concept not in knowledge.opaque:
            told = [name for name in groups if not name.startswith(STATE)]
            names = sorted(told, key=lambda name: -likeness(name, concept))[:1]
            names = [name for name in names if likeness(name, concept) >= NAMED]
        values = [value for name in names for value in groups[name] if fits(value, schema)]
        if values:
            filed[concept] = list({canonical(value): value for value in values}.values())
    return filed


def _knowledge(domain: Domain, found: Discovery) -> tuple[Knowledge, list[Edge]]:
    tools = {name: tool for name, tool in domain.tools.items() if name not in found.banned}
    edges = [e for e in found.edges if e.producer in tools and e.consumer in tools and e.usable]
    concepts = _concepts(tools, edges)
    gives, broader = _gives(tools, edges, concepts)
    opaque = _opaque(found, edges, concepts)
    opaque |= {own for own, wider in broader.items() if wider and set(wider) <= opaque}
    groups: dict[str, tuple[str, ...]] = {}
    schemas: dict[str, Mapping[str, Any]] = {}
    for (name, parameter), concept in concepts.items():
        schema = simple(tools[name].parameters["properties"][parameter.removesuffix("[]")])
        schemas.setdefault(concept, schema["items"] if parameter.endswith("[]") else schema)
        own = (*found.said.get(f"{name}.{parameter}", ()), snake(parameter.removesuffix("[]")))
        groups[concept] = tuple(dict.fromkeys((*groups.get(concept, ()), *own)))
    # What a server's hint or a declaration says of effects is said; elsewhere names are guessed at.
    hinted = domain.name.startswith("mcp:") or any(t.takes or t.gives for t in tools.values())
    takes: dict[str, dict[str, str]] = {name: {} for name in tools}
    for (name, parameter), concept in concepts.items():
        takes[name][parameter] = concept
    unproven = frozenset(found.silent) | _unproven(edges, concepts, opaque)
    mutates = frozenset(found.mutates)
    equipped = {
        name: msgspec.structs.replace(
            tool,
            takes=takes[name],
            gives=gives[name],
            needs=tuple(o.before for o in found.orders if o.after == name and o.before in tools),
            mutates=name in mutates or (tool.mutates and (hinted or name in unproven)),
            askable=tool.askable and sum(o.before == name for o in found.orders) < SERVES,
        )
        for name, tool in tools.items()
    }
    knowledge = Knowledge(
        tools=equipped,
        broader=broader,
        opaque=frozenset(opaque),
        groups=groups,
        schemas=schemas,
        masked={name: list(hidden) for name, hidden in found.masked.items()},
    )
    named = [msgspec.structs.replace(e, concept=concepts[e.consumer, e.parameter]) for e in edges]
    return knowledge, named


def _unproven(
    edges: Iterable[Edge], concepts: Mapping[Place, str], opaque: Collection[str]
) -> frozenset[str]:
    """Tools named for what they do away with, never called with an id that there was: then they
    answered, and had nothing to change."""
    return frozenset(
        edge.consumer
        for edge in edges
        if edge.evidence == "schema"
        and not edge.trials
        and concepts[edge.consumer, edge.parameter] in opaque
        and _ENDS.match(edge.consumer)
    )


def _concepts(tools: Mapping[str, Tool], edges: Iterable[Edge]) -> dict[Place, str]:
    """(tool, parameter) -> concept: one for a name in a part, where sources do not disagree."""
    sources: dict[Place, set[Place]] = {}
    for edge in edges:
        into = sources.setdefault((edge.consumer, edge.parameter), set())
        into.add((edge.producer, edge.path))
    shared: dict[tuple[str, str, str], list[tuple[str, set[Place]]]] = {}
    concepts: dict[Place, str] = {}
    for name, tool in sorted(tools.items()):
        for parameter, said in tool.parameters.get("properties", {}).items():
            schema = simple(said)
            many = schema.get("type") == "array" and isinstance(schema.get("items"), dict)
            inner = schema["items"] if many else schema
            place = (name, f"{parameter}[]" if many else parameter)
            named = "enum" in inner or "const" in inner or inner.get("type") == "boolean"
            if named and place not in sources:
                continue
            from_where = sources.get(place, set())
            word = snake(parameter)
            if word in GENERIC:
                concepts[place] = f"{name}_{word}"
                continue
            held = shared.setdefault((tool.part, word, str(inner.get("type"))), [])
            for concept, others in held:
                if not others or not from_where or others & from_where:
                    concepts[place] = concept
                    others |= from_where
                    break
            else:
                taken = concepts.values()
                free = word if word not in taken else f"{name}_{word}"
                concepts[place] = free
                held.append((free, set(from_where)))
    return concepts


def _gives(
    tools: Mapping[str, Tool], edges: Iterable[Edge], concepts: Mapping[Place, str]
) -> tuple[dict[str, dict[str, str]], dict[str, tuple[str, ...]]]:
    """Result path -> concept, for each tool; and what a concept of its own may stand for."""
    feeds: dict[str, dict[str, list[str]]] = {name: {} for name in tools}
    for edge in edges:
        wanted = feeds[edge.producer].setdefault(edge.path, [])
        concept = concepts[edge.consumer, edge.parameter]
        wanted += [concept] if concept not in wanted else []
    gives: dict[str, dict[str, str]] = {name: {} for name in tools}
    broader: dict[str, tuple[str, ...]] = {}
    taken = frozenset(concepts.values())
    for name, tool in tools.items():
        paths_of = [path for path, _ in result_concepts(tool.result)]
        paths_of += [path for path in feeds[name] if path not in paths_of]
        for path in paths_of:
            wanted = feeds[name].get(path, [])
            if len(wanted) == 1:
                gives[name][path] = wanted[0]
                continue
            own = f"{name}_{snake(last_name(path)) or 'result'}"
            while own in broader or own in taken:
                own += "_"
            gives[name][path] = own
            broader[own] = tuple(wanted)
    return gives, broader


def _opaque(found: Discovery, edges: Iterable[Edge], concepts: Mapping[Place, str]) -> set[str]:
    """Concepts whose every parameter that can be told about is opaque."""
    known = {f"{e.consumer}.{e.parameter}" for e in edges if e.evidence == "flow"}
    known |= set(found.said)
    verdicts: dict[str, list[bool]] = {}
    for (name, parameter), concept in concepts.items():
        dotted = f"{name}.{parameter}"
        if dotted in known or dotted in found.opaque:
            verdicts.setdefault(concept, []).append(dotted in found.opaque)
    return {concept for concept, votes in verdicts.items() if all(votes)}
