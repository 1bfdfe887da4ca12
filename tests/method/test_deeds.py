"""Descriptions of every form become clauses that a person could say after "could you"."""

from __future__ import annotations

import pytest

from fastsynth.method.deeds import deed, found_by


@pytest.mark.parametrize(
    ("description", "clause"),
    [
        ("Books a seat. Needs a flight.", "book a seat"),
        ("The capital of a country.", "find out the capital of a country"),
        ("A city's country and people", "find out a city's country and people"),
        ("How many people live in a city.", "find out how many people live in a city"),
        ("Cities of a country", "find out the cities of a country"),
        ("Celsius for an oven temperature", "find out the celsius for an oven temperature"),
        ("Area and circumference of a circle", "find out the area and circumference of a circle"),
        ("Returns the sum of weights", "find out the sum of weights"),
        ("Lists the gear for hire, of one kind if given", "list the gear for hire"),
        ("All books a member has out", "list all books a member has out"),
        ("Monthly payment of a loan", "find out the monthly payment of a loan"),
        ("This tool allows you to book a seat", "book a seat"),
        ("Navigates to the destination", "navigate to the destination"),
        ("Looks up a user (by id)", "look up a user"),
        ("Carries out a task", "carry out a task"),
        ("Orders gear and gives the invoice", "order gear"),
        ("Frobnicates the widget", "frobnicate the widget"),
    ],
)
def test_a_description_becomes_an_imperative(description: str, clause: str) -> None:
    assert deed(description) == clause


def test_a_tool_named_after_giving_back_gives_back() -> None:
    assert deed("Returns a book", "return_book") == "return a book"
    assert deed("Returns a book", "get_book") == "find out a book"


def test_only_a_thing_with_a_name_is_what_a_value_is_called() -> None:
    assert found_by(deed("The sum of weights")) == "the sum of weights"
    assert found_by(deed("How many people there are")) == ""
    assert found_by(deed("Book a seat")) == ""
