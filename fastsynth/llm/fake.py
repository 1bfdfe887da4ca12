"""Chat without a server, for tests of the layers above: replies come from a function."""

from __future__ import annotations

from collections.abc import Callable

from fastsynth.llm.chat import Ask, NoReply, Reply


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
