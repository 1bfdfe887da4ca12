"""Values to probe with, each with where it was found; the most promising first.

From the scenario's facts, live values and initial state, from schemas, and from results of
executed calls. Which of them fit a parameter is proposed by type and names; execution decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, Literal

import msgspec

from fastsynth.env import paths
from fastsynth.env.adapters.masks import RESERVED
from fastsynth.env.environment import Tool
from fastsynth.method.discovery.similarity import held_in, likeness
from fastsynth.records import canonical

Source = Literal["fact", "live", "state", "result", "used"]
MOST = 96
"""Values tried for one parameter."""
STATE = "state:"
"""What the name of a group starts with whose values stand in the initial state."""
_MARKS = re.compile(r"[.\[\]{}]")
_BIAS: Mapping[str, float] = {"fact": 0.5, "live": 0.5, "used": 0.3, "result": 0.2, "state": 0.0}
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


class Found(msgspec.Struct, frozen=True, kw_only=True):
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
        self.values: list[Found] = []

    def add(self, found: Found) -> bool:
        """False where this value is known from this place already."""
        mark = (found.tool, found.path, canonical(found.value))
        if found.value in (None, "") or mark in self._seen:
            return False
        self._seen.add(mark)
        self._ranked.clear()
        self.values.append(found)
        return True

    def add_groups(self, groups: Mapping[str, Sequence[Any]], source: Source) -> None:
        for name, values in groups.items():
            for value in values:
                self.add(Found(value=value, source=source, path=name))
            self.add(Found(value=list(values), source=source, path=name))

    def add_state(self, state: Any) -> None:
        for path, value in _state_values(_own(state), ""):
            self.add(Found(value=value, source="state", path=path))

    def siblings(self, value: Any) -> list[Any]:
        """Values seen at the places where this one was seen, those of the smallest place first."""
        places: dict[tuple[str, str], list[Any]] = {}
        for found in self.values:
            places.setdefault((found.tool, found.path), []).append(found.value)
        near = sorted((held for held in places.values() if value in held), key=len)
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
        ranked = [item for item in self._sorted(tool, parameter, inner) if fits(item, inner)]
        if many:
            whole = [v for v in self._sorted(tool, parameter, schema) if fits(v, schema)]
            pairs = [list(pair) for pair in zip(ranked[::2], ranked[1::2], strict=False)]
            whole = [value for value in whole if value and all(fits(v, inner) for v in value)]
            ranked = [*whole[:8], *([value] for value in ranked[: MOST // 2]), *pairs]
        ranked += list(_invented(schema))
        distinct = {canonical(value): value for value in [*own, *ranked]}
        return list(distinct.values())[:MOST]

    def _sorted(self, tool: Tool, parameter: str, schema: Mapping[str, Any]) -> list[Any]:
        """By likeness of names, and several places' first values before one place's second."""
        count: dict[tuple[str, str], int] = {}
        scored: list[tuple[float, Any]] = []
        about = f"{parameter} {tool.name}"
        told = str(tool.parameters["properties"][parameter].get("description", ""))
        for found in self.values:
            if not fits(found.value, schema):
                continue
            place = (found.tool, found.path)
            rank = count[place] = count.get(place, -1) + 1
            score = (
                2 * likeness(parameter, last_name(found.path))
                + likeness(about, f"{found.path} {found.tool}")
                + held_in(last_name(found.path), told)
                + _BIAS[found.source]
                - 0.5 * (isinstance(found.value, str) and len(found.value) > 60)
                - 0.12 * rank
            )
            scored.append((score + 0.01 * self._rng.random(), found.value))
        scored.sort(key=lambda pair: -pair[0])
        return [value for _, value in scored]


def state_groups(state: Any) -> dict[str, list[Any]]:
    """The values of a state by the pattern of their path, named `state:PATTERN`."""
    groups: dict[str, list[Any]] = {}
    for path, value in _state_values(_own(state), ""):
        held = groups.setdefault(STATE + path, [])
        if value not in held:
            held.append(value)
    return groups


def _own(state: Any) -> Any:
    """A scenario's state without what is said of results beside it."""
    if not isinstance(state, dict) or RESERVED.isdisjoint(state):
        return state
    return {name: held for name, held in state.items() if name not in RESERVED}


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


def last_name(path: str) -> str:
    """The field a value stands in: `flights[].price` -> `price`, `user_map{*}` -> `user_map`."""
    fields = [value for kind, value in paths.parse(path) if kind == "field"]
    return str(fields[-1]) if fields else ""


def harvest(value: Any, schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """(concrete path, scalar) of a result; keys that are data are values too (`cards{0}`)."""
    yield from _harvest(value, schema, "")


def _harvest(value: Any, schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        fields: Mapping[str, Any] = schema.get("properties", {})
        if is_table(value, fields):
            inner = schema.get("additionalProperties")
            for number, (key, item) in enumerate(value.items()):
                yield f"{path}{{{number}}}", key
                below = inner if isinstance(inner, dict) else {}
                yield from _harvest(item, below, f"{path}{{*{number}}}")
        else:
            for key, item in value.items():
                if not _MARKS.search(key):
                    yield from _harvest(item, fields.get(key, {}), paths.join(path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _harvest(item, schema.get("items", {}), f"{path}[{number}]")
    else:
        yield path, value


def is_table(value: Mapping[str, Any], fields: Mapping[str, Any]) -> bool:
    """Whether an object's keys are data rather than field names."""
    if fields or not value:
        return False
    kinds = {type(item) for item in value.values()}
    if len(kinds) > 1:
        return False
    return kinds <= {dict, list} or any(re.search(r"\d|[A-Z]", key) for key in value)


def _state_values(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        table = is_table(value, {})
        for key, item in value.items():
            if table:
                yield f"{path}{{}}", key
            below = f"{path}{{*}}" if table else paths.join(path, _plain(str(key)))
            yield from _state_values(item, below)
    elif isinstance(value, list):
        for item in value:
            yield from _state_values(item, f"{path}[]")
    else:
        yield path, value


def _plain(key: str) -> str:
    return _MARKS.sub("_", key) or "_"


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
