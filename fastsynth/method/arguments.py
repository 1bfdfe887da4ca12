"""Binds a tool's parameters to values, each with its provenance (METHOD, Phase I).

A value comes from an earlier output (then something must single it out), from the user (a fact
of the scenario, a live value, something said before), or is the schema's own. Values of one
element stay together, and values already in the turn are preferred: that is what makes a turn
about one thing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import msgspec

from fastsynth.env import paths
from fastsynth.env.environment import Tool
from fastsynth.method.choice import choices, element
from fastsynth.method.graph import ApiGraph
from fastsynth.method.memory import Item, Memory
from fastsynth.method.plan import Choice, Default, Output, Provenance, User
from fastsynth.records import canonical

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


_LAST_INDEX = re.compile(r"\d+(?=[\]}][^\[{]*$)")
Picked = tuple[Any, dict[str, Provenance]]


class Binder:
    """Binds tools against one memory; `known` is what the environment could name just now."""

    def __init__(
        self,
        graph: ApiGraph,
        memory: Memory,
        known: Mapping[str, Sequence[Any]],
        rng: Random,
    ) -> None:
        self._graph = graph
        self._memory = memory
        self._known = known
        self._rng = rng

    def bind(self, tool: Tool, from_output: frozenset[str] = frozenset()) -> Bound | Missing:
        """One draw. Parameters in `from_output` take an output or are missing."""
        call = _Call()
        required = frozenset(tool.parameters.get("required", ()))
        properties: Mapping[str, Any] = tool.parameters.get("properties", {})
        for parameter in sorted(properties, key=lambda name: name not in required):
            picked = self._pick(tool, parameter, properties[parameter], call, from_output)
            wanted = parameter in required or parameter in from_output
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
            return self._pick_list(parameter, takes[f"{parameter}[]"], schema, from_output)
        concept = takes.get(parameter)
        if concept is None:
            return self._from_schema(parameter, schema) or self._invented(parameter, schema)
        output = self._pick_output(parameter, concept, schema, call)
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
        self, parameter: str, concept: str, schema: Mapping[str, Any], call: _Call
    ) -> Picked | None:
        options: list[tuple[float, Item, Choice | None]] = []
        said = set() if concept in self._graph.opaque else self._said_in_turn()
        for item in self._memory.items.get(concept, ()):
            if not call.admits(concept, item) or not _fits(item.value, schema):
                continue
            if said and canonical(item.value) in said:
                continue
            for choice in self._singled_out(item):
                options.append((self._weight(item, call), item, choice))
        if not options:
            return None
        _, item, choice = self._rng.choices(options, [weight for weight, *_ in options])[0]
        call.take(concept, item)
        source = Output(turn=item.turn, step=item.step, path=item.path, choice=choice)
        return item.value, {parameter: source}

    def _said_in_turn(self) -> set[str]:
        """What the user says in this turn anyway: to take it from a result would be a detour."""
        return {
            canonical(value)
            for step in self._memory.steps
            for place, value in step.arguments.items()
            if isinstance(step.sources.get(place), User)
        }

    def _singled_out(self, item: Item) -> list[Choice | None]:
        step = self._memory.turns[item.turn][item.step]
        if item.turn == len(self._memory.turns) - 1:
            return choices(self._graph, step, item.path)
        rivals = self._memory.items[item.concept]
        if len({canonical(rival.value) for rival in rivals}) == 1:
            return [Choice(by="only")]
        latest = rivals[-1].turn, rivals[-1].step
        if latest != (item.turn, item.step):
            return []
        found = choices(self._graph, step, item.path)
        return [Choice(by="latest") if choice is None else choice for choice in found]

    def _weight(self, item: Item, call: _Call) -> float:
        if item.turn < len(self._memory.turns) - 1:
            return 1.0
        same_call = 8.0 if any((item.turn, item.step) == place[:2] for place in call.rows) else 1.0
        used = any(
            isinstance(source, Output) and source.path == item.path and source.step == item.step
            for step in self._memory.steps
            for source in step.sources.values()
        )
        return 4.0 * same_call * (4.0 if used else 1.0)

    def _pick_told(self, parameter: str, concept: str, call: _Call) -> Picked | None:
        """An opaque value that an answer has told: the user can say it again."""
        told = [v for v in self._memory.said.get(concept, ()) if call.is_new(concept, v)]
        return (self._rng.choice(told), {parameter: User()}) if told else None

    def _pick_user(
        self, tool: Tool, parameter: str, concept: str, schema: Mapping[str, Any], call: _Call
    ) -> Picked | None:
        values = [
            value
            for value in self._memory.sayable(concept, self._known)
            if call.is_new(concept, value) and _fits(value, schema)
        ]
        if not values:
            return None
        entities = set(map(canonical, self._memory.scenario.thread.entities))
        in_turn = {
            canonical(value) for step in self._memory.steps for value in step.arguments.values()
        }
        spent = {
            canonical(step.arguments.get(parameter))
            for step in self._memory.steps
            if step.tool == tool.name
        }
        weights = [
            0.02
            if canonical(value) in spent
            else 1.0 / (1 + rank)
            + 4.0 * (canonical(value) in entities)
            + 8.0 * (canonical(value) in in_turn)
            for rank, value in enumerate(values)
        ]
        value = self._rng.choices(values, weights)[0]
        call.used.setdefault(concept, []).append(value)
        return value, _all_from_user(parameter, value)

    def _pick_list(
        self,
        parameter: str,
        concept: str,
        schema: Mapping[str, Any],
        from_output: frozenset[str],
    ) -> Picked | None:
        produced = self._whole_list(parameter, concept, schema)
        if produced and (parameter in from_output or self._rng.random() < OUTPUT_OF_TURN):
            return produced
        if parameter in from_output or concept in self._graph.opaque:
            return None
        sayable = self._memory.sayable(concept, self._known)
        least, most = max(1, schema.get("minItems", 2)), min(4, schema.get("maxItems", 4))
        if len(sayable) < least:
            return produced
        values = self._rng.sample(sayable, min(len(sayable), self._rng.randint(least, most)))
        return (values, _all_from_user(parameter, values)) if _fits(values, schema) else produced

    def _whole_list(self, parameter: str, concept: str, schema: Mapping[str, Any]) -> Picked | None:
        """All elements of one list of this turn's results, in order."""
        groups: dict[tuple[int, str], list[Item]] = {}
        for item in self._memory.items.get(concept, ()):
            if item.turn == len(self._memory.turns) - 1:
                groups.setdefault((item.step, _LAST_INDEX.sub("", item.path)), []).append(item)
        lists = [
            items
            for (_, place), items in groups.items()
            if 2 <= len(items) <= 8 and not any(mark.isdigit() for mark in place)
        ]
        lists = [items for items in lists if _fits([item.value for item in items], schema)]
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


_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (dict,),
}


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    """Cheap pre-check of type and enum; the world's validator has the last word."""
    kind = schema.get("type")
    if isinstance(kind, str):
        if isinstance(value, bool) and kind != "boolean":
            return False
        if not isinstance(value, _TYPES.get(kind, (object,))):
            return False
    return "enum" not in schema or value in schema["enum"]
