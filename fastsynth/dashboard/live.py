"""The full-screen dashboard: drawn from counters by one task, as seldom as its own cost demands.

At most four frames a second, and never more than one per cent of a core: each frame's CPU time
is measured and the next waits a hundred times as long.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import thread_time

import anyio
from anyio.abc import TaskGroup
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.segment import Segment

from fastsynth.dashboard.frame import draw
from fastsynth.dashboard.snapshot import Snapshot
from fastsynth.dashboard.view import Progress

FRAME_SECONDS = 0.25
CPU_SHARE = 0.01


class Frame:
    """A snapshot as rich sees it: segments, with no layout left to do."""

    def __init__(self, view: Snapshot) -> None:
        self._view = view

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width, height = options.max_width, options.height or options.size.height
        for number, line in enumerate(draw(self._view, width, height)):
            if number:
                yield Segment.line()
            yield from line


@asynccontextmanager
async def live(progress: Progress, group: TaskGroup, console: Console) -> AsyncIterator[None]:
    """Shows `progress` on the alternate screen until the block is left, however it is left."""
    scope = anyio.CancelScope()
    screen = Live(
        console=console,
        screen=True,
        auto_refresh=False,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    try:
        screen.start()
        group.start_soon(_refresh, progress, screen, scope)
        yield
    finally:
        scope.cancel()
        with suppress(OSError):
            screen.stop()


async def _refresh(progress: Progress, screen: Live, scope: anyio.CancelScope) -> None:
    """A terminal that went away ends the picture, not the run."""
    with scope, suppress(OSError):
        while True:
            before = thread_time()
            screen.update(Frame(progress.snapshot(anyio.current_time())), refresh=True)
            await anyio.sleep(pause(thread_time() - before))


def pause(cost: float) -> float:
    """Seconds to wait after a frame that took `cost` seconds of CPU time."""
    return max(FRAME_SECONDS, cost / CPU_SHARE)
