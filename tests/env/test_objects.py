from __future__ import annotations

import copy
import gc
import pickle
import weakref
from collections import deque
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsynth.env.adapters import held
from fastsynth.env.adapters.canon import digest_of
from fastsynth.env.adapters.objects import ObjectEnvironment, error_key, raised
from fastsynth.env.adapters.results import plain
from fastsynth.env.environment import Observation, Tool
from fastsynth.errors import EnvironmentBroken

_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=6)
)
_STATES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=20,
)
_JSON = st.recursive(
    st.one_of(st.none(), st.integers(-(2**63), 2**64 - 1), st.floats(-1e9, 1e9), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=20,
)


class Folder:
    def __init__(self, name: str, parent: Folder | None = None) -> None:
        self.name = name
        self.parent = parent
        self.children: dict[str, Folder] = {}

    def make(self, name: str) -> Folder:
        return self.children.setdefault(name, Folder(name, self))


class Desk:
    """An object with what is hard to keep: a cycle, a generator, a clock, a shared list."""

    def __init__(self, names: list[str]) -> None:
        self.root = Folder("root")
        self.here = self.root
        self.dice = Random(7)
        self.clock = 0
        self.log: list[Any] = []
        for name in names:
            self.root.make(name)

    def go(self, name: str) -> dict[str, Any]:
        self.clock += 1
        if name not in self.here.children:
            return {"error": f"no folder {name}"}
        self.here = self.here.children[name]
        return {"here": self.here.name}

    def roll(self) -> int:
        return self.dice.randint(1, 6)

    def tick(self) -> int:
        self.clock += 1
        return self.clock

    def show_log(self) -> list[Any]:
        return self.log

    def fail(self) -> None:
        raise ValueError("the rule NEVER forbids this")


class DeskPart:
    name = "desk"
    ignored = frozenset(("clock",))
    tools: Mapping[str, Tool] = {
        name: Tool(name=name, description=name, parameters={"type": "object"}, part="desk")
        for name in ("go", "roll", "tick", "show_log", "fail")
    }

    def build(self, config: Any, objects: Mapping[str, object]) -> object:
        return Desk(config["names"])

    def observe(self, value: Any) -> Observation:
        return error_key(value)

    def fault(self, error: Exception) -> Observation:
        return raised(error)

    def known(self, live: Any) -> Mapping[str, Sequence[Any]]:
        return {"folder": list(live.here.children)}


async def opened(names: Sequence[str] = ("a", "b")) -> ObjectEnvironment:
    environment = ObjectEnvironment([DeskPart()])
    await environment.reset({"desk": {"names": list(names)}})
    return environment


@given(_STATES)
def test_a_copy_has_the_digest_of_its_original(state: Any) -> None:
    assert digest_of(state) == digest_of(copy.deepcopy(state))
    assert digest_of(state) == digest_of(pickle.loads(pickle.dumps(state)))


@given(_STATES, _STATES)
def test_different_states_have_different_digests(one: Any, other: Any) -> None:
    assert (digest_of(one) == digest_of(other)) == (_kinds(one) == _kinds(other))


def _kinds(value: Any) -> Any:
    """A value in which 1, 1.0 and True are three different things."""
    if isinstance(value, dict):
        return {name: _kinds(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_kinds(item) for item in value]
    return type(value).__name__, value


def test_integers_and_floats_and_booleans_are_kept_apart() -> None:
    assert len({digest_of(value) for value in (1, 1.0, True, "1", [1], (1,), {"1": 1})}) == 7


def test_mapping_and_set_order_does_not_count() -> None:
    assert digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    assert digest_of({"x", "y", "z"}) == digest_of({"z", "y", "x"})
    assert digest_of({1: "a", (2, 3): "b"}) == digest_of({(2, 3): "b", 1: "a"})


def test_what_has_no_attributes_counts_too() -> None:
    assert digest_of(deque([1, 2])) != digest_of(deque([2, 1]))
    assert digest_of(Random(1)) != digest_of(Random(2))


@given(_JSON)
def test_a_json_value_is_its_own_result(state: Any) -> None:
    assert plain(state) == state


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1, object(), {(1, 2): 3}, lambda: 0])
def test_what_json_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        plain([value])


def test_what_json_has_no_word_for_becomes_what_it_has() -> None:
    odd = (float("nan"), float("inf"), {"b", "a"}, (1, 2))

    assert plain(odd) == [None, None, ["a", "b"], [1, 2]]


@pytest.mark.anyio
async def test_two_resets_give_one_digest() -> None:
    environment = await opened()
    first = await environment.digest()
    await environment.call("go", {"name": "a"})
    await environment.reset({"desk": {"names": ["a", "b"]}})

    assert await environment.digest() == first


@pytest.mark.anyio
async def test_the_digest_sees_hidden_state_and_no_clock() -> None:
    environment = await opened()
    start = await environment.digest()
    await environment.call("tick", {})
    assert await environment.digest() == start
    await environment.call("roll", {})
    rolled = await environment.digest()
    assert rolled != start
    await environment.call("go", {"name": "a"})

    assert await environment.digest() != rolled


@pytest.mark.anyio
async def test_a_snapshot_is_restored_any_number_of_times() -> None:
    environment = await opened()
    snapshot = await environment.snapshot()
    seen = []
    for _ in range(3):
        await environment.restore(snapshot)
        seen.append(((await environment.call("roll", {})).value, await environment.digest()))

    assert len(set(seen)) == 1


@pytest.mark.anyio
@pytest.mark.parametrize("seats", [0, 10_000])
async def test_a_rest_drops_the_objects_of_many_and_changes_nothing(
    seats: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "MOST_AWAKE", seats)
    tired, awake = await opened(), await opened()
    desk = weakref.ref(tired._groups["desk"].live()["desk"])
    for environment in (tired, awake):
        await environment.call("go", {"name": "a"})
    await tired.snapshot()
    tired.rest()
    gc.collect()

    assert (desk() is None) == (seats == 0)
    assert await tired.digest() == await awake.digest()
    assert await tired.known() == await awake.known()
    assert [await tired.call("roll", {}) for _ in range(3)] == [
        await awake.call("roll", {}) for _ in range(3)
    ]


@pytest.mark.anyio
async def test_whoever_is_closed_leaves_its_place_among_the_awake() -> None:
    environment = await opened()
    group = environment._groups["desk"]
    await environment.snapshot()
    environment.rest()
    assert group in held._AWAKE
    await environment.close()

    assert group not in held._AWAKE


@pytest.mark.anyio
async def test_a_rest_without_a_snapshot_keeps_the_state(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "MOST_AWAKE", 0)
    environment = await opened()
    before = await environment.digest()
    await environment.call("go", {"name": "a"})
    environment.rest()

    assert await environment.digest() != before


@pytest.mark.anyio
async def test_errors_come_back_as_observations_with_their_words() -> None:
    environment = await opened()

    assert (await environment.call("go", {"name": "z"})).message == "no folder z"
    assert (await environment.call("fail", {})).message == "the rule NEVER forbids this"
    assert (await environment.call("fly", {})).error == "unknown_tool"
    assert (await environment.call("go", {})).error == "tool"


@pytest.mark.anyio
async def test_a_result_shares_nothing_with_the_state() -> None:
    environment = await opened()
    before = await environment.digest()
    (await environment.call("show_log", {})).value.append("scribble")

    assert await environment.digest() == before


@pytest.mark.anyio
async def test_known_values_follow_the_state() -> None:
    environment = await opened()
    assert await environment.known() == {"folder": ["a", "b"]}
    await environment.call("go", {"name": "a"})

    assert await environment.known() == {"folder": []}


@pytest.mark.anyio
async def test_an_impossible_initial_state_breaks_the_environment_by_name() -> None:
    with pytest.raises(EnvironmentBroken, match="desk"):
        await ObjectEnvironment([DeskPart()]).reset({"desk": {}})
