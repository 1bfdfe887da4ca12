"""Chat and transport without a server, for tests: replies and their times come from a function."""

from __future__ import annotations

from collections.abc import Callable

import anyio

from fastsynth.llm.chat import Ask, NoReply, Reply
from fastsynth.llm.faults import Fault
from fastsynth.llm.streaming import Merging
from fastsynth.llm.transport import Answer
from fastsynth.llm.wire import Body


class FakeChat:
    """Implements `chat.Chat`; keeps what it was asked, in order."""

    def __init__(self, answer: Callable[[Ask], Reply | NoReply]) -> None:
        self._answer = answer
        self.asked: list[Ask] = []

    async def ask(self, ask: Ask) -> Reply | NoReply:
        self.asked.append(ask)
        return self._answer(ask)


class MemoryReplies:
    """Implements `chat.ReplyStore`; nothing survives the process."""

    def __init__(self) -> None:
        self.kept: dict[tuple[int, bytes], bytes] = {}

    def get(self, job: int, key: bytes) -> bytes | None:
        return self.kept.get((job, key))

    def put(self, job: int, key: bytes, reply: bytes) -> None:
        self.kept[job, key] = reply


class TimedTransport:
    """Implements `transport.Transport`: each send takes what `plan` says of it, then brings
    the body it gives or raises the fault."""

    def __init__(
        self, plan: Callable[[str, int], tuple[float, bytes | Fault]], models: bytes = b"{}"
    ) -> None:
        self._plan = plan
        self._models = models
        self.sent: list[tuple[float, str]] = []
        """When and where to, of every send."""

    async def get(self, url: str) -> Answer:
        return Answer(status=200, headers={}, body=self._models)

    async def post(self, url: str, body: Body, merging: Merging | None = None) -> Answer:
        """`plan` is given the address and how many sends there were before."""
        seconds, answer = self._plan(url, len(self.sent))
        self.sent.append((anyio.current_time(), url))
        await anyio.sleep(seconds)
        if isinstance(answer, Fault):
            raise answer
        return Answer(status=200, headers={}, body=answer)
