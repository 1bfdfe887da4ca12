"""A time limit on code of others that runs in this process: imports, and factories that are tried.

By an alarm, which also ends a wait for a lock or a connection; where there is no main thread or no
alarm (Windows) nothing is limited.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from fastsynth.errors import ConfigError

START = 60.0
"""Seconds an import or a factory may take."""


class _Late(BaseException):
    """Not an Exception: the code that is stopped must not catch it."""


@contextmanager
def patience(what: str, module: str, limit: float = START) -> Iterator[None]:
    """Raises ConfigError where `what` takes longer than `limit` seconds; the line of `module` at
    which it was stopped is named."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "SIGALRM"):
        yield
        return

    def ring(_: int, frame: FrameType | None) -> None:
        raise _Late(_place(frame, module))

    handler = signal.signal(signal.SIGALRM, ring)
    left, _ = signal.setitimer(signal.ITIMER_REAL, limit)
    try:
        yield
    except _Late as late:
        raise ConfigError(
            f"{what} took longer than {limit:g} s{late}, need less: move what waits (a connection, "
            "a download, a loop) into a tool, or raise tools.start_limit"
        ) from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, left)
        signal.signal(signal.SIGALRM, handler)


def _place(frame: FrameType | None, module: str) -> str:
    """ ", at line 12" of the module that was being run, "" where it is not found."""
    while frame is not None:
        if frame.f_globals.get("__name__") == module:
            return f" (line {frame.f_lineno} of {module})"
        frame = frame.f_back
    return ""
