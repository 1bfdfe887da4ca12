"""Dashboard and event log of a run in a benchmark: on and timed where they work, or off."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from typing import Any

from rich.console import Console

from fastsynth import run as runs
from fastsynth.dashboard import eventlog, live, watch
from fastsynth.dashboard.eventlog import EventLog
from fastsynth.dashboard.view import Progress


class Silent:
    """In place of the event log: listens to nothing and writes nothing."""

    def __init__(self, *_: object) -> None: ...

    def __call__(self, event: object) -> None: ...

    async def flush(self) -> None: ...


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


def observe(on: bool) -> Spent:
    """The full-screen dashboard, drawn to memory, and the event log; or neither."""
    spent = Spent()
    if on:
        screen = Console(file=io.StringIO(), force_terminal=True, width=160, height=50)
        screen._environ = {"TERM": "xterm-256color"}  # type: ignore[assignment]
        watch.Console = lambda **_: screen  # type: ignore[assignment,misc]
        watch.is_screen = lambda _: True
        for kind, names in (
            (EventLog, ("__call__", "_write")),
            (Progress, ("__call__", "snapshot")),
        ):
            for name in names:
                setattr(kind, name, spent.of(getattr(kind, name)))
        live.Live.update = spent.of(live.Live.update)  # type: ignore[method-assign]
    else:
        runs.EventLog = Silent  # type: ignore[assignment,misc]
        runs.event_log = eventlog.event_log
    return spent
