"""JSON Schemas seen plainly: references put in, alternatives of which one is null made one.

A schema that says nothing in a roundabout way is given back as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jsonschema_rs

_LOCAL = ("#/$defs/", "#/definitions/")


def fault(schema: Mapping[str, Any]) -> str:
    """Why nothing can be held against `schema`, in one line; "" where it is in order."""
    try:
        jsonschema_rs.Draft202012Validator(dict(schema))
    except ValueError as error:
        return str(error).partition("\n")[0]
    return ""


def simple(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A parameter's schema without `null` among its alternatives; constants as an `enum`."""
    for key in ("anyOf", "oneOf", "allOf"):
        if key not in schema:
            continue
        base = {name: inner for name, inner in schema.items() if name != key}
        some = [one for one in schema[key] if one.get("type") != "null"]
        if len(some) == 1:
            return simple({**some[0], **base})
        values = [value for one in some for value in _constants(one)]
        if key != "allOf" and some and all(_constants(one) for one in some):
            return {**base, **_typed(some), "enum": values}
    return schema if "const" not in schema else {**schema, "enum": [schema["const"]]}


def _constants(schema: Mapping[str, Any]) -> Sequence[Any]:
    return [schema["const"]] if "const" in schema else schema.get("enum", ())


def _typed(some: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    kinds = {one.get("type") for one in some}
    kind = kinds.pop()
    return {"type": kind} if not kinds and isinstance(kind, str) else {}


def inlined(schema: Mapping[str, Any]) -> dict[str, Any]:
    """`schema` with what its local references name in their place. Where a definition holds itself
    the reference stays, and the definitions with it."""
    definitions = {
        f"{prefix}{name}": inner
        for prefix in _LOCAL
        for name, inner in schema.get(prefix.strip("#/"), {}).items()
    }
    if not definitions:
        return dict(schema)
    left: set[str] = set()
    bare = {name: inner for name, inner in schema.items() if name not in ("$defs", "definitions")}
    whole: dict[str, Any] = _filled(bare, definitions, (), left)
    kept = {name: schema[name] for name in ("$defs", "definitions") if name in schema}
    return {**whole, **kept} if left else whole


def _filled(
    part: Any, definitions: Mapping[str, Any], above: tuple[str, ...], left: set[str]
) -> Any:
    if isinstance(part, list):
        return [_filled(item, definitions, above, left) for item in part]
    if not isinstance(part, dict):
        return part
    name = part.get("$ref")
    if not isinstance(name, str) or name not in definitions:
        return {key: _filled(inner, definitions, above, left) for key, inner in part.items()}
    if name in above:
        left.add(name)
        return part
    beside = {key: inner for key, inner in part.items() if key != "$ref"}
    return _filled({**definitions[name], **beside}, definitions, (*above, name), left)
