"""`events.jsonl`: a bounded sample of what happened, one JSON object a line.

Each kind of event has a share of about fifty lines a second; what went over it is counted in a
`Skipped` line. Events are encoded and written once a second, in a worker thread.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio
import anyio.to_thread
import msgspec
from anyio.abc import TaskGroup

from fastsynth.errors import DiskFull, reraise_disk
from fastsynth.events import (
    Event,
    JobFinished,
    JobStarted,
    Note,
    Preparing,
    ReplyReused,
    RequestDone,
    RequestFailed,
    RunFinished,
    RunStarted,
    SlotTime,
    Throttled,
    TurnFinished,
)

FLUSH_SECONDS = 1.0
LINES_A_FLUSH: dict[type[Event], int] = {
    JobFinished: 30,
    Note: 6,
    RequestFailed: 3,
    RequestDone: 2,
    Throttled: 2,
    SlotTime: 2,
    TurnFinished: 2,
    JobStarted: 2,
    ReplyReused: 1,
    Preparing: 1,
}
"""Of each kind, between two flushes; a kind that is not named is only counted."""


class EventLog:
    """The listener. `t` in a line is seconds since `started`, by the same clock."""

    def __init__(self, path: Path, started: float, clock: Callable[[], float]) -> None:
        self._path = path
        self._started = started
        self._clock = clock
        self._kept: list[tuple[float, Event]] = []
        self._left = dict(LINES_A_FLUSH)
        self._skipped: dict[type[Event], int] = {}

    def __call__(self, event: Event) -> None:
        kind = type(event)
        left = 1 if kind is RunStarted or kind is RunFinished else self._left.get(kind, 0)
        if left:
            self._left[kind] = left - 1
            self._kept.append((self._clock(), event))
        else:
            self._skipped[kind] = self._skipped.get(kind, 0) + 1

    async def flush(self) -> None:
        """Writes what was kept since the last flush; where no space is left it is dropped."""
        kept, skipped = self._kept, self._skipped
        self._kept, self._skipped, self._left = [], {}, dict(LINES_A_FLUSH)
        if kept or skipped:
            now = self._clock()
            with suppress(DiskFull):  # a sample of what happened: lines are lost, the run is not
                await anyio.to_thread.run_sync(self._write, kept, skipped, now)

    def _write(
        self, kept: list[tuple[float, Event]], skipped: dict[type[Event], int], now: float
    ) -> None:
        lines = [self._stamp(at) + msgspec.json.encode(event)[1:] for at, event in kept]
        if skipped:
            counts = {kind.__name__: count for kind, count in skipped.items()}
            line = msgspec.json.encode({"event": "Skipped", "counts": counts})
            lines.append(self._stamp(now) + line[1:])
        try:
            with self._path.open("ab") as file:
                file.write(b"\n".join(lines) + b"\n")
        except OSError as error:
            reraise_disk(error, str(self._path))

    def _stamp(self, at: float) -> bytes:
        return b'{"t":%.3f,' % (at - self._started)


@asynccontextmanager
async def event_log(log: EventLog, group: TaskGroup) -> AsyncIterator[None]:
    """Flushes once a second from `group` until the block is left, and once more then."""
    scope = anyio.CancelScope()
    group.start_soon(_keep_flushing, log, scope)
    try:
        yield
    finally:
        scope.cancel()
        with anyio.CancelScope(shield=True):
            await log.flush()


async def _keep_flushing(log: EventLog, scope: anyio.CancelScope) -> None:
    with scope:
        while True:
            await anyio.sleep(FLUSH_SECONDS)
            await log.flush()
