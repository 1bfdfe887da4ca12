from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import anyio
import msgspec
import pytest

from fastsynth.env.adapters.facts import drawn_by
from fastsynth.env.adapters.python import PythonDomain
from fastsynth.env.environment import Environment, Scenario, Thread
from fastsynth.env.registry import domain_of_row, open_domain
from fastsynth.env.stops import MOST, stops_of
from fastsynth.env.worker import HEADER, Request
from fastsynth.env.world import living, row_environment
from fastsynth.errors import ConfigError, EnvironmentBroken
from fastsynth.packed import Packed

LIMIT = 0.9
STATE = {"sample_tools": {"titles": ["Moby Dick"]}}


@asynccontextmanager
async def opened(target: str, **options: Any) -> AsyncIterator[tuple[PythonDomain, Environment]]:
    domain = PythonDomain(target, time_limit=LIMIT, workers=1, **options)
    try:
        environment = await domain.open(domain.parts)
        await environment.reset(STATE)
        yield domain, environment
    finally:
        await domain.close()


@pytest.mark.anyio
async def test_a_class_is_a_domain_of_its_methods(sample_tools: str) -> None:
    async with opened(f"{sample_tools}:Shelf") as (domain, shelf):
        found = await shelf.call("find_book", {"title": "Moby"})
        missing = await shelf.call("find_book", {"title": "Emma"})
        later = await shelf.call("later", {"word": "soon"})

    assert found.value == "b0"
    assert missing.error == "tool"
    assert "Emma" in missing.message
    assert later.value == "soon"
    assert domain.opaque == {"book_id"}
    assert domain.tools["find_book"].parameters["properties"]["title"]["description"]
    assert domain.tools["add_book"].mutates
    assert "load" not in domain.tools


@pytest.mark.anyio
async def test_printing_never_reaches_the_protocol(sample_tools: str) -> None:
    async with opened(f"{sample_tools}:Shelf") as (_, shelf):
        counts = [(await shelf.call("count_books", {})).value for _ in range(3)]
        asked = await shelf.call("ask_user", {})

    assert counts == [1, 1, 1]
    assert asked.error == "tool"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hang", f"hang took longer than {2 * LIMIT:g} s and was stopped"),
        ("leave", "leave raised SystemExit(3)"),
        ("die", "die ended its process (status 5)"),
        ("get_killed", "get_killed ended its process (SIGKILL, perhaps for want of memory)"),
        ("starve", "starve ran out of memory"),
        ("close_all", "close_all closed its connection and lived on"),
        ("lie", "type forbids"),
        ("give_object", "not JSON"),
    ],
)
@pytest.mark.parametrize("kind", ["Shelf", "Unpicklable"])
async def test_a_bad_tool_is_its_own_error_and_the_session_lives_on(
    sample_tools: str, kind: str, name: str, words: str
) -> None:
    async with opened(f"{sample_tools}:{kind}") as (_, shelf):
        await shelf.call("add_book", {"title": "Emma"})
        before = await shelf.digest() if kind == "Shelf" else ""
        observation = await shelf.call(name, {})
        after = await shelf.digest() if kind == "Shelf" else ""
        found = await shelf.call("find_book", {"title": "Emma"})

    assert observation.error == "tool"
    assert observation.stopped == (name not in ("lie", "give_object"))
    assert words in observation.message
    assert after == before
    assert found.value == "b1"


@pytest.mark.anyio
async def test_a_call_is_made_once_more_before_it_counts_as_stopped(
    sample_tools: str, tmp_path: Path
) -> None:
    async with opened(f"{sample_tools}:Shelf") as (_, shelf):
        await shelf.call("add_book", {"title": "Emma"})
        counted = await shelf.call("hang_once", {"marker": str(tmp_path / "was here")})

    assert counted.value == 2


@pytest.mark.anyio
async def test_what_the_machine_does_to_a_tool_is_no_result_of_the_tool(sample_tools: str) -> None:
    async with opened(f"{sample_tools}:Shelf") as (domain, shelf):
        refused = await shelf.call("phone_home", {})
        async with living(domain, domain.parts, STATE) as world:
            with pytest.raises(EnvironmentBroken, match="phone_home: ConnectionRefusedError"):
                await world.attempt("phone_home", {})

    assert refused.error == "environment"


@pytest.mark.anyio
async def test_a_tool_that_never_comes_back_is_not_called_for_ever(sample_tools: str) -> None:
    async with (
        opened(f"{sample_tools}:Shelf") as (domain, _),
        living(domain, domain.parts, STATE) as world,
    ):
        ended = [await world.attempt("die", {}) for _ in range(MOST)]
        generation = domain._pool._workers[0].generation
        again = await world.attempt("die", {})

    assert again == ended[0]
    assert domain._pool._workers[0].generation == generation
    assert "name it in tools.hide" in stops_of(domain).warning("die")


@pytest.mark.anyio
async def test_sessions_of_a_killed_worker_are_all_built_again(sample_tools: str) -> None:
    domain = PythonDomain(f"{sample_tools}:Shelf", time_limit=LIMIT, workers=1)
    shelves = [await domain.open(domain.parts) for _ in range(4)]
    for number, shelf in enumerate(shelves):
        await shelf.reset(STATE)
        await shelf.call("add_book", {"title": f"Volume {number}"})
    digests = [await shelf.digest() for shelf in shelves]
    async with anyio.create_task_group() as tasks:
        for shelf in shelves[:2]:
            tasks.start_soon(shelf.call, "hang", {})
    again = [await shelf.digest() for shelf in shelves]
    await domain.close()

    assert again == digests


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["Shelf", "Unpicklable"])
async def test_a_snapshot_outlives_the_process_it_was_taken_in(
    sample_tools: str, kind: str
) -> None:
    async with opened(f"{sample_tools}:{kind}") as (_, shelf):
        await shelf.call("add_book", {"title": "Emma"})
        snapshot = await shelf.snapshot()
        await shelf.call("add_book", {"title": "Ulysses"})
        await shelf.restore(snapshot)
        count = await shelf.call("count_books", {})
        await shelf.call("leave", {})
        await shelf.restore(snapshot)
        again = await shelf.call("count_books", {})

    assert (count.value, again.value) == (2, 2)


@pytest.mark.anyio
async def test_a_cancelled_call_leaves_no_stale_answer(sample_tools: str) -> None:
    async with opened(f"{sample_tools}:Shelf") as (_, shelf):
        with anyio.move_on_after(0.1):
            await shelf.call("hang", {})
        found = await shelf.call("find_book", {"title": "Moby"})

    assert found.value == "b0"


@pytest.mark.anyio
async def test_closing_ends_every_process(sample_tools: str) -> None:
    async with opened(f"{sample_tools}:Shelf") as (domain, _):
        process = domain._pool._workers[0]._process
        assert process is not None

    assert process.returncode is not None


def test_the_modules_scenario_draws_the_state_and_facts_follow_from_it(sample_tools: str) -> None:
    domain = open_domain(f"python:{sample_tools}:Shelf")
    one, same = (domain.draw(domain.parts, Random(5)) for _ in range(2))

    assert one == same
    assert len(one.state["sample_tools"]["titles"]) == 2
    assert one.facts["title"] == one.state["sample_tools"]["titles"]


def drawn_with(**facts: Any) -> Scenario:
    thread = Thread(persona="p", occasion="o", entities=(date(2026, 1, 5), (1, 2)))
    given = Scenario(state={"p": {}}, facts=facts, thread=thread, now="2026-01-05T09:00+00:00")
    return drawn_by(lambda _: given, "p", {}, Random(1))


def test_what_a_scenario_says_is_json_and_stays_what_it_is_when_put_away() -> None:
    scenario = drawn_with(day=[date(2026, 1, 5)], pair=[(1, 2)])

    assert scenario.facts == {"day": ["2026-01-05"], "pair": [[1, 2]]}
    assert repr(Packed(scenario).open()) == repr(scenario)


def test_facts_that_are_no_json_are_named() -> None:
    with pytest.raises(ConfigError, match=r"scenario of p: facts: .*need JSON values"):
        drawn_with(thing=[object()])


def test_a_row_of_user_tools_names_the_target_alone(sample_tools: str) -> None:
    domain, parts = domain_of_row(f"python:{sample_tools}:Shelf")

    assert row_environment(domain, parts) == f"python:{sample_tools}:Shelf"
    assert parts == ("sample_tools",)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("no_such_module:make", "no_such_module"),
        ("sample_tools:missing", "missing"),
        ("sample_tools:LIMIT", "LIMIT"),
    ],
)
def test_a_target_that_is_not_there_is_named(sample_tools: str, target: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        PythonDomain(target)


@pytest.mark.anyio
async def test_a_state_that_cannot_be_loaded_breaks_the_environment(sample_tools: str) -> None:
    domain = PythonDomain(f"{sample_tools}:Shelf", time_limit=LIMIT, workers=1)
    try:
        shelf = await domain.open(domain.parts)
        with pytest.raises(EnvironmentBroken, match="making an initial state"):
            await shelf.reset({"sample_tools": {"titles": 7}})
    finally:
        await domain.close()


@pytest.mark.anyio
async def test_a_module_of_functions_is_a_domain_without_state(sample_tools: str) -> None:
    domain = PythonDomain("sample_functions", time_limit=LIMIT, workers=1)
    try:
        session = await domain.open(domain.parts)
        await session.reset({})
        before = await session.digest()
        total = await session.call("add_up", {"numbers": [1.5, 2.0]})

        assert total.value == 3.5
        assert await session.digest() == before
        assert domain.tools["add_up"].parameters["required"] == ["numbers"]
    finally:
        await domain.close()


@pytest.mark.anyio
@pytest.mark.parametrize("factory", ["from_state", "typed"])
async def test_a_factory_may_take_the_state(sample_tools: str, factory: str) -> None:
    domain = PythonDomain(f"sample_functions:{factory}", time_limit=LIMIT, workers=1)
    try:
        session = await domain.open(domain.parts)
        await session.reset({"sample_functions": {"titles": ["Emma"]}})
        count = await session.call("count_books", {})
    finally:
        await domain.close()

    assert count.value == (1 if factory == "from_state" else 0)


@pytest.mark.anyio
async def test_a_function_gets_what_its_annotations_say(sample_tools: str) -> None:
    domain = PythonDomain("sample_shapes", time_limit=LIMIT, workers=1)
    try:
        session = await domain.open(domain.parts)
        await session.reset({})
        cut = await session.call("cut", {"length": 2.5, "size": "large", "on": "2026-03-02"})
        unfit = await session.call("cut", {"length": 1.0, "size": "large", "on": "soon"})
        renamed = await session.call("prufe_grosse", {})
        cached = await session.call("list_sizes", {})
    finally:
        await domain.close()

    assert cut.value == ["Decimal", "Size", "date", 2.5]
    assert unfit.error == "tool"
    assert unfit.message.startswith('on: "soon"')
    assert renamed.value == "small"
    assert cached.value == ["small", "large"]


def test_what_cannot_be_a_tool_is_left_out_with_its_reason(sample_tools: str) -> None:
    domain = PythonDomain("sample_shapes")
    left_out, renamed = domain.notes

    assert set(domain.tools) == {"cut", "prufe_grosse", "list_sizes", "with_rest"}
    assert domain.tools["with_rest"].parameters["required"] == ["word"]
    assert left_out.startswith("left out: tool anything: parameter args: ")
    assert left_out.endswith("need parameters that can be passed by name")
    assert renamed == "shown under names that endpoints take: prüfe_größe -> prufe_grosse"


def test_hide_and_only_choose_tools_by_either_name(sample_tools: str) -> None:
    hidden = PythonDomain("sample_shapes", hide=["prüfe_größe", "cut", "anything"])
    alone = PythonDomain("sample_shapes", only=["prufe_grosse"])

    assert set(hidden.tools) == {"list_sizes", "with_rest"}
    assert set(alone.tools) == {"prufe_grosse"}


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"hide": ["cutt"]}, r"\$.tools.hide: 'cutt', need one of: .*cut, "),
        ({"only": ["cut"], "hide": ["cut"]}, "need one tool left"),
    ],
)
def test_a_choice_that_names_nothing_or_leaves_nothing_is_refused(
    sample_tools: str, chosen: dict[str, list[str]], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        PythonDomain("sample_shapes", **chosen)  # type: ignore[arg-type]


def test_a_worker_ends_with_its_parent_even_inside_a_tool(sample_tools: str) -> None:
    worker = subprocess.Popen(
        [sys.executable, "-m", "fastsynth.env.worker", f"{sample_tools}:Shelf"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert worker.stdin is not None
    for request in (Request(op="reset", session=1), Request(op="call", session=1, name="hang")):
        body = msgspec.msgpack.encode(msgspec.structs.replace(request, value={}))
        worker.stdin.write(HEADER.pack(len(body)) + body)
    worker.stdin.close()

    assert worker.wait(timeout=10) == 0
