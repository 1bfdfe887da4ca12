"""BfclDomain: what it declares is what its classes do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import getcontext
from typing import Any

import jsonschema_rs
import pytest
from bfcl_explorer import Explorer, explore

from fastsynth import seeds
from fastsynth.env import paths
from fastsynth.env.adapters.bfcl.domain import SKETCHES, BfclDomain
from fastsynth.env.world import living
from fastsynth.errors import ConfigError
from fastsynth.records import canonical

DOMAIN = BfclDomain()
for _part in vars(DOMAIN)["_by_name"].values():
    _part.steady = False  # what parts promise of tools that do not mutate is found out here
NEVER = {"get_outside_temperature_from_weather_com"}
"""Answers `{"error": 404}` whatever happens."""
_walks: list[Explorer] = []


async def walks() -> list[Explorer]:
    """Four seeds over every class with its best companion; made once for the module."""
    if not _walks:
        for seed in range(4):
            for part in DOMAIN.parts:
                parts = (part, *DOMAIN.companions[part][:1])
                _walks.append(await explore(DOMAIN, parts, seed, rounds=2))
    return _walks


@pytest.mark.anyio
async def test_every_tool_but_the_broken_one_can_be_reached() -> None:
    reached = set().union(*(walk.reached for walk in await walks()))

    assert len(DOMAIN.tools) == 128
    assert set(DOMAIN.tools) - reached == NEVER


@pytest.mark.anyio
async def test_mutates_says_exactly_which_tools_move_the_state() -> None:
    moved = {name for walk in await walks() for name, ways in walk.moved.items() if True in ways}

    assert moved == {name for name, tool in DOMAIN.tools.items() if tool.mutates}


@pytest.mark.anyio
async def test_declared_result_paths_occur_and_results_fit_their_schemas() -> None:
    found: set[tuple[str, str]] = set()
    for walk in await walks():
        for name, _, seen in walk.log:
            tool = DOMAIN.tools[name]
            if seen.value is not None:
                jsonschema_rs.validate(tool.result, seen.value)
            found |= {(name, p) for p in (*tool.gives, *tool.told) if paths.find(p, seen.value)}
    shown = DOMAIN.tools["displayCarStatus"]
    async with living(DOMAIN, ["VehicleControlAPI"], {}) as world:
        for option in shown.parameters["properties"]["option"]["enum"]:
            seen = await world.call(shown.name, {"option": option})
            found |= {(shown.name, path) for path in shown.gives if paths.find(path, seen.value)}

    declared = {
        (name, path)
        for name, tool in DOMAIN.tools.items()
        if name not in NEVER
        for path in (*tool.gives, *tool.told)
    }
    never_filled = {("get_tweet_comments", "[].username")}
    assert declared - found <= never_filled


@pytest.mark.anyio
async def test_equal_seeds_walk_equal_ways() -> None:
    once = await explore(DOMAIN, ("TravelAPI", "VehicleControlAPI"), 7, rounds=1)
    again = await explore(DOMAIN, ("TravelAPI", "VehicleControlAPI"), 7, rounds=1)

    assert [(n, a, o.value) for n, a, o in once.log] == [(n, a, o.value) for n, a, o in again.log]


@pytest.mark.anyio
async def test_resets_agree_and_snapshots_come_back_more_than_once() -> None:
    for part in DOMAIN.parts:
        scenario = DOMAIN.draw([part], seeds.derive(part))
        environment = await DOMAIN.open([part])
        await environment.reset(scenario.state)
        start, held = await environment.digest(), await environment.snapshot()
        for _ in range(2):
            for tool in DOMAIN.tools.values():
                if tool.part == part and tool.mutates:
                    await environment.call(
                        tool.name, dict(_simple(tool.parameters, scenario.facts))
                    )
            await environment.restore(held)
            assert await environment.digest() == start
        await environment.reset(json.loads(canonical(scenario.state)))

        assert await environment.digest() == start


def _simple(schema: dict[str, Any], facts: Any) -> Iterator[tuple[str, Any]]:
    plain = {"string": "x", "number": 1.0, "integer": 1, "boolean": True, "array": []}
    for name in schema["required"]:
        inner = schema["properties"][name]
        yield name, inner["enum"][0] if "enum" in inner else plain.get(inner["type"], {})


@pytest.mark.anyio
async def test_jobs_start_from_different_states() -> None:
    digests = set()
    for job in range(200):
        part = DOMAIN.parts[job % 7]
        scenario = DOMAIN.draw([part], seeds.derive(job, "scenario"))
        environment = await DOMAIN.open([part])
        await environment.reset(scenario.state)
        digests.add(await environment.digest())

    assert len(digests) >= 198


def test_scenarios_are_json_and_equal_seeds_draw_equal_ones() -> None:
    parts = list(DOMAIN.parts)
    first, second = (DOMAIN.draw(parts, seeds.derive("same")) for _ in range(2))

    assert canonical(first) == canonical(second)
    assert json.loads(canonical(first.state)) == first.state


def test_about_half_of_the_scenarios_start_logged_out() -> None:
    parts = ["TradingBot", "MessageAPI", "TicketAPI", "TwitterAPI"]
    drawn = [DOMAIN.draw(parts, seeds.derive(job)).state for job in range(200)]

    for part, flag in zip(
        parts, ("authenticated", "current_user", "current_user", "authenticated"), strict=True
    ):
        assert 70 <= sum(bool(state[part][flag]) for state in drawn) <= 130


def test_no_drawn_text_looks_like_a_call() -> None:
    """The checker rewrites `name(` inside string arguments."""
    for job in range(60):
        scenario = DOMAIN.draw(list(DOMAIN.parts), seeds.derive(job))
        text = canonical([scenario.facts, scenario.state]).replace("MA(", "")

        assert not re.search(r"\w\s*\(", text)


def test_no_fact_is_of_an_opaque_concept() -> None:
    for job in range(20):
        scenario = DOMAIN.draw(list(DOMAIN.parts), seeds.derive(job))

        assert not DOMAIN.opaque & set(scenario.facts)


def test_every_drawn_fact_fits_the_parameter_it_is_for() -> None:
    scenario = DOMAIN.draw(list(DOMAIN.parts), seeds.derive("fit"))
    for tool in DOMAIN.tools.values():
        for path, concept in tool.takes.items():
            schema = tool.parameters["properties"][path.removesuffix("[]")]
            schema = schema["items"] if path.endswith("[]") else schema
            for value in scenario.facts.get(concept, ()):
                assert jsonschema_rs.is_valid(schema, value), (tool.name, path, value)


def test_each_class_has_occasions_and_a_policy_where_it_needs_one() -> None:
    for sketch in SKETCHES.values():
        assert len(set(sketch.occasions)) >= 10
        assert sketch.policy or sketch.name == "MathAPI"


def test_an_unknown_class_is_a_config_error() -> None:
    with pytest.raises(ConfigError, match="WeatherAPI"):
        BfclDomain(["WeatherAPI"])


@pytest.mark.anyio
async def test_an_empty_configuration_is_a_state() -> None:
    for part in DOMAIN.parts:
        async with living(DOMAIN, [part], {}) as world:
            assert await world.digest()


@pytest.mark.anyio
async def test_precision_stays_inside_a_call() -> None:
    before = getcontext().prec
    async with living(DOMAIN, ["MathAPI"], {}) as world:
        seen = await world.call("square_root", {"number": 2, "precision": 4})

    assert seen.value == {"result": 1.414}
    assert getcontext().prec == before


@pytest.mark.anyio
async def test_arguments_that_would_hang_are_refused() -> None:
    async with living(DOMAIN, ["MathAPI"], {}) as world:
        seen = await world.call("logarithm", {"value": 2, "base": 10, "precision": 10**6})
        power = await world.call("power", {"base": 10**9, "exponent": 10**6})

    assert seen.error == power.error == "arguments"


@pytest.mark.anyio
async def test_a_mention_stays_in_its_own_post() -> None:
    state = {"TwitterAPI": {"authenticated": True}}
    async with living(DOMAIN, ["TwitterAPI"], state) as world:
        for _ in range(2):
            await world.call("post_tweet", {"content": "hello", "mentions": []})
        await world.call("mention", {"tweet_id": 0, "mentioned_usernames": ["@ana"]})
        other = await world.call("get_tweet", {"tweet_id": 1})

    assert other.value["mentions"] == []
