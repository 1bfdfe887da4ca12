"""Kills a run at random requests with SIGKILL, resumes it, and counts at the server what it cost.

The server knows each request by the digest of its body: a digest that comes twice was paid twice.
Promised: the conversations of an uninterrupted run, and no more repeats than can be in flight at a
kill. Then the critic's prompt is changed: only the critic is asked again.
Usage: `fastsynth bench [--json FILE] durability [-- --kills K --conversations N]`.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from hashlib import blake2b
from pathlib import Path
from typing import Any

import anyio
import msgspec
from aiohttp import web

from fastsynth.config import Config, Endpoint, Engine, Output
from fastsynth.config.settings import dump
from fastsynth.prompts import share
from fastsynth.records import Usage, encode
from fastsynth.sim import api, server
from fastsynth.store.compact import read_rows
from fastsynth.store.manifest import read_manifest

Row = dict[str, Any]
IN_FLIGHT = 32


class Counting(server.Server):
    """The scripted endpoint, which remembers what it was asked and kills its client when told."""

    def __init__(self, options: server.Options) -> None:
        super().__init__(options)
        self.forget()
        servers.append(self)

    def forget(self) -> None:
        self.asked: Counter[bytes] = Counter()
        self.purposes: Counter[str] = Counter()
        self.kill_at = 0
        self.victim: anyio.abc.Process | None = None

    @property
    def sent(self) -> int:
        return self.asked.total()

    @property
    def repeated(self) -> int:
        return self.sent - len(self.asked)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.asked[blake2b(body, digest_size=16).digest()] += 1
        script = api.decode_request(body).fastsynth
        self.purposes[script.purpose if script else "none"] += 1
        if self.sent == self.kill_at and self.victim is not None:
            self.victim.send_signal(signal.SIGKILL)
        return await super().chat(request)


servers: list[Counting] = []


class Bench:
    def __init__(self, folder: Path, url: str, conversations: int) -> None:
        self.folder = folder
        self.url = url
        self.server = servers[-1]
        self.config = Config(
            endpoints={"teacher": Endpoint(kind="scripted", in_flight=IN_FLIGHT)},
            output=Output(accepted=conversations),
            engine=Engine(width=IN_FLIGHT),
        )

    async def generate(self, name: str, *options: str, kill_at: int = 0) -> Path:
        """One sitting in a process of its own; killed as request number `kill_at` comes in."""
        (self.folder / "config.yaml").write_text(dump(self.config))
        run_dir = self.folder / name
        command = [sys.executable, "-m", "fastsynth.cli", "generate", "--quiet"]
        command += ["-c", str(self.folder / "config.yaml"), "--base-url", self.url]
        command += ["-o", str(run_dir), *options]
        quiet = subprocess.DEVNULL
        async with await anyio.open_process(command, stdout=quiet, stderr=quiet) as process:
            self.server.victim, self.server.kill_at = process, self.server.sent + kill_at
            if not kill_at:
                self.server.kill_at = 0
            code = await process.wait()
        if code not in (0, -signal.SIGKILL):
            raise RuntimeError(f"{' '.join(command)}: exit {code}")
        return run_dir

    async def interrupted(self, name: str, kills: list[int]) -> Row:
        """A run with a kill at each of these counts of requests, then run to its end."""
        self.server.forget()
        for kill in kills:
            await self.generate(name, kill_at=kill)
        run_dir = await self.generate(name)
        return {
            "killed_at": kills,
            "requests": self.server.sent,
            "beyond_in_flight": self.server.repeated - IN_FLIGHT * len(kills),
            "repeated": self.server.repeated,
            "conversations": conversations(run_dir),
        }


def conversations(run_dir: Path) -> list[bytes]:
    """All columns but `usage`: how much of a prompt was cached is the server's affair."""
    bare = (msgspec.structs.replace(row, usage=Usage()) for row in read_rows(run_dir))
    return sorted(encode(row) for row in bare)


def cut_off(run_dir: Path) -> int:
    """Requests of a run that were in flight when its last conversation was accepted."""
    manifest = read_manifest(run_dir)
    assert manifest is not None
    return sum(use.unknown for use in manifest.endpoints.values())


async def measure_kills(bench: Bench, kills: int, seed: int) -> Row:
    draw = random.Random(seed)
    whole = await bench.interrupted("whole", [])
    one_pass = whole["requests"]
    began = time.perf_counter()
    runs = []
    for number in range(kills):
        chain = draw.choice([1, 1, 1, 3])
        at = [draw.randint(1, one_pass // chain - IN_FLIGHT) for _ in range(chain)]
        runs.append(await bench.interrupted(f"killed-{number}", at))
        shutil.rmtree(bench.folder / f"killed-{number}")
    differ = sum(run["conversations"] != whole["conversations"] for run in runs)
    over = max(run["beyond_in_flight"] for run in runs)
    sent = sum(run["requests"] for run in runs)
    return {
        "benchmark": "durability",
        "subject": "kill -9 and resume",
        "in_flight": IN_FLIGHT,
        "cpu_ms_per_request": None,
        "requests_per_s": round(sent / (time.perf_counter() - began), 1),
        "errors": differ + max(0, over),
        "runs": kills,
        "kills": sum(len(run["killed_at"]) for run in runs),
        "runs_that_differ": differ,
        "one_pass": one_pass,
        "requests_most": max(run["requests"] for run in runs),
        "repeated_most": max(run["repeated"] for run in runs),
        "beyond_in_flight_most": over,
    }


async def measure_change(bench: Bench, kills: int, seed: int) -> Row:
    """A new critic prompt is a new identity; `--reuse` pays for the critic alone."""
    bench.server.forget()
    first = await bench.generate("first")
    before, asked = dict(bench.server.purposes), set(bench.server.asked)
    prompts = bench.folder / "prompts"
    shutil.copytree(share("prompts"), prompts)
    hint = prompts / "hint.md"
    hint.write_text(hint.read_text().replace("You review", "You look closely at"))
    bench.config = msgspec.structs.replace(bench.config, prompts=str(prompts))
    bench.server.forget()
    began = time.perf_counter()
    second = await bench.generate("second", "--reuse", str(first))
    again = sum(digest in asked for digest in bench.server.asked)
    return {
        "benchmark": "durability",
        "subject": "new critic prompt, --reuse",
        "in_flight": IN_FLIGHT,
        "cpu_ms_per_request": None,
        "requests_per_s": round(bench.server.sent / (time.perf_counter() - began), 1),
        "errors": max(0, again - cut_off(first)),
        "requests_before": before,
        "requests_after": dict(bench.server.purposes),
        "paid_twice": again,
        "cut_off_before": cut_off(first),
        "conversations": len(conversations(second)),
    }


async def measure(given: argparse.Namespace) -> list[Row]:
    server.Server = Counting  # type: ignore[misc]
    rows = []
    options = server.Options(latency_ms=given.latency_ms)
    for subject in (measure_kills, measure_change):
        with tempfile.TemporaryDirectory() as folder:
            async with server.serving(options) as port:
                url = f"http://{server.HOST}:{port}/v1"
                bench = Bench(Path(folder), url, given.conversations)
                rows.append(await subject(bench, given.kills, given.seed))
                sys.stdout.write(json.dumps(rows[-1]) + "\n")
                sys.stdout.flush()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="runs that are killed")
    parser.add_argument("--conversations", type=int, default=60)
    parser.add_argument("--latency-ms", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the rows there as well")
    given = parser.parse_args()
    rows = anyio.run(measure, given)
    if given.json:
        given.json.write_text("".join(json.dumps(row) + "\n" for row in rows))


if __name__ == "__main__":
    main()
