"""A declared domain with a user's edits worked into its concepts.

An added edge makes the path's concept stand for the parameter's too. A forbidden one gives path
and parameter concepts of their own, which stand for all they stood for before but each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import msgspec

from fastsynth.env.environment import Domain, Environment, Scenario, Tool
from fastsynth.method.graph.concepts import profile
from fastsynth.method.graph.edits import Edits, mark_of
from fastsynth.method.graph.graph import Edge, Order
from fastsynth.method.graph.regrouped import Regrouped

Broader = dict[str, tuple[str, ...]]


def patched(domain: Domain, edits: Edits) -> Domain:
    """`domain` as it is where there are no edits."""
    if not edits.add and not edits.forbid:
        return domain
    work = _Patch(domain)
    for mark in sorted(edits.forbid):
        if len(mark) == 4:
            work.forbid(*mark)
    for edge in edits.add:
        if isinstance(edge, Edge):
            work.add(edge)
    tools = {name: _with_orders(tool, edits) for name, tool in work.tools.items()}
    return _Patched(domain, tools, work.broader, work.opaque, work.same)


def _with_orders(tool: Tool, edits: Edits) -> Tool:
    needs = [need for need in tool.needs if (need, tool.name) not in edits.forbid]
    orders = [e for e in edits.add if isinstance(e, Order) and e.after == tool.name]
    needs += [mark_of(order)[0] for order in orders if order.before not in needs]
    return msgspec.structs.replace(tool, needs=tuple(needs))


class _Patch:
    def __init__(self, domain: Domain) -> None:
        known = {name: profile(tool) for name, tool in domain.tools.items()}
        self.tools: dict[str, Tool] = {
            name: msgspec.structs.replace(tool, takes=known[name].takes, gives=known[name].gives)
            for name, tool in domain.tools.items()
        }
        self.broader: Broader = dict(getattr(domain, "broader", {}))
        self.opaque: set[str] = set(domain.opaque)
        self.same: dict[str, str] = {}
        """Own concept of a parameter -> the concept whose facts and live values it takes."""

    def add(self, edge: Edge) -> None:
        wanted = self.tools[edge.consumer].takes.get(edge.parameter)
        if wanted is None:
            wanted = self._take(edge.consumer, edge.parameter)
        given = self.tools[edge.producer].gives.get(edge.path, "")
        own = self._give(edge.producer, edge.path)
        before = (given, *self.broader.get(given, ())) if given else ()
        self.broader[own] = tuple(dict.fromkeys((*before, wanted)))
        if given in self.opaque:
            self.opaque.add(own)

    def forbid(self, producer: str, path: str, consumer: str, parameter: str) -> None:
        given = self.tools[producer].gives.get(path)
        wanted = self.tools[consumer].takes.get(parameter)
        if given is None or wanted is None:
            return
        own = self._take(consumer, parameter)
        for concept in {c for tool in self.tools.values() for c in tool.gives.values()}:
            if concept == wanted or wanted in self.broader.get(concept, ()):
                self.broader[concept] = (*self.broader.get(concept, ()), own)
        apart = self._give(producer, path)
        stood_for = (given, *self.broader.get(given, ()))
        self.broader[apart] = tuple(c for c in stood_for if c != own)
        self.same[own] = self.same.get(wanted, wanted)
        self.opaque |= {own} if wanted in self.opaque else set()
        self.opaque |= {apart} if given in self.opaque else set()

    def _take(self, consumer: str, parameter: str) -> str:
        own = f"{consumer}.{parameter}"
        tool = self.tools[consumer]
        takes = {**tool.takes, parameter: own}
        self.tools[consumer] = msgspec.structs.replace(tool, takes=takes)
        return own

    def _give(self, producer: str, path: str) -> str:
        own = f"{producer}.{path}"
        tool = self.tools[producer]
        gives = {**tool.gives, path: own}
        self.tools[producer] = msgspec.structs.replace(tool, gives=gives)
        return own


class _Patched:
    def __init__(
        self,
        domain: Domain,
        tools: Mapping[str, Tool],
        broader: Broader,
        opaque: set[str],
        same: Mapping[str, str],
    ) -> None:
        self._domain = domain
        self._same = same
        self.tools = tools
        self.broader = broader
        self.opaque = frozenset(opaque)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._domain, name)

    def draw(self, parts: Sequence[str], rng: Random) -> Scenario:
        scenario = self._domain.draw(parts, rng)
        return msgspec.structs.replace(scenario, facts=also(scenario.facts, self._same))

    async def open(self, parts: Sequence[str]) -> Environment:
        environment = await self._domain.open(parts)
        if not self._same:
            return environment
        return Regrouped(environment, lambda groups: also(groups, self._same))


def also(groups: Mapping[str, Sequence[Any]], same: Mapping[str, str]) -> dict[str, Sequence[Any]]:
    return {**groups, **{own: groups[c] for own, c in same.items() if c in groups}}
