"""The full-screen dashboard: drawn from counters by one task, as seldom as its own cost demands.

At most four frames a second, and at most half a per cent of what CPU time the run gets:
each frame is measured. Of a frame only the lines are written that differ from the one before.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from time import process_time, thread_time

import anyio
from anyio.abc import TaskGroup
from rich.console import Console, ConsoleOptions, RenderResult
from rich.control import Control

from fastsynth.dashboard.canvas import Line
from fastsynth.dashboard.frame import draw
from fastsynth.dashboard.snapshot import Snapshot
from fastsynth.dashboard.terminal import unechoed
from fastsynth.dashboard.view import Progress

FRAME_SECONDS = 0.25
SLOW_SECONDS = 1.0
"""Between two frames where the run gets little CPU time, as long as that is cheap for a core."""
CPU_SHARE = 0.005
WHOLE_EVERY = 8
"""Frames until all lines are written again, over what others may have put on the screen."""


class Lines:
    """Numbered lines of the screen, with no layout left to do."""

    def __init__(self, lines: Sequence[tuple[int, Line]]) -> None:
        self._lines = lines

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for number, line in self._lines:
            yield Control.move_to(0, number)
            yield from line


class Picture:
    """What stands on the screen."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lines: list[Line] = []
        self._width = 0
        self._frames = 0

    def show(self, view: Snapshot) -> None:
        width, height = self._console.size
        lines, known = draw(view, width, height), self._lines
        whole = width != self._width or len(known) != height or not self._frames % WHOLE_EVERY
        changed = [(n, new) for n, new in enumerate(lines) if whole or new != known[n]]
        self._lines, self._width = lines, width
        self._frames += 1
        if changed:
            self._console.print(Lines(changed), end="", soft_wrap=True)


@asynccontextmanager
async def live(progress: Progress, group: TaskGroup, console: Console) -> AsyncIterator[None]:
    """Shows `progress` on the alternate screen until the block is left, however it is left."""
    scope = anyio.CancelScope()
    with unechoed():
        try:
            console.set_alt_screen(True)
            console.show_cursor(False)
            group.start_soon(_refresh, progress, Picture(console), scope)
            yield
        finally:
            scope.cancel()
            with suppress(OSError):
                console.set_alt_screen(False)
                console.show_cursor(True)


async def _refresh(progress: Progress, picture: Picture, scope: anyio.CancelScope) -> None:
    """A terminal that went away ends the picture, not the run."""
    wall, cpu = anyio.current_time(), process_time()
    with scope, suppress(OSError):
        while not scope.cancel_called:
            now, used, before = anyio.current_time(), process_time(), thread_time()
            busy = (used - cpu) / (now - wall) if now > wall else 1.0
            wall, cpu = now, used
            picture.show(progress.snapshot(now))
            await anyio.sleep(pause(thread_time() - before, busy))


def pause(cost: float, busy: float = 1.0) -> float:
    """Seconds to wait after a frame that took `cost` seconds of CPU time in a process that gets
    `busy` cores: it may be waiting for its servers, or be one of too many on this machine."""
    longest = max(SLOW_SECONDS, cost / CPU_SHARE)
    return max(FRAME_SECONDS, min(cost / (CPU_SHARE * max(busy, 1e-3)), longest))
