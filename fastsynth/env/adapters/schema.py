"""JSON Schema of Python types, inlined, with the concepts declared inside them.

Reads int, float, str, bool, None, list, tuple, set, dict, Literal, Enum, Optional and unions,
TypedDict, dataclass, msgspec.Struct, dates and Annotated. What it does not know becomes `{}`.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)
from uuid import UUID

import msgspec

from fastsynth.env import paths
from fastsynth.env.adapters.results import plain

DEEPEST = 8


@dataclasses.dataclass(frozen=True)
class Means:
    """Mark of a value's meaning: `Annotated[str, Means("flight_id")]`."""

    concept: str


class Shape(NamedTuple):
    schema: dict[str, Any]
    concepts: dict[str, str]
    """Path inside the value (`env.paths`) -> concept."""


_SCALARS: Mapping[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    None: {"type": "null"},
    type(None): {"type": "null"},
    Decimal: {"type": "number"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    time: {"type": "string", "format": "time"},
    UUID: {"type": "string", "format": "uuid"},
    list: {"type": "array"},
    tuple: {"type": "array"},
    set: {"type": "array"},
    dict: {"type": "object"},
}
_META = {
    "ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf", "pattern": "pattern", "title": "title",
    "description": "description", "examples": "examples",
}  # fmt: skip


def shape_of(kind: Any, path: str = "", depth: int = 0) -> Shape:
    """Schema and concepts of a type; `path` is where its value stands."""
    if kind in _SCALARS:
        return Shape(dict(_SCALARS[kind]), {})
    if depth > DEEPEST:
        return Shape({}, {})
    origin = get_origin(kind)
    if origin is Annotated:
        return _annotated(kind, path, depth)
    if origin is Literal:
        return Shape(_enum(get_args(kind)), {})
    if origin in (Union, types.UnionType):
        return _union(get_args(kind), path, depth)
    if origin in (Required, NotRequired):
        return shape_of(get_args(kind)[0], path, depth)
    if isinstance(origin, type):
        return _generic(origin, get_args(kind), path, depth)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return Shape(_enum([member.value for member in kind]), {})
    fields = _fields(kind)
    return Shape({}, {}) if fields is None else _record(fields, path, depth)


def without_none(kind: Any) -> Any:
    """`T | None` as `T`: an optional argument is left out, not sent as null."""
    if get_origin(kind) is Annotated:
        inner, *marks = get_args(kind)
        bare = without_none(inner)
        return kind if bare is inner else Annotated[(bare, *marks)]
    if get_origin(kind) not in (Union, types.UnionType):
        return kind
    rest = tuple(one for one in get_args(kind) if one is not type(None))
    return Union[rest] if rest else kind  # noqa: UP007 (built from a tuple)


def _enum(values: Iterable[Any]) -> dict[str, Any]:
    allowed = [plain(value) for value in values]
    kinds = {type(value) for value in allowed}
    named = _SCALARS.get(kinds.pop(), {}) if len(kinds) == 1 else {}
    return {**named, "enum": allowed}


def _annotated(kind: Any, path: str, depth: int) -> Shape:
    inner, *marks = get_args(kind)
    schema, concepts = shape_of(inner, path, depth)
    for mark in marks:
        if isinstance(mark, Means):
            concepts = {**concepts, path: mark.concept}
        elif isinstance(mark, str):
            schema = {**schema, "description": mark}
        elif isinstance(mark, msgspec.Meta):
            schema = {**schema, **_meta(mark, schema)}
    return Shape(schema, concepts)


def _meta(mark: msgspec.Meta, schema: Mapping[str, Any]) -> dict[str, Any]:
    said = {shown: getattr(mark, name) for name, shown in _META.items()}
    unit = "Items" if schema.get("type") == "array" else "Length"
    said |= {f"min{unit}": mark.min_length, f"max{unit}": mark.max_length}
    found = {shown: value for shown, value in said.items() if value is not None}
    return {**found, **(mark.extra_json_schema or {})}


def _union(kinds: Sequence[Any], path: str, depth: int) -> Shape:
    shapes = [shape_of(kind, path, depth + 1) for kind in kinds]
    concepts = {place: concept for shape in shapes for place, concept in shape.concepts.items()}
    some = [shape.schema for shape in shapes if shape.schema != {"type": "null"}]
    if len(some) == len(shapes):
        return Shape({"anyOf": some}, concepts)
    if len(some) == 1 and isinstance(some[0].get("type"), str) and "enum" not in some[0]:
        return Shape({**some[0], "type": [some[0]["type"], "null"]}, concepts)
    return Shape({"anyOf": [*some, {"type": "null"}]}, concepts)


def _generic(origin: type, arguments: Sequence[Any], path: str, depth: int) -> Shape:
    if issubclass(origin, Mapping):
        inner = shape_of(arguments[1] if len(arguments) > 1 else Any, path + "{*}", depth + 1)
        keys = shape_of(arguments[0], path + "{}", depth + 1).concepts if arguments else {}
        return Shape(
            {"type": "object", "additionalProperties": inner.schema or True},
            {**keys, **inner.concepts},
        )
    if issubclass(origin, tuple) and arguments and arguments[-1] is not Ellipsis:
        shapes = [shape_of(kind, f"{path}[{n}]", depth + 1) for n, kind in enumerate(arguments)]
        size = len(shapes)
        items = [shape.schema for shape in shapes]
        exact = {"type": "array", "prefixItems": items, "minItems": size, "maxItems": size}
        return Shape(exact, {})
    if issubclass(origin, Iterable):
        inner = shape_of(arguments[0], path + "[]", depth + 1)
        schema: dict[str, Any] = {"type": "array", "items": inner.schema}
        if issubclass(origin, (set, frozenset)):
            schema["uniqueItems"] = True
        return Shape(schema, inner.concepts)
    fields = _fields(origin)
    return Shape({}, {}) if fields is None else _record(fields, path, depth)


class _Field(NamedTuple):
    name: str
    kind: Any
    required: bool


def _fields(kind: Any) -> list[_Field] | None:
    """Fields of a record type; None where it is not one."""
    if is_typeddict(kind):
        hints = get_type_hints(kind, include_extras=True)
        return [_Field(name, hints[name], name in kind.__required_keys__) for name in hints]
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = get_type_hints(kind, include_extras=True)
        return [
            _Field(f.encode_name, hints[f.name], f.required) for f in msgspec.structs.fields(kind)
        ]
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind, include_extras=True)
        return [_Field(f.name, hints[f.name], _no_default(f)) for f in dataclasses.fields(kind)]
    return None


def _no_default(field: dataclasses.Field[Any]) -> bool:

    missing = dataclasses.MISSING
    return field.default is missing and field.default_factory is missing


def _record(fields: Sequence[_Field], path: str, depth: int) -> Shape:
    properties: dict[str, Any] = {}
    concepts: dict[str, str] = {}
    for field in fields:
        shape = shape_of(field.kind, paths.join(path, field.name), depth + 1)
        properties[field.name] = shape.schema
        concepts.update(shape.concepts)
    required = [field.name for field in fields if field.required]
    schema = {"type": "object", "properties": properties, "required": required}
    return Shape({**schema, "additionalProperties": False}, concepts)
