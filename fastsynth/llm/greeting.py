"""First contact with an address: which models it lists, and whether it is a scripted teacher.

Whether a server is a scripted teacher is asked of the server itself, once; without its own word
no script ever leaves this process.
"""

from __future__ import annotations

from typing import Any

import anyio
import msgspec

from fastsynth.events import Bus, Note
from fastsynth.llm.faults import Fault, Halt, judge_status
from fastsynth.llm.transport import Answer, Transport

SECONDS = 30.0
TIMES = 3
"""An address is asked for its models while it answers 5xx or 429 (still loading)."""


class _Model(msgspec.Struct, frozen=True):
    id: str


class _Models(msgspec.Struct, frozen=True):
    data: tuple[_Model, ...] = ()
    fastsynth: Any = None


class Greeting(msgspec.Struct, frozen=True, kw_only=True):
    """What an address answered, where it can be used."""

    models: tuple[str, ...] = ()
    scripted: bool = False
    page: bool = False
    """Whether a web page came instead of a list."""


async def greet(transport: Transport, tag: str, base: str, bus: Bus) -> Greeting | Halt | str:
    """Of the address `base`, known as `tag`; else why it cannot be used."""
    try:
        answer = await _list_models(transport, base)
    except Fault as fault:
        return fault.detail
    if answer is None:
        return f"no answer within {SECONDS:g} s"
    if answer.status == 200:
        return _heard(answer, tag, bus)
    if answer.status in (404, 405):
        return Greeting()
    verdict = judge_status(answer.status, answer.body)
    return verdict if isinstance(verdict, Halt) else f"HTTP {answer.status} for its list of models"


async def _list_models(transport: Transport, base: str) -> Answer | None:
    with anyio.move_on_after(SECONDS):
        for attempt in range(TIMES):
            await anyio.sleep(0.5 * attempt)
            answer = await transport.get(base + "/models")
            if answer.status < 500 and answer.status != 429:
                break
        return answer
    return None


def _heard(answer: Answer, tag: str, bus: Bus) -> Greeting:
    try:
        listing = msgspec.json.decode(answer.body, type=_Models)
    except (msgspec.DecodeError, UnicodeDecodeError):
        bus.emit(Note(text=f"{tag}: its list of models cannot be read", level="warning"))
        return Greeting(page=answer.is_page)
    return Greeting(
        models=tuple(model.id for model in listing.data),
        scripted=listing.fastsynth == {"teacher": "scripted"},
        page=answer.is_page,
    )
