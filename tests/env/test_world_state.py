"""A world copies and hashes its state no oftener than it moves, and never gives a stale answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsynth.env import paths
from fastsynth.env.environment import Observation, Tool
from fastsynth.env.world import World

PARAMETERS = {"type": "object", "properties": {"by": {"type": "integer"}}, "required": ["by"]}
TOOLS = {
    name: Tool(name=name, description=name, parameters=PARAMETERS, part="count", mutates=True)
    for name in ("add", "slip")
}


class Counter:
    """One number; `slip` fails after it has changed it. Counts how often it was asked."""

    def __init__(self) -> None:
        self.number = 0
        self.copies = self.digests = self.restores = self.rests = 0

    async def reset(self, state: Mapping[str, Any]) -> None:
        self.number = 0

    async def call(self, name: str, arguments: dict[str, Any]) -> Observation:
        self.number += arguments["by"]
        if name == "slip":
            return Observation(error="tool", message="slipped")
        return Observation(value=self.number)

    async def snapshot(self) -> int:
        self.copies += 1
        return self.number

    async def restore(self, snapshot: int) -> None:
        self.restores += 1
        self.number = snapshot

    def rest(self) -> None:
        self.rests += 1

    async def digest(self) -> str:
        self.digests += 1
        return f"d{self.number}"

    async def known(self) -> Mapping[str, Sequence[Any]]:
        return {}

    async def close(self) -> None: ...


@pytest.mark.anyio
async def test_between_two_calls_the_state_is_copied_and_hashed_once() -> None:
    counter = Counter()
    world = World(counter, TOOLS)

    for _ in range(3):
        await world.rewind(await world.mark())
        await world.digest()

    assert (counter.copies, counter.digests, counter.restores) == (1, 1, 0)


@pytest.mark.anyio
@pytest.mark.parametrize("tool", ["add", "slip"])
async def test_after_a_call_nothing_stale_is_answered(tool: str) -> None:
    world = World(Counter(), TOOLS)
    start, before = await world.mark(), await world.digest()

    await world.call(tool, {"by": 2})
    moved, after = await world.mark(), await world.digest()
    await world.rewind(start)
    back = await world.digest()
    await world.call("add", {"by": 5})
    await world.rewind(moved)

    assert (before, after, back, await world.digest()) == ("d0", "d2", "d0", "d2")
    assert len(world.log) == 1


@pytest.mark.anyio
async def test_before_a_rest_the_state_is_copied_once() -> None:
    counter = Counter()
    world = World(counter, TOOLS)

    await world.rest()
    await world.rest()

    assert (counter.copies, counter.rests) == (1, 2)


@pytest.mark.anyio
async def test_a_call_that_is_refused_by_its_schema_leaves_the_state_known() -> None:
    counter = Counter()
    world = World(counter, TOOLS)
    await world.digest()

    await world.call("add", {"by": "two"})
    await world.digest()

    assert counter.digests == 1


class Steady(Counter):
    """Knows that nothing of it ever moves."""

    def moves(self, name: str) -> bool:
        return False

    async def call(self, name: str, arguments: dict[str, Any]) -> Observation:
        return Observation(value=self.number)


@pytest.mark.anyio
async def test_a_call_that_moves_nothing_leaves_copy_and_digest_as_they_were() -> None:
    steady = Steady()
    world = World(steady, TOOLS)
    start, before = await world.mark(), await world.digest()

    await world.call("add", {"by": 2})
    await world.mark()
    after = await world.digest()
    await world.rewind(start)

    assert before == after
    assert (steady.copies, steady.digests, steady.restores) == (1, 1, 0)
    assert world.log == []


VALUES = st.recursive(
    st.integers() | st.text("ab.[", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner),
    max_leaves=12,
)
PATTERNS = [
    "",
    "a",
    "a.b",
    "[]",
    "a[]",
    "a[].b",
    "[][]",
    "{}",
    "a{}",
    "{*}.a",
    "a{*}[].b",
    "b[].a[]",
]


@given(value=VALUES, pattern=st.sampled_from(PATTERNS))
def test_every_place_that_is_found_can_be_got_by_its_own_path(value: Any, pattern: str) -> None:
    for place, found in paths.find(pattern, value):
        assert paths.get(place, value) == found
        assert paths.pattern(place) == pattern


@pytest.mark.parametrize("path", ["a.x", "a[2]", "a[0].b.c", "x", "b[0]", "{3}", "a.b"])
def test_a_place_that_is_not_there_is_a_key_error(path: str) -> None:
    with pytest.raises(KeyError):
        paths.get(path, {"a": [1, {"b": 2}], "b": {"c": 1}})
