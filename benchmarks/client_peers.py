"""Other clients for `bench client -- --peers ...`, each in an environment of its own (`peers`).

The same file is the program that runs in there, so it imports nothing of this project; `h2load`
is Debian's (package nghttp2-client).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from peers import Unavailable, environment, last_line, output_of

PACKAGES = {
    "openai-aiohttp": ("openai[aiohttp]==3.52.0",),
    "litellm": ("litellm==1.106.2", "mcp"),  # without mcp it fails where tools are sent
    "curator": ("bespokelabs-curator==0.1.31",),
}
NAMES = (*PACKAGES, "h2load")
Row = dict[str, Any]
Call = Callable[[], Awaitable[Any]]


def measured(name: str, url: str, requests: int, in_flight: int, body: bytes) -> Row:
    """CPU, wall time and errors of one peer. Raises Unavailable."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "body.json"
        path.write_bytes(body)
        if name == "h2load":
            return _h2load(url, requests, in_flight, path)
        python = str(environment(name, PACKAGES[name]))
        command = [python, __file__, name, url, str(requests), str(in_flight), str(path)]
        row: Row = json.loads(output_of(name, command, folder))
        return row


def _h2load(url: str, requests: int, in_flight: int, body: Path) -> Row:
    """nghttp2's load generator, in C, HTTP/1.1 on one thread: reads nothing of what comes back."""
    program = shutil.which("h2load")
    if program is None:
        raise Unavailable("h2load: not installed; Debian's package is nghttp2-client")
    command = [program, "--h1", "-n", str(requests), "-c", str(in_flight), "-t", "1"]
    command += ["-d", str(body), "-H", "Content-Type: application/json", f"{url}/chat/completions"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    took = re.search(r"finished in ([\d.]+)(us|ms|s)", said)
    good = re.search(r"status codes: (\d+) 2xx", said)
    if took is None or good is None:
        raise Unavailable(f"h2load: {last_line(said)}")
    wall = float(took[1]) * {"us": 1e-6, "ms": 1e-3, "s": 1.0}[took[2]]
    failed = requests - int(good[1])
    return _row("h2load (C)", requests, wall, used.ru_utime + used.ru_stime, failed)


def _row(subject: str, requests: int, wall: float, cpu: float, errors: int, first: str = "") -> Row:
    return {
        "subject": subject,
        "cpu_ms_per_request": round(1000 * cpu / requests, 4),
        "requests_per_s": round(requests / wall, 1) if wall else 0.0,
        "errors": errors,
        **({"first_error": first} if first else {}),
    }


async def _drive(call: Call, requests: int, in_flight: int) -> list[str]:
    """`in_flight` workers over one shared iterator; what went wrong, in words."""
    import anyio

    numbers, errors = iter(range(requests)), list[str]()

    async def worker() -> None:
        for _ in numbers:
            try:
                await call()
            except Exception as error:  # noqa: BLE001 (another's client: anything may come)
                errors.append(f"{type(error).__name__}: {error}"[:200])

    async with anyio.create_task_group() as group:
        for _ in range(in_flight):
            group.start_soon(worker)
    return errors


async def _measure(subject: str, call: Call, requests: int, in_flight: int) -> Row:
    await _drive(call, 2 * in_flight, in_flight)
    wall, cpu = time.perf_counter(), time.process_time()
    errors = await _drive(call, requests, in_flight)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return _row(subject, requests, wall, cpu, len(errors), errors[0] if errors else "")


def _openai_aiohttp(url: str, requests: int, in_flight: int, sent: dict[str, Any]) -> Row:
    import anyio
    import openai

    async def run() -> Row:
        http: Any = openai.DefaultAioHttpClient()
        async with openai.AsyncOpenAI(
            api_key="none", base_url=url, max_retries=0, http_client=http
        ) as client:
            create = client.chat.completions.create
            subject = f"openai SDK {openai.__version__} with aiohttp"
            return await _measure(subject, lambda: create(**sent), requests, in_flight)

    return anyio.run(run)


def _litellm(url: str, requests: int, in_flight: int, sent: dict[str, Any]) -> Row:
    from importlib.metadata import version

    import anyio
    import litellm

    asked = {**sent, "model": f"openai/{sent['model']}"}
    asked |= {"api_base": url, "api_key": "none", "max_retries": 0}

    async def run() -> Row:
        subject = f"litellm {version('litellm')}"
        return await _measure(subject, lambda: litellm.acompletion(**asked), requests, in_flight)

    return anyio.run(run)


def _curator(url: str, requests: int, in_flight: int, sent: dict[str, Any]) -> Row:
    """Its one entry takes a whole list of prompts: files it writes on the way are in the figure."""
    from importlib.metadata import version
    from importlib.util import find_spec

    found = find_spec("litellm")  # it ships the encoding that curator would fetch
    if found is not None and found.origin is not None:
        folder = Path(found.origin).parent / "litellm_core_utils" / "tokenizers"
        os.environ.setdefault("TIKTOKEN_CACHE_DIR", str(folder))
    from bespokelabs import curator

    class Asking(curator.LLM):
        def prompt(self, row: dict[str, Any]) -> list[dict[str, Any]]:
            return list(sent["messages"])

        def parse(self, row: dict[str, Any], reply: Any) -> dict[str, Any]:
            return {"number": row["number"], "read": True}

    asking = Asking(
        model_name=sent["model"],
        backend="openai",
        generation_params={"tools": sent["tools"]},
        backend_params={
            "base_url": url,
            "api_key": "none",
            "max_retries": 0,
            "max_concurrent_requests": in_flight,
            "max_requests_per_minute": 100_000_000,
            "max_tokens_per_minute": 1_000_000_000_000,
            "require_all_responses": False,
            "return_completions_object": True,
        },
    )

    def ask(count: int, folder: str) -> int:
        rows = [{"number": number} for number in range(count)]
        found = asking(rows, working_dir=folder)
        return sum(1 for row in getattr(found, "dataset", found) if row["read"])

    with tempfile.TemporaryDirectory() as folder:
        ask(2 * in_flight, folder)
        wall, cpu = time.perf_counter(), time.process_time()
        read = ask(requests, folder)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return _row(f"curator {version('bespokelabs-curator')}", requests, wall, cpu, requests - read)


RUN = {"openai-aiohttp": _openai_aiohttp, "litellm": _litellm, "curator": _curator}


def main() -> None:
    parser = argparse.ArgumentParser(description="One peer; see benchmarks/client.py.")
    parser.add_argument("name", choices=RUN)
    parser.add_argument("url")
    parser.add_argument("requests", type=int)
    parser.add_argument("in_flight", type=int)
    parser.add_argument("body", type=Path)
    given = parser.parse_args()
    sent = json.loads(given.body.read_bytes())
    row = RUN[given.name](given.url, given.requests, given.in_flight, sent)
    sys.stdout.write("\n" + json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
