"""A made-up run for looking at the dashboard: `python tests/dashboard/made_up_run.py [seconds]`.

Also gives the tests their events. The figures mean nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import islice
from random import Random

import anyio

from fastsynth.dashboard.watch import watch
from fastsynth.events import (
    Bus,
    Event,
    JobFinished,
    JobStarted,
    Note,
    ReplyReused,
    RequestDone,
    RequestFailed,
    RequestSent,
    RunFinished,
    RunStarted,
    Throttled,
    TurnFinished,
)

ENDPOINTS = tuple(f"http://gpu{n}.example:8000/v1" for n in range(1, 5))
STRATA = ("travel/near", "travel/far", "wallet/near", "wallet/far", "files/near", "files/far")
REASONS = (
    ("walk", "no_reachable_target"),
    ("advanced", "purposeless"),
    ("query", "value_missing"),
    ("query", "tool_named"),
    ("chain", "wrong_state"),
    ("chain", "goal_missing"),
    ("chain", "attempts_agree"),
    ("filter", "leak"),
)


def started(teacher: str = "scripted") -> RunStarted:
    return RunStarted("runs/made-up", "world:travel+wallet+files", 2000, 0, ENDPOINTS, teacher)


def happenings(seed: int = 1) -> Iterator[Event]:
    """An endless run: jobs of about nine requests, one in three rejected, an error now and then."""
    rng = Random(seed)
    job = 0
    while True:
        yield from _job(job, rng)
        job += 1


def _job(job: int, rng: Random) -> Iterator[Event]:
    stratum = STRATA[job % len(STRATA)]
    yield JobStarted(job, stratum)
    for _ in range(rng.randint(5, 13)):
        endpoint = rng.choice(ENDPOINTS)
        yield RequestSent(endpoint, "reasoning")
        if rng.random() < 0.03:
            yield RequestFailed(endpoint, "reasoning", "reset", True, 0.2)
            continue
        yield RequestDone(endpoint, "reasoning", rng.uniform(0.3, 4.0), 2100, 180, 1700, 0.0004)
    if rng.random() < 0.02:
        yield Throttled(ENDPOINTS[0], "rpm", 1.5)
        yield Note(f"{ENDPOINTS[0]} answers 429: waiting 1.5 s", "warning")
    if rng.random() < 0.02:
        yield ReplyReused("reasoning")
    level = rng.choice((0, 0, 0, 0, 1, 1, 2, -1))
    yield TurnFinished(job, 0, level)
    if rng.random() < 0.66:
        yield JobFinished(job, stratum, "accepted", turns=3, calls=8)
    elif rng.random() < 0.05:
        yield JobFinished(job, stratum, "failed", "", "unavailable")
    elif rng.random() < 0.1:
        yield JobFinished(job, stratum, "duplicate")
    else:
        stage, reason = rng.choice(REASONS)
        yield JobFinished(job, stratum, "rejected", stage, reason)


def some(count: int, teacher: str = "scripted") -> list[Event]:
    """A start and the first `count` events after it."""
    return [started(teacher), *islice(happenings(), count)]


async def main(seconds: float) -> None:
    bus = Bus()
    async with anyio.create_task_group() as group, watch(bus, group) as watched:
        bus.emit(started())
        stream = happenings()
        end = anyio.current_time() + seconds
        while anyio.current_time() < end:
            for event in islice(stream, 60):
                bus.emit(event)
            await anyio.sleep(0.05)
        accepted, rejected, failed = watched.progress.totals()
        bus.emit(RunFinished(accepted, rejected, failed, "accepted"))
    watched.finish()


if __name__ == "__main__":
    anyio.run(main, float(sys.argv[1]) if len(sys.argv) > 1 else 10.0)
