"""References and superlatives name exactly one object among all that the model will see."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from method_stage import domain, graph, job, planned

from fastsynth.method.plan import Choice, Goal, Output, Provenance, Step, Turn
from fastsynth.method.query.guards import query_fault
from fastsynth.method.script import QueryDraft
from fastsynth.method.walk.choice import Elements, candidates
from fastsynth.method.walk.reference import ambiguous

FIELDS = {"airline": "Blue Heron", "fare": "FLEX", "price": 100.0}


def search(*flights: dict[str, Any]) -> Step:
    """A search for flights that found these; ids are F0, F1, ..."""
    found = [{"flight_id": f"fl_{n}xyz", **FIELDS, **own} for n, own in enumerate(flights)]
    return Step(tool="search_flights", arguments={}, sources={}, value={"flights": found})


def hold(flight: str, source: Provenance) -> Step:
    return Step(
        tool="get_fare_rules",
        arguments={"flight_id": flight},
        sources={"flight_id": source},
        value={},
    )


def turn(number: int, *steps: Step) -> Turn:
    return Turn(number=number, kind="base", target="", steps=steps, goals=(), digest="")


def fit(choice: Choice, step: Step) -> list[str]:
    tool = domain().tools["search_flights"]
    return candidates(tool, choice, step, "flights[0].flight_id")


def named(field: str, value: str) -> Choice:
    return Choice(by="named", field=f"flights[].{field}", words=value, value=value)


CHEAPEST = Choice(by="lowest", field="flights[].price", words="cheapest")


def test_a_name_that_is_part_of_another_fits_both() -> None:
    found = search({"fare": "FLEX"}, {"fare": "LITE FLEX"})

    assert fit(named("fare", "FLEX"), found) == ["flights[0]", "flights[1]"]
    assert fit(named("fare", "LITE FLEX"), found) == ["flights[1]"]


def test_a_name_in_another_case_or_field_is_the_same_name() -> None:
    assert len(fit(named("fare", "Flex"), search({"fare": "Flex"}, {"fare": "FLEX"}))) == 2
    assert len(fit(named("fare", "Basic"), search({"fare": "Basic"}, {"airline": "Basic"}))) == 2


def test_a_superlative_that_two_share_fits_both() -> None:
    assert fit(CHEAPEST, search({"price": 9.0}, {"price": 9.0}, {})) == ["flights[0]", "flights[1]"]
    assert fit(CHEAPEST, search({}, {"price": 9.0})) == ["flights[1]"]


def test_the_only_one_has_no_rival() -> None:
    assert fit(Choice(by="only"), search({})) == ["flights[0]"]
    assert len(fit(Choice(by="only"), search({}, {}))) == 2


def test_words_that_fit_two_are_never_offered() -> None:
    found = search({"fare": "FLEX", "price": 120.0}, {"fare": "LITE FLEX"})
    offered = Elements(graph(), found, "flights[]").choices("flights[0]", "flights[0].flight_id")

    assert "FLEX" not in [choice.words for choice in offered if choice]
    assert "most expensive" in [choice.words for choice in offered if choice]


def test_a_turn_is_ambiguous_where_its_words_fit_another_thing() -> None:
    output = Output(turn=0, step=0, path="flights[0].flight_id", choice=named("fare", "FLEX"))
    clear = search({"fare": "FLEX"}, {"fare": "LITE"})
    unclear = search({"fare": "FLEX"}, {"fare": "LITE FLEX"})

    assert ambiguous(graph(), turn(0, clear, hold("fl_0xyz", output)), ()) == ""
    assert "FLEX fits 2" in ambiguous(graph(), turn(0, unclear, hold("fl_0xyz", output)), ())


def test_the_wrong_element_is_found_as_well() -> None:
    output = Output(turn=0, step=0, path="flights[1].flight_id", choice=named("fare", "FLEX"))
    found = search({"fare": "FLEX"}, {"fare": "LITE"})

    assert ambiguous(graph(), turn(0, found, hold("fl_1xyz", output)), ()) != ""


def test_an_earlier_turns_thing_is_held_against_all_that_was_seen() -> None:
    before = (
        turn(0, search({"fare": "FLEX", "flight_id": "fl_aaa"})),
        turn(1, search({"fare": "FLEX"}, {"fare": "LITE"})),
    )
    output = Output(turn=1, step=0, path="flights[0].flight_id", choice=named("fare", "FLEX"))
    latest = msgspec.structs.replace(output, choice=Choice(by="only"))
    asked = turn(2, hold("fl_0xyz", output))

    assert "FLEX fits 2 seen before" in ambiguous(graph(), asked, before)
    assert ambiguous(graph(), asked, (turn(0), before[1])) == ""
    assert "fits 3" in ambiguous(graph(), turn(2, hold("fl_0xyz", latest)), before)


def test_a_choice_of_an_earlier_turn_is_said_now_or_was_before() -> None:
    output = Output(turn=0, step=0, path="flights[0].flight_id", choice=CHEAPEST)
    asked = msgspec.structs.replace(
        turn(1, hold("fl_0xyz", output)), goals=(Goal(step=0, effect=False),)
    )
    draft = QueryDraft(query="Tell me the rules of that flight.", asks=("Tell me the rules",))

    unsaid = query_fault(asked, draft, "Flights to Rome? There are two.", ())
    said = query_fault(asked, draft, "Which flight is the cheapest? SkyBridge.", ())

    assert unsaid is not None
    assert unsaid.reason == "choice_not_said"
    assert said is None


@pytest.mark.anyio
@pytest.mark.parametrize("name", ["world", "bfcl"])
@pytest.mark.parametrize("stratum", ["base", "merged", "split", "missing_parameter"])
async def test_no_plan_holds_an_ambiguous_reference(name: str, stratum: str) -> None:
    references = 0
    for number in range(24 if stratum == "base" else 8):
        async with planned(job(number, stratum), name) as (plan, _):
            for place, one in enumerate(plan.turns):
                outputs = [s for step in one.as_asked().steps for s in step.sources.values()]
                references += sum(isinstance(source, Output) for source in outputs)

                assert ambiguous(graph(name), one.as_asked(), plan.turns[:place]) == ""
    assert references >= 8
