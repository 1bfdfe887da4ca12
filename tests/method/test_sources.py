"""Which values discovery tries where the calls do not suffice for all, and what names propose."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fastsynth.env.environment import Tool
from fastsynth.env.registry import open_domain
from fastsynth.method.discovery.probes import Point, Success
from fastsynth.method.discovery.proposals import ALIKE, alike, by_schema
from fastsynth.method.discovery.sources import Sources, form_of, share

TEXT = {"type": "string"}
POINT = Point(calls=(), snapshot=None, digest="")


def listed(kind: str, count: int = 4) -> tuple[Tool, Success]:
    """A list of so many things of a kind, and the call that gave it."""
    rows = [
        {"id": f"{kind.upper()}-{number}", "title": f"{kind} {number}"} for number in range(count)
    ]
    name = f"list_{kind}s"
    tool = Tool(name=name, description="", parameters={"type": "object"}, part="shop")
    run = Success(tool=name, arguments={}, value=rows, point=POINT, moved=False)
    return tool, run


def many(kinds: int) -> Sources:
    made = [listed(f"kind{chr(97 + n // 26)}{chr(97 + n % 26)}") for n in range(kinds)]
    return Sources([run for _, run in made], {tool.name: tool for tool, _ in made})


@given(st.lists(st.integers(0, 50), max_size=30), st.integers(0, 1000))
def test_shares_are_the_largest_that_all_calls_suffice_for(needs: list[int], left: int) -> None:
    most = share(needs, left)
    whole = sum(needs) <= left

    assert whole or sum(min(need, most) for need in needs) <= left
    assert (
        all(need <= most for need in needs)
        if whole
        else sum(min(need, most + 1) for need in needs) > left
    )


def test_all_values_are_tried_where_the_calls_suffice() -> None:
    sources = many(3)

    assert len(sources.nearest(("show", "id"), None, TEXT, 24)) == 24


def test_of_too_many_those_formed_like_one_that_works_come_first() -> None:
    near = many(300).nearest(("show", "number"), "KINDCD-77", TEXT, 8)

    assert [source.value for source in near] == [f"KINDCD-{number}" for number in range(4)]


def test_of_too_many_those_whose_names_speak_for_it_are_tried() -> None:
    near = many(300).nearest(("close_kindcd", "kindcd_title"), None, TEXT, 8)

    assert {source.place for source in near[:4]} == {("list_kindcds", "[].title")}


def test_forms_differ_by_letters_and_not_by_digits() -> None:
    assert form_of("CUS-1402") == form_of("CUS-7") != form_of("ORD-1402")


def test_no_like_name_is_missed_by_looking_among_shared_words_only() -> None:
    tools = open_domain("world").tools
    every = {
        (edge.producer, edge.path, edge.consumer, edge.parameter) for edge in by_schema(tools, {})
    }
    places = [(name, p) for name, tool in tools.items() for p in tool.parameters["properties"]]
    givers = {(edge.producer, edge.path) for edge in by_schema(tools, {})}

    assert every
    for giver in givers:
        for place in places:
            proposed = (*giver, *place) in every
            assert not proposed or alike(giver, place) >= ALIKE
