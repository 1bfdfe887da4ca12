"""An MCP server as a domain: `{mcp: {command: [...]}}` in a config, `mcp:NAME` in a row.

A world is its initial files, the calls that set it up, and the calls made since. The row's
scenario carries how the server is started, so a row alone replays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import blake2b
from random import Random
from typing import Any, Literal

import anyio
import msgspec

from fastsynth.config import Mcp, server_name
from fastsynth.config.environments import is_live, uses_folder
from fastsynth.env.adapters.facts import OCCASIONS, PERSONAS, as_json
from fastsynth.env.adapters.masks import masked
from fastsynth.env.adapters.mcp.facts import calls_of, facts_of, setup_of
from fastsynth.env.adapters.mcp.files import copied, from_json, to_json
from fastsynth.env.adapters.mcp.pool import Pool
from fastsynth.env.adapters.mcp.probe import Found, offered_by, probed
from fastsynth.env.adapters.mcp.seat import Held, files_of
from fastsynth.env.adapters.mcp.stock import FOUND, found_in
from fastsynth.env.adapters.mcp.stored import SERVER, check, nothing_left, stored
from fastsynth.env.adapters.mcp.story import tell
from fastsynth.env.adapters.mcp.tools import tools_of, unfit
from fastsynth.env.adapters.names import renamed
from fastsynth.env.adapters.python import drawing
from fastsynth.env.adapters.results import within
from fastsynth.env.environment import Environment, Observation, Scenario, Thread
from fastsynth.errors import ConfigError, EnvironmentBroken, config_error
from fastsynth.records import canonical


class McpEnvironment:
    """One session. Its state is a value; servers are leased for each step."""

    def __init__(self, domain: McpDomain, pool: Pool) -> None:
        self._domain = domain
        self._pool = pool
        self._held = Held()
        self._found = domain.found
        self._battery: Sequence[Mapping[str, Any]] = ()
        self._seen: tuple[Held, str] | None = None

    async def reset(self, state: Mapping[str, Any]) -> None:
        domain = self._domain
        self._held = files_of(from_json(state.get("files", {}))) if domain.on_disk else Held()
        self._found = found_in(state) if FOUND in state else domain.found
        self._battery = state.get("battery", ())
        for call in state.get("setup", ()):
            observation = await self._step(call["name"], call["arguments"])
            if not observation.ok:
                raise EnvironmentBroken(
                    f"{domain.name}: setup: {call['name']}: {observation.message}"
                )

    async def call(self, name: str, arguments: dict[str, Any]) -> Observation:
        if name not in self._domain.tools:
            return Observation(error="unknown_tool", message=f"unknown tool {name!r}")
        return await self._step(name, arguments)

    async def snapshot(self) -> Held:
        return self._held

    async def restore(self, snapshot: Held) -> None:
        self._held = snapshot

    def twins(self) -> list[McpEnvironment]:
        """Further sessions of the same beginning, as many as there are servers that stand in states
        of their own; [] where one backend is all there is. They take snapshots of one another."""
        domain = self._domain
        if domain.server.url or domain.server.reset.tool or is_live(domain.server):
            return []
        made = [McpEnvironment(domain, self._pool) for _ in range(domain.server.pool)]
        for one in made:
            one._held, one._found, one._battery = self._held, self._found, self._battery
        return made

    def rest(self) -> None:
        """The state is a log, and files on the disk."""

    async def digest(self) -> str:
        """Of the files; where there are none, of what a fixed battery of reads gives."""
        if self._domain.on_disk and not self._found.moving:
            return self._held.mark
        if self._seen is None or self._seen[0] is not self._held:
            results = []
            for call in self._battery:
                observation = await self._step(call["name"], call["arguments"])
                if observation.stopped or observation.error == "environment":
                    raise EnvironmentBroken(f"{self._domain.name}: {observation.message}")
                results.append([observation.value, observation.message])
            self._seen = self._held, digest_of_text(canonical(results))
        return self._seen[1]

    async def known(self) -> Mapping[str, Sequence[Any]]:
        return {}

    async def close(self) -> None:
        """A session holds no server."""

    async def _step(self, name: str, arguments: dict[str, Any]) -> Observation:
        domain = self._domain
        writes = domain.tools[name].mutates
        observation, self._held = await self._pool.step(
            self._held, domain.names[name], arguments, writes
        )
        observation = within(observation, domain.server.result_limit)
        fields = self._found.volatile.get(name)
        if fields is None or not observation.ok:
            return observation
        return Observation(value=masked(observation.value, fields))


class FreshEnvironment(McpEnvironment):
    """A session with a server of its own, which was just started."""

    async def close(self) -> None:
        self._domain.hand_back(self._pool)


class McpDomain:
    """The tools of one server; one part, named like it.

    Opening it starts the server to see its tools, and starts it twice more to see which results
    vary by themselves, unless `found` says so already. Raises ConfigError, EnvironmentBroken.
    """

    bounded = True
    """Arguments are drawn by all that schemas say."""

    def __init__(self, server: Mcp, found: Found | None = None) -> None:
        check(server)
        self.part = server_name(server)
        self.name = f"mcp:{self.part}"
        self.parts = (self.part,)
        self.server = server
        self.on_disk = uses_folder(server)
        self.companions: Mapping[str, tuple[str, ...]] = {}
        self.opaque: frozenset[str] = frozenset()
        self.policy: Mapping[str, str] = {self.part: ""}
        self._drawn = (
            drawing(server.scenarios.removeprefix("python:")) if server.scenarios else None
        )
        live = is_live(server)
        if found is None:
            _ = self._files  # a fixture that is not there is told before anything starts
        offered = offered_by(server)
        self.tools, self.names = tools_of(offered, server, self.part, live=live)
        if not self.tools:
            raise ConfigError(nothing_left(self.name, len(offered), live=live))
        self.found = self._probe(live) if found is None else found
        for name in self.found.left_out:
            self.tools.pop(name, None)
        self.withheld = tuple(
            sorted(one.name for one in offered if one.name not in self.names.values())
        )
        self._faults = [f"{one.name}: {why}" for one in offered if (why := unfit(one))]
        self.pool = Pool(server)
        lone = msgspec.structs.replace(server, pool=1)
        self._fresh = [Pool(lone) for _ in range(server.pool)]
        self._free = list(self._fresh)
        self._leases = anyio.Semaphore(server.pool)

    @cached_property
    def _files(self) -> dict[str, Any]:
        """The fixture, read when a scenario is drawn: a replay has its files in the row."""
        fixture = self.server.reset.copy
        return to_json(copied(fixture, self.server.state_file)) if fixture else {}

    @property
    def state_check(self) -> Literal["full", "observed"]:
        return "full" if self.on_disk and not self.found.moving else "observed"

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of this server before a run."""
        said = []
        if names := renamed({own: shown for shown, own in self.names.items()}):
            said.append(f"{self.name}: shown under names that endpoints take: {', '.join(names)}")
        said += [f"{self.name}: left out, its schema cannot be read: {one}" for one in self._faults]
        if self.withheld:
            said.append(f"{self.name}: not offered to models: {', '.join(self.withheld)}")
        if self.found.left_out:
            said.append(f"{self.name}: left out, results vary: {', '.join(self.found.left_out)}")
        for tool, fields in self.found.volatile.items():
            said.append(f"{self.name}: masked, varies: {tool}: {', '.join(fields)}")
        return tuple(said)

    def draw(self, parts: Sequence[str], rng: Random) -> Scenario:
        state, facts = self._drawn_state(rng)
        if self.state_check == "observed":
            state["battery"] = calls_of(self.tools, facts, rng, writes=False)
        state[SERVER] = stored(self.server)
        state[FOUND] = msgspec.to_builtins(self.found)
        names = facts.get("name", facts.get("entity_name", []))
        thread = Thread(
            persona=rng.choice(PERSONAS),
            occasion=rng.choice(OCCASIONS),
            entities=tuple(rng.sample(names, min(2, len(names)))),
        )
        moment = datetime(2026, 1, 5, 9, tzinfo=UTC) + timedelta(hours=rng.randrange(8000))
        return Scenario(
            state=state, facts=facts, thread=thread, now=moment.isoformat(timespec="minutes")
        )

    async def open(self, parts: Sequence[str]) -> Environment:
        if tuple(parts) != self.parts:
            raise config_error(f"parts of {self.name}", list(parts), f"need {list(self.parts)}")
        return McpEnvironment(self, self.pool)

    async def open_fresh(self, parts: Sequence[str]) -> Environment:
        """Like `open`, with a server that is started for it. Waits for its turn. A backend that is
        not ours to start is the one there is."""
        if self.server.url or self.server.reset.tool:
            return await self.open(parts)
        await self._leases.acquire()
        pool, ready = self._free.pop(), False
        try:
            await pool.end_servers()
            ready = True
        finally:
            if not ready:
                self.hand_back(pool)
        return FreshEnvironment(self, pool)

    def hand_back(self, pool: Pool) -> None:
        """Ends a fresh session."""
        self._free.append(pool)
        self._leases.release()

    async def close(self) -> None:
        for pool in (self.pool, *self._fresh):
            await pool.close()

    def _probe(self, live: bool) -> Found:
        rng = Random(0)
        state, facts = self._drawn_state(rng)
        calls = calls_of(self.tools, facts, rng, writes=not live)
        found = probed(self.server, self.tools, self.names, state, calls)
        volatile = {tool: dict(fields) for tool, fields in found.volatile.items()}
        for tool, fields in self.server.volatile.items():
            volatile.setdefault(tool, {}).update(dict.fromkeys(fields, ()))
        return msgspec.structs.replace(found, volatile=volatile)

    def _drawn_state(self, rng: Random) -> tuple[dict[str, Any], dict[str, list[Any]]]:
        """Files and set-up calls a session starts with, and what its user could say."""
        story = tell(rng)
        told = {} if self._drawn is None else self._drawn(rng)
        if not isinstance(told, dict):
            raise config_error(f"scenario of {self.name}", told, "need a dict: files, setup, facts")
        files = {**self._files, **told.get("files", {})}
        own = self._drawn is not None or bool(self._files) or is_live(self.server)
        setup = told.get("setup", [] if own else setup_of(self.tools, story))
        held = from_json(files)
        facts = facts_of(self.tools, story, held, self.server.shown_as.rstrip("/"), rng)
        facts |= as_json(told.get("facts", {}), f"scenario of {self.name}: facts")
        return {"files": files, "setup": setup}, facts


def digest_of_text(text: str) -> str:
    return blake2b(text.encode(), digest_size=16).hexdigest()
