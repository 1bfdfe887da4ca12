"""One send: admission, exchange, decoding, and what limits, breaker and estimates learn of it.

Ends in a Reply or a Verdict; what follows from a verdict is `fetch`'s. Everything that is learned
is booked before the permit goes back, so nobody is let through on stale knowledge.
"""

from __future__ import annotations

from functools import partial

import anyio
import msgspec
from msgspec.structs import replace

from fastsynth.events import Bus, RequestFailed, RequestSent, Throttled
from fastsynth.llm.chat import Ask, Reply
from fastsynth.llm.completion import ErrorInBody, Malformed, decode_completion
from fastsynth.llm.estimates import NOTHING, Load
from fastsynth.llm.faults import (
    MAYBE_SERVED,
    Again,
    Fault,
    Halt,
    Throttle,
    Verdict,
    judge_fault,
    judge_status,
)
from fastsynth.llm.keys import call_id
from fastsynth.llm.limits import Gate, Permit
from fastsynth.llm.service import Service
from fastsynth.llm.streaming import Merging, with_stream
from fastsynth.llm.throttle import exhausted, retry_after
from fastsynth.llm.transport import Answer
from fastsynth.llm.wire import Body, with_script
from fastsynth.records import Usage, encode


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """A request on its way."""

    ask: Ask
    service: Service
    key: bytes
    body: Body
    most: int
    """Completion tokens at most."""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    result: Reply | Verdict
    gate: Gate
    seconds: float
    first: float | None = None
    """Seconds to the first token, where the reply was streamed."""


class Flight:
    """One send on its way."""

    __slots__ = ("job", "load", "off", "permit", "scope")

    def __init__(self, job: Job, load: Load, permit: Permit) -> None:
        self.job = job
        self.load = load
        self.permit = permit
        self.off = ""
        """Why it was called off: `hedged` or `cancelled`."""
        self.scope: anyio.CancelScope | None = None

    def call_off(self, why: str) -> None:
        self.off = why
        if self.scope is not None:
            self.scope.cancel()


async def board(job: Job) -> Flight:
    """Waits for its turn. The flight holds a permit, which `fly` gives back."""
    pool, load = job.service.pool, NOTHING
    if pool.counts_tokens:
        load = job.service.estimates.guess(job.ask.purpose, len(job.body), job.most)
    return Flight(job, load, await pool.admit(job.ask.job, load))


async def fly(flight: Flight, bus: Bus, aloft: set[Flight]) -> Sent | None:
    """One exchange; None where it was called off, even if a reply came at that very moment.

    Limits learn of it before anybody else is let through. `aloft` holds it meanwhile.
    """
    job, permit = flight.job, flight.permit
    aloft.add(flight)
    wasted = "cancelled"
    try:
        bus.emit(RequestSent(endpoint=permit.gate.label, role=job.ask.role))
        result = await _exchange(flight, bus)
        wasted = flight.off
        if result is not None and not wasted:
            seconds = anyio.current_time() - permit.at
            return Sent(result=result, gate=permit.gate, seconds=seconds, first=permit.first)
        permit.work = None
        return None
    finally:
        aloft.discard(flight)
        job.service.pool.release(permit)
        if wasted:
            seconds = anyio.current_time() - permit.at
            report_failure(job, permit.gate, seconds, wasted, False, bus)


def report_failure(job: Job, gate: Gate, seconds: float, cause: str, again: bool, bus: Bus) -> None:
    """One send that brought no usable reply. A byte is a token at most: the bound is safe."""
    unknown = cause in MAYBE_SERVED or cause in ("cancelled", "hedged")
    bus.emit(
        RequestFailed(
            endpoint=gate.label,
            role=job.ask.role,
            cause=cause,
            again=again,
            seconds=seconds,
            tokens_at_most=len(job.body) + job.most if unknown else 0,
        )
    )


async def _exchange(flight: Flight, bus: Bus) -> Reply | Verdict | None:
    """None where it was called off."""
    job, permit = flight.job, flight.permit
    service, gate = job.service, permit.gate
    body = job.body
    if job.ask.script is not None and service.is_scripted(gate):
        body = with_script(body, encode(job.ask.script))
    answer: Answer | None = None
    merging = Merging() if service.streams(gate) else None
    if merging is not None:
        body = with_stream(body)
    try:
        with anyio.move_on_after(service.endpoint.timeout) as flight.scope:
            if flight.off:
                flight.scope.cancel()
            answer = await service.transport.post(service.completions(gate), body, merging)
    except Fault as fault:
        _lose(service, permit, bus, refused=fault.kind == "connect")
        if fault.kind == "connect":
            gate.settle(anyio.current_time(), permit, 0, 0)
        return judge_fault(fault)
    if answer is None and flight.off:
        return None
    if answer is None:
        _lose(service, permit, bus, refused=False)
        detail = f"no complete reply within {service.endpoint.timeout:g} s"
        return Again(cause="timeout", detail=detail)
    if merging is not None and merging.broken:
        gate.answered()
        return Again(cause="malformed", detail=merging.broken)
    if merging is not None and merging.first is not None:
        permit.first = merging.first - permit.at
    return _read(job, permit, answer, bus)


def _read(job: Job, permit: Permit, answer: Answer, bus: Bus) -> Reply | Verdict:
    if not 200 <= answer.status < 300:
        return _complain(job, permit, answer, answer.status, bus)
    try:
        reply = decode_completion(answer.body, partial(call_id, job.key))
    except Malformed as error:
        permit.gate.answered()
        if not answer.is_page:
            return Again(cause="malformed", detail=str(error))
        detail = "it answers with web pages (text/html)"
        if job.service.shows_pages(permit.gate):
            return Halt(why="page", detail=detail)
        return Again(cause="html", detail=detail)  # of a gateway: no model had a hand in it
    except ErrorInBody as error:
        status = error.status if error.status >= 400 else 500
        return _complain(job, permit, answer, status, bus)
    _learn(job, permit, answer, reply, bus)
    return _complete(job, permit.gate, reply)


def _complain(job: Job, permit: Permit, answer: Answer, status: int, bus: Bus) -> Verdict:
    verdict = judge_status(status, answer.body)
    now, gate = anyio.current_time(), permit.gate
    if isinstance(verdict, Again) and verdict.lost:
        _lose(job.service, permit, bus, refused=False)
    else:
        gate.answered()
    if isinstance(verdict, Throttle):
        gate.settle(now, permit, 0, 0)
        told = gate.is_paused(now)
        seconds = gate.refused(now, permit, retry_after(answer.headers))
        if not told:
            bus.emit(Throttled(endpoint=gate.label, limit=f"http_{status}", seconds=seconds))
    return verdict


def _lose(service: Service, permit: Permit, bus: Bus, *, refused: bool) -> None:
    gate = permit.gate
    if service.pool.lost(permit, refused=refused):
        pause = gate.delay(anyio.current_time())
        bus.emit(Throttled(endpoint=gate.label, limit="no_connection", seconds=pause))


def _learn(job: Job, permit: Permit, answer: Answer, reply: Reply, bus: Bus) -> None:
    gate, usage = permit.gate, reply.usage
    gate.served(permit, work_of(usage))
    job.service.pool.replied(gate, anyio.current_time() - permit.at)
    seconds = exhausted(answer.headers)
    if seconds is not None:
        told = gate.is_paused(anyio.current_time())
        gate.pause(anyio.current_time(), seconds)
        if not told:
            bus.emit(Throttled(endpoint=gate.label, limit="quota", seconds=seconds))
    if gate.counts_tokens and usage.prompt_tokens + usage.completion_tokens:
        job.service.estimates.learn(job.ask.purpose, len(job.body), usage)
        now = anyio.current_time()
        gate.settle(now, permit, usage.prompt_tokens, usage.completion_tokens)


def work_of(usage: Usage) -> float:
    """What a reply cost its server, in decoded tokens; reading a prompt token costs a twentieth."""
    read = max(0, usage.prompt_tokens - usage.cached_tokens)
    return 1.0 + usage.completion_tokens + 0.05 * read


def _complete(job: Job, gate: Gate, reply: Reply) -> Reply:
    """The reply with what the wire does not tell: its price, and who a scripted teacher is."""
    model = "scripted" if job.service.is_scripted(gate) else reply.model or job.service.model
    tariff = job.service.tariff(gate)
    price = tariff(reply.usage) if tariff is not None else None
    if price is not None:
        reply = replace(reply, usage=replace(reply.usage, cost_usd=price))
    return reply if model == reply.model else replace(reply, model=model)
