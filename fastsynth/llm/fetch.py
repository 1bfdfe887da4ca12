"""One request until it has a reply or none: sends it and carries out the verdicts.

Sends again after a fault, gives up for the true reason, or stops the run. A request has a deadline
where its endpoint sets one, from the first send on.
"""

from __future__ import annotations

import math
from typing import assert_never

import anyio

from fastsynth.events import Bus
from fastsynth.llm.chat import NoReply, Reply
from fastsynth.llm.exchange import Flight, Job, Sent, board, report_failure
from fastsynth.llm.faults import Again, Final, Halt, Throttle, cause_of
from fastsynth.llm.hedge import Hedges
from fastsynth.llm.retry import Retries
from fastsynth.llm.service import Service

REFUSALS = 20
"""Times one request may be refused with 429, 503 or 529 before it counts as unavailable."""


async def fetch(job: Job, hedges: Hedges, bus: Bus) -> tuple[Reply, Sent] | NoReply:
    """Raises NoEndpoint where no retry can help."""
    fetching = _Fetching(job, hedges, bus)
    deadline = job.service.endpoint.deadline
    if deadline is None:
        return await fetching.run()
    with fetching.scope:
        return await fetching.run()
    return NoReply(cause="unavailable", detail=fetching.overdue(deadline))


class _Fetching:
    def __init__(self, job: Job, hedges: Hedges, bus: Bus) -> None:
        self._job = job
        self._hedges = hedges
        self._bus = bus
        self._retries = Retries(job.key, job.service.endpoint.retries)
        self._refusals = self._sends = 0
        self._last = "it hung"
        self.scope = anyio.CancelScope()
        """Its deadline is set with the first send."""

    async def run(self) -> tuple[Reply, Sent] | NoReply:
        service = self._job.service
        while True:
            sent = await self._hedges.send(await self._board())
            match sent.result:
                case Reply():
                    service.found()
                    return sent.result, sent
                case Throttle(status=status):
                    self._refusals += 1
                    again = self._refusals < REFUSALS
                    self._failed(sent, cause_of(sent.result), again)
                    if not again:
                        detail = f"HTTP {status}, {REFUSALS} times in a row"
                        return NoReply(cause="unavailable", detail=detail)
                case Again(cause="connect", detail=detail):
                    self._failed(sent, "connect", True)
                    _stop_if_dead(service, detail)
                    await anyio.sleep(self._retries.pause())
                case Again(cause=cause, detail=detail):
                    again = self._retries.allow(cause)
                    self._failed(sent, cause, again)
                    _stop_if_dead(service, detail)
                    if not again:
                        if self._retries.only_spoilt:
                            service.spoilt(sent.gate, detail)
                        return self._given_up(cause, service.refusals.hide(detail))
                    await anyio.sleep(self._retries.delay())
                case Final(cause=final, detail=detail):
                    self._failed(sent, final, False)
                    return NoReply(cause=final, detail=service.refusals.hide(detail))
                case Halt() as halt:
                    self._failed(sent, halt.why, service.others(sent.gate))
                    service.put_out(halt, sent.gate)
                case _:
                    assert_never(sent.result)

    def overdue(self, deadline: float) -> str:
        """What there is to say of a request whose deadline has passed."""
        return f"no reply within the deadline of {deadline:g} s, {self._sends} sends: {self._last}"

    async def _board(self) -> Flight:
        flight = await board(self._job)
        self._sends += 1
        deadline = self._job.service.endpoint.deadline
        if deadline is not None and self.scope.deadline == math.inf:
            self.scope.deadline = flight.permit.at + deadline
        return flight

    def _given_up(self, cause: str, detail: str) -> NoReply:
        if self._retries.only_malformed:
            return NoReply(cause="malformed", detail=f"{detail} ({self._sends} sends)")
        return NoReply(cause="unavailable", detail=f"{cause}: {detail}")

    def _failed(self, sent: Sent, cause: str, again: bool) -> None:
        self._last = f"the last one ended with {cause}"
        report_failure(self._job, sent.gate, sent.seconds, cause, again, self._bus)


def _stop_if_dead(service: Service, detail: str) -> None:
    dead = service.pool.dead_for(anyio.current_time())
    if dead >= service.endpoint.give_up:
        raise service.unreachable(detail)
    if dead > 0:
        service.missed(detail)
