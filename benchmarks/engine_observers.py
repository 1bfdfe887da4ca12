"""`bench engine -- --observers N`: what dashboard and events.jsonl cost, in N pairs of short runs.

Both runs of a pair are the same conversations in one process, one watched and one not, in turns
which comes first. A ratio above 1 is what watching costs: CPU time of all threads for each model
call, and calls a second the other way round. A client that waits for its server loses less than
that, so the CPU ratio of a run at full load is the most that watching can take of the throughput.
"""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

import anyio
import msgspec
from engine_talks import playing
from observers import observed

from fastsynth.config import Config
from fastsynth.engine.loop import LOOP
from fastsynth.run import Order, generate
from fastsynth.store.manifest import read_manifest

Row = dict[str, Any]
Figures = tuple[float, float]
"""CPU ms a call, calls a second."""


def pairs(subject: str, asked: Config, count: int) -> Row:
    """The medians over `count` pairs, after one watched run that warms up."""
    with playing() as url:
        teacher = msgspec.structs.replace(asked.endpoints["teacher"], url=url)
        asked = msgspec.structs.replace(asked, endpoints={"teacher": teacher})
        _run(asked, on=True)
        found = [_pair(asked, first=bool(n % 2)) for n in range(count)]
        share = _share(asked)
    cpu = [on[0] / off[0] for on, off in found]
    speed = [off[1] / on[1] for on, off in found]
    return {
        "benchmark": "engine",
        "subject": f"{subject}, observers",
        "in_flight": asked.engine.width,
        "cpu_ms_per_request": round(median(on[0] for on, _ in found), 4),
        "requests_per_s": round(median(on[1] for on, _ in found), 1),
        "errors": 0,
        "pairs": count,
        "unwatched_cpu_ms": round(median(off[0] for _, off in found), 4),
        "unwatched_requests_per_s": round(median(off[1] for _, off in found), 1),
        "cpu_ratio": round(median(cpu), 4),
        "cpu_ratio_quartiles": _quartiles(cpu),
        "throughput_ratio": round(median(speed), 4),
        "throughput_ratio_quartiles": _quartiles(speed),
        "timed_share": round(share, 4),
    }


def _pair(asked: Config, first: bool) -> tuple[Figures, Figures]:
    """Watched and unwatched; `first`: the watched one comes first."""
    found = {on: _run(asked, on) for on in (first, not first)}
    return found[True], found[False]


def _run(asked: Config, on: bool) -> Figures:
    with TemporaryDirectory() as folder, observed(on):
        order = Order(config=asked, run_dir=Path(folder) / "run", example=False)
        wall, cpu = time.perf_counter(), time.process_time()
        anyio.run(generate, order, backend_options=LOOP)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        manifest = read_manifest(order.run_dir)
    assert manifest is not None
    requests = manifest.usage.requests
    return 1000 * cpu / requests, requests / wall


def _share(asked: Config) -> float:
    """Share of the CPU time of one more run that is spent in the observers' own functions."""
    with TemporaryDirectory() as folder, observed(True, timed=True) as spent:
        order = Order(config=asked, run_dir=Path(folder) / "run", example=False)
        cpu = time.process_time()
        anyio.run(generate, order, backend_options=LOOP)
        return spent.seconds / (time.process_time() - cpu)


def _quartiles(values: list[float]) -> list[float]:
    if len(values) < 2:
        return []
    low, _, high = quantiles(values, n=4, method="inclusive")
    return [round(low, 4), round(high, 4)]
