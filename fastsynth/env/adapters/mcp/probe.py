"""What has to be tried to be known of an MCP server: its tools, and which results vary.

Every tool is called twice from one state, in two processes and a second apart. What differs then
is masked; a tool whose whole result differs is left out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import anyio
import msgspec

from fastsynth.config import Mcp
from fastsynth.config.environments import uses_folder
from fastsynth.env.adapters.mcp.files import from_json
from fastsynth.env.adapters.mcp.pool import Pool
from fastsynth.env.adapters.mcp.seat import Held, files_of
from fastsynth.env.adapters.mcp.tools import Offered, differences
from fastsynth.env.environment import Observation, Tool

APART = 1.1
"""Seconds between the two tries, so that a clock that counts seconds shows."""
T = TypeVar("T")


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What two tries showed; stored with every row, so that a replay masks the same."""

    volatile: dict[str, dict[str, tuple[str, ...]]] = {}
    """Tool -> result path -> labels of lines, as `mcp_tools.masked` takes it."""
    left_out: tuple[str, ...] = ()
    """Tools whose whole result varies."""
    moving: bool = False
    """Whether equal writes leave unequal files (a clock): then reads stand for the state."""


def offered_by(server: Mcp) -> list[Offered]:
    """The server's tools. Blocks until it has started and answered. Raises EnvironmentBroken."""

    async def ask() -> list[Offered]:
        async with _pool(server) as pool:
            return list(await pool.offered())

    return _apart(ask)


def probed(
    server: Mcp,
    tools: Mapping[str, Tool],
    names: Mapping[str, str],
    state: Mapping[str, Any],
    calls: Sequence[Mapping[str, Any]],
) -> Found:
    """Makes `calls` twice from `state`. Blocks. `names`: shown tool name -> the server's own."""

    async def twice() -> Found:
        first, mark = await _tried(server, tools, names, state, calls)
        await anyio.sleep(APART)
        second, again = await _tried(server, tools, names, state, calls)
        return _compared(calls, first, second, moving=mark != again)

    return _apart(twice)


async def _tried(
    server: Mcp,
    tools: Mapping[str, Tool],
    names: Mapping[str, str],
    state: Mapping[str, Any],
    calls: Sequence[Mapping[str, Any]],
) -> tuple[list[Observation], str]:
    results: list[Observation] = []
    async with _pool(server) as pool:
        held = files_of(from_json(state["files"])) if uses_folder(server) else Held()
        for number, call in enumerate((*state["setup"], *calls)):
            name = call["name"]
            observation, held = await pool.step(
                held, names[name], call["arguments"], tools[name].mutates
            )
            if number >= len(state["setup"]):
                results.append(observation)
    return results, held.mark


def _compared(
    calls: Sequence[Mapping[str, Any]],
    first: Sequence[Observation],
    second: Sequence[Observation],
    *,
    moving: bool,
) -> Found:
    volatile: dict[str, dict[str, tuple[str, ...]]] = {}
    left_out: list[str] = []
    for call, one, other in zip(calls, first, second, strict=True):
        if not (one.ok and other.ok):
            continue
        for path, labels in differences(one.value, other.value):
            if path == "" and not labels:
                left_out.append(call["name"])
                break
            fields = volatile.setdefault(call["name"], {})
            known = fields.get(path)
            fields[path] = labels if known is None else _both(known, labels)
    kept = {name: fields for name, fields in volatile.items() if name not in left_out}
    return Found(volatile=kept, left_out=tuple(dict.fromkeys(left_out)), moving=moving)


def merged(one: Found, other: Found) -> Found:
    """What either showed."""
    volatile = {tool: dict(fields) for tool, fields in one.volatile.items()}
    for tool, fields in other.volatile.items():
        known = volatile.setdefault(tool, {})
        for path, labels in fields.items():
            known[path] = _both(known[path], labels) if path in known else labels
    left_out = tuple(dict.fromkeys((*one.left_out, *other.left_out)))
    kept = {tool: fields for tool, fields in volatile.items() if tool not in left_out}
    return Found(volatile=kept, left_out=left_out, moving=one.moving or other.moving)


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Labels of either; () means the whole text and wins."""
    return tuple(dict.fromkeys((*one, *other))) if one and other else ()


@asynccontextmanager
async def _pool(server: Mcp) -> AsyncIterator[Pool]:
    pool = Pool(msgspec.structs.replace(server, pool=1))
    try:
        yield pool
    finally:
        await pool.close()


def _apart(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Runs `work` on a loop of its own: a domain is opened by code that may not await."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(anyio.run, work).result()
