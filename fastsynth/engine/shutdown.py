"""The wish to end a run before its quota is full, and the signals that bring it: it drains.

The first SIGINT, SIGTERM or SIGHUP stops the pulling and lets what is in flight finish; a further
one aborts, but for SIGHUP: a terminal that goes away may send several.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from fastsynth.engine.signals import ending, put_back
from fastsynth.engine.unwrap import unwrapped
from fastsynth.events import Bus, Note


class Stop:
    """A wish to end, with its reason. The first reason stays."""

    def __init__(self) -> None:
        self.reason = ""
        """`interrupt`, `max_time`, `max_cost`, `max_tokens_total`, `outage`; "" while running."""
        self.detail = ""
        """The reason in figures, where there are any."""
        self.aborted = False
        self._event = anyio.Event()

    @property
    def requested(self) -> bool:
        return bool(self.reason)

    def request(self, reason: str, detail: str = "") -> None:
        if not self.reason:
            self.reason, self.detail = reason, detail
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
