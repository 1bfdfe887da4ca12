"""Fields of record arguments that come from results, each with its provenance."""

from __future__ import annotations

from random import Random
from typing import NotRequired, TypedDict

from fastsynth.env.adapters.annotations import fields_of
from fastsynth.env.environment import Scenario, Thread, Tool
from fastsynth.method.graph.graph import ApiGraph
from fastsynth.method.graph.leaves import skeleton
from fastsynth.method.plan import Output, Step, User
from fastsynth.method.walk.memory import Memory
from fastsynth.method.walk.offers import Offers
from fastsynth.method.walk.records import compose

ORDER = {
    "type": "object",
    "properties": {
        "session_id": {"type": "string"},
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"gear_id": {"type": "string"}, "days": {"type": "integer"}},
                "required": ["gear_id", "days"],
            },
        },
    },
    "required": ["session_id", "lines"],
}
BOOK = Tool(
    name="book",
    description="Books.",
    part="studio",
    parameters={"type": "object", "properties": {}},
    result={"type": "object", "properties": {"session_id": {"type": "string"}}},
)
LIST = Tool(
    name="list_gear",
    description="Lists.",
    part="studio",
    parameters={"type": "object", "properties": {}},
    result={
        "type": "array",
        "items": {"type": "object", "properties": {"gear_id": {"type": "string"}}},
    },
)
PLACE = Tool(
    name="place",
    description="Orders.",
    part="studio",
    parameters={"type": "object", "properties": {"order": ORDER}, "required": ["order"]},
    result={},
)


class Studio:
    """As much of a domain as a graph asks for."""

    bounded = True
    opaque: frozenset[str] = frozenset()

    def __init__(self, *tools: Tool) -> None:
        self.tools = {tool.name: tool for tool in tools}


class Line(TypedDict):
    gear_id: str
    note: NotRequired[str]


def offers_after(*steps: Step) -> tuple[ApiGraph, Offers]:
    graph = ApiGraph(Studio(BOOK, LIST, PLACE), (), ())  # type: ignore[arg-type]
    scenario = Scenario(
        state={}, facts={}, thread=Thread(persona="", occasion=""), now="2026-03-02T09:00"
    )
    memory = Memory(graph, scenario)
    memory.begin_turn()
    for step in steps:
        memory.add(step)
    return graph, Offers(graph, memory, {})


BOOKED = Step(tool="book", arguments={}, sources={}, value={"session_id": "s-1"}, mutates=True)
LISTED = Step(tool="list_gear", arguments={}, sources={}, value=[{"gear_id": "g-7"}])


def test_each_id_of_a_record_comes_from_a_result_and_the_rest_is_said() -> None:
    graph, offers = offers_after(BOOKED, LISTED)
    picked = compose(offers, graph.parameters["place"][0], None, Random(1))

    assert picked is not None
    record, sources = picked
    assert (record["session_id"], record["lines"][0]["gear_id"]) == ("s-1", "g-7")
    assert isinstance(sources["order.lines[0].days"], User)
    fed = sources["order.lines[0].gear_id"]
    assert isinstance(fed, Output)
    assert (fed.step, fed.path) == (1, "[0].gear_id")


def test_a_record_whose_id_no_result_has_is_not_made() -> None:
    graph, offers = offers_after(BOOKED)

    assert compose(offers, graph.parameters["place"][0], None, Random(1)) is None
    assert graph.givers("gear_id") == ["list_gear"]


def test_a_record_that_was_given_keeps_what_no_result_has() -> None:
    graph, offers = offers_after(BOOKED, LISTED)
    given = {"session_id": "?", "lines": [{"gear_id": "?", "days": 9}]}
    picked = compose(offers, graph.parameters["place"][0], given, Random(1))

    assert picked is not None
    assert picked[0] == {"session_id": "s-1", "lines": [{"gear_id": "g-7", "days": 9}]}
    assert given["session_id"] == "?"


def test_a_field_of_which_nothing_is_known_leaves_no_record() -> None:
    text = {"type": "object", "properties": {"zork": {"type": "string"}}}

    assert skeleton(text, "order", (), Random(1)) is None


def test_a_field_that_need_not_be_there_is_found_in_annotations_of_text() -> None:
    fields = fields_of(Line) or []

    assert [(field.name, field.required) for field in fields] == [
        ("gear_id", True),
        ("note", False),
    ]
