from __future__ import annotations

from typing import Any

import pytest

from fastsynth.env.schemas import fault, inlined, simple


@pytest.mark.parametrize(
    ("schema", "seen"),
    [
        (
            {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "who"},
            {"type": "string", "description": "who"},
        ),
        (
            {"oneOf": [{"const": "silk", "type": "string"}, {"const": "wool", "type": "string"}]},
            {"type": "string", "enum": ["silk", "wool"]},
        ),
        ({"anyOf": [{"enum": [1, 2]}, {"type": "null"}]}, {"enum": [1, 2]}),
        ({"allOf": [{"type": "integer"}]}, {"type": "integer"}),
        ({"const": "cm"}, {"const": "cm", "enum": ["cm"]}),
    ],
)
def test_roundabout_schemas_are_seen_plainly(schema: dict[str, Any], seen: dict[str, Any]) -> None:
    assert simple(schema) == seen


def test_a_plain_schema_and_real_alternatives_stay_what_they_are() -> None:
    plain = {"type": "string", "minLength": 2}
    either = {"anyOf": [{"type": "string"}, {"type": "integer"}]}

    assert simple(plain) is plain
    assert simple(either) is either


def test_references_are_put_in_and_a_definition_that_holds_itself_stays_one() -> None:
    size = {"type": "integer"}
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}}}
    flat = inlined({"properties": {"a": {"$ref": "#/$defs/Size"}}, "$defs": {"Size": size}})
    held = inlined({"properties": {"a": {"$ref": "#/$defs/Node"}}, "$defs": {"Node": node}})

    assert flat == {"properties": {"a": size}}
    assert held["properties"]["a"] == node
    assert held["$defs"] == {"Node": node}
    assert fault(held) == ""


@pytest.mark.parametrize("broken", [{"pattern": "(["}, {"$ref": "#/nowhere"}, {"type": "strin"}])
def test_what_nothing_can_be_held_against_is_told_in_one_line(broken: dict[str, Any]) -> None:
    said = fault({"type": "object", "properties": {"a": broken}})

    assert said
    assert "\n" not in said
