"""Dashboard and event log of a run in a benchmark: on and timed where they work, or not there."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from rich.console import Console

from fastsynth import run as runs
from fastsynth.dashboard import live, watch
from fastsynth.dashboard.eventlog import EventLog
from fastsynth.dashboard.view import Progress
from fastsynth.dashboard.watch import Watched

WIDTH, HEIGHT = 160, 50


class Silent:
    """In place of the event log: listens to nothing and writes nothing."""

    def __init__(self, *_: object) -> None: ...

    def __call__(self, event: object) -> None: ...

    async def flush(self) -> None: ...


@asynccontextmanager
async def unseen(*_: object) -> AsyncIterator[Watched]:
    """In place of the dashboard: counts nothing and shows nothing."""
    yield Watched(Progress(0.0), "quiet", Console(stderr=True), sys.stdout)


class Spent:
    """CPU seconds that observers took, all threads."""

    seconds = 0.0

    def of(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            before = time.thread_time()
            try:
                return function(*arguments, **named)
            finally:
                self.seconds += time.thread_time() - before

        return timed


PARTS: tuple[tuple[Any, str], ...] = (
    (EventLog, "__call__"),
    (EventLog, "_write"),
    (Progress, "__call__"),
    (Progress, "snapshot"),
    (live.Picture, "show"),
)


@contextmanager
def observed(on: bool, *, timed: bool = False) -> Iterator[Spent]:
    """Runs inside have the full-screen dashboard, drawn to the null device, and the event log; or
    neither. `timed` costs some time itself: two readings of the clock an event."""
    spent = Spent()
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        changed: list[tuple[Any, str, Any]] = []
        if on:
            screen = Console(file=nowhere, force_terminal=True, width=WIDTH, height=HEIGHT)
            screen._environ = {"TERM": "xterm-256color"}  # type: ignore[assignment]
            changed += [
                (watch, "Console", lambda **_: screen),
                (watch, "is_screen", lambda _: True),
            ]
            if timed:
                changed += [(kind, name, spent.of(getattr(kind, name))) for kind, name in PARTS]
        else:
            changed += [(runs, "watch", unseen), (runs, "EventLog", Silent)]
        before = [(place, name, getattr(place, name)) for place, name, _ in changed]
        try:
            for place, name, value in changed:
                setattr(place, name, value)
            yield spent
        finally:
            for place, name, value in before:
                setattr(place, name, value)
