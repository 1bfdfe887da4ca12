"""What is held out shares no initial state, twin or order of calls with what is trained on."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up_rows import row as made_up

from fastsynth.errors import ConfigError
from fastsynth.records import Call, Conversation
from fastsynth.store.exports.split import held_out


def row(number: int, state: int, twin: str, tools: tuple[str, ...]) -> Conversation:
    return msgspec.structs.replace(
        made_up(number),
        id=f"r-{number}",
        scenario=json.dumps(state),
        twin=twin,
        ground_truth=(tuple(Call(name=name, arguments="{}") for name in tools),),
    )


@st.composite
def some_rows(draw: st.DrawFn) -> list[Conversation]:
    kinds = st.tuples(
        st.integers(0, 60), st.sampled_from(["", "", "a", "b"]), st.tuples(st.sampled_from("xyz"))
    )
    drawn = draw(st.lists(kinds, min_size=20, max_size=40))
    few = [
        row(n, state, twin, (*tools, str(n) if n % 3 else ""))
        for n, (state, twin, tools) in enumerate(drawn)
    ]
    return [*few, row(len(few), 777, "", ("alone",))]


@given(some_rows(), st.floats(0.1, 0.6))
def test_no_side_knows_what_the_other_holds(rows: list[Conversation], share: float) -> None:
    held = held_out(rows, share)

    sides = [[r for r in rows if (r.id in held) is side] for side in (True, False)]
    for told in (
        lambda r: r.scenario,
        lambda r: r.ground_truth,
        lambda r: r.twin or r.id,
    ):
        inner, outer = ({told(r) for r in side} for side in sides)
        assert inner & outer == set()
    assert 0 < len(held) <= round(share * len(rows))
    assert held_out(list(reversed(rows)), share) == held


def test_a_state_that_all_share_keeps_nothing_together() -> None:
    rows = [row(number, 1, "", (f"tool{number}",)) for number in range(20)]

    assert len(held_out(rows, 0.25)) == 5


def test_rows_that_are_all_alike_are_one_line() -> None:
    rows = [row(number, number % 2, "t", ("tool",)) for number in range(10)]

    with pytest.raises(ConfigError, match=r"--val-share: 0.5, need room for 10 of 10 rows") as told:
        held_out(rows, 0.5)

    assert "\n" not in str(told.value)
