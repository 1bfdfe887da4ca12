"""How much of a minute's limits is used, and whether any 60 s held more: by the server's own log.

Four endpoints at once, each bound by one limit (requests, tokens, tokens in, tokens out), against
a server in a process of its own that notes when each request came and what it took.
Usage: `fastsynth bench limits [--json FILE] [-- --minutes 4]`.
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
from aiohttp import web

from fastsynth.config import Endpoint, Sampling
from fastsynth.events import Bus, Event, RequestDone, RequestFailed
from fastsynth.llm.chat import Ask
from fastsynth.llm.client import Settings, open_client
from fastsynth.llm.fake import MemoryReplies
from fastsynth.llm.wire import Transcript
from fastsynth.records import Message
from fastsynth.seeds import derive

Row = dict[str, Any]
CONVERSATIONS = 96
LIMITS: dict[str, dict[str, int]] = {
    "rpm": {"rpm": 600},
    "tpm": {"tpm": 300_000},
    "input_tpm": {"input_tpm": 200_000},
    "output_tpm": {"output_tpm": 180_000},
}
COUNTED = {"rpm": (1, 0, 0), "tpm": (0, 1, 1), "input_tpm": (0, 1, 0), "output_tpm": (0, 0, 1)}
"""What counts for a limit: requests, tokens in, tokens out."""


def serve() -> None:
    """Answers with a drawn number of tokens, at 100 a second each; `/log` tells what came when."""
    log: dict[str, list[tuple[float, int, int]]] = {}

    async def chat(request: web.Request) -> web.Response:
        came = time.monotonic()
        body = await request.read()
        entries = log.setdefault(request.match_info["name"], [])
        tokens_in = len(body) // 4
        tokens_out = min(1024, 20 + int(derive(len(entries), "out").expovariate(1 / 280)))
        entries.append((came, tokens_in, tokens_out))
        await anyio.sleep(0.2 + tokens_out / 100)
        usage = {"prompt_tokens": tokens_in, "completion_tokens": tokens_out}
        message = {"role": "assistant", "content": "x"}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return web.json_response({"choices": [choice], "usage": usage})

    async def told(_: web.Request) -> web.Response:
        return web.json_response(log)

    async def main() -> None:
        app = web.Application()
        app.router.add_post("/{name}/v1/chat/completions", chat)
        app.router.add_get("/log", told)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        sys.stdout.write(f"{runner.addresses[0][1]}\n")
        sys.stdout.flush()
        await anyio.sleep_forever()

    anyio.run(main)


@contextmanager
def serving() -> Iterator[str]:
    command = [sys.executable, __file__, "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.terminate()


class Counts:
    def __init__(self) -> None:
        self.replies = self.errors = 0

    def __call__(self, event: Event) -> None:
        self.replies += isinstance(event, RequestDone)
        self.errors += isinstance(event, RequestFailed) and event.cause != "cancelled"


async def drive(name: str, base: str, seconds: float, counts: Counts) -> None:
    bus = Bus()
    bus.listen(counts)
    endpoint = Endpoint(url=f"{base}/{name}/v1", model="m", in_flight=CONVERSATIONS, **LIMITS[name])  # type: ignore[arg-type]
    settings = Settings(
        endpoints={name: endpoint},
        roles={"default": name},
        sampling={"default": Sampling(max_tokens=1024)},
    )

    async def converse(client: Any, job: int) -> None:
        for step in range(1 << 30):
            words = "word " * derive(job, step, "in").randint(400, 2400)
            transcript = Transcript((Message(role="user", content=words),))
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

    async with (
        open_client(settings, replies=MemoryReplies(), bus=bus) as client,
        anyio.create_task_group() as group,
    ):
        for job in range(CONVERSATIONS):
            group.start_soon(converse, client, job)
        await anyio.sleep(seconds)
        group.cancel_scope.cancel()


def windows(sent: list[tuple[float, float]], limit: int) -> tuple[int, float]:
    """(windows of 60 s above the limit, the fullest one's share of it)."""
    above, worst, total, start = 0, 0.0, 0.0, 0
    for at, amount in sent:
        total += amount
        while sent[start][0] <= at - 60.0:
            total -= sent[start][1]
            start += 1
        above += total > limit
        worst = max(worst, total)
    return above, worst / limit


def row(name: str, log: list[list[float]], minutes: int, counts: Counts, cpu: float) -> Row:
    limit = next(iter(LIMITS[name].values()))
    weights = COUNTED[name]
    sent = [
        (at, float(weights[0] + weights[1] * given + weights[2] * made)) for at, given, made in log
    ]
    above, worst = windows(sent, limit)
    start = sent[0][0]
    steady = sum(n for at, n in sent if start + 60 <= at < start + 60 * minutes)
    return {
        "benchmark": "limits",
        "subject": f"fastsynth, {name} {limit:,}",
        "in_flight": CONVERSATIONS,
        "cpu_ms_per_request": round(1000 * cpu, 3),
        "requests_per_s": round(counts.replies / (60 * minutes), 2),
        "errors": counts.errors,
        "violations": above,
        "fullest_minute": round(worst, 4),
        "used": round(steady / (limit * (minutes - 1)), 4),
    }


async def measure(minutes: int) -> list[Row]:
    counts = {name: Counts() for name in LIMITS}
    with serving() as base:
        cpu = time.process_time()
        async with anyio.create_task_group() as group:
            for name, count in counts.items():
                group.start_soon(drive, name, base, 60.0 * minutes + 1, count)
        cpu = (time.process_time() - cpu) / max(1, sum(count.replies for count in counts.values()))
        async with aiohttp.ClientSession() as session, session.get(f"{base}/log") as response:
            log = await response.json()
    return [row(name, log[name], minutes, counts[name], cpu) for name in LIMITS]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there as well")
    parser.add_argument("--minutes", type=int, default=4, help="the first is not counted as used")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        serve()
        return
    text = "".join(json.dumps(each) + "\n" for each in anyio.run(measure, given.minutes))
    sys.stdout.write(text)
    if given.json:
        given.json.write_text(text)


if __name__ == "__main__":
    main()
