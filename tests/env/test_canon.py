"""Digests of live state: pieces known from earlier states change nothing."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fastsynth.env.adapters.canon import Memo, digest_of, digest_of_texts, text_inside

LEAF = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5))
STATE = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(st.text(max_size=3), inner, max_size=4),
    ),
    max_leaves=30,
)


class Shelf:
    def __init__(self, things: Any) -> None:
        self.things = things
        self.twice = [things, things]


def remembered(state: Shelf, memo: Memo) -> str:
    held = {"shelf": state}
    return digest_of_texts({"shelf": text_inside(held, "shelf", frozenset(), memo)})


@settings(max_examples=60, deadline=None)
@given(st.lists(STATE, min_size=1, max_size=6))
def test_a_memo_of_other_states_leaves_every_digest_as_it_is(states: list[Any]) -> None:
    memo: Memo = {}

    digests = [remembered(Shelf(state), memo) for state in (*states, *states)]

    assert digests == [digest_of({"shelf": Shelf(state)}) for state in (*states, *states)]


def test_a_list_that_holds_itself_is_told_from_one_that_holds_its_like() -> None:
    memo: Memo = {}
    knot: list[Any] = [[0] * 300]
    knot.append(knot)
    like: list[Any] = [[0] * 300, knot]
    shelf = Shelf(knot)
    shelf.things = [shelf.twice, knot, like]
    shelf.twice.append(shelf.things)

    digests = [remembered(shelf, memo), remembered(Shelf(like), memo), remembered(shelf, memo)]

    assert digests == [digest_of({"shelf": held}) for held in (shelf, Shelf(like), shelf)]
    assert digests[0] != digests[1]


def test_equal_bytes_of_another_type_are_another_state() -> None:
    memo: Memo = {}

    first = remembered(Shelf([bytearray(b"x") * 300, 1]), memo)

    assert first != remembered(Shelf([b"x" * 300, 1]), memo)
    assert first != remembered(Shelf([bytearray(b"x") * 300, True]), memo)
