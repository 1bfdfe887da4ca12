"""Runs jobs: at most `width` alive, pulled one at a time from a shared source, each kept first.

Knows nothing of what a job is. Transient failures slow the pulling down to one probe at a time,
so an outage does not burn through the job numbers; one that lasts ends the run.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import anyio

from fastsynth.engine.shutdown import Stop
from fastsynth.engine.unwrap import unwrapped

J = TypeVar("J")
R = TypeVar("R")

Pull = Callable[[], J | None]
"""The next job, or None for now: it is asked again whenever a job has ended."""
Keep = Callable[[J, R], Awaitable[bool]]
"""Stores an outcome; False if it was a transient failure, which is no outcome."""

IN_A_ROW = 8
"""Failures without a success between them that make an outage of single faults."""
PAUSE = 0.5
LONGEST_PAUSE = 60.0


async def drain(
    pull: Pull[J],
    work: Callable[[J], Awaitable[R]],
    keep: Keep[J, R],
    *,
    width: int,
    stop: Stop,
    enough: Callable[[], bool] = lambda: False,
    patience: float = 900.0,
) -> None:
    """Returns when `pull` has no job and none is in flight, or `stop` was requested and all in
    flight have ended, or `enough()` holds: what is still in flight then is cancelled.

    `patience` is how long an outage may last, in seconds, before `stop` is requested with reason
    `outage`. The first exception of `work` or `keep` cancels the rest and is raised as itself.
    """
    with unwrapped():
        async with anyio.create_task_group() as group:
            workers = _Workers(pull, work, keep, width, stop, enough, patience, group)
            workers.fill()


class _Workers(Generic[J, R]):
    def __init__(
        self,
        pull: Pull[J],
        work: Callable[[J], Awaitable[R]],
        keep: Keep[J, R],
        width: int,
        stop: Stop,
        enough: Callable[[], bool],
        patience: float,
        group: anyio.abc.TaskGroup,
    ) -> None:
        self._pull, self._work, self._keep = pull, work, keep
        self._width, self._stop, self._enough = width, stop, enough
        self._group = group
        self._outage = _Outage(stop, patience)
        self._alive = 0

    def fill(self) -> None:
        """Starts workers for the jobs there are. None waits idle: who ends a job looks again."""
        while self._alive < self._width and not self._outage.on:
            job = self._take()
            if job is None:
                return
            self._start(job)

    def _start(self, job: J) -> None:
        self._alive += 1
        self._group.start_soon(self._run, job)

    def _take(self) -> J | None:
        return None if self._stop.requested else self._pull()

    async def _run(self, job: J | None) -> None:
        probing = False
        while job is not None:
            good = await self._keep(job, await self._work(job))
            if self._enough():
                self._group.cancel_scope.cancel()
                return
            if good:
                self._outage.over()
                probing = False
            elif not self._outage.stay(probing):
                break
            else:
                probing = self._outage.on
                await self._outage.pause()
            job = self._take()
            self.fill()
        if probing:
            self._outage.unclaim()
        self._alive -= 1


class _Outage:
    """Failures in a row. Once there are many, one worker probes, at growing pauses, others end."""

    def __init__(self, stop: Stop, patience: float) -> None:
        self._stop, self._patience = stop, patience
        self._row = self._probes = 0
        self._since = 0.0
        self._claimed = False

    @property
    def on(self) -> bool:
        return self._row >= IN_A_ROW

    def over(self) -> None:
        self._row = self._probes = 0
        self._claimed = False

    def unclaim(self) -> None:
        """The worker that probed found no job: the next failure of one in flight is a probe's."""
        self._claimed = False

    def stay(self, probing: bool) -> bool:
        """Counts a failure. False for a worker that has to retire, since another probes."""
        self._row += 1
        if self._row == IN_A_ROW:
            self._since = anyio.current_time()
        if self.on and self._claimed and not probing:
            return False
        self._claimed = self.on
        return True

    async def pause(self) -> None:
        """Before the next try, ever longer. Ends early, and for good, when patience has run out."""
        if not self.on:
            return await self._stop.sleep(PAUSE * self._row)
        if anyio.current_time() - self._since >= self._patience:
            self._stop.request("outage")
        self._probes += 1
        return await self._stop.sleep(min(LONGEST_PAUSE, PAUSE * 2 ** min(self._probes, 20)))
