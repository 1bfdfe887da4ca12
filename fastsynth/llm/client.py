"""Chat as a service: one Ask in, one Reply or NoReply out, with every reply stored before use.

Reuses stored replies, and has the others fetched. Cancelling an `ask` leaves no permit behind.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import anyio
import msgspec

from fastsynth.activity import Activity, doing
from fastsynth.config import Endpoint, Sampling
from fastsynth.errors import DiskFull, NoEndpoint, config_error
from fastsynth.events import (
    Bus,
    Event,
    JobFinished,
    Note,
    ReplyReused,
    RequestDone,
    TailBegan,
    TailEnded,
)
from fastsynth.llm.address import addresses
from fastsynth.llm.chat import AgentRole, Ask, NoReply, Reply, ReplyStore
from fastsynth.llm.completion import decode_reply, encode_reply
from fastsynth.llm.exchange import Job, Sent
from fastsynth.llm.fetch import fetch
from fastsynth.llm.fleet import follow
from fastsynth.llm.gauges import Telling, poll_all
from fastsynth.llm.hedge import Hedges
from fastsynth.llm.keys import request_key, sampling_seed
from fastsynth.llm.limits import Gate
from fastsynth.llm.service import Service, limits_of
from fastsynth.llm.transport import Transport, open_aiohttp, raise_file_limit
from fastsynth.llm.wire import Frame, encode_request, frame

SPARE_FILES = 512
Full = Callable[[DiskFull], Awaitable[None]]


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The client's part of a config. `default` stands in for roles that are not named."""

    endpoints: Mapping[str, Endpoint]
    roles: Mapping[str, str]
    """Role -> endpoint name."""
    sampling: Mapping[str, Sampling] = {}
    seed: int = 0


class Lane(msgspec.Struct, frozen=True, kw_only=True):
    """One address as it stands now: why it is idle, where it is."""

    endpoint: str
    in_flight: int
    limit: int
    waiting: int
    why: str
    """free | in_flight | rpm | tpm | paused | ramp | down: what holds the next request back."""


class Client:
    """Implements `chat.Chat`; open it with `open_client`."""

    def __init__(
        self, settings: Settings, services: Mapping[str, Service], replies: ReplyStore, bus: Bus
    ) -> None:
        self._settings = settings
        self._services = services
        self._replies = replies
        self._bus = bus
        self._frames: dict[str, Frame] = {}
        self._full: Full = _raise
        self._hedges = Hedges(bus)
        self._telling = Telling(self._gates, bus)

    async def check(self, absent: Collection[str] = ()) -> None:
        """Meets every endpoint that a role uses. Raises NoEndpoint, naming the first at fault;
        those in `absent` may be away while stored replies do, if their model is known."""
        for name, service in self._services.items():
            try:
                await service.meet()
            except NoEndpoint as error:
                if name not in absent or not service.model:
                    raise
                service.absent = True
                text = f"{error}; going on with its stored replies"
                self._bus.emit(Note(text=text, level="warning"))

    def models(self) -> dict[str, str]:
        """Role -> model, as far as known: after `check` all are. `scripted` is one too."""
        return {
            role: "scripted" if service.all_scripted else service.model
            for role, name in self._settings.roles.items()
            for service in (self._services[name],)
        }

    def unpriced(self) -> tuple[str, ...]:
        """Endpoints of models whose price is not known, at one address or more."""
        return tuple(
            name
            for name, service in self._services.items()
            if service.endpoint.kind == "openai"
            and any(service.tariff(gate) is None for gate in service.pool.gates)
        )

    def keep_in(self, replies: ReplyStore, full: Full | None = None) -> None:
        """From now on replies are looked up and stored there. To be called before any `ask`.

        `full` is awaited before a reply that found no space on the disk is stored again.
        """
        self._replies = replies
        self._full = full or _raise

    def listen(self, event: Event) -> None:
        """A job that has ended asks no more: its address need not be kept, its time is told."""
        self._hedges.listen(event)
        if isinstance(event, JobFinished):
            for service in self._services.values():
                service.pool.forget(event.job)
            self._telling.job_ended()

    async def attend(self) -> None:
        """Reads the servers' own gauges, sends what is slow at the end a second time, and tells
        where slots spend their time, until cancelled.

        To be run beside; without it `in_flight: auto` goes by throughput and refusals alone.
        """
        async with anyio.create_task_group() as group:
            group.start_soon(self._hedges.run)
            group.start_soon(self._telling.run)
            for service in self._services.values():
                group.start_soon(poll_all, service)
                if service.endpoint.urls_file is not None:
                    group.start_soon(follow, service, self._bus)

    def _gates(self) -> list[Gate]:
        return [gate for service in self._services.values() for gate in service.pool.gates]

    def tell(self) -> None:
        """Emits `SlotTime` for what has passed since the last one."""
        self._telling.tell()

    def lanes(self) -> tuple[Lane, ...]:
        now = anyio.current_time()
        return tuple(
            Lane(
                endpoint=gate.label,
                in_flight=gate.in_flight,
                limit=gate.limit,
                waiting=len(gate.queue),
                why=gate.why(now),
            )
            for service in self._services.values()
            for gate in service.pool.gates
        )

    async def ask(self, ask: Ask) -> Reply | NoReply:
        """Raises NoEndpoint where no retry can help: key, model, account, or nobody there."""
        service = self._services[_named(self._settings.roles, ask.role)]
        if service.needs_meeting:
            await service.meet()
        form = self._frame(ask.role, service)
        seed = sampling_seed(self._settings.seed, ask)
        key = request_key(ask, form.identity, ask.transcript.encoded(), seed)
        stored = self._replies.get(ask.job, key)
        if stored is not None:
            self._bus.emit(ReplyReused(role=ask.role))
            return decode_reply(stored)
        body = encode_request(
            form, ask.transcript.pieces(), ask.tools, ask.schema, seed, ask.must_call
        )
        most = self._sampling(ask.role).max_tokens
        job = Job(ask=ask, service=service, key=key, body=body, most=most)
        with doing("asking"):
            fetched = await fetch(job, self._hedges, self._bus)
            return fetched if isinstance(fetched, NoReply) else await self._keep(job, *fetched)

    async def _keep(self, job: Job, reply: Reply, sent: Sent) -> Reply:
        stored = encode_reply(reply)
        while True:
            try:
                self._replies.put(job.ask.job, job.key, stored)
                break
            except DiskFull as error:
                await self._full(error)
        usage = reply.usage
        self._bus.emit(
            RequestDone(
                endpoint=sent.gate.label,
                role=job.ask.role,
                seconds=sent.seconds,
                prompt_tokens=usage.prompt_tokens,
                completion_tokens=usage.completion_tokens,
                cached_tokens=usage.cached_tokens,
                cost_usd=usage.cost_usd,
                first_token=sent.first,
            )
        )
        return reply

    def _frame(self, role: AgentRole, service: Service) -> Frame:
        form = self._frames.get(role)
        if form is None:
            form = frame(service.model, self._sampling(role), service.endpoint)
            self._frames[role] = form
        return form

    def _sampling(self, role: AgentRole) -> Sampling:
        sampling = self._settings.sampling
        return sampling.get(role) or sampling.get("default") or Sampling()


@asynccontextmanager
async def open_client(
    settings: Settings, *, replies: ReplyStore, bus: Bus, activity: Activity | None = None
) -> AsyncIterator[Client]:
    """A client for the endpoints that roles use. Raises ConfigError; contacts nobody yet.

    `activity` says what conversations do while they ask nothing.
    """
    used = dict.fromkeys(settings.roles.values())
    _check_roles(settings)
    in_flight = 0
    async with AsyncExitStack() as stack:
        services = {}
        for name in used:
            endpoint = settings.endpoints[name]
            urls = addresses(name, endpoint)
            transport = await stack.enter_async_context(_open_transport(endpoint, urls))
            services[name] = Service(name, endpoint, transport, bus, activity)
            in_flight += limits_of(endpoint).in_flight * len(urls)
        raise_file_limit(in_flight + SPARE_FILES)
        client = Client(settings, services, replies, bus)
        bus.listen(client.listen, JobFinished, TailBegan, TailEnded)
        yield client


def _open_transport(
    endpoint: Endpoint, urls: tuple[str, ...]
) -> AbstractAsyncContextManager[Transport]:
    if endpoint.transport == "aiohttp":
        return open_aiohttp(endpoint)
    if endpoint.transport == "direct":
        return _direct(endpoint)
    from fastsynth.llm.sdk import open_sdk  # a second to import, and few want it

    return open_sdk(endpoint, urls)


def _direct(endpoint: Endpoint) -> AbstractAsyncContextManager[Transport]:
    try:
        from fastsynth.llm.direct import open_direct
    except ImportError as error:
        allowed = "need httptools: pip install 'fastsynth[direct]'"
        raise config_error("transport", endpoint.transport, allowed) from error
    return open_direct(endpoint)


def _check_roles(settings: Settings) -> None:
    known = ", ".join(settings.endpoints) or "none"
    for role, name in settings.roles.items():
        if name not in settings.endpoints:
            raise config_error(f"$.roles.{role}", name, f"need one of endpoints: {known}")


async def _raise(error: DiskFull) -> None:
    raise error


def _named(roles: Mapping[str, str], role: str) -> str:
    name = roles.get(role) or roles.get("default")
    if name is None:
        raise config_error(f"$.roles.{role}", None, "need an endpoint's name, or `roles.default`")
    return name
