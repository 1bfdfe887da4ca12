"""What a server says of its own load at `/metrics`, and the task that asks now and then.

Names of vLLM (docs.vllm.ai, "Production metrics", older ones included) and of SGLang.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import anyio
import msgspec

from fastsynth.events import Bus, SlotLabel, SlotTime
from fastsynth.llm.faults import Fault
from fastsynth.llm.limits import Gate
from fastsynth.llm.service import Service

K = TypeVar("K", bound=str)
POLL_SECONDS = 2.0
TOLD_SECONDS = 2.0
"""Between two `SlotTime` events of an address; half of it where a job has ended."""
_RUNNING = frozenset(("vllm:num_requests_running", "sglang:num_running_reqs"))
_WAITING = frozenset(("vllm:num_requests_waiting", "sglang:num_queue_reqs"))
_KV = frozenset(("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc", "sglang:token_usage"))


class Gauges(msgspec.Struct, frozen=True, kw_only=True):
    """One server's load, its engines added up."""

    running: float
    waiting: float
    kv: float
    """The fullest engine's share of its cache in use, 0 to 1."""


def read_gauges(text: str) -> Gauges | None:
    """From Prometheus text; None where queue or running requests are not in it."""
    running: list[float] = []
    waiting: list[float] = []
    kv: list[float] = [0.0]
    for line in text.splitlines():
        if line.startswith(("vllm:", "sglang:")):
            name, _, _ = line.partition("{")
            name = name.split(" ", 1)[0]
            found = {**dict.fromkeys(_RUNNING, running), **dict.fromkeys(_WAITING, waiting)}
            found |= dict.fromkeys(_KV, kv)
            value = _number(line)
            if name in found and value is not None:
                found[name].append(value)
    if not running or not waiting:
        return None
    return Gauges(running=sum(running), waiting=sum(waiting), kv=max(kv))


def _number(line: str) -> float | None:
    """The value of a sample; a time stamp may follow it."""
    fields = line.rpartition("}")[2].split() if "}" in line else line.split()[1:]
    try:
        return float(fields[0])
    except (IndexError, ValueError):
        return None


async def poll_all(service: Service) -> None:
    """Asks each address of a service for its gauges as long as it is there, until cancelled."""
    polled: set[Gate] = set()
    if not any(gate.knee for gate in service.pool.gates):
        return
    async with anyio.create_task_group() as group:
        while True:
            for gate in service.pool.gates:
                if gate not in polled:
                    polled.add(gate)
                    group.start_soon(poll, service, gate)
            await anyio.sleep(POLL_SECONDS)


async def poll(service: Service, gate: Gate) -> None:
    """Tells the gate what its server shows, until cancelled, until it has left or the server shows
    nothing."""
    knee = gate.knee
    shown = False
    while knee is not None and gate in service.pool.gates:
        await anyio.sleep(POLL_SECONDS)
        if not gate.in_flight:
            continue
        gauges = await _ask(service, gate)
        if gauges is None:
            if not shown:
                return
            knee.untold()
            continue
        shown = True
        full = gate.in_flight >= 0.9 * knee.level
        knee.told(gauges.waiting, gauges.running, gauges.kv, gate.in_flight, full)
        service.pool.pump()


async def _ask(service: Service, gate: Gate) -> Gauges | None:
    with anyio.move_on_after(POLL_SECONDS):
        try:
            answer = await service.transport.get(service.metrics(gate))
        except Fault:
            return None
        if answer.status == 200:
            return read_gauges(answer.body.decode("utf-8", "replace"))
    return None


class Telling:
    """Emits where slots spent their time: `tell` what has passed since it last did."""

    def __init__(self, gates: Callable[[], Iterable[Gate]], bus: Bus) -> None:
        """`gates`: those there are now; who joins is told of from then on, who left no more."""
        self._gates = gates
        self._told: dict[Gate, tuple[dict[SlotLabel, float], dict[str, float]]] = {}
        self._bus = bus
        self._last = anyio.current_time()

    async def run(self) -> None:
        """Every few seconds, until cancelled."""
        while True:
            await anyio.sleep(TOLD_SECONDS)
            self.tell()

    def job_ended(self) -> None:
        """It may have been the last one: what is told stays within a second of the end."""
        if anyio.current_time() - self._last >= TOLD_SECONDS / 2:
            self.tell()

    def tell(self) -> None:
        now = self._last = anyio.current_time()
        for gate in self._gates():
            seconds, limits = self._told.get(gate, ({}, {}))
            gate.account(now)
            slots = gate.slots
            slots.share_out()
            event = SlotTime(
                endpoint=gate.label,
                limit=gate.limit,
                seconds=_grown(slots.seconds, seconds),
                limits=_grown(slots.limits, limits),
            )
            self._told[gate] = (dict(slots.seconds), dict(slots.limits))
            if event.seconds:
                self._bus.emit(event)


def _grown(now: Mapping[K, float], before: Mapping[K, float]) -> dict[K, float]:
    grown = {name: round(value - before.get(name, 0.0), 6) for name, value in now.items()}
    return {name: value for name, value in grown.items() if value > 0}
