"""Prefix-cache hits and load over four endpoints: sticky routing beside what it replaces.

Whole runs with the scripted teacher. Every server counts, by its own prefix cache, which prompt
tokens it had seen; `recomputed` is the rest. One endpoint alone shows the most there is to hit.
Usage: `fastsynth bench [--json FILE] routing [-- --conversations N --width W]`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import anyio

from fastsynth.config import Config, Endpoint, Engine, Output
from fastsynth.llm import service
from fastsynth.llm.estimates import NOTHING, Load
from fastsynth.llm.limits import Gate, Permit
from fastsynth.llm.router import Pool
from fastsynth.run import generate
from fastsynth.running.order import Order
from fastsynth.sim.embedded import start_embedded
from fastsynth.sim.server import Options
from fastsynth.store.manifest import Manifest

Row = dict[str, Any]
LATENCY_MS = 40.0


class RoundRobin(Pool):
    """Each request to the next address, whatever conversation it belongs to."""

    turn = 0

    async def admit(self, job: int, load: Load = NOTHING) -> Permit:
        self.turn += 1
        return await super().admit(self.turn, load)

    def _rank(self, job: int) -> tuple[Gate, ...]:
        at = job % len(self.gates)
        return self.gates[at:] + self.gates[:at]


class LeastLoaded(Pool):
    """Each request to the address with the fewest in flight and waiting."""

    def _rank(self, job: int) -> tuple[Gate, ...]:
        return tuple(sorted(self.gates, key=lambda gate: gate.in_flight + len(gate.queue)))


POLICIES: dict[str, type[Pool]] = {
    "sticky": Pool,
    "round robin": RoundRobin,
    "least loaded": LeastLoaded,
}


async def run(subject: str, pool: type[Pool], latencies: list[float], given: Any) -> Row:
    service.Pool = pool  # type: ignore[misc]
    async with AsyncExitStack() as stack:
        urls = tuple(
            [
                await stack.enter_async_context(start_embedded(Options(latency_ms=latency)))
                for latency in latencies
            ]
        )
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        each = given.width // len(urls)
        config = Config(
            endpoints={"fleet": Endpoint(kind="scripted", urls=urls, in_flight=each)},
            output=Output(accepted=given.conversations),
            engine=Engine(width=given.width),
        )
        wall, cpu = time.perf_counter(), time.process_time()
        manifest = await generate(Order(config=config, run_dir=Path(folder) / "run", mode="quiet"))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return row(subject, manifest, wall, cpu, given.width)


def row(subject: str, manifest: Manifest, wall: float, cpu: float, width: int) -> Row:
    uses = list(manifest.endpoints.values())
    replies = sum(use.replies for use in uses)
    prompt = sum(use.prompt_tokens for use in uses)
    cached = sum(use.cached_tokens for use in uses)
    mean = replies / len(uses)
    return {
        "benchmark": "routing",
        "subject": subject,
        "in_flight": width,
        "cpu_ms_per_request": round(1000 * cpu / replies, 3),
        "requests_per_s": round(replies / wall, 1),
        "errors": sum(use.failed for use in uses),
        "endpoints": len(uses),
        "conversations": manifest.jobs,
        "requests": replies,
        "hit_rate": round(cached / prompt, 4),
        "recomputed_tokens": prompt - cached,
        "load_spread": round(max(abs(use.replies - mean) for use in uses) / mean, 4),
        "replies": [use.replies for use in uses],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=400)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--json", type=Path, help="write the rows there as well")
    given = parser.parse_args()
    same = [LATENCY_MS] * 4
    slow = [*same[1:], 8 * LATENCY_MS]
    plan = [("one endpoint", Pool, same[:1])]
    plan += [(f"4 endpoints, {name}", pool, same) for name, pool in POLICIES.items()]
    plan += [(f"one of 4 is 8 times slower, {name}", pool, slow) for name, pool in POLICIES.items()]
    rows: list[Row] = []
    for subject, pool, latencies in plan:
        found = anyio.run(run, subject, pool, latencies, given)
        best = rows[0]["hit_rate"] if rows else found["hit_rate"]
        rows.append({**found, "share_of_best_hit_rate": round(found["hit_rate"] / best, 4)})
        sys.stdout.write(json.dumps(rows[-1]) + "\n")
        sys.stdout.flush()
    if given.json:
        given.json.write_text("".join(json.dumps(each) + "\n" for each in rows))


if __name__ == "__main__":
    main()
