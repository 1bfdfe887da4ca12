"""The fields of a record parameter that results could fill: `session_id` and `lines[0].gear_id`.

Matched by name with the fields of results, since a record is one parameter and has one concept.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from random import Random
from typing import Any

import msgspec

from fastsynth.env.adapters.phrases import phrases
from fastsynth.env.adapters.samples import samples
from fastsynth.env.schemas import simple
from fastsynth.method.graph.concepts import GENERIC, Profile, looks_opaque, snake

_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
}


class Leaf(msgspec.Struct, frozen=True):
    """A scalar inside of a record; a list of records has one element."""

    place: str
    """Within the record: `lines[0].gear_id`."""
    field: str
    hidden: bool
    """Whether no user could know its value: a record cannot do without a result for it."""
    types: tuple[type, ...]

    def fits(self, value: Any) -> bool:
        return type(value) in self.types


def fields_given(profiles: Iterable[Profile]) -> dict[str, tuple[str, ...]]:
    """Name of a result's field -> concepts of the values that stand under it."""
    found: dict[str, dict[str, None]] = {}
    for known in profiles:
        for path, concept in known.gives.items():
            fields = [snake(part) for part in re.findall(r"[^.\[\]{}*\d][^.\[\]{}*]*", path)]
            if fields and fields[-1] not in GENERIC:
                found.setdefault(fields[-1], {})[concept] = None
    return {field: tuple(concepts) for field, concepts in found.items()}


def leaves_of(schema: Mapping[str, Any], given: Collection[str], place: str = "") -> Iterator[Leaf]:
    """The leaves of a record schema whose names are among the fields `given`."""
    for name, inner in schema.get("properties", {}).items():
        inner, below = simple(inner), f"{place}.{name}" if place else name
        if inner.get("type") == "object":
            yield from leaves_of(inner, given, below)
        elif inner.get("type") == "array":
            yield from leaves_of(simple(inner.get("items", {})), given, f"{below}[0]")
        elif snake(name) in given and "enum" not in inner and inner.get("type") in _TYPES:
            yield Leaf(below, snake(name), looks_opaque(snake(name)), _TYPES[inner["type"]])


def skeleton(
    schema: Mapping[str, Any], name: str, filled: Collection[str], rng: Random, place: str = ""
) -> Any:
    """A record with what its schema demands, drawn from that; "" at the places to be `filled`.
    None where nothing is known of a field."""
    schema = simple(schema)
    if place in filled:
        return ""
    if schema.get("type") == "array":
        one = skeleton(schema.get("items", {}), name, filled, rng, f"{place}[0]")
        return None if one is None else [one]
    fields = schema.get("properties")
    if not fields:
        drawn = [*samples(schema), *phrases(name)]
        return rng.choice(drawn) if drawn else None
    made = {
        field: skeleton(fields[field], field, filled, rng, f"{place}.{field}" if place else field)
        for field in fields
        if field in schema.get("required", fields)
    }
    return None if None in made.values() else made
