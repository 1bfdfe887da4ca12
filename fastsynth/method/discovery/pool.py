"""Values to probe with, each with where it was found; the most promising first.

From the scenario's facts, live values and initial state, from schemas, and from results of
executed calls. Which of them fit a parameter is proposed by type and names; execution decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from random import Random
from typing import Any, Literal

import msgspec

from fastsynth.env.environment import Tool
from fastsynth.method.discovery.harvest import last_name, state_values
from fastsynth.method.discovery.similarity import held_in, likeness, telling
from fastsynth.records import canonical

Place = tuple[str, str]
"""Tool and path, or group, at which values were seen."""
Source = Literal["fact", "live", "state", "result", "used"]
MOST = 96
"""Values tried for one parameter."""
MANY = 3000
"""Values from which on those of a place with another name are not held against a parameter."""
FURTHER, FIRST = 64, 12
"""Of such places, and of the values of any place, those that are."""
_BIAS: Mapping[str, float] = {"fact": 0.5, "live": 0.5, "used": 0.3, "result": 0.2, "state": 0.0}
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


_LIMITS = frozenset(["enum", "minimum", "maximum", "pattern"])


class Found(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """A value and the place it was seen at."""

    value: Any
    source: Source
    tool: str = ""
    path: str = ""
    """Name of the group of facts, or pattern of the path in the state or the result."""


class Pool:
    """All values seen in one scenario."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._seen: set[tuple[str, str, str]] = set()
        self._ranked: dict[tuple[str, str], list[Any]] = {}
        self._places: dict[Place, list[Found]] = {}
        self._named: dict[str, list[Place]] = {}
        """Word -> the places in whose names it is."""
        self._holding: dict[Any, list[Place]] = {}
        """Value -> the places at which it was seen."""
        self.values: list[Found] = []

    def add(self, found: Found) -> bool:
        """False where this value is known from this place already."""
        mark = (found.tool, found.path, canonical(found.value))
        if found.value in (None, "") or mark in self._seen:
            return False
        self._seen.add(mark)
        self._ranked.clear()
        self.values.append(found)
        place = (found.tool, found.path)
        if place not in self._places:
            self._places[place] = []
            for word in telling(f"{found.path} {found.tool}"):
                self._named.setdefault(word, []).append(place)
        self._places[place].append(found)
        self._holding.setdefault(_key(found.value), []).append(place)
        return True

    def add_groups(self, groups: Mapping[str, Sequence[Any]], source: Source) -> None:
        for name, values in groups.items():
            for value in values:
                self.add(Found(value=value, source=source, path=name))
            self.add(Found(value=list(values), source=source, path=name))

    def add_state(self, state: Any) -> None:
        for path, value in state_values(state):
            self.add(Found(value=value, source="state", path=path))

    def siblings(self, value: Any) -> list[Any]:
        """Values seen at the places where this one was seen, those of the smallest place first."""
        holding = dict.fromkeys(self._holding.get(_key(value), ()))
        places = [place for place in self._places if place in holding] if holding else []
        near = sorted(([f.value for f in self._places[place]] for place in places), key=len)
        flat = [item for held in near for item in held if item != value]
        return list({canonical(item): item for item in flat}.values())

    def candidates(self, tool: Tool, parameter: str) -> list[Any]:
        """Distinct values that fit the parameter's schema, the most promising first."""
        mark = (tool.name, parameter)
        if mark not in self._ranked:
            schema = tool.parameters["properties"][parameter]
            self._ranked[mark] = self._rank(tool, parameter, schema)
        return self._ranked[mark]

    def _rank(self, tool: Tool, parameter: str, schema: Mapping[str, Any]) -> list[Any]:
        own = list(_of_schema(schema))
        if "enum" in schema or "const" in schema or schema.get("type") == "boolean":
            return own
        inner, many = schema, False
        if schema.get("type") == "array":
            inner, many = schema.get("items", {}), True
            every = list(_of_schema(inner))
            own += [every] if len(every) > 1 else []
            own += [[value] for value in every]
        ranked = self._sorted(tool, parameter, inner)
        if many:
            whole = self._sorted(tool, parameter, schema)
            pairs = [list(pair) for pair in zip(ranked[::2], ranked[1::2], strict=False)]
            whole = [value for value in whole if value and all(fits(v, inner) for v in value)]
            ranked = [*whole[:8], *([value] for value in ranked[: MOST // 2]), *pairs]
        distinct: dict[str, Any] = {}
        for value in chain(own, ranked, _invented(schema)):
            if len(distinct) == MOST:
                break
            distinct.setdefault(canonical(value), value)
        return list(distinct.values())

    def _sorted(self, tool: Tool, parameter: str, schema: Mapping[str, Any]) -> list[Any]:
        """By likeness of names, and several places' first values before one place's second."""
        count: dict[Place, int] = {}
        bases: dict[Place, float] = {}
        scored: list[tuple[float, Any]] = []
        about = f"{parameter} {tool.name}"
        told = str(tool.parameters["properties"][parameter].get("description", ""))
        types = _types_of(schema)
        for found in self._near(f"{about} {told}"):
            value = found.value
            if not (fits(value, schema) if types is None else type(value) in types):
                continue
            place = (found.tool, found.path)
            base = bases.get(place)
            if base is None:
                field = last_name(found.path)
                base = bases[place] = (
                    2 * likeness(parameter, field)
                    + likeness(about, f"{found.path} {found.tool}")
                    + held_in(field, told)
                )
            rank = count[place] = count.get(place, -1) + 1
            score = (
                base
                + _BIAS[found.source]
                - 0.5 * (isinstance(value, str) and len(value) > 60)
                - 0.12 * rank
            )
            scored.append((score + 0.01 * self._rng.random(), value))
        scored.sort(key=lambda pair: -pair[0])
        return [value for _, value in scored]

    def _near(self, about: str) -> Iterable[Found]:
        """All values; of very many those that a user could say, the first ones of places whose
        names share a word with `about`, and of a few places with none."""
        if len(self.values) <= MANY:
            return self.values
        places = {place: None for word in telling(about) for place in self._named.get(word, ())}
        others = (place for place in self._places if place not in places)
        near = [*places, *islice(others, FURTHER)]
        found = [one for place in near for one in self._places[place][:FIRST]]
        told = [one for one in self.values[:MANY] if one.source in ("fact", "live")]
        return dict.fromkeys((*told, *found))


def _key(value: Any) -> Any:
    """Equal for equal values."""
    return (canonical(value),) if isinstance(value, (dict, list)) else value


def _types_of(schema: Mapping[str, Any]) -> frozenset[type] | None:
    """Types of JSON values that fit, where that is all there is to `fits`; None elsewhere."""
    kind = schema.get("type")
    if not isinstance(kind, str) or not schema.keys().isdisjoint(_LIMITS):
        return None
    return frozenset(_TYPES.get(kind, ())) or None


def fits(value: Any, schema: Mapping[str, Any]) -> bool:
    """Type and limits at the top; the environment's validator has the last word."""
    kind = schema.get("type")
    if isinstance(kind, str):
        if isinstance(value, bool) and kind != "boolean":
            return False
        if not isinstance(value, _TYPES.get(kind, (object,))):
            return False
    if "enum" in schema:
        return value in schema["enum"]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
    if isinstance(value, str) and "pattern" in schema:
        return re.search(schema["pattern"], value) is not None
    return True


def _of_schema(schema: Mapping[str, Any]) -> Iterator[Any]:
    if "const" in schema:
        yield schema["const"]
    yield from schema.get("enum", ())
    yield from schema.get("examples", ())
    if schema.get("default") is not None:
        yield schema["default"]
    if schema.get("type") == "boolean":
        yield from (True, False)


def _invented(schema: Mapping[str, Any]) -> Iterator[Any]:
    """Plain values of the type, where nothing better was seen."""
    kind = schema.get("type")
    if kind in ("integer", "number"):
        low = schema.get("minimum", 1)
        yield from (value for value in (1, 2, 5, 10, low) if fits(value, schema))
    elif kind == "string":
        yield from (text for text in ("note", "2026-03-02", "10:00") if fits(text, schema))
    elif kind == "object":
        yield {}
    elif kind == "array":
        yield []
