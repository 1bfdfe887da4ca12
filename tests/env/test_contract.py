from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, TypedDict

import jsonschema_rs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsynth.env.adapters.contract import Means, tool, tool_of
from fastsynth.env.adapters.docs import read_doc
from fastsynth.env.adapters.results import plain
from fastsynth.env.adapters.schema import shape_of
from fastsynth.errors import ConfigError


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Leg(TypedDict):
    flight_id: Annotated[str, Means("flight_id")]
    price: float


class Answer(TypedDict):
    legs: list[Leg]
    by_city: dict[Annotated[str, Means("city")], Leg]


class Point(msgspec.Struct):
    x: int
    label: str = ""


@dataclass
class Pair:
    left: int
    right: int = 0


def test_every_kind_of_type_gives_its_schema() -> None:
    def f(
        a: int,
        b: float,
        c: Literal["x", "y"],
        d: Colour,
        e: list[int],
        f: dict[str, float],
        g: Point,
        h: Pair,
        i: Annotated[int, msgspec.Meta(ge=1, le=9)],
        j: str | None = None,
        k: bool = True,
    ) -> None: ...

    schema = tool_of(f, "part").parameters
    properties = schema["properties"]

    assert schema["required"] == ["a", "b", "c", "d", "e", "f", "g", "h", "i"]
    assert schema["additionalProperties"] is False
    assert properties["b"] == {"type": "number"}
    assert properties["c"] == {"type": "string", "enum": ["x", "y"]}
    assert properties["d"]["enum"] == ["red", "blue"]
    assert properties["e"] == {"type": "array", "items": {"type": "integer"}}
    assert properties["f"]["additionalProperties"] == {"type": "number"}
    assert properties["g"]["required"] == ["x"]
    assert properties["h"]["required"] == ["left"]
    assert properties["i"] == {"type": "integer", "minimum": 1, "maximum": 9}
    assert properties["j"] == {"type": "string"}
    assert properties["k"] == {"type": "boolean", "default": True}


def test_concepts_are_found_wherever_they_stand_in_a_result() -> None:
    def f(city: Annotated[str, Means("city")], ids: list[Annotated[str, Means("id")]]) -> Answer:
        raise NotImplementedError

    made = tool_of(f, "part")

    assert made.takes == {"city": "city", "ids[]": "id"}
    assert made.gives == {
        "legs[].flight_id": "flight_id",
        "by_city{}": "city",
        "by_city{*}.flight_id": "flight_id",
    }


@pytest.mark.parametrize(
    "text",
    [
        "Sum up.\n\nArgs:\n  a (int): First\n    number.\n  b: Second.\n\nReturns:\n  c: No.",
        "Sum up.\n\nParameters\n----------\na : int\n  First\n  number.\nb : int\n  Second.\n",
        "Sum up.\n\n:param int a: First number.\n:param b: Second.\n:returns: c: no",
        "Sum up.\n\n- a: First number.\n- b: Second.",
    ],
)
def test_docstrings_of_every_style_describe_parameters(text: str) -> None:
    doc = read_doc(text)

    assert doc.summary == "Sum up."
    assert {name: doc.parameters[name] for name in "ab"} == {"a": "First number.", "b": "Second."}
    assert "c" not in doc.parameters


def test_a_function_without_annotations_is_a_tool() -> None:
    def get_it(thing, count=3):  # type: ignore[no-untyped-def]
        return thing

    made = tool_of(get_it, "part")

    assert made.parameters["properties"] == {"thing": {}, "count": {"default": 3}}
    assert made.description == "get it"
    assert made.mutates is False


def test_only_a_reading_name_or_a_declaration_makes_a_tool_harmless() -> None:
    def process(x: int) -> int:
        return x

    assert tool_of(process, "p").mutates is True
    assert tool_of(tool(mutates=False)(process), "p").mutates is False


@pytest.mark.parametrize(
    ("name", "mutates"), [("check_status", False), ("check_out", True), ("check_in_guest", True)]
)
def test_a_check_in_or_out_is_no_look(name: str, mutates: bool) -> None:
    def process() -> None: ...

    assert tool_of(process, "p", name).mutates is mutates


def test_parameters_that_no_object_can_fill_are_refused() -> None:
    def f(*things: int) -> None: ...

    with pytest.raises(ConfigError, match="things"):
        tool_of(f, "p")


_TYPES: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(-(2**40), 2**40),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: st.text(max_size=8),
    bool: st.booleans(),
    list[int]: st.lists(st.integers(0, 9), max_size=3),
    dict[str, bool]: st.dictionaries(st.text(max_size=3), st.booleans(), max_size=3),
    Colour: st.sampled_from(Colour),
    Point: st.builds(Point, x=st.integers(0, 9), label=st.text(max_size=3)),
    Pair: st.builds(Pair, left=st.integers(0, 9)),
    int | None: st.one_of(st.none(), st.integers(0, 9)),
    tuple[int, str]: st.tuples(st.integers(0, 9), st.text(max_size=3)),
}


@given(st.data())
def test_a_value_of_a_type_fits_the_schema_of_that_type(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(list(_TYPES)))
    value = plain(data.draw(_TYPES[kind]))

    assert jsonschema_rs.Draft202012Validator(shape_of(kind).schema).is_valid(value)
