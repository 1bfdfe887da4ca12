"""Throughput of `in_flight: auto` as a share of the best fixed number, found by a sweep.

Two modelled servers over real HTTP, one that queues and one that answers 429 above its slots; the
capacity is halved and then doubled over the first on the way. Beside it fixed 64 and fixed 1,000.
Usage: `fastsynth bench saturation [--json FILE] [-- --quick] [--kinds queueing refusing]`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import anyio
import msgspec
from aiohttp import web

from fastsynth.config import Endpoint
from fastsynth.events import Bus, Event, RequestDone, RequestFailed
from fastsynth.llm.chat import Ask
from fastsynth.llm.client import Settings, open_client
from fastsynth.llm.fake import MemoryReplies
from fastsynth.llm.transport import raise_file_limit
from fastsynth.llm.wire import Transcript
from fastsynth.records import Message
from fastsynth.seeds import derive
from fastsynth.sim import api, server
from fastsynth.sim.batching import Shape

Row = dict[str, Any]
CONVERSATIONS = 1200
SLOTS = 48
SIZES = {"steady": SLOTS, "halved": SLOTS // 2, "doubled": 2 * SLOTS}
SECONDS = {"steady": 40.0, "halved": 40.0, "doubled": 60.0}
LEVELS = (0.5, 0.8, 1.0, 1.25, 2.0)
"""Fixed numbers tried, in slots."""
SWEEP_SECONDS = 16.0
TOKENS = (40, 80)


def shape(kind: str, slots: int) -> Shape:
    """Replies of a second; from its last slot on, one more only makes the others slower."""
    rate = 60.0
    return Shape(
        slots=2 * slots if kind.startswith("queueing") else slots,
        decode_rate=rate * slots,
        sequence_rate=rate,
        refuse=kind == "refusing",
    )


class Measured(server.Server):
    """Replies of drawn length, a shape that can be changed, gauges that can be left out."""

    def _tokens(self, asked: api.ChatRequest, spoken: api.Spoken) -> api.Tokens:
        tokens = derive("saturation", self.requests).randint(*TOKENS)
        return api.Tokens(prompt=100, cached=0, completion=tokens)

    def app(self) -> web.Application:
        app = super().app()
        app.router.add_post("/shape", self.change)
        return app

    async def change(self, request: web.Request) -> web.Response:
        assert self.batcher is not None
        self.batcher.shape = msgspec.json.decode(await request.read(), type=Shape)
        return web.Response()

    async def metrics(self, request: web.Request) -> web.Response:
        if SILENT:
            raise web.HTTPNotFound
        return await super().metrics(request)


SILENT = False


def serve(options: server.Options, silent: bool) -> None:
    global SILENT
    SILENT = silent
    server.Server = Measured  # type: ignore[misc]
    raise_file_limit(8192)
    anyio.run(server._serve, options, 0, True)


@contextmanager
def serving(kind: str) -> Iterator[str]:
    options = msgspec.json.encode(shape(kind, SLOTS)).decode()
    command = [sys.executable, __file__, "--serve", options]
    command += ["--silent"] if kind != "queueing with /metrics" else []
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{json.loads(process.stdout.readline())['port']}"
        finally:
            process.terminate()


class Watch:
    """Completion tokens by the second they came in, since `begin`."""

    def __init__(self) -> None:
        self.tokens: dict[int, int] = {}
        self.replies = self.refused = self.errors = 0
        self.seconds: list[float] = []
        self.start = anyio.current_time()

    def __call__(self, event: Event) -> None:
        if isinstance(event, RequestDone):
            second = int(anyio.current_time() - self.start)
            self.tokens[second] = self.tokens.get(second, 0) + event.completion_tokens
            self.replies += 1
            self.seconds.append(event.seconds)
        elif isinstance(event, RequestFailed) and event.cause != "cancelled":
            self.refused += event.cause == "http_429"
            self.errors += event.cause != "http_429"

    def rate(self, start: float, end: float) -> float:
        return sum(self.tokens.get(n, 0) for n in range(int(start), int(end))) / (end - start)


async def run(
    base: str, kind: str, in_flight: Any, sizes: dict[str, int], seconds: dict[str, float]
) -> tuple[Watch, dict[str, int], float]:
    """The phases one after the other: what came in, the limit at each end, CPU seconds."""
    bus, limits = Bus(), {}
    endpoint = Endpoint(url=f"{base}/v1", model="scripted", in_flight=in_flight)
    settings = Settings(endpoints={"fleet": endpoint}, roles={"default": "fleet"})
    transcript = Transcript((Message(role="user", content="hello"),))
    async with (
        open_client(settings, replies=MemoryReplies(), bus=bus) as client,
        aiohttp.ClientSession() as control,
        anyio.create_task_group() as group,
    ):
        await control.post(
            f"{base}/shape", data=msgspec.json.encode(shape(kind, min(sizes.values())))
        )

        async def converse(job: int) -> None:
            step = 0
            while True:
                step += 1
                await client.ask(
                    Ask(
                        job=job,
                        turn=0,
                        role="reasoning",
                        purpose="step",
                        attempt=0,
                        step=step,
                        transcript=transcript,
                    )
                )

        watch, cpu = Watch(), time.process_time()
        bus.listen(watch)
        group.start_soon(client.attend)
        for job in range(CONVERSATIONS):
            group.start_soon(converse, job)
        for phase, size in sizes.items():
            await control.post(f"{base}/shape", data=msgspec.json.encode(shape(kind, size)))
            await anyio.sleep(seconds[phase])
            limits[phase] = client.lanes()[0].limit
        cpu = time.process_time() - cpu
        group.cancel_scope.cancel()
    return watch, limits, cpu


async def sweep(base: str, kind: str, seconds: float) -> dict[str, tuple[float, int]]:
    """For each size: (tokens a second of the best fixed number, that number).

    Short runs choose it and a run as long as the one it is compared with measures it: the luck
    that made one of five the best is not held against the other.
    """
    best = {}
    for phase, size in SIZES.items():
        tried = []
        for level in LEVELS:
            in_flight = max(1, round(level * size))
            watch, _, _ = await run(base, kind, in_flight, {phase: size}, {phase: seconds})
            tried.append((watch.rate(seconds / 2, seconds - 1), in_flight))
        _, chosen = max(tried)
        length = 2 * seconds
        watch, _, _ = await run(base, kind, chosen, {phase: size}, {phase: length})
        best[phase] = (watch.rate(length / 2, length), chosen)
    return best


def row(
    kind: str,
    subject: str,
    watch: Watch,
    limits: dict[str, int],
    cpu: float,
    best: dict[str, tuple[float, int]],
    seconds: dict[str, float],
) -> Row:
    shares, back, start = {}, {}, 0.0
    for phase, length in seconds.items():
        rate = watch.rate(start + length / 2, start + length)
        shares[phase] = round(rate / best[phase][0], 3)
        good = (
            n
            for n in range(int(length) - 5)
            if watch.rate(start + n, start + n + 5) >= 0.95 * best[phase][0]
        )
        back[phase] = next(good, None)
        start += length
    ordered = sorted(watch.seconds)
    return {
        "benchmark": "saturation",
        "subject": f"{subject}, {kind} server",
        "in_flight": limits,
        "cpu_ms_per_request": round(1000 * cpu / max(1, watch.replies), 3),
        "requests_per_s": round(watch.replies / start, 1),
        "errors": watch.errors,
        "refused": watch.refused,
        "share_of_best": shares,
        "seconds_to_95_percent": back,
        "best_fixed": {phase: found[1] for phase, found in best.items()},
        "latency_p50_s": round(ordered[len(ordered) // 2], 2) if ordered else None,
    }


async def measure(kind: str, scale: float, out: list[Row]) -> None:
    seconds = {phase: length * scale for phase, length in SECONDS.items()}
    with serving(kind) as base:
        best = await sweep(base, kind, max(8.0, SWEEP_SECONDS * scale))
        for subject in ("auto", 64, 1000):
            watch, limits, cpu = await run(base, kind, subject, SIZES, seconds)
            out.append(row(kind, f"in_flight {subject}", watch, limits, cpu, best, seconds))
            sys.stdout.write(json.dumps(out[-1]) + "\n")
            sys.stdout.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there as well")
    parser.add_argument("--quick", action="store_true", help="half the time")
    kinds = ("queueing", "queueing with /metrics", "refusing")
    parser.add_argument("--kinds", nargs="+", default=list(kinds), choices=kinds)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--silent", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        options = server.Options(batching=msgspec.json.decode(given.serve, type=Shape))
        serve(options, given.silent)
        return
    raise_file_limit(8192)
    rows: list[Row] = []
    for kind in given.kinds:
        anyio.run(measure, kind, 0.5 if given.quick else 1.0, rows)
    if given.json:
        given.json.write_text("".join(json.dumps(each) + "\n" for each in rows))


if __name__ == "__main__":
    main()
