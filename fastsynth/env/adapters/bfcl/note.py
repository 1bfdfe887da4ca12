"""What is known of one BFCL class beside its own documentation: notes on tools, and scenarios.

Notes hold what the published tool documents leave out or get wrong; `bfcl.py` joins the two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

import msgspec

from fastsynth.env.adapters.bfcl.cast import Cast

Schema = dict[str, Any]
Facts = dict[str, list[Any]]
Drawn = tuple[dict[str, Any], Facts]
"""A configuration as `_load_scenario` takes it, and concept -> values that the user can say."""


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Declared knowledge of one tool; fields as in `env.environment.Tool`."""

    takes: Mapping[str, str] = {}
    gives: Mapping[str, str] = {}
    needs: tuple[str, ...] = ()
    mutates: bool = False
    undoes: tuple[str, ...] = ()
    ranks: Mapping[str, tuple[str, str]] = {}
    told: tuple[str, ...] = ()
    askable: bool = True
    limits: Mapping[str, Schema] = {}
    """Parameter -> further keywords of its schema (enum, maximum, pattern)."""
    required: tuple[str, ...] = ()
    """Optional in the documents, but the method does not work without it."""
    result: Schema | None = None
    """The result's true schema, where the documents are wrong."""


class Sketch(msgspec.Struct, frozen=True, kw_only=True):
    """One class: its documents, what is known of its tools, how its scenarios are drawn."""

    name: str
    document: str
    """File of `multi_turn_func_doc`, without extension."""
    notes: Mapping[str, Note]
    policy: str
    occasions: tuple[str, ...]
    companions: tuple[str, ...]
    draw: Callable[[Cast, Random], Drawn]
    known: Callable[[Any], Mapping[str, Sequence[Any]]]
    opaque: frozenset[str] = frozenset()
    broader: Mapping[str, tuple[str, ...]] = {}
    ignored: frozenset[str] = frozenset()


def record(**fields: str) -> Schema:
    """Schema of an object whose fields have these types."""
    return {"type": "object", "properties": {name: {"type": t} for name, t in fields.items()}}


def rows(item: Schema) -> Schema:
    return {"type": "array", "items": item}


def table(value: Schema) -> Schema:
    """Schema of an object whose keys are data."""
    return {"type": "object", "additionalProperties": value}


def field(name: str, inner: Schema) -> Schema:
    return {"type": "object", "properties": {name: inner}}


STRINGS: Schema = {"type": "array", "items": {"type": "string"}}


def sample(rng: Random, values: Sequence[Any], least: int, most: int) -> list[Any]:
    return rng.sample(list(values), rng.randint(least, min(most, len(values))))
