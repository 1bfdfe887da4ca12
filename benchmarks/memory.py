"""Resident memory: of conversations alive, and of jobs that have finished. JSON rows.

Alive: a run of that width, each conversation with a request on the wire; before the first reply
(against a server that never answers), or `--seconds` under way, when all stages of a conversation
occur; compared with a quarter as many. `parts` says what they hold, by Python's own count.
Finished: what quota and tally remember of jobs told to them as a resumed run tells them its
journal. Each subject in a process of its own.
Usage: `fastsynth bench memory [-- --alive 1000 10000 --seconds 0 60 --finished 10000]`.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import json
import os
import subprocess
import sys
import tempfile
from hashlib import blake2b
from pathlib import Path
from typing import Any

import anyio

sys.path.insert(0, str(Path(__file__).parent))
import heap

from fastsynth import run as runs
from fastsynth.config import Config, Endpoint, Engine, Output
from fastsynth.engine.quota import Quota
from fastsynth.env.adapters import held
from fastsynth.llm.transport import raise_file_limit
from fastsynth.run import generate
from fastsynth.running.order import Order
from fastsynth.sim.embedded import start_embedded
from fastsynth.sim.server import Options
from fastsynth.store.journal import Head
from fastsynth.store.summary import Tally

Row = dict[str, Any]
WEIGHTS = {"base": 0.8, "no_tool": 0.2}


def resident() -> int:
    """Bytes, after a full collection."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def alive(width: int, seconds: float, environment: str) -> Row:
    """Waiting for their first reply, or `seconds` under way, so that all stages of one occur."""
    raise_file_limit(width + 2048)
    held.MOST_AWAKE = min(held.MOST_AWAKE, width // 40)  # as great a share as of 10,000
    sent = 0

    class Counting(runs.Bus):
        def emit(self, event: Any) -> None:
            nonlocal sent
            sent += type(event).__name__ == "RequestSent"
            super().emit(event)

    runs.Bus = Counting  # type: ignore[misc]
    hung = Options(latency_ms=1000 * (seconds / 25 if seconds else 3600), latency_spread=0.5)
    async with start_embedded(hung) as url:
        with tempfile.TemporaryDirectory() as folder:
            config = Config(
                environment=environment,
                endpoints={"slow": Endpoint(kind="scripted", url=url, in_flight=width)},
                output=Output(accepted=10_000_000),
                engine=Engine(width=width),
            )
            order = Order(config=config, run_dir=Path(folder) / "run", mode="quiet")
            return await _weighed(order, seconds, lambda: sent)


async def _weighed(order: Order, seconds: float, sent: Any) -> Row:
    async with anyio.create_task_group() as group:
        group.start_soon(generate, order)
        while sent() < order.config.engine.width:
            await anyio.sleep(0.1)
        await anyio.sleep(seconds)
        row = {
            "alive": len(heap.conversations()),
            "environment": order.config.environment_name,
            "seconds": seconds,
            "resident": resident(),
            "message_bytes": round(heap.message_bytes()),
            "parts": heap.parts(),
        }
        group.cancel_scope.cancel()
    return row


def compared(few: Row, many: Row) -> Row:
    """What one more conversation takes: the slope between two widths, so that the caches of a
    run count for nothing. Messages are taken off as encoded once; they are held decoded as well."""
    each = (many["resident"] - few["resident"]) / (many["alive"] - few["alive"])
    return {
        **many,
        "bytes_per_conversation": round(each),
        "beyond_messages": round(each - many["message_bytes"]),
    }


async def finished(jobs: int) -> Row:
    before = resident()
    quota, tally = Quota(jobs, WEIGHTS), Tally()
    for job in range(jobs):
        head = _head(job)
        tally.add(head, quota.record(job, head.tag, head.content_hash))
    return {"finished": jobs, "bytes_per_job": round((resident() - before) / jobs, 1)}


def _head(job: int) -> Head:
    """One in five is rejected."""
    good = job % 5 != 3
    content = blake2b(job.to_bytes(8, "little"), digest_size=16).hexdigest() if good else ""
    return Head(
        job, "accepted" if good else "rejected", "base", "", content, "chain", "wrong_state",
        20, 40_000, 900, 30_000, None,
    )  # fmt: skip


async def one(subject: str, count: int, *more: Any) -> Row:
    """One subject, in a process of its own."""
    found = await (finished(count) if subject == "finished" else alive(count, *more))
    return {
        "benchmark": "memory",
        "subject": f"{count:,} {subject}",
        "in_flight": None,
        "cpu_ms_per_request": None,
        "requests_per_s": None,
        "errors": 0,
        **found,
    }


def apart(subject: tuple[Any, ...]) -> Row:
    command = [sys.executable, __file__, "--one", json.dumps(subject)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    row: Row = json.loads(done.stdout.splitlines()[-1])
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alive", type=int, nargs="*", default=[1_000, 10_000])
    parser.add_argument("--finished", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--seconds", type=float, nargs="*", default=[0.0], help="under way")
    parser.add_argument("--environments", nargs="+", default=["world", "bfcl"])
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, help="write the rows there as well")
    given = parser.parse_args()
    if given.one:
        sys.stdout.write(json.dumps(anyio.run(one, *json.loads(given.one))) + "\n")
        return
    subjects: list[tuple[Any, ...]] = [("finished", count) for count in given.finished]
    subjects += itertools.product(["alive"], given.alive, given.seconds, given.environments)
    rows = []
    for subject in subjects:
        row = apart(subject)
        if subject[0] == "alive":
            row = compared(apart(("alive", subject[1] // 4, *subject[2:])), row)
        rows.append(json.dumps(row))
        sys.stdout.write(rows[-1] + "\n")
        sys.stdout.flush()
    if given.json:
        given.json.write_text("".join(row + "\n" for row in rows))


if __name__ == "__main__":
    main()
