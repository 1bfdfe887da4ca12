"""Lets the event loop breathe: in-process tools never suspend, so a plan would hold it for long.

Whoever computes calls `breathe` between two steps. After two milliseconds without a breath it
waits, and of all who wait one goes on per turn of the loop: its lag stays that of one slice,
however many conversations are alive. With 64 alive the p99 of lag was 412 ms without this.
"""

from __future__ import annotations

import asyncio
from collections import deque
from time import perf_counter

import anyio

SLICE = 0.002


class _Breath:
    """Who waits for a turn of the loop: two do for each reply. anyio's lock and checkpoint do the
    same at twice the cost."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.since = perf_counter()
        self.door = anyio.Lock(fast_acquire=True)  # whoever holds it waits for a turn anyway
        self.busy = False
        """Whether somebody waits: then all others do, behind them."""
        self._loop = loop
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def wait(self) -> None:
        turn = self._loop.create_future()
        self._waiting.append(turn)
        if not self.busy:
            self.busy = True
            self._loop.call_soon(self._next)
        await turn

    def _next(self) -> None:
        """Runs once a turn of the loop while somebody waits."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                self.since = perf_counter()
                self._loop.call_soon(self._next)
                return
        self.busy = False


class _Latest:
    """Of the loop that runs: asking anyio for it at each call of a tool costs ten times as much."""

    loop: asyncio.AbstractEventLoop | None = None
    breath: _Breath


_latest = _Latest()


async def enter() -> None:
    """For whoever begins: one at a time, after all who are on their way had a turn. So a few
    conversations are being planned at a time, not all of them; 4,000 half-made plans took 1.4 GB.
    """
    async with _of_loop().door:
        await breathe()


async def breathe() -> None:
    """Goes on at once within a slice; else after at least one turn of the loop."""
    breath = _of_loop()
    if breath.busy or perf_counter() - breath.since >= SLICE:
        await breath.wait()


def _of_loop() -> _Breath:
    loop = asyncio.get_running_loop()
    if _latest.loop is not loop:
        _latest.loop, _latest.breath = loop, _Breath(loop)
    return _latest.breath
