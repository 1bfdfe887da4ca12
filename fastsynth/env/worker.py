"""A child process that hosts users' tools: `python -m fastsynth.env.worker module:attribute`.

Length-prefixed msgpack over its standard streams, one request at a time. What tools print goes
nowhere near the protocol, what they read is empty, and the process ends when its parent is gone.
"""

from __future__ import annotations

import inspect
import os
import pickle
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from traceback import extract_tb
from typing import Any, BinaryIO
from weakref import WeakSet

import msgspec

from fastsynth.config.environments import RESULT_LIMIT
from fastsynth.env.adapters.found import Found, build, find
from fastsynth.env.adapters.given import Taken, call, taken_by
from fastsynth.env.adapters.module_state import ModuleSession
from fastsynth.env.adapters.objects import error_key, raised
from fastsynth.env.adapters.patience import START
from fastsynth.env.adapters.remembered import Remembered
from fastsynth.env.adapters.results import within
from fastsynth.env.environment import Observation
from fastsynth.env.law import Call, Law, load_law
from fastsynth.env.machine import of_the_machine
from fastsynth.errors import ConfigError, EnvironmentBroken, StateRefused, boundary

HEADER = struct.Struct(">I")
SETTLE = 1.0
"""Seconds that threads started by a call are waited for."""
_encode = msgspec.msgpack.Encoder().encode


class Request(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    op: str
    """reset | call | snapshot | restore | digest | judge | forget"""
    session: int
    name: str = ""
    """Tool to call; where rules to judge by are found."""
    value: Any = None
    """State to reset to, arguments of a call, bytes to restore, or a call to judge."""
    most: int = RESULT_LIMIT
    """Characters of a result."""


class Response(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    observation: Observation | None = None
    value: Any = None
    broken: str = ""
    """Why the environment could not do it; "" where it could."""
    stopped: str = ""
    """How a call tried to end its process; the session is not to be used further."""
    machine: str = ""
    """What the machine did to a call; the session is not to be used further."""
    refused: str = ""
    """Why there is no initial state, or none that can be compared; the user's own code says so."""
    unlawful: str = ""
    """Why a user's rules could not be asked."""


class Host:
    """The sessions of one process: number -> live object."""

    def __init__(self, found: Found) -> None:
        self._found = found
        self._live: dict[int, Any] = {}
        self._laws: dict[str, Law] = {}
        self._taken: dict[str, Taken] = {}
        """Tool -> what its annotations say it takes."""
        self._texts = Remembered()
        self._lasting = WeakSet[Thread]()
        self._ops: dict[str, Callable[[Request], Response]] = {
            "reset": self._reset,
            "call": self._call,
            "snapshot": self._snapshot,
            "restore": self._restore,
            "digest": self._digest,
            "judge": self._judge,
            "forget": self._forget,
        }

    def answer(self, request: Request) -> Response:
        with boundary() as caught:
            try:
                return self._ops[request.op](request)
            except StateRefused as error:
                return Response(refused=str(error))
            except EnvironmentBroken as error:
                return Response(broken=str(error))
            except ConfigError as error:
                return Response(unlawful=str(error))
        return Response(broken=f"{request.op}: {caught.error!r}")

    def _reset(self, request: Request) -> Response:
        with boundary() as caught:
            self._live[request.session] = build(self._found, request.value)
            return Response()
        assert caught.error is not None
        return Response(refused=f"making an initial state: {_where(caught.error)}")

    def _call(self, request: Request) -> Response:
        live, before = self._live[request.session], frozenset(threading.enumerate())
        try:
            with boundary() as caught, _target(live) as target, self._settled(before):
                value = self._ran(target, request)
                if inspect.iscoroutine(value):
                    value = _awaited(value)
                return Response(observation=within(error_key(value), request.most))
        except (SystemExit, KeyboardInterrupt, GeneratorExit) as error:
            return Response(stopped=f"raised {error!r}")
        assert caught.error is not None
        if isinstance(caught.error, MemoryError):
            return Response(stopped="ran out of memory")
        if of_the_machine(caught.error):
            return Response(machine=f"{type(caught.error).__name__}: {caught.error}")
        return Response(observation=within(raised(caught.error), request.most))

    def _ran(self, target: Any, request: Request) -> Any:
        function = getattr(target, self._found.names.get(request.name, request.name))
        taken = self._taken.get(request.name)
        if taken is None:
            taken = self._taken[request.name] = taken_by(function)
        return call(function, taken, request.value)

    @contextmanager
    def _settled(self, before: frozenset[Thread]) -> Iterator[None]:
        """Waits for threads that a call leaves behind: what they change has come to pass when the
        call is over, in every replay too. One that lasts longer is not waited for again."""
        try:
            yield
        finally:
            until = time.monotonic() + SETTLE
            for thread in {*threading.enumerate()} - before - {*self._lasting}:
                thread.join(max(0.0, until - time.monotonic()))
                if thread.is_alive():
                    self._lasting.add(thread)

    def _snapshot(self, request: Request) -> Response:
        """The pickled object, or nothing where it cannot be pickled: then calls are replayed."""
        with boundary():
            state = _state(self._live[request.session])
            return Response(value=pickle.dumps(state, pickle.HIGHEST_PROTOCOL))
        return Response()

    def _restore(self, request: Request) -> Response:
        state, live = pickle.loads(request.value), self._live[request.session]
        if isinstance(live, ModuleSession):
            live.held = state
        else:
            self._live[request.session] = state
        return Response()

    def _digest(self, request: Request) -> Response:
        return Response(value=self._texts.digest(_state(self._live[request.session])))

    def _judge(self, request: Request) -> Response:
        if request.name not in self._laws:
            self._laws[request.name] = load_law(request.name)
        name, arguments, before = request.value
        with _target(self._live[request.session]) as target:
            call = Call(tool=name, arguments=arguments, before=before, state=target)
            return Response(value=self._laws[request.name].broken(call))

    def _forget(self, request: Request) -> Response:
        self._live.pop(request.session, None)
        return Response()


def _where(error: Exception) -> str:
    """The exception, with the last place outside of this package that it came by."""
    ours = str(Path(__file__).parents[1])
    frames = [f for f in extract_tb(error.__traceback__) if not f.filename.startswith(ours)]
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{error!r}{place}"


def _target(live: Any) -> AbstractContextManager[Any]:
    return live.in_place() if isinstance(live, ModuleSession) else nullcontext(live)


def _state(live: Any) -> Any:
    return live.held if isinstance(live, ModuleSession) else live


def _awaited(value: Any) -> Any:
    import anyio

    async def wait() -> Any:
        return await value

    return anyio.run(wait)


def read_frames(stream: BinaryIO, into: SimpleQueue[bytes]) -> None:
    """Feeds requests to the main thread; ends the process at the end of the stream."""
    while header := stream.read(HEADER.size):
        if len(header) < HEADER.size:
            break
        into.put(stream.read(HEADER.unpack(header)[0]))
    os._exit(0)


def write_frame(goal: BinaryIO, response: Response) -> None:
    reply = _encode(response)
    goal.write(HEADER.pack(len(reply)) + reply)
    goal.flush()


def private_streams() -> tuple[BinaryIO, BinaryIO]:
    """The protocol's ends, moved out of reach: 0 becomes empty, 1 the standard error."""
    source, goal = os.dup(0), os.dup(1)
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.dup2(2, 1)
    return os.fdopen(source, "rb"), os.fdopen(goal, "wb")


def found_or_told(target: str, limit: float, goal: BinaryIO) -> Found:
    """The target; where it cannot be had here, the parent is told why and this process ends."""
    try:
        return find(target, limit)
    except ConfigError as error:
        write_frame(goal, Response(broken=str(error)))
        raise


def main(target: str, limit: float = START) -> None:
    source, goal = private_streams()
    host = Host(found_or_told(target, limit, goal))
    requests: SimpleQueue[bytes] = SimpleQueue()
    Thread(target=read_frames, args=(source, requests), daemon=True).start()
    decode = msgspec.msgpack.Decoder(Request).decode
    while True:
        write_frame(goal, host.answer(decode(requests.get())))


if __name__ == "__main__":
    main(sys.argv[1], *map(float, sys.argv[2:]))
