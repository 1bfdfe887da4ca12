"""Chooses how a run is shown, opens it on the bus, and says how it ended."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Literal, TextIO

import anyio
from anyio.abc import TaskGroup
from rich.console import Console

from fastsynth.dashboard.live import live
from fastsynth.dashboard.plain import Lines, plain
from fastsynth.dashboard.snapshot import Snapshot
from fastsynth.dashboard.summary import summary, summary_panel
from fastsynth.dashboard.terminal import Stderr
from fastsynth.dashboard.view import Progress
from fastsynth.events import Bus, Note
from fastsynth.records import encode
from fastsynth.store.summary import Summary

Mode = Literal["auto", "plain", "quiet", "json"]
"""`json`: plain lines on stderr, and stdout is left to the summary object."""


class Watched:
    """A run being shown; `finish` after the block, when the terminal is one's own again."""

    def __init__(self, progress: Progress, mode: Mode, console: Console, out: TextIO) -> None:
        self.progress = progress
        self.last: Snapshot | None = None
        """Taken as the block was left."""
        self._mode = mode
        self._console = console
        self._out = out

    def finish(self, whole: Summary | None = None) -> None:
        """Prints a panel on stderr, or with `json` one line on stdout: `whole` where it is given,
        else what this sitting saw."""
        if self.last is None:
            return
        if self._mode == "json":
            self._out.write(encode(whole or summary(self.last)).decode() + "\n")
            self._out.flush()
        elif self._mode != "quiet":
            with suppress(OSError):
                self._console.print(summary_panel(self.last))


@asynccontextmanager
async def watch(
    bus: Bus,
    group: TaskGroup,
    mode: Mode = "auto",
    *,
    console: Console | None = None,
    out: TextIO | None = None,
) -> AsyncIterator[Watched]:
    """Shows what the bus tells until the block is left. `console` defaults to stderr.

    The drawing task lives in `group` and has ended when the block has.
    """
    console = console or Stderr()
    progress = Progress(anyio.current_time())
    bus.listen(progress)
    watched = Watched(progress, mode, console, out or sys.stdout)
    try:
        if mode == "auto" and is_screen(console):
            async with live(progress, group, console):
                yield watched
        else:
            lines = Lines(progress, console.file, quiet=mode == "quiet")
            bus.listen(lines, Note)
            async with plain(lines, group):
                yield watched
    finally:
        watched.last = progress.snapshot(anyio.current_time())


def is_screen(console: Console) -> bool:
    """Whether the full-screen dashboard can be shown: a terminal with a cursor, in UTF-8."""
    return (
        console.is_terminal and not console.is_dumb_terminal and console.encoding.startswith("utf")
    )
