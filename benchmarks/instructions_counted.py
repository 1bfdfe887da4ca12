"""The counted process of `bench instructions`: a run that says when its counting is to begin.

It writes `on` before the first conversation that counts and `off` after the last, and goes on when
it is told; then it ends where it stands.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from selectors import SelectorKey
from tempfile import TemporaryDirectory

import anyio
import msgspec
from engine import config
from instructions_run import Clock
from observers import observed

from fastsynth import run as runs
from fastsynth.engine.loop import FewAtATime
from fastsynth.events import Bus, Event, JobFinished, RequestDone
from fastsynth.running.order import Order

ENDLESS = 1_000_000
Real = Callable[[], float]


class Waiting(FewAtATime):
    """Notes for how long it waited, by the real clocks."""

    def __init__(self, clock: Clock, wall: Real, cpu: Real) -> None:
        super().__init__()
        self._clock, self._wall, self._cpu = clock, wall, cpu

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return super().select(timeout)
        wall, cpu = self._wall(), self._cpu()
        found = super().select(timeout)
        self._clock.waited += max(0.0, self._wall() - wall - (self._cpu() - cpu))
        return found


class Counting(Bus):
    """Says when to count, by conversations that have ended."""

    def __init__(self, warm: int, counted: int) -> None:
        super().__init__()
        self._marks = (warm, warm + counted)
        self._ended = self._requests = 0

    def emit(self, event: Event) -> None:
        super().emit(event)
        if type(event) is RequestDone:
            self._requests += 1
        elif type(event) is JobFinished:
            self._ended += 1
            if self._ended == self._marks[0]:
                self._requests = 0
                _say("on")
            elif self._ended == self._marks[1]:
                _say("off")
                sys.stdout.write(json.dumps({"requests": self._requests}) + "\n")
                sys.stdout.flush()
                os._exit(0)


def _say(word: str) -> None:
    """Returns when told to go on."""
    sys.stdout.write(word + "\n")
    sys.stdout.flush()
    sys.stdin.readline()


def main(clock: Clock, wall: Real, cpu: Real) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("subject")
    parser.add_argument("url")
    parser.add_argument("--warm", type=int, required=True)
    parser.add_argument("--conversations", type=int, required=True)
    parser.add_argument("--width", type=int, required=True)
    parser.add_argument("--unwatched", action="store_true")
    given = parser.parse_args()
    asked = config(given.subject, ENDLESS, given.width)
    teacher = msgspec.structs.replace(asked.endpoints["teacher"], url=given.url)
    asked = msgspec.structs.replace(asked, endpoints={"teacher": teacher})
    runs.Bus = lambda: Counting(given.warm, given.conversations)  # type: ignore[misc, assignment]
    with TemporaryDirectory() as folder, observed(not given.unwatched):
        order = Order(config=asked, run_dir=Path(folder) / "run", example=False)
        loop = {"loop_factory": lambda: asyncio.SelectorEventLoop(Waiting(clock, wall, cpu))}
        anyio.run(runs.generate, order, backend_options=loop)
