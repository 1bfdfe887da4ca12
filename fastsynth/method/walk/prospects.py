"""What a tool could be bound to at all, found before anything is drawn.

A draw that cannot end well is not made: `lacks` names the parameter no draw can bind, `ties` the
values that would make a call part of its turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from fastsynth.env.environment import Tool
from fastsynth.method.graph.graph import ApiGraph
from fastsynth.method.graph.parameters import Parameter
from fastsynth.method.walk.draft import is_entity
from fastsynth.method.walk.memory import Item, Memory
from fastsynth.method.walk.offers import FromOutputs, Offers

_NONE = FromOutputs([])


class Tie(msgspec.Struct, frozen=True):
    """A parameter through which a call joins the turn, and the values that do it."""

    parameter: Parameter
    outputs: FromOutputs = _NONE
    lists: list[list[Item]] = []
    """Whole lists of results, for a parameter that takes one."""
    values: list[Any] = []
    """What calls of the turn are about already."""


class Prospects:
    """Of one memory as it stands; good as long as `offers` is."""

    def __init__(self, graph: ApiGraph, memory: Memory, offers: Offers) -> None:
        self._graph = graph
        self._memory = memory
        self._offers = offers
        self._lacking: dict[tuple[str, frozenset[str]], str | None] = {}

    def lacks(self, tool: Tool, from_output: frozenset[str] = frozenset()) -> str | None:
        """The first parameter that no draw can bind; None where every one has a value."""
        key = tool.name, from_output
        if key not in self._lacking:
            self._lacking[key] = next(
                (
                    parameter.name
                    for parameter in self._graph.parameters[tool.name]
                    if (parameter.required or parameter.name in from_output)
                    and not self._bindable(parameter, parameter.name in from_output)
                ),
                None,
            )
        return self._lacking[key]

    def _bindable(self, parameter: Parameter, from_output: bool) -> bool:
        concept, schema = parameter.concept, parameter.schema
        if parameter.leaves:
            return all(self._offers.fed(leaf) for leaf in parameter.leaves if leaf.hidden)
        if not concept:
            return schema.get("type") in ("integer", "number") or _has_own(schema)
        hidden = from_output or parameter.opaque
        if parameter.many:
            if self._offers.lists(parameter):
                return True
            return not hidden and len(self._offers.sayable(concept)) >= least_of(schema)
        if self._offers.some(self._offers.outputs(parameter)):
            return True
        if hidden:
            return bool(self._memory.said.get(concept))
        return bool(self._offers.users(parameter)[0]) or _has_own(schema)

    def ties(self, tool: Tool, within: frozenset[int] | None) -> list[Tie]:
        """Every way in which a call of `tool` can consume a result of this turn (of the steps
        `within`) or, where that is None, be about what a call of the turn is about."""
        turn = len(self._memory.turns) - 1
        found: list[Tie] = []
        for parameter in self._graph.parameters[tool.name]:
            if not parameter.concept:
                continue
            if parameter.many:
                lists = self._offers.lists(parameter)
                lists = [items for items in lists if within is None or items[0].step in within]
                found += [Tie(parameter, lists=lists)] if lists else []
                continue
            outputs = FromOutputs(
                [
                    offer
                    for offer in self._offers.outputs(parameter).offers
                    if offer.item.turn == turn and (within is None or offer.item.step in within)
                ]
            )
            values = []
            if within is None and not parameter.opaque:
                users, _ = self._offers.users(parameter)
                values = [offer.value for offer in users if offer.again and is_entity(offer.value)]
            if self._offers.some(outputs) or values:
                found.append(Tie(parameter, outputs, values=values))
        return found


def least_of(schema: Mapping[str, Any]) -> int:
    """Elements that a list made up of what the user says has at least."""
    return max(1, int(schema.get("minItems", 2)))


def _has_own(schema: Mapping[str, Any]) -> bool:
    """Whether the schema itself offers a value."""
    return (
        "const" in schema
        or schema.get("type") == "boolean"
        or bool(schema.get("enum") or schema.get("examples"))
        or schema.get("default") is not None
    )
