from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, NewType, TypedDict
from uuid import UUID

import jsonschema_rs
import msgspec
import pytest

from fastsynth.env.adapters.contract import tool_of
from fastsynth.env.adapters.given import Unfit, call, made_of, taken_by
from fastsynth.env.adapters.results import plain
from fastsynth.env.adapters.schema import shape_of


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1
    HIGH = 5


class Sort(Enum):
    BOLT = object()


class Point(NamedTuple):
    x: int
    on: date = date(2026, 1, 1)


@dataclass
class Address:
    city: str
    colour: Colour = Colour.RED


class Contact(TypedDict, total=False):
    when: datetime


class Line(msgspec.Struct, rename="camel"):
    part_name: str
    sizes: list[Level]


class Node(TypedDict):
    children: list["Node"]  # noqa: UP037 (it stands inside itself)


PartId = NewType("PartId", str)
MOMENT = datetime.fromisoformat("2026-03-02T09:00:00+01:00")
MADE: list[tuple[Any, Any, Any]] = [
    (Colour, "blue", Colour.BLUE),
    (Level, 5, Level.HIGH),
    (Sort, "BOLT", Sort.BOLT),
    (Literal[Colour.RED, 3], "red", Colour.RED),
    (Point, {"x": 1, "on": "2026-03-02"}, Point(1, date(2026, 3, 2))),
    (Address, {"city": "Ghent", "colour": "blue"}, Address("Ghent", Colour.BLUE)),
    (Contact, {"when": "2026-03-02T09:00:00+01:00"}, {"when": MOMENT}),
    (Line, {"partName": "hinge", "sizes": [1]}, Line("hinge", [Level.LOW])),
    (PartId, "P-1", "P-1"),
    (Annotated[Decimal, "a price"], 2.5, Decimal("2.5")),
    (time, "09:30:00", time(9, 30)),
    (timedelta, "P2D", timedelta(days=2)),
    (UUID, "12345678-1234-5678-1234-567812345678", UUID(int=0x12345678123456781234567812345678)),
    (Path, "notes/a.txt", Path("notes/a.txt")),
    (set[Colour], ["blue"], {Colour.BLUE}),
    (tuple[int, date], [1, "2026-03-02"], (1, date(2026, 3, 2))),
    (Sequence[Address], [{"city": "Ghent"}], [Address("Ghent")]),
    (dict[Colour, date], {"red": "2026-03-02"}, {Colour.RED: date(2026, 3, 2)}),
    (Mapping[int, str], {"7": "x"}, {7: "x"}),
    (date | str, "tomorrow", "tomorrow"),
    (date | None, "2026-03-02", date(2026, 3, 2)),
    (Address | Point, {"x": 1}, Point(1)),
    (object, "x", "x"),
]


@pytest.mark.parametrize(("kind", "value", "made"), MADE)
def test_json_becomes_what_the_annotation_says_and_fits_its_schema(
    kind: Any, value: Any, made: Any
) -> None:
    found = made_of(kind, value)

    assert found == made
    assert type(found) is type(made)
    assert jsonschema_rs.Draft202012Validator(shape_of(kind).schema).is_valid(value)


@pytest.mark.parametrize(
    ("kind", "value", "words"),
    [
        (Colour, "green", 'it: "green", need one of: "red", "blue"'),
        (list[date], ["2026-03-02", "soon"], r'it\[1\]: "soon"'),
        (Address, {"city": "Ghent", "colour": 7}, "it.colour: 7"),
        (Decimal, "much", 'it: "much"'),
        (int | date, "soon", 'it: "soon"'),
    ],
)
def test_what_cannot_be_made_is_told_with_its_place(kind: Any, value: Any, words: str) -> None:
    with pytest.raises(Unfit, match=words):
        made_of(kind, value, "it")


@pytest.mark.parametrize(("kind", "value", "made"), MADE)
def test_what_was_made_is_the_same_json_again(kind: Any, value: Any, made: Any) -> None:
    again = made_of(kind, plain(made))

    assert again == made


def test_pydantic_models_are_read_and_made() -> None:
    pydantic = pytest.importorskip("pydantic")

    class Item(pydantic.BaseModel):  # type: ignore[name-defined, misc]
        part: str = pydantic.Field(description="Its name")
        count: Annotated[int, pydantic.Field(ge=1, le=9)] = 1
        colour: Colour = Colour.RED

    schema = shape_of(list[Item]).schema["items"]
    made = made_of(list[Item], [{"part": "hinge", "colour": "blue"}])

    assert schema["properties"]["part"] == {"type": "string", "description": "Its name"}
    assert schema["properties"]["count"] == {"type": "integer", "minimum": 1, "maximum": 9}
    assert schema["required"] == ["part"]
    assert made == [Item(part="hinge", colour=Colour.BLUE)]
    assert plain(made) == [{"part": "hinge", "count": 1, "colour": "blue"}]
    with pytest.raises(Unfit, match=r"^it.count: Input should be greater than or equal to 1$"):
        made_of(Item, {"part": "hinge", "count": 0}, "it")


def test_a_record_that_holds_itself_has_a_schema_that_ends() -> None:
    node = shape_of(Node).schema

    assert node["properties"]["children"]["items"] == {"type": "object"}


def test_an_annotation_nobody_can_resolve_spoils_no_other() -> None:
    def send(colour: Colour, parcel: NoSuchThing) -> str:  # type: ignore[name-defined]  # noqa: F821
        return f"{colour.name} {parcel}"

    properties = tool_of(send, "part").parameters["properties"]

    assert properties == {"colour": {"type": "string", "enum": ["red", "blue"]}, "parcel": {}}
    assert call(send, taken_by(send), {"colour": "red", "parcel": 3}) == "RED 3"


def test_numbers_of_an_enum_say_what_they_stand_for_beside_the_docstring() -> None:
    def rate(level: Level) -> None:
        """Rate it.

        Args:
            level: How high.
        """

    level = tool_of(rate, "part").parameters["properties"]["level"]

    assert level["description"] == "How high. (1 low, 5 high)"
