"""A pool in front of a modelled server in virtual time: what got done, and with how many."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Protocol

import anyio
from virtual_clock import run_virtual

from fastsynth.llm.gauges import POLL_SECONDS
from fastsynth.llm.limits import Gate, Limits
from fastsynth.llm.router import Pool
from fastsynth.sim.batching import Batcher, Shape

Change = Callable[["Trial"], Awaitable[None]]


class Server(Protocol):
    """`reply` returns the seconds to the first token; None is a 429."""

    async def reply(self, tokens: int) -> float | None: ...


class Batching:
    def __init__(self, shape: Shape) -> None:
        self.batcher = Batcher(shape)

    async def reply(self, tokens: int) -> float | None:
        if self.batcher.refuses:
            return None
        began = anyio.current_time()
        with self.batcher.sequence(400, 0, tokens) as sequence:
            await sequence.first.wait()
            first = anyio.current_time() - began
            await sequence.finished.wait()
        return first


class Even:
    """Slows down evenly with its load: a reply of n tokens takes n x (a + b x running)."""

    def __init__(self, alone: float, each: float) -> None:
        self.alone, self.each, self.running = alone, each, 0

    async def reply(self, tokens: int) -> float | None:
        began, first = anyio.current_time(), None
        self.running += 1
        for _ in range(0, tokens, 20):
            await anyio.sleep(20 * (self.alone + self.each * self.running))
            first = first or anyio.current_time() - began
        self.running -= 1
        return first


class Trial:
    def __init__(
        self,
        server: Server,
        limits: Limits,
        demand: int,
        seconds: float,
        streamed: bool = False,
        tokens: tuple[int, int] | None = None,
    ) -> None:
        """`tokens`: least and most of a reply; None draws them with a long tail."""
        self.server = server
        self.gate = Gate("p@a", limits)
        self.pool = Pool("p", [self.gate])
        self.demand = demand
        self.seconds = seconds
        self.done: list[tuple[float, int]] = []
        self.levels: list[tuple[float, int]] = []
        self.refusals = 0
        self.streamed = streamed
        self.tokens = tokens
        self._draw = random.Random(1)

    async def _ask(self, number: int) -> None:
        while anyio.current_time() < self.seconds:
            permit = await self.pool.admit(number)
            tokens = 40 + min(800, int(self._draw.expovariate(1 / 140)))
            if self.tokens is not None:
                tokens = self._draw.randint(*self.tokens)
            first = await self.server.reply(tokens)
            now = anyio.current_time()
            if first is not None:
                permit.first = first if self.streamed else None
                self.gate.served(permit, tokens)
                self.done.append((now, tokens))
            else:
                self.refusals += 1
                self.gate.answered()
                self.gate.refused(now, permit, None)
            self.pool.release(permit)

    async def _watch(self) -> None:
        while True:
            self.levels.append((anyio.current_time(), self.gate._cap))
            await anyio.sleep(1.0)

    async def poll(self) -> None:
        assert isinstance(self.server, Batching)
        batcher, gate = self.server.batcher, self.gate
        while True:
            await anyio.sleep(POLL_SECONDS)
            assert gate.knee
            full = gate.in_flight >= 0.9 * gate.knee.level
            waiting, running = len(batcher.waiting), len(batcher.running)
            gate.knee.told(waiting, running, batcher.kv_usage, gate.in_flight, full)
            self.pool.pump()

    async def main(self, *beside: Callable[[], Awaitable[None]]) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(self._watch)
            for task in beside:
                group.start_soon(task)
            if isinstance(self.server, Batching):
                group.start_soon(self.server.batcher.run)
            async with anyio.create_task_group() as asking:
                for number in range(self.demand):
                    asking.start_soon(self._ask, number)
            group.cancel_scope.cancel()

    def rate(self, start: float, end: float) -> float:
        """Tokens a second between two times."""
        return sum(n for at, n in self.done if start <= at < end) / (end - start)


def run(trial: Trial, *beside: Callable[[], Awaitable[None]]) -> Trial:
    run_virtual(trial.main(*beside))
    return trial
