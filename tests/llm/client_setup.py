"""What every client test needs: a reply store in memory, a recorder of events, a ready client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from fastsynth.config import Endpoint, Sampling
from fastsynth.events import Bus, Event
from fastsynth.llm.chat import Ask
from fastsynth.llm.client import Client, Settings, open_client
from fastsynth.llm.fake import MemoryReplies
from fastsynth.llm.wire import Transcript
from fastsynth.records import Message


class Told(msgspec.Struct, frozen=True):
    """In place of a script."""

    purpose: str = ""


class Setup:
    def __init__(self) -> None:
        self.replies = MemoryReplies()
        self.bus = Bus()
        self.events: list[Event] = []
        self.bus.listen(self.events.append)

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @asynccontextmanager
    async def client(self, *urls: str, **endpoint: Any) -> AsyncIterator[Client]:
        given = {"model": "teacher", **endpoint}
        settings = Settings(
            endpoints={"fleet": Endpoint(urls=urls, **given)},
            roles={"default": "fleet"},
            sampling={"default": Sampling(max_tokens=64)},
            seed=7,
        )
        async with open_client(settings, replies=self.replies, bus=self.bus) as client:
            yield client


def ask(job: int = 0, **fields: Any) -> Ask:
    given: dict[str, Any] = {
        "turn": 0,
        "role": "reasoning",
        "purpose": "step",
        "attempt": 0,
        "step": 0,
        "transcript": Transcript((Message(role="user", content="hi"),)),
    }
    return Ask(job=job, **{**given, **fields})
