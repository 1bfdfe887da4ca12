from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastsynth.packed as packed_module
from fastsynth.env.worlds.domain import world
from fastsynth.method.plan import Step, Turn, User
from fastsynth.packed import Packed

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=40,
)


@given(JSON)
def test_what_is_opened_equals_what_was_put_away(value: Any) -> None:
    assert Packed(value).open() == value
    assert Packed([value] * 300).open() == [value] * 300


def test_where_much_is_held_a_scenario_takes_a_fraction_of_its_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(packed_module, "FREELY", 0)
    scenario = world().draw(["travel", "wallet", "messages"], Random(1))
    packed = Packed(scenario)

    assert packed.open() == scenario
    assert len(packed._bytes) < 6000


def test_bytes_held_uncompressed_are_counted_until_they_are_let_go() -> None:
    before = Packed.freely
    packed = Packed(["x" * 5000])
    held = Packed.freely - before
    del packed

    assert held > 5000
    assert Packed.freely == before


def test_a_plan_comes_back_with_the_types_it_had() -> None:
    values = [1, 1.0, True, None, "1", {"1": [1]}]
    step = Step(tool="t", arguments={"n": 1.0}, sources={"n": User()}, value=values)
    turn = Turn(number=0, kind="base", target="t", steps=(step,), goals=(), digest="")

    assert repr(Packed(turn).open()) == repr(turn)


def test_each_opening_gives_a_copy_of_its_own() -> None:
    packed = Packed({"a": [1]})
    packed.open()["a"].append(2)

    assert packed.open() == {"a": [1]}


def test_what_is_no_plain_data_is_held_as_it_is() -> None:
    def local() -> None: ...

    assert Packed(local).open() is local
