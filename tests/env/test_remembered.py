"""Digests that are remembered are those that would be written."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fastsynth.env.adapters.canon import digest_of
from fastsynth.env.adapters.remembered import Remembered

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
STATES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=30,
)


class Half:
    """Tells its pickle half of what it is."""

    def __init__(self, shown: int, kept: int) -> None:
        self.shown, self.kept = shown, kept

    def __getstate__(self) -> dict[str, int]:
        return {"shown": self.shown}


@given(st.lists(STATES, min_size=1, max_size=5))
def test_a_remembered_digest_is_the_one_that_would_be_written(states: list[Any]) -> None:
    remembered = Remembered()

    for state in (*states, *deepcopy(states)):
        assert remembered.digest({"a": state}) == digest_of({"a": state})


def test_what_shares_or_holds_itself_is_told_apart() -> None:
    remembered, shared = Remembered(), [1]
    loop: list[Any] = []
    loop.append(loop)

    for state in ([shared, shared], [[1], [1]], loop, [[1, [1]], 1], [[True, [1]], 1.0]):
        assert remembered.digest(state) == digest_of(state)


def test_an_object_counts_with_all_its_attributes() -> None:
    remembered = Remembered()

    assert remembered.digest(Half(1, 2)) != remembered.digest(Half(1, 3))
