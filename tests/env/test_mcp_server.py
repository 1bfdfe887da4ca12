"""MCP domains over a real server of our own: state in memory, faults, HTTP."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import anyio
import msgspec
import pytest

from fastsynth.config import Mcp, Reset, Served
from fastsynth.env.adapters.mcp.domain import McpDomain
from fastsynth.env.adapters.mcp.probe import Found
from fastsynth.env.registry import domain_of_row, open_domain
from fastsynth.env.world import World, living
from fastsynth.errors import ConfigError, EnvironmentBroken
from fastsynth.records import canonical

pytest.importorskip("mcp", reason="the extra mcp is not installed")
HERE = Path(__file__).parent
SERVER, OVER_HTTP = str(HERE / "mcp_notes_server.py"), str(HERE / "mcp_notes_http.py")
NOTES = Mcp(
    command=("python", SERVER), name="notes", reset=Reset(restart=True), pool=2, time_limit=0.6,
    hide=("empty_notes",), reads=("show_literal",),
)  # fmt: skip
NOTHING_FOUND = Found()


@asynccontextmanager
async def notes(server: Mcp = NOTES, **state: Any) -> AsyncIterator[tuple[McpDomain, World]]:
    domain = McpDomain(server, NOTHING_FOUND)
    battery = [{"name": "list_notes", "arguments": {}}]
    try:
        async with living(domain, domain.parts, {"battery": battery, **state}) as world:
            yield domain, world
    finally:
        await domain.close()


@pytest.mark.anyio
async def test_state_in_memory_comes_back_by_restart_and_replay() -> None:
    setup = [{"name": "add_note", "arguments": {"title": "first", "text": "x"}}]
    async with notes(setup=setup) as (_, world):
        start = await world.mark()
        before = await world.digest()
        await world.call("add_note", {"title": "second", "text": "y"})
        after = await world.digest()
        await world.rewind(start)
        titles = await world.call("list_notes", {})

        assert await world.digest() == before != after
        assert titles.value == {"titles": ["first"]}


@pytest.mark.anyio
async def test_two_sessions_of_one_pool_never_see_each_other() -> None:
    domain = McpDomain(msgspec.structs.replace(NOTES, pool=1), NOTHING_FOUND)
    worlds: list[Any] = []
    try:
        for title in ("mine", "yours"):
            session = await domain.open(domain.parts)
            await session.reset({})
            await session.call("add_note", {"title": title, "text": "x"})
            worlds.append(session)
        titles = [(await one.call("list_notes", {})).value["titles"] for one in worlds]
    finally:
        await domain.close()

    assert titles == [["mine"], ["yours"]]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("hang", {"seconds": 2.0}, "took longer than 1.2 s"),
        ("leave", {"because": "bored"}, "ended its server"),
        ("add_note", {"title": "kept", "text": "y"}, "there is a note"),
    ],
)
async def test_a_call_that_fails_is_the_tools_error_and_the_session_lives_on(
    name: str, arguments: dict[str, Any], words: str
) -> None:
    setup = [{"name": "add_note", "arguments": {"title": "kept", "text": "x"}}]
    async with notes(setup=setup) as (_, world):
        observation = await world.attempt(name, arguments)
        titles = await world.call("list_notes", {})

    assert observation.error == "tool"
    assert words in observation.message
    assert titles.value == {"titles": ["kept"]}


@pytest.mark.anyio
async def test_a_fresh_session_has_a_server_that_was_just_started() -> None:
    counted = []
    async with notes() as (domain, world):
        await world.call("count_calls", {})
        for _ in range(2):
            async with living(domain, domain.parts, {}, fresh=True) as fresh:
                counted.append((await fresh.call("count_calls", {})).value["calls"])

    assert counted == [1, 1]


@pytest.mark.anyio
async def test_a_cancelled_call_leaves_no_state_behind() -> None:
    async with notes() as (_, world):
        with anyio.move_on_after(0.2):
            await world.attempt("hang", {"seconds": 1.2})
        titles = await world.call("list_notes", {})

    assert titles.value == {"titles": []}


@pytest.mark.anyio
async def test_text_that_is_a_python_literal_becomes_json() -> None:
    async with notes() as (_, world):
        shown = await world.call("show_literal", {})

    assert shown.value == [["a", 1], ["b", None]]


def test_what_varies_by_itself_is_found_and_masked() -> None:
    server = msgspec.structs.replace(NOTES, hide=("hang", "leave", "empty_notes"))

    async def told() -> Any:
        domain = McpDomain(server)
        try:
            async with living(domain, domain.parts, {}) as world:
                return domain, (await world.call("read_clock", {})).value
        finally:
            await domain.close()

    domain, value = anyio.run(told)

    assert domain.found.volatile == {"read_clock": {"now": ()}}
    assert value == {"now": None, "place": "here"}
    assert any("read_clock: now" in note for note in domain.notes)


@pytest.mark.anyio
async def test_a_scenario_alone_brings_its_server_back() -> None:
    domain = McpDomain(NOTES, NOTHING_FOUND)
    state = domain.draw(domain.parts, Random(3)).state
    await domain.close()
    again, parts = domain_of_row("mcp:notes", state=msgspec.json.decode(canonical(state)))
    try:
        async with living(again, parts, state) as world:
            titles = await world.call("list_notes", {})
    finally:
        await again.close()

    assert again.state_check == "observed"
    assert titles.value == {"titles": []}


@pytest.mark.anyio
async def test_equal_chance_draws_equal_scenarios() -> None:
    domain = McpDomain(NOTES, NOTHING_FOUND)

    one, same, other = (domain.draw(domain.parts, Random(seed)) for seed in (5, 5, 6))

    assert one == same != other


@pytest.mark.anyio
async def test_a_live_backend_shows_what_surely_reads_and_nothing_else() -> None:
    live = msgspec.structs.replace(NOTES, reset=Reset())

    async with notes(live) as (domain, _):
        assert "list_notes" in domain.tools
        assert "add_note" not in domain.tools
        assert "add_note" in domain.notes[0]


@pytest.mark.anyio
async def test_a_server_that_does_not_start_says_why_in_one_line() -> None:
    with pytest.raises(EnvironmentBroken, match=r"no_such_file\.py") as raised:
        McpDomain(Mcp(command=("python", "no_such_file.py"), reset=Reset(restart=True)))

    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("server", "words"),
    [
        (Mcp(), "need one of command and url"),
        (Mcp(command=("a",), url="http://b"), "need one of command and url"),
        (Mcp(command=("a",), state_file="x"), "need {dir} in command or env"),
        (Mcp(command=("a", "{dir}"), shown_as="data"), "need a path such as /data"),
        (Mcp(url="http://b", allow_mutations=True), "need reset.tool"),
        (Mcp(url="http://b", reset=Reset(tool="wipe")), "need allow_mutations"),
        (Mcp(url="http://b", reset=Reset(restart=True)), "need reset.tool for a url"),
        (Mcp(command=("a",), reset=Reset(copy="no/such/folder")), "need a file or folder"),
    ],
)
def test_a_config_that_cannot_work_is_one_line(server: Mcp, words: str) -> None:
    with pytest.raises(ConfigError, match=r"environment\.mcp") as raised:
        open_domain(Served(mcp=server))

    assert words in str(raised.value)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, OVER_HTTP, str(port)], stderr=subprocess.DEVNULL)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}/mcp"
    process.kill()
    process.wait()


@pytest.mark.anyio
async def test_over_http_a_reset_tool_and_replay_bring_the_state_back(address: str) -> None:
    server = Mcp(url=address, name="notes", allow_mutations=True, reset=Reset(tool="empty_notes"))
    async with notes(server) as (domain, world):
        start = await world.mark()
        await world.call("add_note", {"title": "one", "text": "x"})
        added = await world.call("list_notes", {})
        await world.rewind(start)
        again = await world.call("list_notes", {})

    assert "empty_notes" not in domain.tools
    assert (added.value, again.value) == ({"titles": ["one"]}, {"titles": []})


@pytest.mark.anyio
async def test_over_http_nothing_is_written_unless_allowed(address: str) -> None:
    async with notes(Mcp(url=address, name="notes")) as (domain, world):
        refused = await world.call("add_note", {"title": "no", "text": "x"})

    assert refused.error == "unknown_tool"
    assert not any(tool.mutates for tool in domain.tools.values())


@pytest.mark.anyio
async def test_an_address_where_nobody_answers_is_named() -> None:
    with pytest.raises(EnvironmentBroken, match=r"127\.0\.0\.1:9"):
        McpDomain(Mcp(url="http://127.0.0.1:9/mcp"))
