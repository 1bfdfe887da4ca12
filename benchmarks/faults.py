"""Whole runs against a server that does one thing wrong, or all of them; its own counts are truth.

Checked for each: every conversation wanted is there, none twice, no job without an end; requests,
tokens and money are those of the replies that the server completed, but for sends that were cut
off, which are counted apart; and where a fault spoils no reply's content, the data is that of a
server without faults. `--conversations N` makes N short ones (two turns of a call or two) for each
fault: 2,000 take minutes a fault. Usage: `fastsynth bench faults [-- --conversations 2000]`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, get_args

import anyio
import msgspec
from aiohttp import web

from fastsynth.config import Config, ConversationShape, Endpoint, Engine, Output, Price
from fastsynth.config.settings import dump
from fastsynth.records import Usage, encode
from fastsynth.sim import api, server
from fastsynth.sim.faults import Fault, Faults
from fastsynth.store.compact import read_rows
from fastsynth.store.journal import heads
from fastsynth.store.manifest import Manifest, read_manifest

Row = dict[str, Any]
WIDTH = 64
FAULTS: tuple[Fault, ...] = get_args(Fault)
COMPLETE = frozenset(
    (None, "drip", "null_content", "arguments_not_object", "wrong_finish", "duplicate_chunk")
)
"""With these the reply is a whole completion."""
SPOILING = frozenset(("null_content", "arguments_not_object"))
"""With these it says something else than the teacher did."""
PRICE = Price(input=1.0, output=4.0, cached=0.25)


class Counting(server.Server):
    """The scripted endpoint, which adds up what it completed."""

    def __init__(self, options: server.Options) -> None:
        super().__init__(options)
        self.completed = Usage()
        self.faults: dict[str, int] = {}
        self._spent: dict[int, api.Tokens] = {}
        servers.append(self)

    async def _answer(self, http: web.Request, number: int) -> web.StreamResponse:
        fault = self.options.faults.draw(number)
        if fault:
            self.faults[fault] = self.faults.get(fault, 0) + 1
        task = anyio.get_current_task().id
        try:
            response = await super()._answer(http, number)
            if fault in COMPLETE and task in self._spent:
                self._add(self._spent[task])
            return response
        finally:
            self._spent.pop(task, None)

    def _add(self, tokens: api.Tokens) -> None:
        self.completed = self.completed + Usage(
            requests=1,
            prompt_tokens=tokens.prompt,
            cached_tokens=tokens.cached,
            completion_tokens=tokens.completion,
        )

    def _tokens(self, asked: api.ChatRequest, spoken: api.Spoken) -> api.Tokens:
        tokens = super()._tokens(asked, spoken)
        self._spent[anyio.get_current_task().id] = tokens
        return tokens


servers: list[Counting] = []


def config_of(conversations: int, short: bool) -> Config:
    config = Config(
        endpoints={"teacher": Endpoint(kind="scripted", in_flight=WIDTH, timeout=2.0, price=PRICE)},
        output=Output(accepted=conversations),
        engine=Engine(width=WIDTH),
    )
    if not short:
        return config
    shape = ConversationShape(turns=(2, 2), calls=(1, 2), tools_visible=(8, 8))
    return msgspec.structs.replace(
        config, conversation=shape, kinds={"base": 1.0}, duplicates="exact"
    )


async def run(
    subject: str, faults: Faults, conversations: int, short: bool = False
) -> tuple[Row, list[bytes]]:
    config = config_of(conversations, short)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "config.yaml").write_text(dump(config))
        command = [sys.executable, "-m", "fastsynth.cli", "generate", "--quiet"]
        command += ["-c", str(place / "config.yaml"), "-o", str(place / "run")]
        async with server.serving(server.Options(faults=faults)) as port:
            wall = time.perf_counter()
            done = await anyio.run_process(
                [*command, "--base-url", f"http://{server.HOST}:{port}/v1"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                check=False,
            )
            wall = time.perf_counter() - wall
        manifest = read_manifest(place / "run")
        if manifest is None or done.returncode:
            raise RuntimeError(f"{subject}: exit {done.returncode}: {done.stderr.decode()}")
        rows = list(read_rows(place / "run"))
        ends = [head.job for head, _ in heads(place / "run") if head.tag != "failed"]
    bare = [encode(msgspec.structs.replace(row, usage=Usage())) for row in rows]
    problems = {
        "missing": conversations - len(rows),
        "twice": len(rows) - len({row.id for row in rows}) + len(ends) - len(set(ends)),
        "without_end": len(manifest.holes),
        **unaccounted(manifest),
    }
    return row_of(subject, manifest, problems, wall), sorted(bare)


def unaccounted(manifest: Manifest) -> dict[str, int]:
    """What the server completed and the run does not know, or the other way round. Of sends that
    were cut off (`unknown`) the server may have completed any."""
    theirs, ours = servers[-1].completed, manifest.usage
    unknown = sum(use.unknown for use in manifest.endpoints.values())
    bound = sum(use.unknown_tokens_at_most for use in manifest.endpoints.values())
    tokens = (theirs.prompt_tokens + theirs.completion_tokens) - (
        ours.prompt_tokens + ours.completion_tokens
    )
    requests = theirs.requests - ours.requests
    cost = (
        (ours.prompt_tokens - ours.cached_tokens) * PRICE.input
        + ours.cached_tokens * (PRICE.cached or 0.0)
        + ours.completion_tokens * PRICE.output
    ) / 1e6
    exact = requests == 0 and tokens == 0
    within = 0 < requests <= unknown and 0 < tokens <= bound
    return {
        "requests_unaccounted": 0 if exact or within else requests,
        "tokens_unaccounted": 0 if exact or within else tokens,
        "money_unaccounted": int(abs(cost - (ours.cost_usd or 0.0)) > 1e-6),
    }


def row_of(subject: str, manifest: Manifest, problems: dict[str, int], wall: float) -> Row:
    uses = manifest.endpoints.values()
    return {
        "benchmark": "faults",
        "subject": subject,
        "in_flight": WIDTH,
        "cpu_ms_per_request": None,
        "requests_per_s": round(manifest.usage.requests / wall, 1),
        "errors": sum(map(abs, problems.values())),
        "conversations": manifest.accepted,
        "rejected": manifest.rejected,
        "failed": manifest.failed,
        "funnel": manifest.funnel,
        "faults": sum(servers[-1].faults.values()),
        "server_completed": servers[-1].completed.requests,
        "client_completed": manifest.usage.requests,
        "unknown": sum(use.unknown for use in uses),
        "unknown_tokens_at_most": sum(use.unknown_tokens_at_most for use in uses),
        **problems,
    }


async def measure(given: argparse.Namespace) -> list[Row]:
    server.Server = Counting  # type: ignore[misc]
    plan: list[tuple[str, dict[Fault, float], str]] = [("none", {}, "seconds")]
    chosen = [fault for fault in FAULTS if not given.only or fault in given.only]
    plan += [(fault, {fault: given.rate}, "seconds") for fault in chosen]
    if "too_many_requests" in chosen:
        plan.append(("too_many_requests, date", {"too_many_requests": given.rate}, "date"))
    rows: list[Row] = []
    clean: list[bytes] = []
    for subject, rates, form in plan if given.alone else []:
        row, data = await run(subject, _faults(rates, form), given.alone, given.short)
        clean = clean or data
        rows.append(judged(row, not SPOILING & set(rates), data == clean))
    if given.mixed:
        mix = {fault: given.rate / len(FAULTS) for fault in FAULTS}
        row, _ = await run("all mixed", _faults(mix, "seconds"), given.mixed, given.short)
        rows.append(row)
        print_row(row)
    return rows


def judged(row: Row, must_be_same: bool, same: bool) -> Row:
    row["same_data"] = same
    row["errors"] += must_be_same and not same
    print_row(row)
    return row


def print_row(row: Row) -> None:
    sys.stdout.write(json.dumps(row) + "\n")
    sys.stdout.flush()


def _faults(rates: dict[Fault, float], form: Any) -> Faults:
    return Faults(
        seed=7, rates=rates, retry_after=0.1, retry_after_form=form, hang_seconds=5, drip_seconds=1
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alone", type=int, default=120, help="conversations for each fault")
    parser.add_argument("--mixed", type=int, default=2000, help="conversations for all at once")
    parser.add_argument("--conversations", type=int, help="short ones, for each and for all")
    parser.add_argument("--rate", type=float, default=0.05, help="share of requests")
    parser.add_argument("--only", nargs="+", choices=FAULTS, default=[])
    parser.add_argument("--json", type=Path, help="write the rows there as well")
    given = parser.parse_args()
    given.short = given.conversations is not None
    if given.short:
        given.alone = given.mixed = given.conversations
    rows = anyio.run(measure, given)
    if given.json:
        given.json.write_text("".join(json.dumps(row) + "\n" for row in rows))
    sys.exit(any(row["errors"] for row in rows))


if __name__ == "__main__":
    main()
