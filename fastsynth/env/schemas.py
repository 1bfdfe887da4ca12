"""JSON Schemas seen plainly: references put in, alternatives of which one is null made one.

A schema that says nothing in a roundabout way is given back as it is. Nothing is ever fetched: what
a schema names by an address, or by the path of a file, is not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import jsonschema_rs

from fastsynth.records import canonical

_LOCAL = ("#/$defs/", "#/definitions/")
TWICE, DEEPEST = 2, 4
"""Times one reference is followed inside of itself by `unrolled`, and references of any kind."""
_NOTHING: Mapping[str, Any] = {"not": {}}


def validator(
    schema: Mapping[str, Any] | str, *, formats: bool | None = None
) -> jsonschema_rs.Draft202012Validator:
    """Raises ValueError where nothing can be held against `schema`. A server's schema must not make
    this process open addresses or files, as the validator would by itself."""
    held = schema if isinstance(schema, str) else dict(schema)
    return jsonschema_rs.Draft202012Validator(held, validate_formats=formats, retriever=_refused)


def _refused(address: str) -> Any:
    raise ValueError(f"{address} is not fetched")


def fault(schema: Mapping[str, Any]) -> str:
    """Why nothing can be held against `schema`, in one line; "" where it is in order."""
    asked: list[str] = []

    def note(address: str) -> Any:
        asked.append(address)
        return _refused(address)

    try:
        jsonschema_rs.Draft202012Validator(dict(schema), retriever=note)
    except ValueError as error:
        said = f"it refers to {asked[0]}, and nothing is fetched" if asked else str(error)
        return said.partition("\n")[0]
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


def unrolled(parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """The properties of `parameters`, references that `inlined` left put in to a bounded depth: to
    draw values by. Whatever fits one of them fits the original; below that depth nothing does."""
    properties: Mapping[str, Any] = parameters.get("properties", {})
    if '"$ref"' not in canonical(properties):
        return properties
    return {name: _unrolled(inner, parameters, ()) for name, inner in properties.items()}


def _unrolled(part: Any, root: Mapping[str, Any], above: tuple[str, ...]) -> Any:
    if isinstance(part, list):
        return [_unrolled(item, root, above) for item in part]
    if not isinstance(part, dict):
        return part
    name = part.get("$ref")
    if not isinstance(name, str):
        return {key: _unrolled(inner, root, above) for key, inner in part.items()}
    named = _at(root, name)
    if named is None or above.count(name) >= TWICE or len(above) >= DEEPEST:
        return dict(_NOTHING)
    beside = {key: inner for key, inner in part.items() if key != "$ref"}
    return _unrolled({**named, **beside}, root, (*above, name))


def _at(root: Mapping[str, Any], pointer: str) -> Mapping[str, Any] | None:
    """What a local reference names (RFC 6901), None where it names nothing of `root`."""
    first, *steps = pointer.split("/")
    found: Any = root if first == "#" else None
    for step in steps:
        key = step.replace("~1", "/").replace("~0", "~")
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None


def holds_nothing(schema: Mapping[str, Any]) -> bool:
    """Whether a schema stands for a record inside of itself, which is not gone into further."""
    return schema in (_NOTHING, {"type": "object"})
