"""Truth by execution: replays rows in fresh environments built from the row alone.

For every turn, the ground truth must run and reach the recorded state, and the recorded calls
must give the recorded results and reach the same state.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from fastsynth.env.environment import Domain
from fastsynth.env.registry import Options, domain_of_row
from fastsynth.env.world import World, living
from fastsynth.method.calling import canonical_result
from fastsynth.method.rows import turns_of
from fastsynth.records import Conversation, Message, ToolCall, canonical


class Mismatch(msgspec.Struct, frozen=True, kw_only=True):
    """Where a replay differs from the row. `call` is 0-based in its turn; -1 for the state."""

    row: str
    turn: int
    call: int
    what: str

    def __str__(self) -> str:
        where = f"call {self.call}" if self.call >= 0 else "state"
        return f"row {self.row}, turn {self.turn}, {where}: {self.what}"


class Verifier:
    """Replays rows; opens each domain once."""

    def __init__(self, options: Options | None = None) -> None:
        """`options`: how users' own tools are run."""
        self._options = options
        self._domains: dict[tuple[str, str], tuple[Domain, tuple[str, ...]]] = {}

    async def check(self, row: Conversation) -> list[Mismatch]:
        """Everything in which a row's replay differs from the row; [] where nothing does."""
        state: dict[str, Any] = msgspec.json.decode(row.scenario)
        key = row.environment, canonical([state.get("mcp"), state.get("found")])
        if key not in self._domains:
            self._domains[key] = domain_of_row(row.environment, options=self._options, state=state)
        domain, parts = self._domains[key]
        async with living(domain, parts, state) as world:
            faults = [fault async for fault in _replay_truth(row, world)]
        async with living(domain, parts, state) as world:
            return faults + [fault async for fault in _replay_recorded(row, world)]

    async def close(self) -> None:
        for domain, _ in self._domains.values():
            await domain.close()


async def _replay_truth(row: Conversation, world: World) -> AsyncIterator[Mismatch]:
    for turn, calls in enumerate(row.ground_truth):
        for number, call in enumerate(calls):
            observation = await world.attempt(call.name, msgspec.json.decode(call.arguments))
            if not observation.ok:
                what = f"ground truth {call.name} fails: {observation.message}"
                yield Mismatch(row=row.id, turn=turn, call=number, what=what)
        if await world.digest() != row.digests[turn]:
            what = "the ground truth does not reach the recorded state"
            yield Mismatch(row=row.id, turn=turn, call=-1, what=what)


async def _replay_recorded(row: Conversation, world: World) -> AsyncIterator[Mismatch]:
    interrupted = frozenset(row.interrupted_calls)
    for turn, messages in enumerate(turns_of(row.messages)):
        results = {m.tool_call_id: m for m in messages if m.role == "tool"}
        for number, call in enumerate(_calls(messages)):
            if call.id in interrupted:
                continue
            got = await _result(world, call)
            recorded = results.get(call.id)
            if recorded is None or recorded.content != got:
                shown = recorded.content if recorded else None
                what = f"{call.name} gives {_short(got)}, the row has {_short(shown)}"
                yield Mismatch(row=row.id, turn=turn, call=number, what=what)
        if await world.digest() != row.digests[turn]:
            what = "the recorded calls do not reach the recorded state"
            yield Mismatch(row=row.id, turn=turn, call=-1, what=what)


async def _result(world: World, call: ToolCall) -> str:
    """The result as the row stores it. A call that fails leaves the state as it was."""
    before = await world.mark()
    observation = await world.attempt(call.name, msgspec.json.decode(call.arguments or "{}"))
    if observation.ok:
        return canonical_result(observation.value)
    await world.rewind(before)
    return canonical_result({"error": observation.message})


def _calls(messages: Sequence[Message]) -> list[ToolCall]:
    return [call for message in messages for call in message.tool_calls]


def _short(text: str | None) -> str:
    shown = str(text)
    return shown if len(shown) <= 160 else shown[:157] + "..."
