"""The engine at its limit: thousands alive and in flight, in calm and in an error storm.

One process holds `--width` conversations with `--in-flight` requests on the wire, over servers that
answer after `--latency-ms`; dashboard and events.jsonl are on (drawn to a pipe) or off. In the
storm more than every second request fails at once. Measured for `--seconds` once all conversations
are alive and the slots have been full, or after `--warm` seconds. Lag is how late a 50 ms sleeper
wakes, by the clock and by the loop's own CPU time, which other work on the machine leaves alone.
Usage: `fastsynth bench storm [-- --width 10000 --in-flight 4000 --latency-ms 30000 --warm 900]`.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, ClassVar

import anyio

sys.path.insert(0, str(Path(__file__).parent))
from loop_cpu import CpuLag, Loop
from observers import observed

from fastsynth import run as runs
from fastsynth.config import Config, Endpoint, Engine, Output
from fastsynth.engine.lag import LagGauge
from fastsynth.llm.transport import raise_file_limit
from fastsynth.run import generate
from fastsynth.running.order import Order
from fastsynth.sim.embedded import start_embedded
from fastsynth.sim.faults import Faults
from fastsynth.sim.server import Options

Row = dict[str, Any]
SERVERS = 2
STORM = Faults(seed=3, rates={"internal_error": 0.5, "reset_before": 0.05}, at_once=True)


class Counted(runs.Bus):
    """A run's bus that counts what passes."""

    seen: ClassVar[Counter[str]] = Counter()
    most_in_flight = 0

    def emit(self, event: Any) -> None:
        Counted.seen[type(event).__name__] += 1
        Counted.most_in_flight = max(Counted.most_in_flight, Counted.in_flight())
        super().emit(event)

    @classmethod
    def in_flight(cls) -> int:
        return cls.seen["RequestSent"] - cls.seen["RequestDone"] - cls.seen["RequestFailed"]

    @classmethod
    def alive(cls) -> int:
        return cls.seen["JobStarted"] - cls.seen["JobFinished"]


async def one(given: argparse.Namespace) -> Row:
    """One subject, in a process of its own."""
    runs.Bus = Counted  # type: ignore[misc]
    raise_file_limit(2 * given.in_flight + 2048)
    storm = STORM if given.storm else Faults()
    options = Options(latency_ms=given.latency_ms, latency_spread=0.5, faults=storm)
    async with AsyncExitStack() as stack:
        spent = stack.enter_context(observed(given.observers, timed=True))
        urls = tuple(
            [await stack.enter_async_context(start_embedded(options)) for _ in range(SERVERS)]
        )
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        each = given.in_flight // SERVERS
        config = Config(
            environment=given.environment,
            endpoints={"fleet": Endpoint(kind="scripted", urls=urls, in_flight=each, retries=40)},
            output=Output(accepted=1_000_000),
            engine=Engine(width=given.width),
        )
        mode: Any = "auto" if given.observers else "quiet"
        order = Order(config=config, run_dir=Path(folder) / "run", mode=mode)
        group = await stack.enter_async_context(anyio.create_task_group())
        group.start_soon(generate, order)
        row = await _measured(given, lambda: spent.seconds)
        group.cancel_scope.cancel()
    weather, seen = "storm" if given.storm else "calm", "on" if given.observers else "off"
    return {"benchmark": "storm", "subject": f"{weather}, observers {seen}", **row}


async def _measured(given: argparse.Namespace, observers: Any) -> Row:
    """Counts between two moments of a run under way; starting and ending it is not measured."""
    began = time.perf_counter()
    with anyio.move_on_after(given.warm):
        while Counted.alive() < given.width or Counted.most_in_flight < given.in_flight:
            await anyio.sleep(0.25)
        await anyio.sleep(min(5.0, given.warm / 3))
    gauge, own = LagGauge(), CpuLag()
    Counted.most_in_flight, alive, before = 0, Counted.alive(), Counted.seen.copy()
    cpu, wall, watched = time.process_time(), time.perf_counter(), observers()
    async with anyio.create_task_group() as group:
        group.start_soon(gauge.run)
        group.start_soon(own.run)
        await anyio.sleep(given.seconds)
        group.cancel_scope.cancel()
    warm, counts = wall - began, Counted.seen - before
    cpu, wall, watched = (
        time.process_time() - cpu,
        time.perf_counter() - wall,
        observers() - watched,
    )
    done, failed = counts["RequestDone"], counts["RequestFailed"]
    return {
        "in_flight": given.in_flight,
        "cpu_ms_per_request": round(1000 * cpu / max(1, done + failed), 3),
        "requests_per_s": round(done / wall, 1),
        "errors": 0 if given.storm else failed,
        "alive": min(alive, Counted.alive()),
        "most_in_flight": Counted.most_in_flight,
        "warm_s": round(warm),
        "failures_per_minute": round(60 * failed / wall),
        "loop_share_of_a_core": round(cpu / wall, 2),
        "observers_share": round(watched / cpu, 4),
        "observers_share_of_a_core": round(watched / wall, 4),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        **{f"lag_{name}_ms": _ms(seconds) for name, seconds in _percentiles(gauge)},
        **{f"cpu_lag_{name}_ms": _ms(seconds) for name, seconds in _percentiles(own)},
        **_full_collection(),
    }


def _percentiles(gauge: LagGauge) -> tuple[tuple[str, float], ...]:
    lag = gauge.read()
    return ("p50", lag.p50), ("p99", lag.p99), ("max", lag.max)


def _full_collection() -> Row:
    """What it would take now, and what cycles outlived the collections of what is young."""
    began = time.thread_time()
    garbage = gc.collect()
    return {"old_garbage": garbage, "full_collection_ms": _ms(time.thread_time() - began)}


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=1000, help="conversations alive")
    parser.add_argument("--in-flight", type=int, default=400)
    parser.add_argument("--latency-ms", type=float, default=2000.0)
    parser.add_argument(
        "--warm", type=float, default=30.0, help="seconds before measuring, at most"
    )
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--environment", default="world")
    parser.add_argument("--weather", nargs="+", default=["calm", "storm"])
    parser.add_argument("--watched", nargs="+", default=["off", "on"], help="observers")
    parser.add_argument("--storm", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--observers", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, help="write the rows there as well")
    given = parser.parse_args()
    if given.one:
        row = anyio.run(one, given, backend_options={"loop_factory": Loop})
        sys.stdout.write(json.dumps(row) + "\n")
        return
    rows = []
    for weather, watched in itertools.product(given.weather, given.watched):
        command = [sys.executable, __file__, "--one"]
        command += ["--storm"] * (weather == "storm") + ["--observers"] * (watched == "on")
        for name in ("width", "in_flight", "latency_ms", "warm", "seconds", "environment"):
            command += [f"--{name.replace('_', '-')}", str(getattr(given, name))]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        rows.append(done.stdout.splitlines()[-1])
        sys.stdout.write(rows[-1] + "\n")
        sys.stdout.flush()
    if given.json:
        given.json.write_text("".join(row + "\n" for row in rows))


if __name__ == "__main__":
    main()
