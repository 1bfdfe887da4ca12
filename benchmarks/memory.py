"""Resident memory: of conversations alive, and of jobs that have finished. JSON rows.

Alive: a run of that width against a server that never answers, once every conversation has been
planned and has its first request on the wire. Finished: what quota and tally remember of jobs
told to them as a resumed run tells them its journal. Each subject in a process of its own.
Usage: `fastsynth bench [--json FILE] memory [-- --alive 1000 10000 --finished 10000 1000000]`.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import subprocess
import sys
import tempfile
from hashlib import blake2b
from pathlib import Path
from typing import Any

import anyio

from fastsynth import run as runs
from fastsynth.config import Config, Endpoint, Engine, Output
from fastsynth.engine.quota import Quota
from fastsynth.llm.transport import raise_file_limit
from fastsynth.run import Order, generate
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


async def alive(width: int) -> Row:
    raise_file_limit(width + 2048)
    sent = 0

    class Counting(runs.Bus):
        def emit(self, event: Any) -> None:
            nonlocal sent
            sent += type(event).__name__ == "RequestSent"
            super().emit(event)

    runs.Bus = Counting  # type: ignore[misc]
    async with start_embedded(Options(latency_ms=3.6e6)) as url:
        with tempfile.TemporaryDirectory() as folder:
            few, many = await _grown(url, Path(folder), width, lambda: sent)
    return {"alive": width, "bytes_per_conversation": round((many - few) / (width - width // 10)),
            "resident_mb": many >> 20}  # fmt: skip


async def _grown(url: str, folder: Path, width: int, sent: Any) -> tuple[int, int]:
    """Resident bytes with a tenth of the conversations alive and with all of them."""
    config = Config(
        endpoints={"hung": Endpoint(kind="scripted", url=url, in_flight=width)},
        output=Output(accepted=10_000_000),
        engine=Engine(width=width),
    )
    async with anyio.create_task_group() as group:
        group.start_soon(generate, Order(config=config, run_dir=folder / "run", mode="quiet"))
        while sent() < width // 10:
            await anyio.sleep(0.05)
        few = resident()
        while sent() < width:
            await anyio.sleep(0.1)
        many = resident()
        group.cancel_scope.cancel()
    return few, many


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alive", type=int, nargs="*", default=[1_000, 10_000])
    parser.add_argument("--finished", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, help="write the rows there as well")
    given = parser.parse_args()
    if given.one:
        subject, count = given.one
        found = anyio.run({"alive": alive, "finished": finished}[subject], int(count))
        row = {"benchmark": "memory", "subject": f"{int(count):,} {subject}", "in_flight": None,
               "cpu_ms_per_request": None, "requests_per_s": None, "errors": 0}  # fmt: skip
        sys.stdout.write(json.dumps({**row, **found}) + "\n")
        return
    rows = []
    for subject, counts in (("finished", given.finished), ("alive", given.alive)):
        for count in counts:
            command = [sys.executable, __file__, "--one", subject, str(count)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            rows.append(done.stdout.splitlines()[-1])
            sys.stdout.write(rows[-1] + "\n")
            sys.stdout.flush()
    if given.json:
        given.json.write_text("".join(row + "\n" for row in rows))


if __name__ == "__main__":
    main()
