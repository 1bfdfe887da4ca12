from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from fastsynth.env.adapters.samples import samples
from fastsynth.env.schemas import fault, inlined, simple, unrolled, validator


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


TREE = {
    "type": "object",
    "properties": {
        "name": {"enum": ["root", "leaf"]},
        "children": {"type": "array", "items": {"$ref": "#/$defs/Tree"}},
    },
    "required": ["name", "children"],
}
SUM = {
    "anyOf": [
        {"type": "integer", "minimum": 3},
        {"type": "object", "properties": {"of": {"$ref": "#/$defs/Sum"}}, "required": ["of"]},
    ]
}
PARAMETERS = {
    "type": "object",
    "properties": {"tree": {"$ref": "#/$defs/Tree"}, "sum": {"$ref": "#/$defs/Sum"}},
    "$defs": {"Tree": TREE, "Sum": SUM},
}


@pytest.mark.parametrize("name", ["tree", "sum"])
@pytest.mark.parametrize("read", [dict, inlined])
def test_values_are_drawn_of_a_schema_that_holds_itself(name: str, read: Any) -> None:
    found = samples(simple(unrolled(read(PARAMETERS))[name]))

    assert found
    assert all(validator(PARAMETERS).is_valid({name: value}) for value in found)


def test_records_that_hold_one_another_without_end_have_no_values() -> None:
    pair = {"type": "object", "properties": {"a": {"$ref": "#/$defs/P"}}, "required": ["a"]}

    drawn = unrolled({"properties": {"p": {"$ref": "#/$defs/P"}}, "$defs": {"P": pair}})

    assert samples(drawn["p"]) == []


@pytest.fixture
def address() -> Iterator[str]:
    """A server that has a schema to give to whoever asks."""

    class Schema(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            return None

    with http.server.HTTPServer(("127.0.0.1", 0), Schema) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/schema.json"
        server.shutdown()


def test_a_schema_of_elsewhere_is_named_and_not_fetched(address: str) -> None:
    said = fault({"properties": {"a": {"$ref": address}}})

    assert said == f"it refers to {address}, and nothing is fetched"
    with pytest.raises(ValueError, match="is not fetched"):
        validator({"$ref": address})


def test_a_schema_cannot_have_a_file_of_this_machine_read(tmp_path: Any) -> None:
    file = tmp_path / "schema.json"
    file.write_text("{}")

    assert "nothing is fetched" in fault({"$ref": file.as_uri()})
