"""The terminal a run is shown on: it may go away while the run goes on."""

from __future__ import annotations

import os
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import NoReturn

from rich.console import Console


class Stderr(Console):
    """Standard error. A reader that leaves early raises BrokenPipeError, an OSError like any."""

    def __init__(self) -> None:
        super().__init__(stderr=True)

    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError


@contextmanager
def unechoed() -> Iterator[None]:
    """What is typed meanwhile, `^C` too, is not shown: it would scroll a full screen by a line."""
    try:
        fd = sys.stdin.fileno()
        before = termios.tcgetattr(fd)
        ours = os.tcgetpgrp(fd) == os.getpgrp()
    except (OSError, ValueError, termios.error):
        yield
        return
    quiet = before.copy()
    quiet[3] &= ~termios.ECHO
    try:
        if ours:  # a process in the background would be stopped for it
            termios.tcsetattr(fd, termios.TCSADRAIN, quiet)
        yield
    finally:
        with suppress(OSError, termios.error):
            if ours and os.tcgetpgrp(fd) == os.getpgrp():
                termios.tcsetattr(fd, termios.TCSADRAIN, before)
