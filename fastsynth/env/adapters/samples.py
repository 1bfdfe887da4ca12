"""Values that a JSON Schema allows, where nobody said any: a few for each, the same every time.

From `const`, `enum`, `examples`, formats, patterns, bounds, alternatives, and for lists and records
from those of what they hold. A text of which nothing is known but that it is one has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from random import Random
from typing import Any

from fastsynth.env.adapters.patterns import matches_of
from fastsynth.env.schemas import holds_nothing, validator
from fastsynth.records import canonical

COUNT = 4
_FORMATS: Mapping[str, tuple[str, ...]] = {
    "date": ("2026-03-09", "2026-03-12", "2026-04-02", "2026-05-18"),
    "time": ("09:00:00", "11:30:00", "14:15:00", "16:45:00"),
    "date-time": (
        "2026-03-09T09:00:00+00:00", "2026-03-12T14:30:00+00:00",
        "2026-04-02T11:15:00+00:00", "2026-05-18T16:00:00+00:00",
    ),
    "duration": ("PT30M", "PT2H", "P1D", "P7D"),
    "email": ("ines@mail.example", "omar@mail.example", "kaya@post.example"),
    "uri": ("https://site.example/a", "https://site.example/b", "https://shop.example"),
    "hostname": ("site.example", "shop.example", "mail.example"),
    "ipv4": ("192.0.2.10", "192.0.2.24", "198.51.100.7"),
    "ipv6": ("2001:db8::1", "2001:db8::a4", "2001:db8::17"),
    "uuid": ("8d1f0c1e-52a4-4b6e-9c1a-3f6d2b7e9a10", "b3c9e2d4-7a15-4f08-8e6b-5d0c9f1a2e37"),
}  # fmt: skip
_ALIKE = {"url": "uri", "uri-reference": "uri", "iri": "uri", "idn-email": "email"}
_STEPS = (1, 2, 3, 5)
Known = Callable[[str, Mapping[str, Any]], Sequence[Any]]
"""(field, its schema) -> values for it that somebody said."""


def nobody(_name: str, _schema: Mapping[str, Any]) -> Sequence[Any]:
    return ()


def samples(schema: Mapping[str, Any], known: Known = nobody, count: int = COUNT) -> list[Any]:
    """At most `count` values that fit `schema`, no two alike; [] where too little is said."""
    if "$ref" in canonical(schema):
        return []
    held = validator(schema, formats=True)
    found: dict[str, Any] = {}
    for value in islice(_values(schema, known), 8 * count):
        if len(found) < count and held.is_valid(value):
            found.setdefault(canonical(value), value)
    return list(found.values())


def _values(schema: Mapping[str, Any], known: Known) -> Iterator[Any]:
    if "const" in schema:
        yield schema["const"]
        return
    if "enum" in schema:
        yield from schema["enum"]
        return
    yield from schema.get("examples", ())
    for key in ("anyOf", "oneOf"):
        base = {name: inner for name, inner in schema.items() if name != key}
        for one in schema.get(key, ()):
            if one.get("type") != "null":
                yield from samples({**base, **one}, known)
    kinds = schema.get("type", ())
    for kind in (kinds,) if isinstance(kinds, str) else kinds:
        make = _MAKERS.get(kind)
        if make is not None:
            yield from make(schema, known)
    if schema.get("default") is not None:
        yield schema["default"]


def _booleans(_schema: Mapping[str, Any], _known: Known) -> Iterable[bool]:
    return (True, False)


def _numbers(schema: Mapping[str, Any], _known: Known) -> Iterator[float]:
    """From the lower bound on, at growing steps; within both bounds where there are two."""
    step = schema.get("multipleOf", 1)
    low, high = _bound(schema, "minimum", step, 1), _bound(schema, "maximum", -step, None)
    if low is None:
        low = 5 * step if high is None else high - 5 * step
    if high is not None and high - low < 5 * step:
        parts = (0, 4) if schema.get("type") == "integer" else (2, 1, 3, 0, 4)
        yield from (low + (high - low) * part / 4 for part in parts)
        return
    start = low if low or "minimum" in schema else step
    whole = schema.get("type") == "integer"
    for number in _STEPS:
        value = start + (number - 1) * (step if high is not None or start < 1 else start)
        yield int(value) if whole and value == int(value) else value


def _bound(schema: Mapping[str, Any], end: str, step: float, scale: int | None) -> Any:
    strict = schema.get(f"exclusive{end.title()}")
    held = [value for value in (schema.get(end),) if value is not None]
    if strict is not None and not isinstance(strict, bool):
        held.append(strict + step)
    if not held:
        return None
    return max(held) if scale else min(held)


def _texts(schema: Mapping[str, Any], _known: Known) -> Iterator[str]:
    said = schema.get("format", "")
    if "pattern" in schema:
        chance = Random(canonical(schema))
        yield from matches_of(schema["pattern"], chance, 4 * COUNT)
    yield from _FORMATS.get(_ALIKE.get(said, said), ())


def _lists(schema: Mapping[str, Any], known: Known) -> Iterator[list[Any]]:
    first = [samples(one, known) for one in schema.get("prefixItems", ())]
    if not all(first):
        return
    least = max(1, schema.get("minItems", 1))
    if len(first) >= least and first:
        yield from ([held[n % len(held)] for held in first] for n in range(COUNT))
        return
    items = samples(schema.get("items", {}), known, max(COUNT, least))
    for size in (least, min(least + 1, schema.get("maxItems", least + 1))):
        for start in range(len(items)):
            yield [items[(start + n) % len(items)] for n in range(size)]


def _records(schema: Mapping[str, Any], known: Known) -> Iterator[dict[str, Any]]:
    """All that is required and, every second time, what else there is a value for."""
    properties, required = schema.get("properties", {}), schema.get("required", ())
    held = {
        name: list(known(name, inner)) or samples(inner, known) or _ends(inner)
        for name, inner in properties.items()
    }
    if not properties or not all(held.get(name) for name in required):
        return
    for number in range(COUNT):
        made = {
            name: values[number % len(values)]
            for name, values in held.items()
            if values and (name in required or not required or number % 2 == 0)
        }
        if made:
            yield made


def _ends(schema: Mapping[str, Any]) -> list[Any]:
    """A record's list of such records, where it is not gone into further: an empty one."""
    listed = schema.get("type") == "array" and not schema.get("minItems")
    return [[]] if listed and holds_nothing(schema.get("items", {})) else []


_MAKERS: Mapping[str, Callable[[Mapping[str, Any], Known], Iterable[Any]]] = {
    "boolean": _booleans,
    "integer": _numbers,
    "number": _numbers,
    "string": _texts,
    "array": _lists,
    "object": _records,
}
