"""Binds a tool's parameters to values, each with its provenance (METHOD, Phase I).

A value comes from an earlier output (then something must single it out), from the user (a fact
of the scenario, a live value, something said before), or is the schema's own. Values of one
element stay together, and values already in the turn are preferred: that is what makes a turn
about one thing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from random import Random
from typing import Any

import msgspec

from fastsynth.env import paths
from fastsynth.env.environment import Tool
from fastsynth.method.choice import element
from fastsynth.method.graph import ApiGraph
from fastsynth.method.memory import Item, Memory
from fastsynth.method.offers import FromOutput, Offers, fits, weights
from fastsynth.method.plan import Choice, Default, Output, Provenance, User

OUTPUT_OF_TURN = 0.8
"""Share in which a value of this turn's results is taken where the user could also say one."""
OUTPUT_OF_HISTORY = 0.5
OPTIONAL = 0.3
"""Share in which an optional parameter that the user could say is given."""


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    arguments: dict[str, Any]
    sources: dict[str, Provenance]

    def uses_turn(self, turn: int) -> bool:
        return any(isinstance(s, Output) and s.turn == turn for s in self.sources.values())


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """The first required parameter for which no value is to be had."""

    parameter: str


Picked = tuple[Any, dict[str, Provenance]]


class Binder:
    """Binds tools against one memory; `known` is what the environment could name just now.

    Good until a step joins the memory or the state moves.
    """

    def __init__(
        self,
        graph: ApiGraph,
        memory: Memory,
        known: Mapping[str, Sequence[Any]],
        rng: Random,
    ) -> None:
        self._graph = graph
        self._memory = memory
        self._offers = Offers(graph, memory, known)
        self._rng = rng

    def bind(self, tool: Tool, from_output: frozenset[str] = frozenset()) -> Bound | Missing:
        """One draw. Parameters in `from_output` take an output or are missing."""
        call = _Call()
        for parameter, required, schema in self._offers.parameters(tool):
            picked = self._pick(tool, parameter, schema, call, from_output)
            wanted = required or parameter in from_output
            if picked is None and wanted:
                return Missing(parameter=parameter)
            if picked is None or not (wanted or self._gives_optional(picked)):
                continue
            call.add(parameter, picked)
        return Bound(arguments=call.arguments, sources=call.sources)

    def _gives_optional(self, picked: Picked) -> bool:
        linked = any(isinstance(source, Output) for source in picked[1].values())
        return self._rng.random() < (OUTPUT_OF_TURN if linked else OPTIONAL)

    def _pick(
        self,
        tool: Tool,
        parameter: str,
        schema: Mapping[str, Any],
        call: _Call,
        from_output: frozenset[str],
    ) -> Picked | None:
        takes = self._graph.profiles[tool.name].takes
        if f"{parameter}[]" in takes:
            return self._pick_list(tool, parameter, takes[f"{parameter}[]"], schema, from_output)
        concept = takes.get(parameter)
        if concept is None:
            return self._from_schema(parameter, schema) or self._invented(parameter, schema)
        output = self._pick_output(tool, parameter, concept, schema, call)
        if parameter in from_output or concept in self._graph.opaque:
            return output or self._pick_told(parameter, concept, call)
        user = self._pick_user(tool, parameter, concept, schema, call)
        if output is None or user is None:
            return output or user or self._from_schema(parameter, schema)
        return output if self._rng.random() < self._eagerness(output) else user

    def _eagerness(self, picked: Picked) -> float:
        source = next(iter(picked[1].values()))
        this_turn = isinstance(source, Output) and source.turn == len(self._memory.turns) - 1
        return OUTPUT_OF_TURN if this_turn else OUTPUT_OF_HISTORY

    def _pick_output(
        self, tool: Tool, parameter: str, concept: str, schema: Mapping[str, Any], call: _Call
    ) -> Picked | None:
        options: list[tuple[Item, Choice | None]] = []
        likely: list[float] = []
        for offer in self._offers.outputs(tool, parameter, concept, schema):
            if call.admits(concept, offer.item):
                options += [(offer.item, choice) for choice in offer.choices]
                likely += [self._weight(offer, call)] * len(offer.choices)
        if not options:
            return None
        item, choice = self._rng.choices(options, likely)[0]
        call.take(concept, item)
        source = Output(turn=item.turn, step=item.step, path=item.path, choice=choice)
        return item.value, {parameter: source}

    def _weight(self, offer: FromOutput, call: _Call) -> float:
        item = offer.item
        if item.turn < len(self._memory.turns) - 1:
            return 1.0
        same_call = any((item.turn, item.step) == place[:2] for place in call.rows)
        return 4.0 * (8.0 if same_call else 1.0) * (4.0 if offer.used else 1.0)

    def _pick_told(self, parameter: str, concept: str, call: _Call) -> Picked | None:
        """An opaque value that an answer has told: the user can say it again."""
        told = [v for v in self._memory.said.get(concept, ()) if call.is_new(concept, v)]
        return (self._rng.choice(told), {parameter: User()}) if told else None

    def _pick_user(
        self, tool: Tool, parameter: str, concept: str, schema: Mapping[str, Any], call: _Call
    ) -> Picked | None:
        offers, cumulative = self._offers.users(tool, parameter, concept, schema)
        if call.used and offers:
            offers = [offer for offer in offers if call.is_new(concept, offer.value)]
            cumulative = list(accumulate(weights(offers)))
        if not offers:
            return None
        value = self._rng.choices(offers, cum_weights=cumulative)[0].value
        call.used.setdefault(concept, []).append(value)
        return value, _all_from_user(parameter, value)

    def _pick_list(
        self,
        tool: Tool,
        parameter: str,
        concept: str,
        schema: Mapping[str, Any],
        from_output: frozenset[str],
    ) -> Picked | None:
        produced = self._whole_list(tool, parameter, concept, schema)
        if produced and (parameter in from_output or self._rng.random() < OUTPUT_OF_TURN):
            return produced
        if parameter in from_output or concept in self._graph.opaque:
            return None
        sayable = self._offers.sayable(concept)
        least, most = max(1, schema.get("minItems", 2)), min(4, schema.get("maxItems", 4))
        if len(sayable) < least:
            return produced
        values = self._rng.sample(sayable, min(len(sayable), self._rng.randint(least, most)))
        return (values, _all_from_user(parameter, values)) if fits(values, schema) else produced

    def _whole_list(
        self, tool: Tool, parameter: str, concept: str, schema: Mapping[str, Any]
    ) -> Picked | None:
        """All elements of one list of this turn's results, in order."""
        lists = self._offers.lists(tool, parameter, concept, schema)
        if not lists:
            return None
        items = self._rng.choice(lists)
        sources: dict[str, Provenance] = {
            f"{parameter}[{number}]": Output(turn=item.turn, step=item.step, path=item.path)
            for number, item in enumerate(items)
        }
        return [item.value for item in items], sources

    def _from_schema(self, parameter: str, schema: Mapping[str, Any]) -> Picked | None:
        if "const" in schema:
            return schema["const"], {parameter: Default()}
        if schema.get("enum"):
            return self._rng.choice(schema["enum"]), {parameter: User()}
        if schema.get("type") == "boolean":
            return self._rng.random() < 0.5, {parameter: User()}
        if schema.get("examples"):
            value = self._rng.choice(schema["examples"])
            return value, _all_from_user(parameter, value)
        if schema.get("default") is not None:
            return schema["default"], {parameter: Default()}
        return None

    def _invented(self, parameter: str, schema: Mapping[str, Any]) -> Picked | None:
        """A small number where nothing is known of a parameter but its type."""
        if schema.get("type") not in ("integer", "number"):
            return None
        low = max(1, int(schema.get("minimum", 1)))
        high = max(low, min(int(schema.get("maximum", low + 20)), low + 20))
        return self._rng.randint(low, high), {parameter: User()}


class _Call:
    """The call being bound: which values and which list elements it has taken."""

    def __init__(self) -> None:
        self.arguments: dict[str, Any] = {}
        self.sources: dict[str, Provenance] = {}
        self.used: dict[str, list[Any]] = {}
        self.rows: set[tuple[int, int, str]] = set()

    def add(self, parameter: str, picked: Picked) -> None:
        self.arguments[parameter] = picked[0]
        self.sources.update(picked[1])

    def is_new(self, concept: str, value: Any) -> bool:
        """No value twice for one concept, and no text twice in one call at all."""
        if isinstance(value, str):
            return all(value not in values for values in self.used.values())
        return value not in self.used.get(concept, ())

    def admits(self, concept: str, item: Item) -> bool:
        """No value twice for one concept, and only one element of each list."""
        if not self.used:
            return True  # nothing taken yet
        if not self.is_new(concept, item.value):
            return False
        row = element(item.path)
        if row is None:
            return True
        group = paths.pattern(row)
        return all(
            row == taken
            for turn, step, taken in self.rows
            if (turn, step) == (item.turn, item.step) and paths.pattern(taken) == group
        )

    def take(self, concept: str, item: Item) -> None:
        self.used.setdefault(concept, []).append(item.value)
        row = element(item.path)
        if row is not None:
            self.rows.add((item.turn, item.step, row))


def _all_from_user(parameter: str, value: Any) -> dict[str, Provenance]:
    places = [place for place, _ in paths.leaves(value, parameter)]
    return {place: User() for place in places or [parameter]}
