"""MCP domains over the public servers, installed by npm: state in a file, state in a folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import anyio
import pytest
from mcp_packages import installed

from fastsynth.config import Mcp, Reset
from fastsynth.env.adapters.mcp.domain import McpDomain
from fastsynth.env.adapters.mcp.probe import Found
from fastsynth.env.world import World, living
from fastsynth.method.graph.graph import build_graph

pytest.importorskip("mcp", reason="the extra mcp is not installed")


def memory(**more: object) -> Mcp:
    return Mcp(
        command=("node", installed("server-memory")),
        env={"MEMORY_FILE_PATH": "{dir}/memory.jsonl"},
        state_file="memory.jsonl",
        pool=2,
    )


def files(folder: Path) -> Mcp:
    (folder / "notes").mkdir()
    (folder / "notes" / "todo.txt").write_text("Call the plumber.\n")
    (folder / "empty").mkdir()
    return Mcp(
        command=("node", installed("server-filesystem"), "{dir}"),
        reset=Reset(copy=str(folder)),
        pool=2,
    )


@asynccontextmanager
async def world_of(
    server: Mcp, found: Found | None = None
) -> AsyncIterator[tuple[McpDomain, World]]:
    domain = McpDomain(server, found)
    try:
        scenario = domain.draw(domain.parts, Random(1))
        async with living(domain, domain.parts, scenario.state) as world:
            yield domain, world
    finally:
        await domain.close()


@pytest.mark.anyio
async def test_memory_is_hinted_structured_and_matched_by_its_schemas() -> None:
    async with world_of(memory(), Found()) as (domain, world):
        graph = await world.call("read_graph", {})

    tools = domain.tools
    assert domain.name == "mcp:memory"
    assert len(tools) == 9
    assert not tools["search_nodes"].mutates
    assert tools["delete_entities"].undoes == ("create_entities",)
    assert graph.value["entities"]
    assert graph.value["relations"]
    edges = {(edge.producer, edge.consumer) for edge in build_graph(domain).edges}
    assert ("search_nodes", "delete_entities") in edges


@pytest.mark.anyio
async def test_copying_the_state_file_back_restores_memory() -> None:
    async with world_of(memory(), Found()) as (_, world):
        start, before = await world.mark(), await world.digest()
        names = [e["name"] for e in (await world.call("read_graph", {})).value["entities"]]
        await world.call("delete_entities", {"entityNames": names})
        gone = (await world.call("read_graph", {})).value["entities"]
        emptied = await world.digest()
        await world.rewind(start)
        back = (await world.call("read_graph", {})).value["entities"]
        after = await world.digest()

    assert gone == []
    assert emptied != before == after
    assert [e["name"] for e in back] == names


@pytest.mark.anyio
async def test_many_sessions_share_few_servers_and_stay_apart() -> None:
    domain = McpDomain(memory(), Found())
    seen: dict[int, list[str]] = {}

    async def live(number: int) -> None:
        session = await domain.open(domain.parts)
        await session.reset({})
        for step in range(4):
            entity = {"name": f"{number}-{step}", "entityType": "note", "observations": []}
            await session.call("create_entities", {"entities": [entity]})
        found = await session.call("read_graph", {})
        seen[number] = [entity["name"] for entity in found.value["entities"]]

    try:
        async with anyio.create_task_group() as tasks:
            for number in range(6):
                tasks.start_soon(live, number)
    finally:
        await domain.close()

    assert seen == {n: [f"{n}-{step}" for step in range(4)] for n in range(6)}


@pytest.mark.anyio
async def test_a_folder_is_shown_by_one_path_wherever_it_lies(tmp_path: Path) -> None:
    async with world_of(files(tmp_path), Found()) as (domain, world):
        start, before = await world.mark(), await world.digest()
        read = await world.call("read_text_file", {"path": "/data/notes/todo.txt"})
        note = {"path": "/data/notes/new.txt", "content": "kept in /data/notes"}
        wrote = await world.call("write_file", note)
        outside = await world.call("read_text_file", {"path": "/etc/hostname"})
        changed = await world.digest()
        await world.rewind(start)
        listed = await world.call("list_directory", {"path": "/data/notes"})

    assert read.value["content"] == "Call the plumber.\n"
    assert "/data/notes/new.txt" in wrote.value["content"]
    assert outside.error == "tool"
    assert listed.value["content"] == "[FILE] todo.txt"
    assert changed != before
    state = domain.draw(domain.parts, Random(1)).state
    assert set(state["files"]) == {"notes/todo.txt", "empty/"}


@pytest.mark.anyio
async def test_the_clock_in_file_details_is_found_and_masked(tmp_path: Path) -> None:
    async with world_of(files(tmp_path)) as (domain, world):
        details = await world.call("get_file_info", {"path": "/data/notes/todo.txt"})

    lines = details.value["content"].split("\n")
    assert "created: (varies)" in lines
    assert "size: 18" in lines
    assert domain.found.left_out == ()
    assert domain.state_check == "full"
