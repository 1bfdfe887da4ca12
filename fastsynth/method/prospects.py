"""What a tool could be bound to at all, found before anything is drawn.

A draw that cannot end well is not made: `lacks` names the parameter no draw can bind, `ties` the
values that would make a call part of its turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from fastsynth.env.environment import Tool
from fastsynth.method.draft import is_entity
from fastsynth.method.graph import ApiGraph
from fastsynth.method.memory import Item, Memory
from fastsynth.method.offers import FromOutputs, Offers

_NONE = FromOutputs([])


class Tie(msgspec.Struct, frozen=True):
    """A parameter through which a call joins the turn, and the values that do it."""

    parameter: str
    concept: str
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
                    parameter
                    for parameter, required, schema in self._graph.ordered[tool.name]
                    if (required or parameter in from_output)
                    and not self._bindable(tool, parameter, schema, parameter in from_output)
                ),
                None,
            )
        return self._lacking[key]

    def _bindable(
        self, tool: Tool, parameter: str, schema: Mapping[str, Any], from_output: bool
    ) -> bool:
        takes = self._graph.profiles[tool.name].takes
        concept = takes.get(f"{parameter}[]")
        if concept is not None:
            if self._offers.lists(tool, parameter, concept, schema):
                return True
            hidden = from_output or concept in self._graph.opaque
            return not hidden and len(self._offers.sayable(concept)) >= least_of(schema)
        concept = takes.get(parameter)
        if concept is None:
            return schema.get("type") in ("integer", "number") or _has_own(schema)
        if self._offers.some(self._offers.outputs(tool, parameter, concept, schema)):
            return True
        if from_output or concept in self._graph.opaque:
            return bool(self._memory.said.get(concept))
        return bool(self._offers.users(tool, parameter, concept, schema)[0]) or _has_own(schema)

    def ties(self, tool: Tool, within: frozenset[int] | None) -> list[Tie]:
        """Every way in which a call of `tool` can consume a result of this turn (of the steps
        `within`) or, where that is None, be about what a call of the turn is about."""
        takes, turn = self._graph.profiles[tool.name].takes, len(self._memory.turns) - 1
        found: list[Tie] = []
        for parameter, _, schema in self._graph.ordered[tool.name]:
            many = takes.get(f"{parameter}[]")
            if many is not None:
                lists = self._offers.lists(tool, parameter, many, schema)
                lists = [items for items in lists if within is None or items[0].step in within]
                found += [Tie(parameter, many, lists=lists)] if lists else []
                continue
            concept = takes.get(parameter)
            if concept is None:
                continue
            outputs = FromOutputs(
                [
                    offer
                    for offer in self._offers.outputs(tool, parameter, concept, schema).offers
                    if offer.item.turn == turn and (within is None or offer.item.step in within)
                ]
            )
            values = []
            if within is None and concept not in self._graph.opaque:
                users, _ = self._offers.users(tool, parameter, concept, schema)
                values = [offer.value for offer in users if offer.again and is_entity(offer.value)]
            if self._offers.some(outputs) or values:
                found.append(Tie(parameter, concept, outputs, values=values))
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
