"""The scripted teacher, its replies coming in another order than they were asked for."""

from __future__ import annotations

import anyio

from fastsynth.llm.chat import Ask, NoReply, Reply
from fastsynth.sim.inprocess import teacher_chat

LONGEST = 0.05
"""Seconds that the first reply is held back; each later one less."""


class Late:
    def __init__(self) -> None:
        self._teacher = teacher_chat()
        self._asked = 0

    async def ask(self, ask: Ask) -> Reply | NoReply:
        self._asked += 1
        await anyio.sleep(LONGEST / self._asked)
        return await self._teacher.ask(ask)
