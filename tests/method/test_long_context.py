"""Long contexts: what is wanted is one among hundreds, said so that it can only be that one."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import msgspec
import pytest
from method_stage import domain, graph, job, planner
from teacher_chat import studio, teacher_chat

from fastsynth import seeds
from fastsynth.env.adapters.bfcl.domain import SKETCHES, BfclPart
from fastsynth.env.world import living
from fastsynth.errors import ConfigError
from fastsynth.method.plan import Output, Step, Turn
from fastsynth.method.turns.planner import Planner, Shape
from fastsynth.method.turns.special import LONG_RESULT
from fastsynth.method.walk.choice import candidates, element
from fastsynth.method.walk.memory import MOST_ELEMENTS, Memory
from fastsynth.records import Accepted, Conversation, canonical
from fastsynth.replay import Verifier
from fastsynth.synthesis import synthesize

DOMAINS = ("world", "bfcl")
SHORT = Shape(turns=(2, 2), calls=(1, 4), tools_visible=(8, 20))
pytestmark = pytest.mark.anyio


def judge(row: Conversation) -> bool:
    place = Path(__file__).parents[1] / "judges" / "bfcl.py"
    spec = importlib.util.spec_from_file_location("bfcl_judge_of_long", place)
    assert spec is not None
    assert spec.loader is not None
    module: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return bool(module.judge(row)["valid"])


@cache
def kept(name: str) -> list[Conversation]:
    return []


async def rows(name: str, count: int = 4) -> list[Conversation]:
    """The first accepted conversations of the kind; made once."""
    found, number = kept(name), 0
    while len(found) < count:
        made = studio(planner(name, shape=SHORT), teacher_chat())
        outcome = await synthesize(job(number, "long_context"), made)
        found += [outcome.conversation] if isinstance(outcome, Accepted) else []
        number += 1
    return found


async def turns(name: str, count: int) -> list[Turn]:
    """The first special turns as they are planned."""
    found: list[Turn] = []
    number = 0
    while len(found) < count:
        one, made = job(number, "long_context"), planner(name, shape=SHORT)
        setting = made.setting(one)
        async with living(domain(name), setting.parts, setting.scenario.state) as world:
            plan = await made.plan(one, setting, world)
        found += [turn for turn in plan.turns if turn.kind == "long_context"]
        number += 1
    return found


@pytest.mark.parametrize("name", DOMAINS)
async def test_an_argument_is_found_in_a_result_of_4000_tokens(name: str) -> None:
    for row in await rows(name):
        number = row.kinds.index("long_context")
        told = msgspec.json.decode(row.provenance)[number]
        recorded = [len(m.content or "") for m in row.messages if m.role == "tool"]

        assert any(source["type"] == "output" for call in told for source in call.values())
        assert max(recorded) >= LONG_RESULT


@pytest.mark.parametrize("name", DOMAINS)
async def test_what_is_wanted_is_the_only_one_its_words_fit(name: str) -> None:
    checked = 0
    for turn in await turns(name, 3):
        for step in turn.steps:
            for source in step.sources.values():
                if not isinstance(source, Output) or source.turn != turn.number:
                    continue
                origin = turn.steps[source.step]
                if source.choice and len(canonical(origin.value)) >= LONG_RESULT:
                    tool = graph(name).tools[origin.tool]
                    fit = candidates(tool, source.choice, origin, source.path)

                    assert fit == [element(source.path)]
                    checked += 1
    assert checked


@pytest.mark.parametrize("name", DOMAINS)
async def test_the_row_alone_replays(name: str) -> None:
    verifier = Verifier()

    for row in await rows(name):
        assert await verifier.check(row) == []


async def test_the_checker_of_bfcl_accepts_them_as_its_own_long_contexts() -> None:
    for row in await rows("bfcl"):
        assert msgspec.json.decode(row.scenario)["long_context"] is True
        assert judge(row)


@pytest.mark.parametrize("name", DOMAINS)
def test_growing_is_a_function_of_chance_and_keeps_what_the_user_knows(name: str) -> None:
    held = domain(name)
    parts = held.parts[:3]
    scenario = held.draw(parts, seeds.derive("drawn"))
    grow = planner(name).room()

    grown = [grow(parts, scenario, seeds.derive("grown")) for _ in range(2)]

    assert canonical(grown[0]) == canonical(grown[1])
    assert grown[0].facts == scenario.facts
    assert len(canonical(grown[0].state)) > 5 * len(canonical(scenario.state))


def test_what_one_instance_pays_no_other_has_paid() -> None:
    """The cards that the package adds itself are one object in all its instances."""
    drawn = domain("bfcl").draw(("TravelAPI",), seeds.derive("cards"))
    state = planner("bfcl").room()(("TravelAPI",), drawn, seeds.derive("more")).state
    config = {**state["TravelAPI"], "long_context": True}
    part = BfclPart(SKETCHES["TravelAPI"])
    first: Any = part.build(config, {})
    cards = canonical(first.credit_card_list)
    for held in (first.credit_card_list, first.booking_record):
        for entry in held.values():
            entry.clear()

    second: Any = part.build(config, {})

    assert canonical(second.credit_card_list) == cards
    assert len(second.credit_card_list) > 20
    assert all(second.booking_record.values())


def test_what_is_remembered_of_a_long_list_stands_all_over_it() -> None:
    drawn = domain().draw(("messages",), seeds.derive("list"))
    memory = Memory(graph(), drawn)
    memory.begin_turn()
    threads = [
        {"thread_id": f"th_{n}", "name": f"N{n}", "unread": 9 * (n == 77), "quiet_days": n + 1}
        for n in range(300)
    ]
    step = Step(tool="list_threads", arguments={}, sources={}, value={"threads": threads})

    memory.add(step)

    places = [item.value for item in memory.items["thread_id"]]
    assert {"th_0", "th_77", "th_299"} <= set(places)
    assert len(places) <= MOST_ELEMENTS
    assert max(int(place[3:]) for place in places) > 250


def test_tools_that_cannot_grow_are_told_before_a_run_begins() -> None:
    bare = SimpleNamespace(name="python:mine:make", tools=domain().tools)

    with pytest.raises(ConfigError, match=r"\$\.kinds\.long_context: 'python:mine:make'"):
        Planner(bare, graph(), SHORT, 1).room()  # type: ignore[arg-type]
