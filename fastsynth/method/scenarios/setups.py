"""The drafting agent for MCP servers: an initial state as calls of the server's own tools.

A draft is held against the tools' schemas and run on a leased server; one that fails goes back to
its writer with the reason, twice. Requests depend on seed, number and their own earlier replies
only, so equal replies give equal states whatever order they come in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import anyio
import msgspec

from fastsynth.env.adapters.mcp.probe import Found
from fastsynth.env.adapters.mcp.stock import Stock
from fastsynth.env.environment import Domain, Thread
from fastsynth.errors import NoEndpoint, NothingAccepted
from fastsynth.method.agents import Agents, Dropped, Place, Unanswered
from fastsynth.method.scenarios.scenario import ALIKE, Draft, Drafts
from fastsynth.method.scenarios.setup_trial import Tried, digest_of, tried, varying
from fastsynth.method.scenarios.state_writer import AT_ONCE, FIRST_JOB, Commission, idea, refused
from fastsynth.method.script import Brief, BriefTool, Cue, Style
from fastsynth.records import canonical, encode
from fastsynth.seeds import derive

ROUNDS = 3
REPAIRS = 2
"""Times a draft that fails is sent back."""
PROBED = 2
"""States from which every drafted call is made twice, to see what varies."""


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    stock: Stock
    names: frozenset[str]
    digest: str


async def draft_setups(commission: Commission) -> Drafts:
    """As many states as wanted, or as came of a few rounds; of drafts alike the first is kept.

    Raises NothingAccepted where no draft could be used, NoEndpoint where the endpoint stays away.
    """
    counts: Counter[str] = Counter()
    kept: list[_Kept] = []
    fault: Dropped | None = None
    masks: Found | None = None
    first = 0
    for _ in range(ROUNDS):
        missing = commission.wanted - len(kept)
        if missing <= 0:
            break
        drafts = await _round(commission, range(first, first + missing))
        first += missing
        working = [one for one in drafts if isinstance(one, Tried)]
        if masks is None and working:
            masks = await varying(commission, [one.stock for one in working[:PROBED]])
        for found in [*drafts, *await _digested(commission, working, masks)]:
            why = found if isinstance(found, Dropped) else None
            if isinstance(found, _Kept):
                why = _alike(found, kept)
                kept += [] if why else [found]
            if why is not None:
                fault = why
                counts[why.reason] += 1
    if not kept:
        raise NothingAccepted(
            f"$.scenarios.draft_with: no draft of {first} could be used, the last: "
            + (f"{fault.reason}: {fault.detail}" if fault else "no reply")
        )
    states = [
        Draft(number=number, digest=one.digest, state=msgspec.to_builtins(one.stock))
        for number, one in enumerate(kept)
    ]
    return Drafts(kept=tuple(states), refused=dict(counts))


async def _digested(
    commission: Commission, working: Sequence[Tried], masks: Found | None
) -> list[_Kept]:
    """The states of working drafts, in their order; with `masks`, what varies by itself."""
    digests: dict[int, _Kept] = {}
    waiting = iter(enumerate(working))

    async def work() -> None:
        for number, one in waiting:
            stock = msgspec.structs.replace(one.stock, found=masks or one.stock.found)
            digest = await digest_of(commission, stock)
            digests[number] = _Kept(stock=stock, names=one.names, digest=digest)

    async with anyio.create_task_group() as group:
        for _ in range(min(AT_ONCE, len(working))):
            group.start_soon(work)
    return [digests[number] for number in range(len(working))]


def _alike(one: _Kept, kept: Sequence[_Kept]) -> Dropped | None:
    """Why a draft is one of the others again; None where it is not."""
    for other in kept:
        if one.digest == other.digest or one.stock.setup == other.stock.setup:
            return refused("same_state", one.digest)
        if len(one.names & other.names) > ALIKE * len(one.names):
            return refused("alike", ", ".join(sorted(one.names)[:6]))
    return None


async def _round(commission: Commission, numbers: range) -> list[Tried | Dropped]:
    """Drafts in order of their numbers."""
    done: dict[int, Tried | Dropped] = {}
    lost: list[str] = []
    waiting = iter(numbers)

    async def work() -> None:
        for number in waiting:
            try:
                done[number] = await _Writer(commission, number).draft()
            except Unanswered as error:
                lost.append(str(error))

    async with anyio.create_task_group() as group:
        for _ in range(min(AT_ONCE, len(numbers))):
            group.start_soon(work)
    if lost:
        raise NoEndpoint(f"drafting scenarios: {lost[0]}; run the same command again to go on")
    return [done[number] for number in numbers]


class _Writer:
    """Asks for one draft, until it works or has been sent back often enough."""

    def __init__(self, commission: Commission, number: int) -> None:
        self._commission = commission
        self._number = number
        asked = commission
        chance = ("scenario", number)
        self._agents = Agents(asked.chat, asked.prompts, FIRST_JOB + number, asked.seed, chance)
        self._variables = _variables(commission, number)

    async def draft(self) -> Tried | Dropped:
        draft = complaint = ""
        fault = refused("no_reply", "")
        for attempt in range(1 + REPAIRS):
            told = {**self._variables, "draft": draft, "complaint": complaint}
            text = await self._agents.written(
                self._commission.role,
                "setup",
                told,
                Place(turn=0, attempt=attempt),
                self._script(attempt),
                _form(self._commission.domain),
            )
            found = text if isinstance(text, Dropped) else await tried(self._commission, text)
            if isinstance(found, Tried):
                return found
            fault = found
            draft = "" if isinstance(text, Dropped) else text
            complaint = f"{fault.reason}: {fault.detail}"
        return fault

    def _script(self, attempt: int) -> Cue:
        domain = self._commission.domain
        tools = tuple(
            BriefTool(name=tool.name, parameters=tool.parameters, mutates=tool.mutates)
            for tool in domain.tools.values()
        )
        return Cue(
            purpose="scenario",
            seed=self._agents.script_seed("scenario", 0, 0),
            attempt=attempt,
            turns=(),
            thread=Thread(persona="", occasion=""),
            now="",
            style=Style(),
            brief=Brief(tools=tools, folder=_folder(domain)),
        )


def _folder(domain: Domain) -> str:
    """The path that stands for the server's folder; "" where it has none."""
    known: Any = domain
    return str(known.server.shown_as).rstrip("/") if known.on_disk else ""


def _variables(commission: Commission, number: int) -> dict[str, Any]:
    domain, seed = commission.domain, commission.seed
    drawn = domain.draw(domain.parts, derive(seed, "scenario example", number))
    example = drawn.state.get("setup", ())
    marks = {True: " (writes)", False: ""}
    return {
        "tools": [
            f"{tool.name}{marks[tool.mutates]}: {tool.description}\n  {canonical(tool.parameters)}"
            for tool in domain.tools.values()
        ],
        "example": canonical(example) if example else "",
        "idea": idea(seed, number),
        "folder": _folder(domain),
    }


def _form(domain: Domain) -> bytes:
    names = sorted(domain.tools)
    call = {
        "type": "object",
        "properties": {"name": {"enum": names}, "arguments": {"type": "object"}},
        "required": ["name", "arguments"],
    }
    calls = {"type": "array", "items": call}
    schema = {
        "type": "object",
        "properties": {"setup": calls, "wishes": calls},
        "required": ["setup", "wishes"],
    }
    form = {"name": "setup", "strict": False, "schema": schema}
    return encode({"type": "json_schema", "json_schema": form})
