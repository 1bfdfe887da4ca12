"""What the conversations alive hold: bytes by part, found by walking the objects of each task.

An object counts where one conversation alone reaches it; what they share (tools, endpoints, the
run) is passed over. Sizes are Python's own; what the allocator adds shows in resident memory.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections import Counter
from typing import Any

import msgspec

from fastsynth.method.conversation.talk import Talk

SHARED = frozenset(
    """Studio Client Service Pool Gate Bus Planner ApiGraph ObjectDomain BfclDomain Equipped Tool
    TaskGroup _Workers Sitting Books ClientSession TCPConnector Prompts ReplyLog Journal Quota
    Config Endpoint module type function method builtin_function_or_method code Context
    _UnixSelectorEventLoop StructMeta ABCMeta CancelScope AiohttpTransport Direct
    Activity""".split()
)
OWNERS = {
    "Transcript": "messages",
    "World": "world",
    "Setting": "scenario",
    "Talk": "talk",
    "Turn": "present turn",
    "Scene": "present turn",
    "Cue": "script",
    "Ask": "request",
    "Job": "request",
    "ClientRequest": "connection",
    "ClientResponse": "connection",
    "Connection": "connection",
    "_Line": "connection",
    "Response": "connection",
}
"""Type -> part that it and all below it belong to, the first that claims an object first; what is
left is `frames`: coroutines, prompts being filled, and what waits in them."""


def conversations() -> list[asyncio.Task[Any]]:
    return [task for task in asyncio.all_tasks() if "_Workers._run" in task.get_name()]


def message_bytes() -> float:
    """Encoded bytes of the messages of all conversations alive, on average."""
    talks = [found for found in gc.get_objects() if type(found) is Talk]
    return sum(len(talk.transcript.encoded()) for talk in talks) / max(1, len(talks))


def parts(sample: int = 40) -> dict[str, int]:
    """Part -> bytes a conversation, on average over some."""
    tasks = conversations()[:sample]
    reached = [_reached([task]) for task in tasks]
    times = Counter(key for found in reached for key in found)
    totals: Counter[str] = Counter()
    for found in reached:
        own = {key: value for key, value in found.items() if times[key] == 1}
        for part in dict.fromkeys(OWNERS.values()):
            heads = [v for v in own.values() if OWNERS.get(type(v).__name__) == part]
            for key in _reached(heads, own):
                totals[part] += _size(own.pop(key))
        totals["frames"] += sum(map(_size, own.values()))
    return {part: round(size / max(1, len(tasks))) for part, size in totals.most_common()}


def _reached(heads: list[Any], within: dict[int, Any] | None = None) -> dict[int, Any]:
    """By id, all that `heads` lead to without passing over what is shared."""
    found: dict[int, Any] = {}
    waiting = list(heads)
    while waiting:
        value = waiting.pop()
        outside = within is not None and id(value) not in within
        if (
            id(value) in found
            or outside
            or (_shared(value) and not any(value is head for head in heads))
        ):
            continue
        found[id(value)] = value
        waiting += gc.get_referents(value)
    return found


def _shared(value: Any) -> bool:
    return isinstance(value, (type, asyncio.Task)) or type(value).__name__ in SHARED


def _size(value: Any) -> int:
    if isinstance(value, msgspec.Raw):  # sys.getsizeof reads its memory wrongly
        return 64 + memoryview(value).nbytes
    return sys.getsizeof(value)
