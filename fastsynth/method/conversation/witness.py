"""Truth by execution: calls made again in another environment, and whatever comes out otherwise.

Where tools are others' code, a plan is replayed before any token is paid for it, and a conversation
before it is accepted, where no tool ran before: state that tools keep outside of what is copied and
hashed (a global, a cache, a clock) shows there and nowhere else.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import msgspec

from fastsynth.env.environment import Domain
from fastsynth.env.world import World, living
from fastsynth.errors import ConfigError, EnvironmentBroken
from fastsynth.method.agents import Dropped
from fastsynth.method.chain.calling import canonical_result
from fastsynth.method.conversation.rows import turns_of
from fastsynth.method.plan import Plan
from fastsynth.records import Conversation, Message, ToolCall, canonical
from fastsynth.seeds import derive

TRIED = 3
"""Initial states that may fail before it is the tools' fault."""
SHOWN = 120
"""Characters of a result that a mismatch shows, from shortly before the first that differs."""


class Mismatch(msgspec.Struct, frozen=True, kw_only=True):
    """Where a replay differs from the row. `call` is 0-based in its turn; -1 for the state."""

    row: str
    turn: int
    call: int
    what: str
    tools: tuple[str, ...] = ()
    """The tool that was called; for the state those called in the turn."""

    def __str__(self) -> str:
        where = f"call {self.call}" if self.call >= 0 else "state"
        return f"row {self.row}, turn {self.turn}, {where}: {self.what}"


def is_witnessed(domain: Domain) -> bool:
    """Whether rows of this domain have to replay before they are accepted: others' code runs."""
    return hasattr(domain, "open_fresh")


async def check_states(domain: Domain, seed: int) -> None:
    """Raises ConfigError where no initial state can be made: every job would fail of it."""
    if not getattr(domain, "quickly_fresh", False):
        return
    why = ""
    for number in range(TRIED):
        scenario = domain.draw(domain.parts, derive(seed, "trial", number))
        try:
            async with living(domain, domain.parts, scenario.state):
                return
        except EnvironmentBroken as error:
            why = str(error)
    raise ConfigError(
        f"{why}; so it was with {TRIED} initial states, need one that the tools start from within "
        "tools.time_limit"
    )


async def unrepeatable(
    domain: Domain, parts: Sequence[str], state: Mapping[str, Any], found: Plan | Conversation
) -> Dropped | None:
    """Why a plan or a conversation can never be accepted; None where it replays, or where the
    tools are this package's own. Raises EnvironmentBroken."""
    if not is_witnessed(domain):
        return None
    if isinstance(found, Plan):
        quick = bool(getattr(domain, "quickly_fresh", False))
        async with living(domain, parts, state, fresh=quick) as world:
            faults = [fault async for fault in replay_plan(found, world)]
    else:
        async with living(domain, parts, state, fresh=True) as world:
            faults = [fault async for fault in replay_recorded(found, world)]
        if not faults and not says_the_truth(found):
            async with living(domain, parts, state, fresh=True) as world:
                faults = [fault async for fault in replay_truth(found, world)]
    if not faults:
        return None
    first = faults[0]
    detail = f"{'+'.join(dict.fromkeys(first.tools))}: turn {first.turn}: {first.what}"
    return Dropped(stage="environment", reason="does_not_replay", detail=detail[:600])


async def replay_plan(plan: Plan, world: World) -> AsyncIterator[Mismatch]:
    """The traces' calls, made again."""
    for turn in plan.turns:
        for number, step in enumerate(turn.steps):
            observation = await world.attempt(step.tool, step.arguments)
            wanted = canonical_result(step.value)
            got = _text(observation.value, observation.message, ok=observation.ok)
            if got != wanted:
                what = f"{step.tool} {_apart(got, wanted)}"
                yield Mismatch(row="", turn=turn.number, call=number, what=what, tools=(step.tool,))
        if await world.digest() != turn.digest:
            tools = tuple(step.tool for step in turn.steps)
            what = "the same calls leave another state"
            yield Mismatch(row="", turn=turn.number, call=-1, what=what, tools=tools)


async def replay_truth(row: Conversation, world: World) -> AsyncIterator[Mismatch]:
    """The ground truth, which has to run and to reach the recorded states."""
    for turn, calls in enumerate(row.ground_truth):
        for number, call in enumerate(calls):
            observation = await world.attempt(call.name, msgspec.json.decode(call.arguments))
            if not observation.ok:
                what = f"ground truth {call.name} fails: {observation.message}"
                yield Mismatch(row=row.id, turn=turn, call=number, what=what, tools=(call.name,))
        if await world.digest() != row.digests[turn]:
            what = "the ground truth does not reach the recorded state"
            tools = tuple(call.name for call in calls)
            yield Mismatch(row=row.id, turn=turn, call=-1, what=what, tools=tools)


async def replay_recorded(row: Conversation, world: World) -> AsyncIterator[Mismatch]:
    """The recorded calls, which have to give the recorded results and reach the same states."""
    interrupted = frozenset(row.interrupted_calls)
    for turn, messages in enumerate(turns_of(row.messages)):
        results = {m.tool_call_id: m for m in messages if m.role == "tool"}
        calls = _calls(messages)
        for number, call in enumerate(calls):
            if call.id in interrupted:
                continue
            got = await _result(world, call)
            recorded = results.get(call.id)
            if recorded is None or recorded.content != got:
                what = f"{call.name} {_apart(got, recorded.content if recorded else None)}"
                yield Mismatch(row=row.id, turn=turn, call=number, what=what, tools=(call.name,))
        if await world.digest() != row.digests[turn]:
            what = "the recorded calls do not reach the recorded state"
            tools = tuple(call.name for call in calls)
            yield Mismatch(row=row.id, turn=turn, call=-1, what=what, tools=tools)


async def _result(world: World, call: ToolCall) -> str:
    """The result as the row stores it. A call that fails leaves the state as it was."""
    before = await world.mark()
    observation = await world.attempt(call.name, msgspec.json.decode(call.arguments or "{}"))
    if not observation.ok:
        await world.rewind(before)
    return _text(observation.value, observation.message, ok=observation.ok)


def _text(value: Any, message: str, *, ok: bool) -> str:
    return canonical_result(value if ok else {"error": message})


def _calls(messages: Sequence[Message]) -> list[ToolCall]:
    return [call for message in messages for call in message.tool_calls]


def says_the_truth(row: Conversation) -> bool:
    """Whether the recorded calls are the ground truth, one by one: then one replay shows both."""
    recorded = [
        [(call.name, call.arguments) for call in _calls(messages)]
        for messages in turns_of(row.messages)
    ]
    truth = [[(call.name, call.arguments) for call in calls] for calls in row.ground_truth]
    return [[(n, _canonical(a)) for n, a in turn] for turn in recorded] == truth


def _canonical(arguments: str) -> str:
    return canonical(msgspec.json.decode(arguments or "{}"))


def _apart(got: str, recorded: str | None) -> str:
    """What both are, from shortly before the first character that differs."""
    if recorded is None:
        return f"gives {got[:SHOWN]}, the row has None"
    same = next((n for n, (a, b) in enumerate(zip(got, recorded, strict=False)) if a != b), 0)
    start = max(0, same - SHOWN // 3) if same > SHOWN // 2 else 0
    left = "..." if start else ""
    shown = (f"{left}{text[start : start + SHOWN]}" for text in (got, recorded))
    return "gives {}, the row has {}".format(*shown)
