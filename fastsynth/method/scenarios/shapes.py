"""What an example state of a user's tools says of other states: a schema, and what refers to what.

Inferred, so that a drafted state can be asked for in that form and be held against it. A mapping
whose keys are data (`P-104`) is told from a record by its keys and values. What no example fills
stays empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from fastsynth.env import paths
from fastsynth.env.schemas import validator

Schema = dict[str, Any]
_FIELD = re.compile(r"[A-Za-z_][A-Za-z_]*\Z")
_RUN = re.compile(r"\d+|[A-Za-z]+|.", re.DOTALL)
_DIGITS, _LETTERS = r"\d", "[A-Za-z]"
_LONGEST_FORM = 32
"""Characters of a text from which on it is prose, whatever digits it holds."""


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """Places follow `env.paths`: `ORDERS{}` are the keys of a mapping, `ORDERS{*}` its values."""

    schema: Schema
    references: tuple[tuple[str, str], ...]
    """(place, place whose values it takes): `ORDERS{*}.customer` -> `CUSTOMERS{}`."""

    def faults(self, state: Any) -> Iterator[str]:
        """What is wrong with a state, one line each."""
        for error in validator(self.schema).iter_errors(state):
            yield f"{'.'.join(map(str, error.instance_path)) or 'the state'}: {error.message}"[:200]
            return
        held = _held(self.schema, state)
        for place, origin in self.references:
            lost = sorted(held.get(place, set()) - held.get(origin, set()))
            if lost:
                yield f"{place}: {lost[0]!r} is not among {origin}"

    def rules(self) -> list[str]:
        """What an example alone does not tell, in words."""
        chosen = {place: words for place, words in _choices(self.schema) if len(words) <= 40}
        said = [f"{place}: one of {', '.join(words)}" for place, words in chosen.items()]
        return said + [f"{place}: one that stands in {origin}" for place, origin in self.references]

    def names(self, state: Any) -> frozenset[str]:
        """The proper names a state holds: texts that are no ids, dates or words of a schema."""
        return frozenset(
            value
            for place, value, inner in _places(self.schema, state)
            if "enum" not in inner and "pattern" not in inner and len(value) > 2
            if any(letter.isupper() for letter in value)
        )


def shape_of(examples: Sequence[Any], named: Iterable[Iterable[str]]) -> Shape:
    """`named`: the sets of values that tools' schemas name themselves."""
    choices = [frozenset(words) for words in named]
    schema = _infer(examples, choices)
    return Shape(schema=schema, references=tuple(_references(schema, examples)))


def _infer(values: Sequence[Any], named: Sequence[frozenset[str]]) -> Schema:
    kinds = {type(value) for value in values}
    if type(None) in kinds and len(kinds) > 1:
        rest = [value for value in values if value is not None]
        return {"anyOf": [_infer(rest, named), {"type": "null"}]}
    if kinds == {dict}:
        return _of_dicts(values, named)
    if kinds == {list}:
        return _of_lists(values, named)
    if kinds == {str}:
        return _of_texts(values, named)
    if kinds == {bool}:
        return {"type": "boolean"}
    if kinds and kinds <= {int, float}:
        kind = "integer" if kinds == {int} else "number"
        return {"type": kind, **({"minimum": 0} if min(values) >= 0 else {})}
    return {"type": "null"} if kinds == {type(None)} else {}


def _of_dicts(values: Sequence[dict[str, Any]], named: Sequence[frozenset[str]]) -> Schema:
    inner = [item for value in values for item in value.values()]
    if _is_mapping(values, inner, named):
        least = min(1, *(len(value) for value in values))
        schema: Schema = {"type": "object", "additionalProperties": _infer(inner, named)}
        form = _form([key for value in values for key in value])
        if form:
            schema["propertyNames"] = {"pattern": form}
        return {**schema, "minProperties": least} if least else schema
    fields = list(dict.fromkeys(name for value in values for name in value))
    return {
        "type": "object",
        "properties": {
            name: _infer([value[name] for value in values if name in value], named)
            for name in fields
        },
        "required": [name for name in fields if all(name in value for value in values)],
        "additionalProperties": False,
    }


def _is_mapping(
    values: Sequence[dict[str, Any]], inner: Sequence[Any], named: Sequence[frozenset[str]]
) -> bool:
    """Whether the keys are data."""
    keys = {key for value in values for key in value}
    if not keys or any(keys <= words for words in named):
        return False
    if not all(_FIELD.match(key) for key in keys):
        return True
    shared = set.intersection(*(set(value) for value in values))
    if len(shared) * 2 < len(keys):
        return True
    if len(inner) < 2:
        return False
    if all(isinstance(item, dict) and item for item in inner):
        return len({frozenset(item) for item in inner}) == 1
    return all(isinstance(item, str) for item in inner) and bool(_form(inner))


def _of_lists(values: Sequence[list[Any]], named: Sequence[frozenset[str]]) -> Schema:
    inner = [item for value in values for item in value]
    if not inner:
        return {"type": "array", "items": {"type": "string"}, "maxItems": 0}
    return {"type": "array", "items": _infer(inner, named)}


def _of_texts(values: Sequence[str], named: Sequence[frozenset[str]]) -> Schema:
    fitting = sorted((w for w in named if w.issuperset(values)), key=lambda words: len(words))
    if fitting:
        return {"type": "string", "enum": sorted(fitting[0])}
    form = _form(values)
    return {"type": "string", **({"pattern": form} if form else {})}


def _form(values: Sequence[str]) -> str:
    """One pattern for texts of one form with digits (ids, dates, times); "" for others."""
    if not all(len(text) <= _LONGEST_FORM and re.search(r"\d", text) for text in values):
        return ""
    runs = [_RUN.findall(text) for text in values]
    kinds = {tuple(_kind(run) for run in found) for found in runs}
    if len(kinds) != 1 or " " in values[0]:
        return ""
    parts = []
    for number, kind in enumerate(next(iter(kinds))):
        here = {found[number] for found in runs}
        sizes = {len(run) for run in here}
        many = f"{{{sizes.pop()}}}" if len(sizes) == 1 and len(values) > 1 else "+"
        same = kind == _LETTERS and len(here) == 1
        parts.append(here.pop() if same else kind + many if kind in (_DIGITS, _LETTERS) else kind)
    return f"^{''.join(parts)}$"


def _kind(run: str) -> str:
    if run[0].isdigit() and run.isascii():
        return _DIGITS
    if run.isascii() and run.isalpha():
        return _LETTERS
    return "\\" + run if run in r".^$*+?()[]{}|\/" else run


def _places(schema: Mapping[str, Any], value: Any, at: str = "") -> Iterator[tuple[str, str, Any]]:
    """(place, text, its schema) of every text in a state, keys of mappings included."""
    inner = schema.get("anyOf", [schema])[0]
    if isinstance(value, str):
        yield at, value, inner
    elif isinstance(value, list):
        for item in value:
            yield from _places(inner.get("items", {}), item, f"{at}[]")
    elif isinstance(value, dict):
        fields = inner.get("properties")
        for key, item in value.items():
            if fields is not None:
                yield from _places(fields.get(key, {}), item, paths.join(at, key))
            else:
                yield f"{at}{{}}", key, inner.get("propertyNames", {})
                yield from _places(inner.get("additionalProperties", {}), item, f"{at}{{*}}")


def _choices(schema: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, list[str]]]:
    """(place, allowed texts) of every place that a tool's schema names the values of."""
    inner = schema.get("anyOf", [schema])[0]
    if "enum" in inner:
        yield at, inner["enum"]
    yield from _choices(inner["items"], f"{at}[]") if "items" in inner else ()
    for name, field in inner.get("properties", {}).items():
        yield from _choices(field, paths.join(at, name))
    if inner.get("additionalProperties"):
        yield from _choices(inner["additionalProperties"], f"{at}{{*}}")


def _held(schema: Mapping[str, Any], state: Any) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for place, text, _ in _places(schema, state):
        found.setdefault(place, set()).add(text)
    return found


def _references(schema: Schema, examples: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """Places all of whose texts are keys of a mapping, or ids of a list's records, everywhere."""
    held = [_held(schema, example) for example in examples]
    places = sorted({place for found in held for place in found})
    origins = [p for p in places if p.endswith("{}") or re.search(r"\](?:\.\w+_|\.)id\Z", p)]
    for place in places:
        for origin in origins:
            if place == origin or not any(place in found for found in held):
                continue
            if all(found.get(place, set()) <= found.get(origin, set()) for found in held):
                yield place, origin
                break
