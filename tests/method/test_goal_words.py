"""Goals in words name what is wanted, also where a result has no field to name."""

from __future__ import annotations

import pytest

from fastsynth.env.environment import Tool
from fastsynth.method.plan import Goal, Step, Turn
from fastsynth.method.wording import goal_text

TOOL = Tool(name="list_colours", description="List the colours.", parameters={}, part="paint")


@pytest.mark.parametrize(
    ("places", "told"),
    [
        (("[0]", "[1]"), "what it returns"),
        (("",), "what it returns"),
        (("names[0]", "names[1]"), "names"),
        (("[0].price_eur",), "price eur"),
    ],
)
def test_what_is_to_be_told_is_in_words(places: tuple[str, ...], told: str) -> None:
    step = Step(tool="list_colours", arguments={}, sources={}, value=None)
    goal = Goal(step=0, effect=False, paths=places)
    turn = Turn(number=0, kind="base", target="", steps=(step,), goals=(goal,), digest="")

    assert goal_text({"list_colours": TOOL}, turn, goal) == (
        f"List the colours: to be told: {told}"
    )
