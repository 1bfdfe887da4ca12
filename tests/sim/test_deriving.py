"""Arguments said in words where no phrase bank knows the tool."""

from __future__ import annotations

from fastsynth.sim.teacher.deriving import alone, by, detail, fit, led
from fastsynth.sim.teacher.words import plural, thing


def test_numbers_are_told_as_amounts_or_as_measures() -> None:
    assert detail("servings", 15, "15") == "15 servings"
    assert detail("annual_rate", 4.5, "4.5") == "an annual rate of 4.5"
    assert detail("radius", 5, "5") == "a radius of 5"


def test_a_text_of_several_small_words_is_quoted() -> None:
    assert detail("text", "please call back", "please call back") == 'the text "please call back"'
    assert detail("title", "Missing cabinets", "Missing cabinets") == "the title Missing cabinets"


def test_names_that_begin_with_a_preposition_tie_themselves_on() -> None:
    assert led("from_unit", "kg") == " from kg"
    assert led("starts_at", "14:30") == " at 14:30"
    assert led("radius", "5") == ""


def test_what_is_searched_by_is_what_was_given() -> None:
    search = "search the catalogue by author or title"

    assert by(search, {"author": "Harper Lee"})[0] == "search the catalogue by author Harper Lee"
    assert by(search, {})[0] == "search the catalogue"
    assert by("find a member by full name", {"name": "Bo"})[0] == "find a member called Bo"
    assert by("sort the list by price", {}) == ("sort the list by price", [])


def test_a_phrase_is_not_put_before_a_possessive() -> None:
    assert fit("find out a city's people", "city", "Oslo") == "find out Oslo's people"
    assert fit("find out a city's people", "city", "the city for Norway") is None


def test_a_verb_alone_has_an_object() -> None:
    assert alone("list") == "list everything"
    assert alone("undo") == "undo"


def test_the_plural_is_made_of_the_noun_and_not_of_what_is_said_of_it() -> None:
    assert plural("person filed under friend") == "people filed under friend"
    assert thing("sessions[].starts_at") == "start time"
    assert plural("stock in that sector") == "stocks in that sector"
