"""A wish says what its call takes, whether the user knows the value or a result holds it."""

from __future__ import annotations

from fastsynth import seeds
from fastsynth.env.environment import Thread
from fastsynth.method.plan import Goal, Output, Step, Turn, User
from fastsynth.method.script import Script, Style
from fastsynth.sim.teacher import bank
from fastsynth.sim.teacher.asking import write_query

ROOT = Step(
    tool="square_root",
    arguments={"number": 16.0},
    sources={"number": User()},
    value={"result": 4.0},
)
ADDED = Step(
    tool="add",
    arguments={"a": 4.0, "b": 12.0},
    sources={"a": Output(turn=0, step=0, path="result"), "b": User()},
    value={"result": 16.0},
)


def test_an_operand_that_is_a_result_is_referred_to() -> None:
    goals = (Goal(step=1, effect=False, paths=("result",)),)
    turn = Turn(number=0, kind="base", target="add", steps=(ROOT, ADDED), goals=goals, digest="")
    thread = Thread(persona="a baker", occasion="adding up")
    said = [
        write_query(
            Script(
                purpose="query",
                seed=seed,
                turns=(turn,),
                thread=thread,
                now="2026-03-02T09:00+01:00",
                style=Style(),
            ),
            bank.load(),
            seeds.derive(seed, "query"),
        ).query
        for seed in range(40)
    ]

    assert all("root" in text for text in said)
