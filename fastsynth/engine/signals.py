"""Which signals end a program, and what they mean while no run listens to them: a Ctrl-C.

A terminal that goes away sends SIGHUP, a scheduler SIGTERM. Left to the system they end the process
where it stands, with the dashboard on the screen and the cursor hidden.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any

Handler = Callable[[int, FrameType | None], Any] | int | None


def ending() -> list[signal.Signals]:
    """SIGINT, SIGTERM, and SIGHUP unless it is to be ignored, as under nohup."""
    heard = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        heard.append(signal.SIGHUP)
    return heard


@contextmanager
def as_ctrl_c() -> Iterator[None]:
    """SIGTERM and SIGHUP end the block as Ctrl-C does: what it opened is closed on the way out."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in ending()[1:]}
    try:
        for number in before:
            signal.signal(number, _press)
        yield
    finally:
        put_back(before)


def put_back(before: Mapping[signal.Signals, Handler]) -> None:
    """Sets the handlers that were there before."""
    for number, handler in before.items():
        signal.signal(number, handler)


def _press(_: int, frame: FrameType | None) -> None:
    pressed = signal.getsignal(signal.SIGINT)
    if not callable(pressed):  # ignored, as in a shell's background
        pressed = signal.default_int_handler
    pressed(signal.SIGINT, frame)
