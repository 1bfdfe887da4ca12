from __future__ import annotations

import re
from random import Random
from typing import Any

import jsonschema_rs
import pytest

from fastsynth.env.adapters.patterns import matches_of
from fastsynth.env.adapters.phrases import drafted
from fastsynth.env.adapters.samples import samples

CUSTOMER = {
    "type": "object",
    "properties": {"email": {"type": "string", "format": "email"}, "note": {"type": "string"}},
    "required": ["email"],
}
SCHEMAS: list[dict[str, Any]] = [
    {"type": "integer", "minimum": 80, "maximum": 140, "multipleOf": 2},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5},
    {"type": "integer", "maximum": -3},
    {"type": "string", "pattern": "^T-[0-9]{4}[A-F]$"},
    {"type": "string", "format": "date"},
    {"type": "string", "format": "uuid"},
    {"anyOf": [{"type": "integer", "minimum": 7}, {"type": "null"}]},
    {"oneOf": [{"const": "silk"}, {"const": "viscose"}]},
    {"const": "cm"},
    {"enum": [f"C{n}" for n in range(300)]},
    {"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 2, "uniqueItems": True},
    {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "boolean"}], "minItems": 2},
    CUSTOMER,
    {"type": "array", "items": CUSTOMER},
]


@pytest.mark.parametrize("schema", SCHEMAS)
def test_samples_fit_their_schema_and_are_the_same_every_time(schema: dict[str, Any]) -> None:
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    found = samples(schema)

    assert found
    assert all(validator.is_valid(value) for value in found)
    assert found == samples(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "string"},
        {"type": "integer", "minimum": 5, "maximum": 4},
        {**CUSTOMER, "required": ["email", "note"]},
        {"$ref": "#/$defs/Node"},
    ],
)
def test_nothing_is_made_up_where_a_schema_says_too_little(schema: dict[str, Any]) -> None:
    assert samples(schema) == []


@pytest.mark.parametrize(
    "pattern",
    [r"^[A-Z]{2}-\d{4}$", r"(red|green)_[^x-z]+", r"^(\w)\1$", r"^(?=.*x)[a-z]+$", "a{2,}b?c*"],
)
def test_texts_match_the_pattern_they_are_made_of(pattern: str) -> None:
    found = list(matches_of(pattern, Random(1), 40))

    assert found
    assert all(re.search(pattern, text) for text in found)


def test_what_python_cannot_read_as_a_pattern_has_no_texts() -> None:
    assert list(matches_of(r"^\p{L}+$", Random(1), 4)) == []


def test_a_drafted_record_takes_what_is_known_and_makes_up_the_rest() -> None:
    address = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "street": {"type": "string"}},
        "required": ["city", "street"],
    }

    first, *_ = drafted("address", address, {"city": ["Trieste"]})

    assert first["city"] == "Trieste"
    assert first["street"]
    assert drafted("gizmo", {"type": "string"}, {}) == []
