from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import pytest

from fastsynth.env.adapters import held
from fastsynth.env.adapters.objects import ObjectEnvironment, raised, returned
from fastsynth.env.adapters.shelf import Shelf
from fastsynth.env.environment import Observation, Tool
from fastsynth.env.worlds.domain import PARTS, world


class Till:
    """Sells what stands on its shelf, paid from the other part."""

    def __init__(self, prices: dict[str, int], others: Mapping[str, Any]) -> None:
        self.prices = Shelf(prices)
        self.others = others
        self.left = 10

    def pay(self, item: str) -> int:
        self.others["b"].left -= self.prices[item]
        return int(self.others["b"].left)

    def look(self) -> int:
        return int(self.others["b"].left)


class TillPart:
    ignored: frozenset[str] = frozenset()
    beside = frozenset(("prices", "others"))
    steady = True

    def __init__(self, name: str) -> None:
        self.name = name
        self.tools: Mapping[str, Tool] = {
            tool: Tool(name=tool, description=tool, parameters={}, part=name, mutates=tool == "pay")
            for tool in ("pay", "look")
            if name == "a"
        }

    def build(self, config: Any, objects: Mapping[str, object]) -> object:
        return Till(config, objects)

    def observe(self, value: Any) -> Observation:
        return returned(value)

    def fault(self, error: Exception) -> Observation:
        return raised(error)

    def known(self, live: Any) -> Mapping[str, Sequence[Any]]:
        return {}


async def opened() -> ObjectEnvironment:
    environment = ObjectEnvironment([TillPart("a"), TillPart("b")])
    await environment.reset({"a": {"tea": 3}, "b": {}})
    return environment


def test_a_shelf_that_was_put_away_gives_what_it_held() -> None:
    shelf = Shelf({"a": [{"n": 1, "x": 1.0}], "b": None})
    shelf.put_away()
    shelf.put_away()

    assert dict(shelf) == {"a": [{"n": 1, "x": 1.0}], "b": None}


@pytest.mark.anyio
@pytest.mark.parametrize("seats", [0, 10_000])
async def test_a_part_that_a_call_reaches_moves_with_it_and_comes_back(
    seats: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "MOST_AWAKE", seats)
    environment = await opened()
    start, before = await environment.snapshot(), await environment.digest()

    assert (await environment.call("pay", {"item": "tea"})).value == 7
    assert await environment.digest() != before
    moved = await environment.snapshot()
    await environment.restore(start)
    environment.rest()
    assert (await environment.call("look", {})).value == 10
    assert await environment.digest() == before
    await environment.restore(moved)

    assert (await environment.call("pay", {"item": "tea"})).value == 4


@pytest.mark.anyio
async def test_a_call_leaves_the_copies_of_parts_it_does_not_reach() -> None:
    environment = await world().open(PARTS)
    await environment.reset(world().draw(PARTS, Random(1)).state)
    before = await environment.snapshot()
    await environment.call("mark_thread_read", {"thread_id": "none"})
    after = await environment.snapshot()

    assert [old is new for old, new in zip(before, after, strict=True)] == [True, True, False]
