"""How far the search for a graph is, in a line of words; and the line shown while a block runs.

On a terminal one line that changes, elsewhere a line every ten seconds: a search that is over
sooner says nothing there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import anyio
from rich.console import Console

from fastsynth.dashboard import figures
from fastsynth.dashboard.canvas import clean
from fastsynth.dashboard.plain import LINE_SECONDS
from fastsynth.dashboard.terminal import Stderr
from fastsynth.engine.unwrap import unwrapped
from fastsynth.method.discovery.inquiry import Inquiry

LOOK_SECONDS = 0.25
TELLING = 50
"""Calls from which on their rate tells how long a search may take: the first ones wait for servers
to start."""
CACHED = "graph: found before for these tools and this seed (`graph --refresh` finds it anew)"
_BACK = "\r\x1b[K"


def in_words(inquiry: Inquiry, seconds: float) -> str:
    """`finding the graph: state 1 of 2, running every tool (5 of 7), 312 calls, 9/s, at most 10:20
    left`; "" where nothing is looked for. `seconds`: since the search began."""
    if not inquiry.stage:
        return ""
    part = f" ({inquiry.done} of {inquiry.total})" if inquiry.total else ""
    line = f"finding the graph: state {inquiry.scenario} of {inquiry.scenarios}, {inquiry.stage}"
    line += f"{part}, {inquiry.calls:,} calls"
    rate = inquiry.calls / seconds if seconds > 0 else 0.0
    if inquiry.calls < TELLING:
        return line
    left = figures.clock(max(0, inquiry.expected - inquiry.calls) / rate)
    about = "at most" if inquiry.scenario == 1 else "about"
    return f"{line}, {figures.short(rate)}/s, {about} {left} left"


@asynccontextmanager
async def told(
    inquiry: Inquiry, tell: Callable[[str], None], every: float = 1.0
) -> AsyncIterator[None]:
    """Tells the words every so many seconds until the block is left."""
    began = anyio.current_time()

    async def keep_telling() -> None:
        with suppress(OSError):  # a reader that went away ends the lines, not the search
            while True:
                await anyio.sleep(every)
                if line := in_words(inquiry, anyio.current_time() - began):
                    tell(line)

    with unwrapped():
        async with anyio.create_task_group() as group:
            group.start_soon(keep_telling)
            try:
                yield
            finally:
                group.cancel_scope.cancel()


@asynccontextmanager
async def shown(inquiry: Inquiry, console: Console | None = None) -> AsyncIterator[None]:
    """For commands without a dashboard: on standard error, gone when the block is left."""
    console = console or Stderr()
    if not console.is_terminal or console.is_dumb_terminal:
        async with told(inquiry, lambda line: _write(console, f"{line}\n"), LINE_SECONDS):
            yield
        return
    try:
        async with told(inquiry, lambda line: _over(console, line), LOOK_SECONDS):
            yield
    finally:
        with suppress(OSError):
            _write(console, _BACK)


def _over(console: Console, line: str) -> None:
    _write(console, _BACK + clean(line)[: max(1, console.width - 1)])


def _write(console: Console, text: str) -> None:
    console.file.write(text)
    console.file.flush()
