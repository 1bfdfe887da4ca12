"""The concepts of a tool, what the values mean that it takes and gives: declared, or found in the
names of its schemas."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from fastsynth.env.environment import Tool
from fastsynth.env.schemas import simple

# Field names that match everywhere and mean nothing: `status` of one tool is not another's.
GENERIC = frozenset(
    [
        "status",
        "message",
        "result",
        "results",
        "success",
        "error",
        "type",
        "count",
        "total",
        "name",
        "value",
        "data",
        "text",
        "content",
        "description",
        "id",
        "date",
        "time",
        "items",
        "list",
        "state",
        "info",
        "details",
        "output",
        "response",
        "ok",
    ]
)
_OPAQUE = re.compile(r"(^|_)(id|ids|token|uuid|hash|key|code|ref|reference|handle)$")


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """The concepts of one tool, declared or found in its schemas."""

    takes: Mapping[str, str]
    gives: Mapping[str, str]
    declared: bool


def profile(tool: Tool) -> Profile:
    """The concepts a tool takes and gives. A tool that declares any is taken at its word."""
    if tool.takes or tool.gives:
        return Profile(takes=tool.takes, gives=tool.gives, declared=True)
    takes = dict(_parameter_concepts(tool.parameters))
    gives = dict(result_concepts(tool.result))
    return Profile(takes=takes, gives=gives, declared=False)


def _parameter_concepts(schema: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name, inner in schema.get("properties", {}).items():
        concept, inner = snake(name), simple(inner)
        if concept in GENERIC or inner.get("type") == "boolean" or "enum" in inner:
            continue
        if inner.get("type") == "array":
            yield f"{name}[]", _singular(concept)
        else:
            yield name, concept


def result_concepts(
    schema: Mapping[str, Any], path: str = "", owner: str = ""
) -> Iterable[tuple[str, str]]:
    """Concepts of a result schema: `flights[].id` means `flight_id`, `order.total` `total`."""
    kind = schema.get("type")
    if kind == "object":
        for name, inner in schema.get("properties", {}).items():
            deeper = f"{path}.{name}" if path else name
            yield from result_concepts(inner, deeper, snake(name))
    elif kind == "array":
        yield from result_concepts(schema.get("items", {}), path + "[]", _singular(owner))
    elif kind in ("string", "integer", "number"):
        concept = _field_concept(path, owner)
        if concept not in GENERIC:
            yield path, concept


def _field_concept(path: str, owner: str) -> str:
    fields = [snake(part) for part in re.split(r"\[\]\.?|\.", path) if part]
    if not fields:
        return owner or "result"
    if path.endswith("[]"):
        return _singular(fields[-1])
    if fields[-1] in ("id", "name", "key") and len(fields) > 1:
        return f"{_singular(fields[-2])}_{fields[-1]}"
    return fields[-1]


def inferred_opaque(profiles: Iterable[Profile]) -> frozenset[str]:
    """Concepts whose names say that no user could know their values: ids, tokens, keys."""
    return frozenset(
        concept
        for known in profiles
        if not known.declared
        for concept in (*known.takes.values(), *known.gives.values())
        if _OPAQUE.search(concept)
    )


def looks_opaque(concept: str) -> bool:
    """Whether a name says that no user could know the value: an id, a token, a key."""
    return _OPAQUE.search(concept) is not None


def snake(name: str) -> str:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[\W_]+", "_", spaced).strip("_").lower()


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith("ses") or word.endswith("xes"):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word
