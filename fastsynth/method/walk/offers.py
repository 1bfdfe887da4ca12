"""What could be bound to each parameter while a turn's trace stands still: found once, drawn often.

A walk draws arguments dozens of times between two steps, and most draws are thrown away. Whatever
does not depend on the call being bound is found here, at the first question.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any

import msgspec

from fastsynth.method.graph.graph import ApiGraph
from fastsynth.method.graph.leaves import Leaf
from fastsynth.method.graph.parameters import Parameter
from fastsynth.method.plan import Choice, Output, User
from fastsynth.method.walk.memory import Item, Memory
from fastsynth.records import canonical

_LAST_INDEX = re.compile(r"\d+(?=[\]}][^\[{]*$)")


_NUMBERS: Mapping[Any, tuple[type, ...]] = {"number": (int, float), "integer": (int,)}


class FromOutput(msgspec.Struct, frozen=True, eq=False):
    """A value of a result."""

    item: Item
    used: bool
    """Whether a call of this turn takes it already."""
    weight: float
    """What this turn found is preferred, and what it uses already."""


class FromOutputs:
    """Values of results that fit a parameter. Whether something singles one out is asked when it
    is drawn: most never are."""

    def __init__(self, offers: list[FromOutput]) -> None:
        self.offers = offers
        self._heights: list[float] = []

    @property
    def cumulative(self) -> list[float]:
        """Weights up to each offer."""
        if not self._heights:
            self._heights = list(accumulate(offer.weight for offer in self.offers))
        return self._heights

    def drop(self, offer: FromOutput) -> None:
        self.offers.remove(offer)
        self._heights = []


class FromUser(msgspec.Struct, frozen=True):
    """A value that the user could say."""

    value: Any
    spent: bool
    """Whether the same tool was given it in this turn."""
    about: float
    """Weight for being what the conversation is about."""
    again: float
    """Weight for being in a call of this turn."""


def weights(offers: Sequence[FromUser]) -> list[float]:
    """The first are the most fitting; what the turn is about already is preferred."""
    return [
        0.02 if offer.spent else 1.0 / (1 + rank) + offer.about + offer.again
        for rank, offer in enumerate(offers)
    ]


class Offers:
    """Answers from one state of `memory` and `known`; to be made anew when either changes."""

    def __init__(self, graph: ApiGraph, memory: Memory, known: Mapping[str, Sequence[Any]]) -> None:
        self._graph = graph
        self._memory = memory
        self._known = known
        self._outputs: dict[Parameter, FromOutputs] = {}
        self._users: dict[Parameter, tuple[list[FromUser], list[float]]] = {}
        self._lists: dict[Parameter, list[list[Item]]] = {}
        self._single: dict[str, bool] = {}
        self._singles: dict[Parameter, list[FromOutput]] = {}
        self._fed: dict[Leaf, list[FromOutput]] = {}
        self._sayable: dict[str, list[tuple[Any, str]]] = {}

    def outputs(self, parameter: Parameter) -> FromOutputs:
        """Produced values that fit and that the user does not say."""
        found = self._outputs.get(parameter)
        if found is None:
            found = self._outputs[parameter] = FromOutputs(self._find_outputs(parameter))
        return found

    def some(self, outputs: FromOutputs) -> bool:
        """Whether something singles out at least one of them."""
        while outputs.offers:
            if self.ways(outputs.offers[0]):
                return True
            outputs.drop(outputs.offers[0])
        return False

    def _find_outputs(self, parameter: Parameter) -> list[FromOutput]:
        items = self._memory.items.get(parameter.concept)
        if not items:
            return []
        said = frozenset[str]() if parameter.opaque else self._said_in_turn
        now, fits, taken = len(self._memory.turns) - 1, parameter.fits, self._taken
        found = []
        for item in items:
            if not fits(item.value) or (said and canonical(item.value) in said):
                continue
            used = (item.path, item.step) in taken
            weight = 1.0 if item.turn < now else 16.0 if used else 4.0
            found.append(FromOutput(item, used, weight))
        return found

    @cached_property
    def _said_in_turn(self) -> frozenset[str]:
        """What the user says in this turn anyway: to take it from a result would be a detour."""
        return frozenset(
            canonical(value)
            for step in self._memory.steps
            for place, value in step.arguments.items()
            if isinstance(step.sources.get(place), User)
        )

    @cached_property
    def _taken(self) -> frozenset[tuple[str, int]]:
        """(path, step) of every result value that a call of this turn takes."""
        return frozenset(
            (source.path, source.step)
            for step in self._memory.steps
            for source in step.sources.values()
            if isinstance(source, Output)
        )

    def ways(self, offer: FromOutput) -> list[Choice | None]:
        """Every way to single the value out; [] for none: then a query could not say it."""
        item = offer.item
        step = self._memory.turns[item.turn][item.step]
        if item.turn == len(self._memory.turns) - 1:
            return self._memory.choices(step, item.path)
        rivals = self._memory.items[item.concept]
        if self._is_one(item.concept, rivals):
            return [Choice(by="only")]
        latest = rivals[-1].turn, rivals[-1].step
        if latest != (item.turn, item.step):
            return []
        found = self._memory.choices(step, item.path)
        return [Choice(by="latest") if choice is None else choice for choice in found]

    def _is_one(self, concept: str, rivals: Sequence[Item]) -> bool:
        """Whether all values of a concept are the same one."""
        found = self._single.get(concept)
        if found is None:
            first = canonical(rivals[0].value)
            found = all(canonical(rival.value) == first for rival in rivals)
            self._single[concept] = found
        return found

    def users(self, parameter: Parameter) -> tuple[list[FromUser], list[float]]:
        """What the user could say for a parameter, first the most fitting; cumulative weights."""
        found = self._users.get(parameter)
        if found is None:
            offers = self._find_users(parameter)
            found = self._users[parameter] = offers, list(accumulate(weights(offers)))
        return found

    def _find_users(self, parameter: Parameter) -> list[FromUser]:
        sayable = self._said(parameter.concept)
        if not sayable:
            return []
        spent = {
            canonical(step.arguments.get(parameter.name))
            for step in self._memory.steps
            if step.tool == parameter.tool
        }
        about, again = self._memory.entities, self._in_turn
        return [
            FromUser(value, text in spent, 4.0 * (text in about), 8.0 * (text in again))
            for value, text in sayable
            if parameter.fits(value)
        ]

    @cached_property
    def _in_turn(self) -> frozenset[str]:
        return frozenset(
            canonical(value) for step in self._memory.steps for value in step.arguments.values()
        )

    def sayable(self, concept: str) -> list[Any]:
        return [value for value, _ in self._said(concept)]

    def _said(self, concept: str) -> list[tuple[Any, str]]:
        found = self._sayable.get(concept)
        if found is None:
            values = self._memory.sayable(concept, self._known)
            found = self._sayable[concept] = [(value, text) for text, value in values.items()]
        return found

    def fed(self, leaf: Leaf) -> list[FromOutput]:
        """Values of results that fit a field of a record and that something singles out."""
        found = self._fed.get(leaf)
        if found is None:
            now, offers = len(self._memory.turns) - 1, []
            for concept in self._graph.named.get(leaf.field, ()):
                for item in self._memory.items.get(concept, ()):
                    here = leaf.hidden or item.turn == now  # what people say they say anew
                    if here and item.concept == concept and leaf.fits(item.value):
                        offers.append(FromOutput(item, False, 1.0 if item.turn < now else 4.0))
            found = self._fed[leaf] = [offer for offer in offers if self.ways(offer)]
        return found

    def lists(self, parameter: Parameter) -> list[list[Item]]:
        """Whole lists of this turn's results that fit, their elements in order."""
        found = self._lists.get(parameter)
        if found is None:
            found = self._lists[parameter] = self._find_lists(parameter)
        return found

    def singles(self, parameter: Parameter) -> list[FromOutput]:
        """Numbers that stand alone in this turn's results and could be elements of a list."""
        found = self._singles.get(parameter)
        if found is None:
            found = self._singles[parameter] = self._find_singles(parameter)
        return found

    def _find_singles(self, parameter: Parameter) -> list[FromOutput]:
        kinds = _NUMBERS.get(parameter.schema.get("items", {}).get("type"))
        if not kinds:
            return []
        now = len(self._memory.turns) - 1
        offers = [
            FromOutput(item, False, 1.0)
            for item in self._memory.items.get(parameter.concept, ())
            if item.turn == now and type(item.value) in kinds
        ]
        return [offer for offer in offers if self.ways(offer)]

    def _find_lists(self, parameter: Parameter) -> list[list[Item]]:
        groups: dict[tuple[int, str], list[Item]] = {}
        for item in self._memory.items.get(parameter.concept, ()):
            if item.turn == len(self._memory.turns) - 1:
                groups.setdefault((item.step, _LAST_INDEX.sub("", item.path)), []).append(item)
        lists = [
            items
            for (_, place), items in groups.items()
            if 2 <= len(items) <= 8 and not any(mark.isdigit() for mark in place)
        ]
        return [items for items in lists if parameter.fits([item.value for item in items])]
