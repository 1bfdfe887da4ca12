"""What flows between calls and turns is read off the values."""

from __future__ import annotations

from quality_rows import ASKED, CANCEL, CARDS, FIND, HOLD, SIGN_IN, UNDONE, Made, row

from fastsynth.quality.flow import Connectedness, Necessity, OutputShare
from fastsynth.quality.scene import scene_of, telling
from fastsynth.records import Conversation


def ties(*rows: Conversation, orders: list[tuple[str, str]] | None = None) -> dict[str, int]:
    measure = Connectedness(orders or [])
    for one in rows:
        measure.add(scene_of(one))
    return dict(measure.ties)


def test_a_value_that_flows_ties_giver_and_taker() -> None:
    assert ties(row((ASKED, [FIND, HOLD]))) == {"value": 2}


def test_a_value_the_user_says_flows_from_nowhere() -> None:
    said = "Find flights from Porto to Oslo and hold fl_77x for two."

    assert ties(row((said, [FIND, HOLD]))) == {"none": 2}


def test_two_calls_about_one_thing_are_tied_by_entity() -> None:
    back: Made = ("find_flights", {"origin": "Oslo", "destination": "Rome"}, {"flights": []})

    assert ties(row((ASKED, [FIND, back]))) == {"entity": 2}


def test_a_log_in_is_tied_by_order_and_not_counted() -> None:
    said = row(("Show my cards, my PIN is 4711.", [SIGN_IN, CARDS]))
    measure = Connectedness([("sign_in", "list_cards")])
    measure.add(scene_of(said))
    (figure,) = measure.figures()

    assert measure.ties == {"order": 2}
    assert figure.value == 0.0
    assert ties(said) == {"none": 2}


def test_turns_of_one_call_are_not_asked() -> None:
    assert ties(row((ASKED, [FIND]))) == {}


def test_the_planned_source_ties_small_numbers_where_the_result_holds_them() -> None:
    give: Made = ("list_cards", {}, {"count": 2})
    take: Made = ("hold_flight", {"seats": 2}, {"hold_id": "ho_1"})
    planned = [[{}, {"seats": {"type": "output", "turn": 0, "step": 0, "path": "count"}}]]

    assert ties(row(("Hold for all.", [give, take]), sources=planned)) == {"value": 2}
    assert ties(row(("Hold for all.", [give, take]))) == {"none": 2}


def test_only_what_no_word_and_an_earlier_result_holds_counts_as_output() -> None:
    measure = OutputShare()
    measure.add(scene_of(row((ASKED, [FIND, HOLD]), (UNDONE, [CANCEL]))))

    assert (measure.outputs, measure.arguments) == (1, 3), "seats is small, one call is no flow"


def test_a_turn_that_needs_an_earlier_result_is_lost_without_it() -> None:
    needs = row((ASKED, [FIND, HOLD]), (UNDONE, [CANCEL]))
    told = row((ASKED, [FIND, HOLD]), ("Cancel hold ho_5512, plans changed.", [CANCEL]))
    measure = Necessity()
    measure.add(scene_of(needs))
    measure.add(scene_of(told))

    assert (measure.lost, measure.turns) == (1, 2)


def test_booleans_enums_and_numbers_under_three_digits_tell_nothing() -> None:
    silent = [True, None, "", 7, 42.0, -99, 0.5]

    assert not any(telling(value, {}) for value in silent)
    assert not telling("plans", {"enum": ["plans", "price"]})
    assert all(telling(value, {}) for value in ("Oslo", 100, 4.25, -250))
