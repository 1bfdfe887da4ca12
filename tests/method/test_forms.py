from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsynth.method.forms import alike, normal, stands_in, told_as, without_noise

TEXTS = st.text(st.sampled_from("aZ1 9.,:/+-%_'’\u00a0\u202f\n\té²٣–")) | st.text()


def defined(text: str) -> str:
    """`normal` as it is meant: slower, each rule for itself."""
    text = text.lower().replace("’", "'").replace("_", " ")
    text = re.sub(r"(?<=\d)[, ](?=\d{3}(?!\d))", "", text)
    text = re.sub(r"[^\w.%/:+-]+|(?<!\d)[.:/+-]|[.:/+-](?!\w)", " ", text)
    return f" {' '.join(text.split())} "


@given(TEXTS)
def test_text_is_compared_as_its_rules_say(text: str) -> None:
    assert normal(text) == defined(text)


def test_numbers_dates_and_times_keep_their_marks() -> None:
    assert (
        normal("Pay €1,250.50 on 3/4 at 09:30, please.") == " pay 1250.50 on 3/4 at 09:30 please "
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (209.32999999999998, "The total is 209.33."),
        (10437.599999999999, "It makes 10,437.60."),
        (284.50718014762924, "That is 284.51."),
        (116.59787411419664, "You are doing 116.6 kilometers an hour."),
        (8.664964472904666, "It is 8.66%."),
        (0.154815673828125, "It is 0.155."),
        (1234.5, "You have $1,234.50."),
        (1234.5, "You have $1,234.5."),
        (0.12, "It takes 12% of it."),
        (0.12, "It takes 12 percent of it."),
        (12, "It is 12%."),
    ],
)
def test_a_number_is_told_as_a_person_says_it(value: float, said: str) -> None:
    assert stands_in(value, normal(said), rounded=True)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (209.32999999999998, "The total is 209.32."),
        (284.50718014762924, "That is 285."),
        (119.91, "It costs 119.9."),
        (0.9259, "The rate is 0.93."),
        (0.154815673828125, "It is 0.2."),
        (1234.5, "You have 1,235."),
    ],
)
def test_another_number_is_none_of_its_roundings(value: float, said: str) -> None:
    assert not stands_in(value, normal(said), rounded=True)


def test_what_binary_fractions_leave_behind_is_no_other_number() -> None:
    assert alike(209.32999999999998, 209.33)
    assert not alike(209.34, 209.33)
    assert without_noise('{"result":209.32999999999998,"n":3}') == '{"result":209.33,"n":3}'


@given(st.floats(-1e9, 1e9, allow_nan=False))
def test_the_told_number_is_one_that_may_stand_for_the_value(value: float) -> None:
    assert stands_in(value, normal(repr(told_as(value))), rounded=True)
    assert abs(told_as(value) - value) <= max(0.0051, 1e-9 * abs(value))
