"""CPU a language-model call costs the client over whole conversations, everything on. JSON rows.

The scripted teacher is a process of its own; only the client's CPU is counted (all threads, imports
left out, opening, compaction and report included). A second pass under cProfile tells the shares.
`--peers` puts other frameworks beside it on as many calls; `engine_beside` says what is compared.
`--observers N` says what dashboard and events cost, from N pairs of runs (`engine_observers`).
Usage: `fastsynth bench engine [--json FILE] [-- --conversations N --width W --no-profile]`.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import anyio
import msgspec
import polars  # noqa: F401 (its import is not what is measured)

sys.path.insert(0, str(Path(__file__).parent))
from engine_beside import beside
from engine_observers import pairs
from engine_peers import NAMES
from engine_talks import counts, playing, write_talks
from profile_shares import shares

from fastsynth.config import Config
from fastsynth.config.settings import Flags, load_config
from fastsynth.engine.loop import LOOP
from fastsynth.prompts import share
from fastsynth.run import generate
from fastsynth.running.order import Order
from fastsynth.store.manifest import read_manifest

SUBJECTS = ("world", "bfcl")
TransportName = Literal["aiohttp", "direct"]
Row = dict[str, Any]


def config(
    environment: str, conversations: int, width: int, transport: TransportName = "aiohttp"
) -> Config:
    """The config that ships for this environment, with seed 1 and a width of one's own."""
    path = share("configs") / ("offline.yaml" if environment == "world" else "bfcl.yaml")
    shipped = load_config(path, Flags(accepted=conversations, width=width, seed=1), {})
    endpoint = shipped.endpoints["teacher"]
    teacher = msgspec.structs.replace(endpoint, in_flight=2 * width, transport=transport)
    return msgspec.structs.replace(shipped, endpoints={"teacher": teacher})


def one(
    environment: str, conversations: int, width: int, transport: TransportName, profiled: bool
) -> Row:
    """One whole run in this process."""
    profile = cProfile.Profile()
    asked = config(environment, conversations, width, transport)
    with tempfile.TemporaryDirectory() as folder:
        row = _run(asked, Path(folder) / "run", profile if profiled else None)
    subject = environment if transport == "aiohttp" else f"{environment}, {transport}"
    row = {"benchmark": "engine", "subject": subject, "in_flight": width, **row}
    return {"shares": shares(profile)} if profiled else row


def one_counted(environment: str, conversations: int, width: int, talks: Path) -> Row:
    """The same against an endpoint that counts, which is up before it; leaves its talks behind."""
    with tempfile.TemporaryDirectory() as folder, playing() as url:
        run_dir = Path(folder) / "run"
        asked = config(environment, conversations, width)
        teacher = msgspec.structs.replace(asked.endpoints["teacher"], url=url)
        row = _run(msgspec.structs.replace(asked, endpoints={"teacher": teacher}), run_dir, None)
        write_talks(run_dir, talks)
        requests, prompt, completion = counts(url)
    return {
        "benchmark": "engine",
        "subject": f"fastsynth, {environment}",
        "in_flight": width,
        **row,
        "counted_by_us": row["requests"],
        "requests": requests,
        "prompt_tokens_per_request": round(prompt / requests),
        "completion_tokens_per_request": round(completion / requests),
    }


def _run(asked: Config, run_dir: Path, profile: cProfile.Profile | None) -> Row:
    order = Order(config=asked, run_dir=run_dir, mode="plain")
    wall, cpu = time.perf_counter(), time.process_time()
    if profile:
        profile.enable()
    anyio.run(generate, order, backend_options=LOOP)
    if profile:
        profile.disable()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    manifest = read_manifest(run_dir)
    assert manifest is not None
    requests = manifest.usage.requests
    return {
        "cpu_ms_per_request": round(1000 * cpu / requests, 4),
        "requests_per_s": round(requests / wall, 1),
        "errors": manifest.failed,
        "requests": requests,
        "jobs": manifest.jobs,
        "accepted": manifest.accepted,
        "cpu_ms_per_conversation": round(1000 * cpu / manifest.accepted, 2),
    }


def apart(environment: str, given: argparse.Namespace, *more: str) -> Row:
    """`one` in a fresh process: no warm cache of an earlier run counts."""
    command = [sys.executable, __file__, "--one", environment, *more]
    command += ["--conversations", str(given.conversations), "--width", str(given.width)]
    command += ["--transport", given.transport]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    row: Row = json.loads(done.stdout.splitlines()[-1])
    return row


def measured(environment: str, given: argparse.Namespace) -> Row:
    """The median run by CPU of `--repeat`, and the shares of one more under the profiler."""
    rows = [apart(environment, given) for _ in range(given.repeat)]
    rows.sort(key=lambda row: row["cpu_ms_per_request"])
    row = rows[len(rows) // 2] | {"best_cpu_ms": rows[0]["cpu_ms_per_request"]}
    return row if given.no_profile else row | apart(environment, given, "--profile")


def rows(given: argparse.Namespace) -> Iterator[Row]:
    """Rows as they come."""
    for environment in given.subjects:
        if given.observers:
            asked = config(environment, given.conversations, given.width)
            yield pairs(environment, asked, given.observers)
            continue
        if not given.peers:
            yield measured(environment, given)
            continue

        def own(talks: Path, environment: str = environment) -> Row:
            return apart(environment, given, "--talks", str(talks))

        yield from beside(own, given.peers, given.width, given.repeat)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=300)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--subjects", nargs="+", default=list(SUBJECTS))
    parser.add_argument(
        "--transport",
        choices=("aiohttp", "direct"),
        default="aiohttp",
        help="of the endpoint; direct: plain HTTP over connections of our own",
    )
    parser.add_argument("--peers", nargs="+", choices=NAMES, default=[], help="other frameworks")
    parser.add_argument("--observers", type=int, metavar="N", help="pairs, watched and not")
    parser.add_argument("--no-profile", action="store_true", help="leave the shares out")
    parser.add_argument("--json", type=Path, help="write the rows there as well")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--profile", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--talks", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        if given.talks:
            row = one_counted(given.one, given.conversations, given.width, given.talks)
        else:
            row = one(given.one, given.conversations, given.width, given.transport, given.profile)
        sys.stdout.write(json.dumps(row) + "\n")
        return
    lines = []
    for row in rows(given):
        lines.append(json.dumps(row) + "\n")
        sys.stdout.write(lines[-1])
        sys.stdout.flush()
    if given.json:
        given.json.write_text("".join(lines))


if __name__ == "__main__":
    main()
