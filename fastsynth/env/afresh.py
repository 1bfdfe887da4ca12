"""A process in which no tool ever ran: `python -m fastsynth.env.afresh module:attribute`.

Speaks like `env.worker`. Each session has a fork of it and ends with it, so that nothing a tool
left outside of its state (a global, a cache, a counter) reaches the next. The clock of a session
shows another local date: what tells the time of the machine gives another result.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from queue import SimpleQueue
from threading import Thread
from typing import BinaryIO

import msgspec

from fastsynth.env.adapters.found import Found
from fastsynth.env.adapters.patience import START
from fastsynth.env.worker import (
    HEADER,
    Host,
    Request,
    Response,
    found_or_told,
    private_streams,
    write_frame,
)

LAST = "last"
"""What the end of a session is answered with where the process ends with it."""
_decode = msgspec.msgpack.Decoder(Request).decode


def main(target: str, limit: float = START) -> None:
    source, goal = private_streams()
    found = found_or_told(target, limit, goal)
    while frame := _frame(source.fileno()):
        if _decode(frame).op == "forget":
            write_frame(goal, Response())
            continue
        if sys.platform != "linux" or threading.active_count() > 1:
            _serve(found, frame, source.fileno(), goal)  # threads are not there after a fork
            write_frame(goal, Response(value=LAST))
            return
        child = os.fork()
        if not child:
            _serve(found, frame, source.fileno(), goal)
            os._exit(0)
        _end_like(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        write_frame(goal, Response())


def _serve(found: Found, first: bytes, source: int, goal: BinaryIO) -> None:
    """One session, up to its `forget`, which is not answered here."""
    _go_elsewhere()
    frames: SimpleQueue[bytes] = SimpleQueue()
    frames.put(first)
    Thread(target=_read, args=(source, frames), daemon=True).start()
    host = Host(found)
    while (request := _decode(frames.get())).op != "forget":
        write_frame(goal, host.answer(request))


def _go_elsewhere() -> None:
    """To a time zone where today is another date: 14 hours ahead and 12 behind are never both on
    this machine's."""
    here = time.localtime()[:3]
    for zone in ("FAR-14", "FAR+12"):
        os.environ["TZ"] = zone
        time.tzset()
        if time.localtime()[:3] != here:
            return


def _end_like(code: int) -> None:
    """Ends this process as its fork ended, if that did not end well."""
    if code < 0:
        os.kill(os.getpid(), -code)
    if code:
        os._exit(code)


def _read(source: int, frames: SimpleQueue[bytes]) -> None:
    """Up to the session's end; ends the process where the parent's comes first."""
    while frame := _frame(source):
        frames.put(frame)
        if _decode(frame).op == "forget":
            return
    os._exit(0)


def _frame(source: int) -> bytes:
    """The next request; b"" at the end of the stream. Reads no byte of the one after it, which
    may be another process's."""
    header = b"".join(_exactly(source, HEADER.size))
    if len(header) < HEADER.size:
        return b""
    return b"".join(_exactly(source, HEADER.unpack(header)[0]))


def _exactly(source: int, count: int) -> Iterator[bytes]:
    while count:
        piece = os.read(source, count)
        if not piece:
            return
        count -= len(piece)
        yield piece


if __name__ == "__main__":
    main(sys.argv[1], *map(float, sys.argv[2:]))
