"""One slow request, or several, after many usual ones: a client in virtual time."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import anyio
from client_setup import Setup, ask
from loopback_server import completion
from virtual_clock import run_virtual

from fastsynth.config import Endpoint, Sampling
from fastsynth.events import Event, RequestFailed, TailBegan
from fastsynth.llm.chat import NoReply, Reply
from fastsynth.llm.client import Client, Settings
from fastsynth.llm.fake import TimedTransport
from fastsynth.llm.faults import Fault
from fastsynth.llm.service import Service

A, B = "http://a/v1", "http://b/v1"
BODY = json.dumps(completion()).encode()
USUAL = 24
"""Requests of a second each before the one in question."""
Plan = Callable[[str, int], tuple[float, bytes | Fault]]


class Trial(Setup):
    """One slow request after many usual ones, in virtual time."""

    def __init__(
        self, plan: Plan, *urls: str, tail: Sequence[Event] = (TailBegan(),), **endpoint: Any
    ) -> None:
        super().__init__()
        self.transport = TimedTransport(lambda url, n: (1.0, BODY) if n < USUAL else plan(url, n))
        given = {"model": "teacher", "hedge_after": 1.0, **endpoint}
        self.endpoint = Endpoint(urls=urls or (A, B), **given)
        self.tail = tail
        self.took = 0.0
        self.idle = False
        self.scope: anyio.CancelScope | None = None
        """Of the last slow request."""

    def run(self, slow: int = 1) -> list[Reply | NoReply]:
        return run_virtual(self._run(slow))

    async def _run(self, slow: int) -> list[Reply | NoReply]:
        service = Service("fleet", self.endpoint, self.transport, self.bus)
        settings = Settings(
            endpoints={"fleet": self.endpoint},
            roles={"default": "fleet"},
            sampling={"default": Sampling(max_tokens=64)},
        )
        client = Client(settings, {"fleet": service}, self.replies, self.bus)
        self.bus.listen(client.listen)
        replies: list[Reply | NoReply] = []

        async def one(job: int) -> None:
            with anyio.CancelScope() as self.scope:
                replies.append(await client.ask(ask(job)))

        async with anyio.create_task_group() as beside:
            beside.start_soon(client.attend)
            for job in range(USUAL):
                await client.ask(ask(job))
            began = anyio.current_time()
            for event in self.tail:
                self.bus.emit(event)
            async with anyio.create_task_group() as group:
                for job in range(slow):
                    group.start_soon(one, 1000 + job)
            self.took = anyio.current_time() - began
            self.idle = all(lane.in_flight == 0 for lane in client.lanes())
            beside.cancel_scope.cancel()
        return replies

    def wasted(self) -> list[str]:
        return [event.cause for event in self.of(RequestFailed)]


def first_slow(seconds: float, then: float = 1.0) -> Plan:
    return lambda _, number: (seconds if number == USUAL else then, BODY)
