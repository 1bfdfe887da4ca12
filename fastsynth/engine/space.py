"""Waits out a full disk: what cannot be written now is held and written when there is space.

Nothing more is asked meanwhile, because whoever has a reply to store waits here with it. A wish
to end (Ctrl-C, a budget) ends the waiting too; what was held is then asked again by the next run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from fastsynth.engine.shutdown import Stop
from fastsynth.errors import DiskFull, Interrupted
from fastsynth.events import Bus, Note

LOOK_SECONDS = 1.0
SAY_SECONDS = 60.0
T = TypeVar("T")


class Space:
    def __init__(self, bus: Bus, stop: Stop) -> None:
        self._bus = bus
        self._stop = stop
        self._said = -SAY_SECONDS

    async def wait(self, error: DiskFull) -> None:
        """Returns when it is time to try again. Raises what ends the run where it shall end."""
        if self._stop.reason == "interrupt":
            raise Interrupted(str(error)) from error
        if self._stop.requested:
            raise error
        now = anyio.current_time()
        if now - self._said >= SAY_SECONDS:
            self._said = now
            what = str(error).partition(";")[0]
            text = f"{what}; paused, goes on when there is some; Ctrl-C ends"
            self._bus.emit(Note(text=text, level="warning"))
        await self._stop.sleep(LOOK_SECONDS)

    async def keep(self, write: Callable[[], T]) -> T:
        """Calls `write` until it does not raise DiskFull."""
        while True:
            try:
                return write()
            except DiskFull as error:
                await self.wait(error)

    async def keep_aside(self, write: Callable[[], T]) -> T:
        """The same for what takes long, in a worker thread."""
        while True:
            try:
                return await anyio.to_thread.run_sync(write)
            except DiskFull as error:
                await self.wait(error)
