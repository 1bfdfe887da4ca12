"""What ends a run before its quota is full: signals, budgets, an outage. Ending means draining.

The first SIGINT, SIGTERM or SIGHUP stops the pulling and lets what is in flight finish; a further
one aborts, but for SIGHUP: a terminal that goes away may send several.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import msgspec

from fastsynth.engine.signals import ending, put_back
from fastsynth.engine.unwrap import unwrapped
from fastsynth.events import Bus, Event, Note, RequestDone


class Stop:
    """A wish to end, with its reason. The first reason stays."""

    def __init__(self) -> None:
        self.reason = ""
        """`interrupt`, `max_time`, `max_cost`, `max_tokens_total`, `outage`; "" while running."""
        self.aborted = False
        self._event = anyio.Event()

    @property
    def requested(self) -> bool:
        return bool(self.reason)

    def request(self, reason: str) -> None:
        if not self.reason:
            self.reason = reason
            self._event.set()

    async def wait(self) -> None:
        await self._event.wait()

    async def sleep(self, seconds: float) -> None:
        """Sleeps, or returns at once when the end is wished for."""
        with anyio.move_on_after(seconds):
            await self._event.wait()


@asynccontextmanager
async def on_signals(stop: Stop, bus: Bus) -> AsyncIterator[None]:
    """Within it, signals drain and then abort; an abort cancels the body and sets `stop.aborted`.

    Outside the main thread, where Python delivers no signals, it does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    with unwrapped():
        async with anyio.create_task_group() as group:
            await group.start(_listen, stop, bus, group.cancel_scope)
            yield
            group.cancel_scope.cancel()


async def _listen(
    stop: Stop,
    bus: Bus,
    scope: anyio.CancelScope,
    *,
    task_status: anyio.abc.TaskStatus[None] = anyio.TASK_STATUS_IGNORED,
) -> None:
    before = {number: signal.getsignal(number) for number in ending()}
    asked = False
    try:
        with anyio.open_signal_receiver(*before) as received:
            task_status.started()
            async for number in received:
                if asked and number != signal.SIGHUP:
                    stop.aborted = True
                    scope.cancel()
                    return
                if not asked:
                    stop.request("interrupt")
                    bus.emit(Note(text="draining: finishing what is in flight; once more aborts"))
                asked = True
    finally:
        put_back(before)


class Budget(msgspec.Struct, kw_only=True):
    """Spending limits of a run. Listens to requests; what was spent before counts too."""

    stop: Stop
    max_time: float | None = None
    """Seconds from `watch` on."""
    max_cost: float | None = None
    """US dollars."""
    max_tokens_total: int | None = None
    """Prompt and completion tokens together."""
    cost: float = 0.0
    tokens: int = 0

    def listen(self, event: Event) -> None:
        if isinstance(event, RequestDone):
            self.spend(event.prompt_tokens + event.completion_tokens, event.cost_usd or 0.0)

    def spend(self, tokens: int, cost: float) -> None:
        self.tokens += tokens
        self.cost += cost
        if self.max_cost is not None and self.cost >= self.max_cost:
            self.stop.request("max_cost")
        if self.max_tokens_total is not None and self.tokens >= self.max_tokens_total:
            self.stop.request("max_tokens_total")

    async def watch(self) -> None:
        """Keeps the time; to be run beside the drain, and cancelled with it."""
        if self.max_time is not None:
            await anyio.sleep(self.max_time)
            self.stop.request("max_time")
