"""Whether a drafted initial state of an MCP server works: held against schemas, then run.

The set-up runs on a leased server; each wish is tried alone from there and taken back. What varies
by itself between two such tries is found here too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import anyio
import msgspec

from fastsynth.env import paths
from fastsynth.env.adapters.mcp.probe import Found, merged, probed
from fastsynth.env.adapters.mcp.stock import Planned, Stock
from fastsynth.env.environment import Domain, Scenario
from fastsynth.env.world import World, check_arguments, living
from fastsynth.errors import EnvironmentBroken
from fastsynth.method.agents import Dropped
from fastsynth.method.parse import decoded
from fastsynth.method.scenarios.drafted import Stocked
from fastsynth.method.scenarios.state_writer import Commission, refused
from fastsynth.seeds import derive

SERVED = 0.5
"""Share of the tools that have to have a call that works."""
MOST_CALLS, MOST_WISHES = 40, 120


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for."""

    setup: tuple[Planned, ...]
    wishes: tuple[Planned, ...] = ()


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """A draft that ran."""

    stock: Stock
    names: frozenset[str]
    """Proper names among its arguments."""


async def tried(commission: Commission, text: str) -> Tried | Dropped:
    """A reply, held against schemas and run. The calls that work are kept of its wishes."""
    domain = commission.domain
    try:
        reply = decoded(text, Reply)
    except msgspec.DecodeError as error:
        return refused("malformed_reply", f"{error}; cut off? raise sampling.writer.max_tokens")
    setup = [c for c in reply.setup if c.name not in domain.tools or domain.tools[c.name].mutates]
    checked = [_fault(domain, f"setup[{n}]", call) for n, call in enumerate(setup)]
    faults = [fault for fault in checked if fault]
    if not setup or len(setup) > MOST_CALLS:
        faults.append(f"setup: {len(setup)} calls that change anything, need 1 to {MOST_CALLS}")
    if faults:
        return refused("other_form", "; ".join(faults[:3])[:600])
    try:
        return await _run(commission, setup, reply.wishes)
    except EnvironmentBroken as error:
        return refused("setup_fails", str(error)[:600])


async def _run(
    commission: Commission, setup: Sequence[Planned], wishes: Sequence[Planned]
) -> Tried | Dropped:
    working: list[Planned] = []
    faults: list[str] = []
    stock = Stock(setup=tuple(setup), wishes=(), found=_found(commission.domain))
    async with _world(commission, stock) as world:
        start = await world.mark()
        for number, wish in enumerate(wishes[:MOST_WISHES]):
            observation = await world.attempt(wish.name, wish.arguments)
            if observation.ok:
                working.append(wish)
            else:
                faults.append(f"wishes[{number}] {wish.name}: {observation.message}")
            await world.rewind(start)
    tools = commission.domain.tools
    served = {wish.name for wish in working}
    if len(served) < SERVED * len(tools):
        missing = ", ".join(sorted(tools.keys() - served))
        said = "; ".join([*faults[:3], f"no call that works of: {missing}"])
        return refused("wishes_fail", said[:600])
    stock = msgspec.structs.replace(stock, wishes=tuple(working))
    return Tried(stock=stock, names=_names(setup))


async def digest_of(commission: Commission, stock: Stock) -> str:
    """The initial state's, as a row of it will have it."""
    async with _world(commission, stock) as world:
        return await world.digest()


async def varying(commission: Commission, stocks: Sequence[Stock]) -> Found:
    """What is known to vary by itself, with what two tries of all calls of `stocks` show."""
    domain = commission.domain
    found = _found(domain)
    for stock in stocks:
        state = _scenario(commission, stock).state
        wishes = [msgspec.to_builtins(wish) for wish in stock.wishes]
        reads = [call for call in wishes if not domain.tools[call["name"]].mutates]
        writes = [call for call in wishes if domain.tools[call["name"]].mutates]
        calls = [*reads, *writes, *reads]
        names = domain.names  # type: ignore[attr-defined]
        server = domain.server  # type: ignore[attr-defined]
        tries = partial(probed, server, domain.tools, names, state, calls)
        found = merged(found, await anyio.to_thread.run_sync(tries))
    return found


def _found(domain: Domain) -> Found:
    found: Found = domain.found  # type: ignore[attr-defined]
    return found


def _scenario(commission: Commission, stock: Stock) -> Scenario:
    domain = Stocked(commission.domain, (stock,))
    return domain.draw(commission.domain.parts, derive(commission.seed, "setup trial"))


@asynccontextmanager
async def _world(commission: Commission, stock: Stock) -> AsyncIterator[World]:
    domain = commission.domain
    async with living(domain, domain.parts, _scenario(commission, stock).state) as world:
        yield world


def _fault(domain: Domain, place: str, call: Planned) -> str:
    tool = domain.tools.get(call.name)
    if tool is None:
        return f"{place}: unknown tool {call.name!r}; known: {', '.join(sorted(domain.tools))}"
    complaint = check_arguments(tool, call.arguments)
    return f"{place} {call.name}: {complaint}" if complaint else ""


def _names(setup: Sequence[Planned]) -> frozenset[str]:
    """Short texts with a capital: what a set-up calls its people and things."""
    texts = (
        value
        for call in setup
        for _, value in paths.leaves(call.arguments)
        if isinstance(value, str) and 2 < len(value) <= 40
    )
    return frozenset(text for text in texts if any(letter.isupper() for letter in text))
