"""What is inferred of a state's form holds for its like, and for nothing else."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsynth.method.scenarios.shapes import shape_of
from fastsynth.method.script import Brief
from fastsynth.records import canonical
from fastsynth.sim.teacher.varying import draft_states

NAMED = [["gold", "silver"], ["north", "south"]]
SHOP: dict[str, Any] = {
    "customers": {
        "C-104": {"name": "Ada Novak", "tier": "gold", "since": "2024-05-01", "credit": 12.5},
        "C-117": {"name": "Omar Haddad", "tier": "silver", "since": "2023-11-20", "credit": 0.0},
    },
    "orders": [{"id": "O-9001", "customer": "C-104", "items": ["Blue Lamp"], "paid": True}],
    "refunds": ["O-9001"],
    "notes": [],
    "prices": {"north": 4, "south": 6},
}
SHAPE = shape_of([SHOP], NAMED)


def changed(*path: Any, to: Any) -> Any:
    """The shop with one place changed."""
    state = copy.deepcopy(SHOP)
    here = state
    for step in path[:-1]:
        here = here[step]
    here[path[-1]] = to
    return state


def test_a_mapping_with_ids_for_keys_is_told_from_a_record() -> None:
    properties = SHAPE.schema["properties"]

    assert properties["customers"]["propertyNames"] == {"pattern": r"^C-\d{3}$"}
    assert properties["prices"]["required"] == ["north", "south"]


def test_what_refers_to_what_is_found() -> None:
    assert dict(SHAPE.references) == {
        "orders[].customer": "customers{}",
        "refunds[]": "orders[].id",
    }


@pytest.mark.parametrize(
    ("state", "place"),
    [
        (changed("orders", 0, "customer", to="C-999"), "orders[].customer"),
        (changed("customers", "C-104", "tier", to="bronze"), "customers.C-104.tier"),
        (changed("customers", "C-104", "since", to="May 1st"), "customers.C-104.since"),
        (changed("customers", "C-104", "credit", to=-1), "customers.C-104.credit"),
        (changed("notes", to=["call back"]), "notes"),
        (changed("extra", to=1), "the state"),
    ],
)
def test_a_state_of_another_form_is_refused_with_its_place(state: Any, place: str) -> None:
    (fault,) = SHAPE.faults(state)

    assert fault.startswith(f"{place}: ")


def test_names_are_what_is_proper_to_one_state() -> None:
    assert SHAPE.names(SHOP) == {"Ada Novak", "Omar Haddad", "Blue Lamp"}


@given(st.integers(0, 2**63))
def test_the_scripted_writer_keeps_the_form_and_changes_the_names(seed: int) -> None:
    brief = Brief(example=canonical(SHOP), named=(("gold", "silver"), ("north", "south")), count=2)

    one, other = draft_states(brief, seed).states

    for state in (one, other):
        assert list(SHAPE.faults(state)) == []
        assert not SHAPE.names(state) & SHAPE.names(SHOP)
    assert one != other
    assert draft_states(brief, seed).states == (one, other)


words = st.text("ABCabc123-.", min_size=1, max_size=5)
states = st.dictionaries(
    words,
    st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | st.floats(0, 9) | words,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
        max_leaves=8,
    ),
    max_size=4,
)


@given(st.lists(states, min_size=1, max_size=3))
def test_every_example_has_the_form_that_is_inferred_from_it(examples: list[Any]) -> None:
    shape = shape_of(msgspec.json.decode(canonical(examples)), NAMED)

    assert [fault for example in examples for fault in shape.faults(example)] == []
