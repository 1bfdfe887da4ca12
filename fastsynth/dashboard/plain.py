"""Progress as plain lines, for logs and pipes: one at the start, one every ten seconds, and notes.

Lines are written by one task, never by the emitter of an event; a storm of notes is cut to a few
lines and a count.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import IO

import anyio
from anyio.abc import TaskGroup

from fastsynth.dashboard import figures
from fastsynth.dashboard.canvas import clean
from fastsynth.dashboard.snapshot import SCRIPTED, Snapshot, ending, spending
from fastsynth.dashboard.view import Progress
from fastsynth.events import Event, Note

LINE_SECONDS = 10.0
LOOK_SECONDS = 0.5
NOTES_A_LOOK = 4


class Lines:
    """What was already said; `look` writes what is new. `quiet` says warnings only."""

    def __init__(self, progress: Progress, out: IO[str], *, quiet: bool = False) -> None:
        self._progress = progress
        self._out = out
        self._quiet = quiet
        self._notes: list[Note] = []
        self._dropped = 0
        self._begun = False
        self._last: float | None = None
        self._told = 0.0
        """When it was last told what is prepared, in seconds since the start."""

    def __call__(self, event: Event) -> None:
        if type(event) is not Note or (self._quiet and event.level != "warning"):
            return
        if len(self._notes) < NOTES_A_LOOK:
            self._notes.append(event)
        else:
            self._dropped += 1

    def look(self, now: float) -> None:
        """Writes the start line once, notes that came since, and a line every ten seconds."""
        view = self._progress.snapshot(now)
        if not self._quiet and not self._begun and view.run.run_dir:
            self._begun = True
            self._last = now
            self._write(start_line(view))
        if not self._quiet and view.preparing and view.seconds - self._told >= LINE_SECONDS:
            self._told = view.seconds
            self._write(f"{figures.clock(view.seconds)} {clean(view.preparing)}")
        for note in self._notes:
            mark = "warning: " if note.level == "warning" else ""
            self._write(f"{figures.clock(view.seconds)} {mark}{clean(note.text)}")
        if self._dropped:
            self._write(f"{figures.clock(view.seconds)} and {self._dropped:,} more notes")
        self._notes.clear()
        self._dropped = 0
        if self._last is not None and now - self._last >= LINE_SECONDS:
            self._last = now
            self._write(progress_line(view))
        self._out.flush()

    def _write(self, line: str) -> None:
        self._out.write(line + "\n")


def start_line(view: Snapshot) -> str:
    run = view.run
    teacher = SCRIPTED if run.teacher == "scripted" else f"teacher {clean(run.teacher)}"
    had = f", {run.already_accepted:,} already there" if run.already_accepted else ""
    return (
        f"{clean(run.run_dir)}: {run.wanted:,} conversations{had}; {clean(run.environment)}; "
        f"{len(run.endpoints)} endpoint{'s' * (len(run.endpoints) != 1)}; {teacher}"
    )


def progress_line(view: Snapshot) -> str:
    """`01:20 412/1,000 accepted (41%), 207 rejected, 3 failed; 152 replies/s ...; ETA 01:55`."""
    done = figures.share(view.accepted, view.wanted)
    rates = f"{figures.short(view.requests_per_s)} replies/s"
    rates += f", {figures.short(view.tokens_per_s)} tokens/s, {view.in_flight:,} in flight"
    return (
        f"{figures.clock(view.seconds)} {view.accepted:,}/{view.wanted:,} accepted ({done}), "
        f"{view.rejected:,} rejected, {view.failed:,} failed; {rates}; "
        f"{spending(view)}; "
        f"{ending(view)}"
    )


@asynccontextmanager
async def plain(lines: Lines, group: TaskGroup) -> AsyncIterator[None]:
    """Writes lines until the block is left; what came last is written on the way out."""
    scope = anyio.CancelScope()
    group.start_soon(_keep_looking, lines, scope)
    try:
        yield
    finally:
        scope.cancel()
        with suppress(OSError):
            lines.look(anyio.current_time())


async def _keep_looking(lines: Lines, scope: anyio.CancelScope) -> None:
    """A reader that went away ends the lines, not the run."""
    with scope, suppress(OSError):
        while True:
            lines.look(anyio.current_time())
            await anyio.sleep(LOOK_SECONDS)
