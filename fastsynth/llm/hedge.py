"""The slowest requests of a run's end, sent a second time where a slot is free.

A run is as late as its last reply. Once no job is left to start, a request that has taken `MUCH`
times what 95% of its role's did, and `hedge_after`, is sent once more; the first complete reply is
the request's, the other send is called off and is waste (Dean and Barroso, The Tail at Scale).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection

import anyio
from anyio.abc import TaskGroup

from fastsynth.events import Bus, Event, TailBegan, TailEnded
from fastsynth.llm.chat import AgentRole, Reply
from fastsynth.llm.exchange import Flight, Job, Sent, fly, report_failure
from fastsynth.llm.faults import Again, Throttle, cause_of
from fastsynth.llm.limits import Permit

MUCH = 1.5
KNOWN = 20
"""Replies of a role from which its latencies count as known."""
KEPT = 512
LOOK_SECONDS = 0.1


class Hedges:
    """Every send goes through here; until the tail that costs a set, a dict and a latency."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._aloft: set[Flight] = set()
        self._seconds: dict[Flight, Second] = {}
        self._latencies: dict[AgentRole, deque[float]] = {}
        self._tail = anyio.Event()

    def listen(self, event: Event) -> None:
        if type(event) is TailBegan:
            self._tail.set()
        elif type(event) is TailEnded:
            self._tail = anyio.Event()

    async def send(self, first: Flight) -> Sent:
        """What came first, of this flight and the one that may be sent after it."""
        why = "cancelled"
        try:
            sent = await fly(first, self._bus, self._aloft)
            second = self._seconds.get(first)
            if second is not None:
                sent = await second.settle(sent, self._bus)
            assert sent is not None
            why = "hedged"
        finally:
            if self._seconds and (second := self._seconds.pop(first, None)) is not None:
                second.stop(why, self._bus)
        if isinstance(sent.result, Reply):
            self._latencies_of(first.job.ask.role).append(sent.seconds)
        return sent

    async def run(self) -> None:
        """Looks for what is overdue while the tail lasts, until cancelled."""
        async with anyio.create_task_group() as group:
            while True:
                await self._tail.wait()
                self._look(group)
                await anyio.sleep(LOOK_SECONDS)

    def _look(self, group: TaskGroup) -> None:
        """The longest on their way come first, as far as there are free slots."""
        now = anyio.current_time()
        due = {role: overdue(seconds) for role, seconds in self._latencies.items()}
        late = []
        for flight in self._aloft:
            endpoint = flight.job.service.endpoint
            least = max(endpoint.hedge_after, due.get(flight.job.ask.role, math.inf))
            overtime = now - flight.permit.at > least and flight not in self._seconds
            if overtime and endpoint.hedge == "auto":
                late.append(flight)
        for first in sorted(late, key=lambda flight: flight.permit.at):
            permit = first.job.service.pool.spare(first.permit.gate, first.load)
            if permit is not None:
                second = self._seconds[first] = Second(first, permit)
                group.start_soon(second.run, self._bus)

    def _latencies_of(self, role: AgentRole) -> deque[float]:
        found = self._latencies.get(role)
        if found is None:
            found = self._latencies[role] = deque(maxlen=KEPT)
        return found


def overdue(seconds: Collection[float]) -> float:
    """Seconds after which one more of these takes much longer than most; infinite for few."""
    if len(seconds) < KNOWN:
        return math.inf
    return MUCH * sorted(seconds)[int(0.95 * len(seconds))]


class Second:
    """The second send of a request. Of the two, one ends as the request's and one as waste."""

    def __init__(self, first: Flight, permit: Permit) -> None:
        self._first = first
        self._flight = Flight(first.job, first.load, permit)
        self._sent: Sent | None = None
        self._taken = False
        self._ended = anyio.Event()

    async def run(self, bus: Bus) -> None:
        flight = self._flight
        try:
            self._sent = sent = await fly(flight, bus, set())
            if sent is None:
                return
            if isinstance(sent.result, Reply):
                self._first.call_off("hedged")
            else:
                _report(flight.job, sent, bus)
        finally:
            self._ended.set()

    async def settle(self, sent: Sent | None, bus: Bus) -> Sent:
        """The outcome, where the first came to `sent`; None: this one's reply was there before."""
        first = self._first
        if sent is None:
            assert self._sent is not None
            took = anyio.current_time() - first.permit.at
            first.job.service.pool.replied(first.permit.gate, took)
            return self._take(self._sent)
        if isinstance(sent.result, Again | Throttle):
            try:
                await self._ended.wait()
            except anyio.get_cancelled_exc_class():
                _report(first.job, sent, bus)
                raise
            if self._sent is not None and isinstance(self._sent.result, Reply):
                _report(first.job, sent, bus)
                return self._take(self._sent)
        return sent

    def stop(self, why: str, bus: Bus) -> None:
        """The request is over."""
        sent = self._sent
        if not self._ended.is_set():
            self._flight.call_off(why)
        elif sent is not None and isinstance(sent.result, Reply) and not self._taken:
            report_failure(self._first.job, sent.gate, sent.seconds, why, False, bus)

    def _take(self, sent: Sent) -> Sent:
        self._taken = True
        return sent


def _report(job: Job, sent: Sent, bus: Bus) -> None:
    """A send that failed while the other one of its request goes on, or is all there is."""
    assert not isinstance(sent.result, Reply)
    report_failure(job, sent.gate, sent.seconds, cause_of(sent.result), True, bus)
