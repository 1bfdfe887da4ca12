"""What a tool returned, made into a JSON value that shares nothing with the tool's state."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any
from uuid import UUID

import msgspec

from fastsynth.env.environment import Observation

_LEAST, _MOST = -(2**63), 2**64 - 1
_DEPTH = 64


def plain(value: Any, depth: int = 0) -> Any:
    """A JSON copy: tuples become lists, sets sorted lists, NaN and infinities null, records
    objects, dates and paths text, decimals numbers, members of an enum their value, or their name
    where that is no scalar. Raises TypeError or ValueError where there is no JSON for it."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is float:
        return value if math.isfinite(value) else None
    if depth > _DEPTH:
        raise ValueError(f"nested deeper than {_DEPTH}")
    if kind is list or kind is tuple:
        return [plain(item, depth + 1) for item in value]
    if kind is dict:
        return {_key(name): plain(item, depth + 1) for name, item in value.items()}
    if kind is int:
        return _ranged(value)
    return _uncommon(value, depth)


def within(observation: Observation, most: int) -> Observation:
    """The observation with at most `most` characters as a model sees it: a longer text is cut there
    and says so, as command-line harnesses do; of anything else no part would be JSON, so it is an
    error that says what to do, as MCP clients have it."""
    if not observation.ok:
        if len(observation.message) <= most:
            return observation
        return msgspec.structs.replace(observation, message=_cut(observation.message, most))
    value = observation.value
    if isinstance(value, str):
        return observation if len(value) <= most else Observation(value=_cut(value, most))
    written = msgspec.json.encode(value)
    if len(written) <= most or (size := len(written.decode())) <= most:
        return observation
    message = f"the result has {size:,} characters, more than {most:,}: ask for less at a time"
    return Observation(error="tool", message=message)


def _cut(text: str, most: int) -> str:
    return f"{text[:most]}\n[cut after {most:,} of {len(text):,} characters]"


def _key(name: Any) -> str:
    if type(name) is str:
        return name
    if isinstance(name, Enum):
        return _key(member(name))
    if name is None or isinstance(name, (bool, int, float, str)):
        return str(name)
    raise TypeError(f"a key of type {type(name).__name__}")


def _ranged(value: int) -> int:
    if not _LEAST <= value <= _MOST:
        raise ValueError("an integer outside 64 bits")
    return value


def _sorted(value: Any, depth: int) -> list[Any]:
    items = [plain(item, depth + 1) for item in value]
    return sorted(items, key=lambda item: msgspec.json.encode(item, order="sorted"))


def member(value: Enum) -> Any:
    """What stands for a member of an enum in JSON."""
    inner = value.value
    return plain(inner) if isinstance(inner, str | int | float | bool) else value.name


def _named(value: tuple[Any, ...]) -> Any:
    return value._asdict() if hasattr(value, "_asdict") else list(value)


def _dumped(value: Any, depth: int) -> Any:
    """Of a pydantic model; by pydantic alone where a field is of a type of its own."""
    try:
        return plain(value.model_dump(by_alias=True), depth)
    except TypeError:
        return plain(value.model_dump(by_alias=True, mode="json"), depth)


def _fields(value: Any, depth: int) -> dict[str, Any]:
    return {f.name: plain(getattr(value, f.name), depth + 1) for f in fields(value)}


_KINDS: tuple[tuple[Any, Callable[[Any, int], Any]], ...] = (
    (Enum, lambda value, _: member(value)),
    (bool, lambda value, _: bool(value)),
    (int, lambda value, _: _ranged(int(value))),
    (float, lambda value, depth: plain(float(value), depth + 1)),
    (str, lambda value, _: str(value)),
    (Mapping, lambda value, depth: plain(dict(value), depth)),
    ((set, frozenset), _sorted),
    (tuple, lambda value, depth: plain(_named(value), depth)),
    (list, lambda value, depth: plain(list(value), depth)),
    ((datetime, date, time), lambda value, _: value.isoformat()),
    (timedelta, lambda value, _: msgspec.to_builtins(value)),
    (Decimal, lambda value, depth: plain(float(value), depth)),
    ((UUID, PurePath), lambda value, _: str(value)),
    (
        msgspec.Struct,
        lambda value, depth: {
            shown: plain(getattr(value, name), depth + 1)
            for name, shown in zip(
                value.__struct_fields__, value.__struct_encode_fields__, strict=True
            )
        },
    ),
)


def _uncommon(value: Any, depth: int) -> Any:
    for kinds, make in _KINDS:
        if isinstance(value, kinds):
            return make(value, depth)
    if is_dataclass(value) and not isinstance(value, type):
        return _fields(value, depth)
    if hasattr(value, "model_dump"):
        return _dumped(value, depth)
    raise TypeError(f"a value of type {type(value).__name__}")
