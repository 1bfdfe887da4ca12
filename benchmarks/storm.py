"""Event-loop lag and the observers' cost at thousands in flight, in calm and in an error storm.

One process holds `--width` conversations with `--in-flight` requests on the wire, over servers that
answer after `--latency-ms`; dashboard and events.jsonl are on (drawn to a pipe) or off. In the
storm more than every second request fails at once. Lag is how late a 50 ms sleeper wakes, by the
clock and by the loop's own CPU time, which other work on the machine does not change, once all
conversations are under way. `observers_share` is dashboard and events' part of the process's CPU.
Usage: `fastsynth bench [--json FILE] storm [-- --width W --in-flight F --seconds S]`.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import anyio
from rich.console import Console

sys.path.insert(0, str(Path(__file__).parent))
from loop_cpu import CpuLag, Loop

from fastsynth import run as runs
from fastsynth.config import Budget, Config, Endpoint, Engine, Output
from fastsynth.dashboard import eventlog, live, watch
from fastsynth.dashboard.eventlog import EventLog
from fastsynth.dashboard.view import Progress
from fastsynth.engine.lag import LagGauge
from fastsynth.llm.transport import raise_file_limit
from fastsynth.run import Order, generate
from fastsynth.sim.embedded import start_embedded
from fastsynth.sim.faults import Faults
from fastsynth.sim.server import Options

Row = dict[str, Any]
SERVERS = 2
STORM = Faults(seed=3, rates={"internal_error": 0.5, "reset_before": 0.05}, at_once=True)


class Silent:
    """In place of the event log: listens to nothing and writes nothing."""

    def __init__(self, *_: object) -> None: ...

    def __call__(self, event: object) -> None: ...

    async def flush(self) -> None: ...


class Spent:
    """CPU seconds that observers took, all threads."""

    seconds = 0.0

    def of(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*arguments: Any, **named: Any) -> Any:
            before = time.thread_time()
            try:
                return function(*arguments, **named)
            finally:
                self.seconds += time.thread_time() - before

        return timed


def observe(on: bool) -> Spent:
    """The full-screen dashboard, drawn to memory, and the event log; or neither."""
    spent = Spent()
    if on:
        screen = Console(file=io.StringIO(), force_terminal=True, width=160, height=50)
        screen._environ = {"TERM": "xterm-256color"}  # type: ignore[assignment]
        watch.Console = lambda **_: screen  # type: ignore[assignment,misc]
        watch.is_screen = lambda _: True
        for kind, names in (
            (EventLog, ("__call__", "_write")),
            (Progress, ("__call__", "snapshot")),
        ):
            for name in names:
                setattr(kind, name, spent.of(getattr(kind, name)))
        live.Live.update = spent.of(live.Live.update)  # type: ignore[method-assign]
    else:
        runs.EventLog = Silent  # type: ignore[assignment,misc]
        runs.event_log = eventlog.event_log
    return spent


async def one(given: argparse.Namespace) -> Row:
    """One subject, in a process of its own. The gauge is replaced when all are under way."""
    spent = observe(given.observers)
    raise_file_limit(2 * given.in_flight + 2048)
    storm = STORM if given.storm else Faults()
    options = Options(latency_ms=given.latency_ms, latency_spread=0.5, faults=storm)
    gauge, calm, own = LagGauge(), LagGauge(), CpuLag()
    figures: dict[str, float] = {}

    async def steady() -> None:
        await anyio.sleep(given.warm)
        figures.update(cpu=time.process_time(), wall=time.perf_counter(), observers=spent.seconds)
        group.start_soon(own.run)
        await calm.run()

    async with AsyncExitStack() as stack:
        urls = tuple(
            [await stack.enter_async_context(start_embedded(options)) for _ in range(SERVERS)]
        )
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        each = given.in_flight // SERVERS
        config = Config(
            endpoints={"fleet": Endpoint(kind="scripted", urls=urls, in_flight=each, retries=40)},
            output=Output(accepted=1_000_000),
            engine=Engine(width=given.width),
            budget=Budget(seconds=given.warm + given.seconds),
        )
        group = await stack.enter_async_context(anyio.create_task_group())
        group.start_soon(gauge.run)
        group.start_soon(steady)
        mode = "auto" if given.observers else "quiet"
        row = await _until_budget(config, Path(folder) / "run", mode, figures, given, spent)
        group.cancel_scope.cancel()
    lag = calm.read()
    return {
        **row,
        "lag_p50_ms": _ms(lag.p50),
        "lag_p99_ms": _ms(lag.p99),
        "lag_max_ms": _ms(lag.max),
        "cpu_lag_p50_ms": _ms(own.read().p50),
        "cpu_lag_p99_ms": _ms(own.read().p99),
        "cpu_lag_max_ms": _ms(own.read().max),
        "lag_p99_with_start_ms": _ms(gauge.read().p99),
    }


async def _until_budget(
    config: Config,
    run_dir: Path,
    mode: Any,
    figures: dict[str, float],
    given: argparse.Namespace,
    spent: Spent,
) -> Row:
    """Counts at the moment the budget ends the pulling; draining thousands is not measured."""
    counted: dict[str, int] = {"RequestDone": 0, "RequestFailed": 0}
    before: dict[str, int] = {}

    class Counting(runs.Bus):
        def emit(self, event: Any) -> None:
            name = type(event).__name__
            if name in counted:
                counted[name] += 1
            super().emit(event)

    runs.Bus = Counting  # type: ignore[misc]
    async with anyio.create_task_group() as group:
        group.start_soon(generate, Order(config=config, run_dir=run_dir, mode=mode))
        await anyio.sleep(given.warm)
        before.update(counted)
        await anyio.sleep(given.seconds)
        cpu = time.process_time() - figures["cpu"]
        wall = time.perf_counter() - figures["wall"]
        observers = spent.seconds - figures["observers"]
        done = counted["RequestDone"] - before["RequestDone"]
        failed = counted["RequestFailed"] - before["RequestFailed"]
        group.cancel_scope.cancel()
    weather, seen = "storm" if given.storm else "calm", "on" if given.observers else "off"
    return {
        "benchmark": "storm",
        "subject": f"{weather}, observers {seen}",
        "in_flight": given.in_flight,
        "cpu_ms_per_request": round(1000 * cpu / max(1, done + failed), 3),
        "requests_per_s": round(done / wall, 1),
        "errors": 0 if given.storm else failed,
        "width": given.width,
        "failures_per_minute": round(60 * failed / wall),
        "loop_share_of_a_core": round(cpu / wall, 2),
        "observers_share": round(observers / cpu, 4),
        "observers_share_of_a_core": round(observers / wall, 4),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=1000, help="conversations alive")
    parser.add_argument("--in-flight", type=int, default=400)
    parser.add_argument("--latency-ms", type=float, default=2000.0)
    parser.add_argument("--warm", type=float, default=30.0, help="seconds before measuring")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--storm", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--observers", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, help="write the rows there as well")
    given = parser.parse_args()
    if given.one:
        sys.stdout.write(
            json.dumps(anyio.run(one, given, backend_options={"loop_factory": Loop})) + "\n"
        )
        return
    rows = []
    for storm in ((), ("--storm",)):
        for observers in ((), ("--observers",)):
            command = [sys.executable, __file__, "--one", *storm, *observers]
            for name in ("width", "in_flight", "latency_ms", "warm", "seconds"):
                command += [f"--{name.replace('_', '-')}", str(getattr(given, name))]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            rows.append(done.stdout.splitlines()[-1])
            sys.stdout.write(rows[-1] + "\n")
            sys.stdout.flush()
    if given.json:
        given.json.write_text("".join(row + "\n" for row in rows))


if __name__ == "__main__":
    main()
