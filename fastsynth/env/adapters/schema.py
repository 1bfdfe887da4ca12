"""JSON Schema of Python types, inlined, with the concepts declared inside them.

Reads int, float, str, bool, None, list, tuple, set, dict, Literal, Enum, Optional and unions,
records (`annotations`), dates, paths and Annotated. What it does not know becomes `{}`.
"""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path, PurePath
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin
from uuid import UUID

from fastsynth.env import paths
from fastsynth.env.adapters.annotations import Field, fields_of, is_model, resolved
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
    timedelta: {"type": "string", "format": "duration"},
    UUID: {"type": "string", "format": "uuid"},
    Path: {"type": "string"},
    PurePath: {"type": "string"},
    list: {"type": "array"},
    tuple: {"type": "array"},
    set: {"type": "array"},
    frozenset: {"type": "array"},
    dict: {"type": "object"},
}
_META = {
    "ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf", "pattern": "pattern", "title": "title",
    "description": "description", "documentation": "description", "examples": "examples",
}  # fmt: skip
Above = tuple[Any, ...]
"""The types that a type stands in, outermost first."""


def shape_of(kind: Any, path: str = "", above: Above = ()) -> Shape:
    """Schema and concepts of a type; `path` is where its value stands."""
    kind = resolved(kind)
    if _is_scalar(kind):
        return Shape(dict(_SCALARS[kind]), {})
    if len(above) > DEEPEST:
        return Shape({}, {})
    origin = get_origin(kind)
    if origin is Annotated:
        return _annotated(kind, path, above)
    if origin is Literal:
        return Shape(_enum(get_args(kind)), {})
    if origin in (Union, types.UnionType):
        return _union(get_args(kind), path, above)
    if isinstance(origin, type):
        return _generic(origin, get_args(kind), path, above)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return Shape(_members(kind), {})
    return _record(kind, path, above)


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


def _is_scalar(kind: Any) -> bool:
    try:
        return kind in _SCALARS
    except TypeError:
        return False


def _enum(values: Iterable[Any]) -> dict[str, Any]:
    allowed = list(dict.fromkeys(plain(value) for value in values))
    kinds = {type(value) for value in allowed}
    named = _SCALARS.get(kinds.pop(), {}) if len(kinds) == 1 else {}
    return {**named, "enum": allowed}


def _members(kind: type[Enum]) -> dict[str, Any]:
    """Numbers alone say nothing: what they stand for is told beside them."""
    schema = _enum(kind)
    if schema.get("type") != "integer":
        return schema
    said = ", ".join(f"{plain(member)} {member.name.lower()}" for member in kind)
    return {**schema, "description": said}


def _annotated(kind: Any, path: str, above: Above) -> Shape:
    inner, *marks = get_args(kind)
    schema, concepts = shape_of(inner, path, above)
    for mark in marks:
        if isinstance(mark, Means):
            concepts = {**concepts, path: mark.concept}
        elif isinstance(mark, str):
            schema = {**schema, "description": mark}
        else:
            schema = {**schema, **_meta(mark, schema)}
    return Shape(schema, concepts)


def _meta(mark: Any, schema: Mapping[str, Any]) -> dict[str, Any]:
    """What `msgspec.Meta`, pydantic's `Field` or a mark of `annotated_types` says."""
    unit = "Items" if schema.get("type") == "array" else "Length"
    names = {**_META, "min_length": f"min{unit}", "max_length": f"max{unit}"}
    said = [(shown, getattr(mark, name, None)) for name, shown in names.items()]
    found = {shown: value for shown, value in said if _is_json(value)}
    for inner in getattr(mark, "metadata", None) or ():
        found |= _meta(inner, schema)
    extra = getattr(mark, "extra_json_schema", None) or getattr(mark, "json_schema_extra", None)
    return {**found, **(extra if isinstance(extra, dict) else {})}


def _is_json(value: Any) -> bool:
    return isinstance(value, str | int | float | list) and not isinstance(value, bool)


def _union(kinds: Sequence[Any], path: str, above: Above) -> Shape:
    shapes = [shape_of(kind, path, (*above, Union)) for kind in kinds]
    concepts = {place: concept for shape in shapes for place, concept in shape.concepts.items()}
    some = [shape.schema for shape in shapes if shape.schema != {"type": "null"}]
    if {} in some:
        return Shape({}, concepts)
    if len(some) == len(shapes):
        return Shape({"anyOf": some}, concepts)
    if len(some) == 1 and isinstance(some[0].get("type"), str) and "enum" not in some[0]:
        return Shape({**some[0], "type": [some[0]["type"], "null"]}, concepts)
    return Shape({"anyOf": [*some, {"type": "null"}]}, concepts)


def _generic(origin: type, arguments: Sequence[Any], path: str, above: Above) -> Shape:
    above = (*above, origin)
    if issubclass(origin, Mapping):
        inner = shape_of(arguments[1] if len(arguments) > 1 else Any, path + "{*}", above)
        keys = shape_of(arguments[0], path + "{}", above).concepts if arguments else {}
        return Shape(
            {"type": "object", "additionalProperties": inner.schema or True},
            {**keys, **inner.concepts},
        )
    if issubclass(origin, tuple) and arguments and arguments[-1] is not Ellipsis:
        shapes = [shape_of(kind, f"{path}[{n}]", above) for n, kind in enumerate(arguments)]
        size = len(shapes)
        items = [shape.schema for shape in shapes]
        exact = {"type": "array", "prefixItems": items, "minItems": size, "maxItems": size}
        return Shape(exact, {})
    if issubclass(origin, Iterable):
        inner = shape_of(arguments[0], path + "[]", above)
        schema: dict[str, Any] = {"type": "array", "items": inner.schema}
        if issubclass(origin, (set, frozenset)):
            schema["uniqueItems"] = True
        return Shape(schema, inner.concepts)
    return _record(origin, path, above)


def _record(kind: Any, path: str, above: Above) -> Shape:
    if kind in above:
        return Shape({"type": "object"}, {})
    fields = fields_of(kind)
    return Shape({}, {}) if fields is None else _fields(kind, fields, path, (*above, kind))


def _fields(kind: Any, fields: Sequence[Field], path: str, above: Above) -> Shape:
    properties: dict[str, Any] = {}
    concepts: dict[str, str] = {}
    for field in fields:
        shape = shape_of(field.kind, paths.join(path, field.shown), above)
        properties[field.shown] = shape.schema
        concepts.update(shape.concepts)
    required = [field.shown for field in fields if field.required]
    schema = {"type": "object", "properties": properties, "required": required}
    # A pydantic model also shows computed fields, and takes what it does not know.
    return Shape(schema if is_model(kind) else {**schema, "additionalProperties": False}, concepts)
