"""A model's calls, run in the living world: each gives a message, and a record of what happened.

A failure is an observation like any other; it is taken back where it left the state as it was.
"""

from __future__ import annotations

from typing import Any

from fastsynth.env.world import Mark, World
from fastsynth.method.chain.verify import Executed
from fastsynth.method.parse import arguments_of
from fastsynth.records import Message, ToolCall, encode


async def run_call(
    world: World, call: ToolCall, troubles: dict[str, str]
) -> tuple[Message, Executed]:
    """Runs one call. A failure is an observation; the state must not have moved by it.

    A tool in `troubles` fails once with that text, before it is reached.
    """
    arguments = arguments_of(call) or {}
    trouble = troubles.pop(call.name, "")
    if trouble:
        ran = Executed(
            id=call.id, tool=call.name, arguments=arguments, error=trouble, interrupted=True
        )
        return _tool_message(call, canonical_result({"error": trouble})), ran
    before = await world.mark()
    forbidden = await world.forbidden(call.name, arguments)
    observation = await world.attempt(call.name, arguments)
    if observation.ok:
        ran = Executed(
            id=call.id,
            tool=call.name,
            arguments=world.log[-1][1],
            value=observation.value,
            forbidden=forbidden,
        )
        return _tool_message(call, canonical_result(observation.value)), ran
    moved = not observation.stopped and await _moved(world, before)
    ran = Executed(
        id=call.id,
        tool=call.name,
        arguments=arguments,
        error=observation.message,
        moved=moved,
        forbidden=forbidden,
        stopped=observation.stopped,
    )
    return _tool_message(call, canonical_result({"error": observation.message})), ran


async def _moved(world: World, before: Mark) -> bool:
    """Whether a failed call changed the state; where it did not, the call is taken back whole."""
    after = await world.mark()
    digest = await world.digest()
    await world.rewind(before)
    if await world.digest() == digest:
        return False
    await world.rewind(after)
    return True


def canonical_result(value: Any) -> str:
    """A result as the model sees it and the row stores it: text as it is, all else as JSON."""
    return value if isinstance(value, str) else encode(value).decode()


def _tool_message(call: ToolCall, content: str) -> Message:
    return Message(role="tool", content=content, tool_call_id=call.id, name=call.name)
