"""How many words a message takes at least, before it is written."""

from __future__ import annotations

from fastsynth.method.plan import Choice, Goal, Output, Step, Turn, User
from fastsynth.method.wording import spoken, worded


def turn(source: Output | User) -> Turn:
    steps = (
        Step(tool="find", arguments={"city": "Oslo"}, sources={"city": User()}, value={"id": 1}),
        Step(tool="book", arguments={"room_id": "r1"}, sources={"room_id": source}, value="ok"),
    )
    goals = (Goal(step=1, effect=True),)
    return Turn(number=0, kind="base", target="book", steps=steps, goals=goals, digest="")


def test_what_is_referred_to_takes_words_too() -> None:
    cheapest = Choice(by="lowest", field="rooms[].price", words="cheapest")
    referred = turn(Output(turn=0, step=0, path="rooms[0].id", choice=cheapest))
    plain = turn(Output(turn=0, step=0, path="rooms[0].id"))

    assert worded(referred) > worded(plain)
    assert spoken(referred) == spoken(plain)
