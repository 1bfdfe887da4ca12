"""Messages of about as many words as wanted: when one is asked for again, and which is taken."""

from __future__ import annotations

import pytest

from fastsynth.method.plan import Goal, Step, Turn, User
from fastsynth.method.query.guards import length_fault, nearer


def turn_telling(value: str) -> Turn:
    step = Step(tool="note", arguments={"text": value}, sources={"text": User()}, value={})
    goals = (Goal(step=0, effect=True),)
    return Turn(number=0, kind="base", target="note", steps=(step,), goals=goals, digest="")


def reason(words: int, wanted: int, value: str = "milk") -> str:
    fault = length_fault(turn_telling(value), " ".join(["w"] * words), wanted)
    return fault.reason if fault else ""


@pytest.mark.parametrize(
    ("words", "wanted", "expected"),
    [
        (40, 0, ""),
        (9, 5, ""),
        (10, 5, "far_too_long"),
        (18, 12, ""),
        (30, 12, "far_too_long"),
        (20, 45, "far_too_short"),
        (25, 45, ""),
    ],
)
def test_only_a_message_far_off_is_asked_for_again(words: int, wanted: int, expected: str) -> None:
    assert reason(words, wanted) == expected


def test_what_has_to_be_said_may_take_its_words() -> None:
    assert reason(30, 8, "w " * 16) == ""


def test_the_nearer_of_two_is_taken_and_the_first_of_equals() -> None:
    assert nearer("a b c d e f", "a b c", 4) == "a b c"
    assert nearer("a b c", "a b c d e", 4) == "a b c"
