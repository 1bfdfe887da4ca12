"""Targets by what a student fails, beside targets by coverage.

A scripted student gets a few tools wrong at a stated rate and all others hardly ever. Printed: how
well the probing phase finds that out, and how much more often the run that follows goes to those
tools than a run by coverage does. Usage: `fastsynth bench student [--json FILE] [-- -n 100]`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
import msgspec

from fastsynth.config import Config, Endpoint, Output, Targets, Teacher
from fastsynth.probing import generate_aimed
from fastsynth.quality.probe import Probe
from fastsynth.running.order import Order
from fastsynth.store.compact import read_rows
from fastsynth.store.manifest import Manifest

FAILED = ("cancel_booking", "hold_flight", "move_money", "pin_message", "redeem_points")
RATE, OTHERS = 0.6, 0.02


def config_of(given: argparse.Namespace, by: Any) -> Config:
    return Config(
        environment="world",
        endpoints={
            "teacher": Endpoint(kind="scripted", in_flight=128),
            "student": Endpoint(kind="scripted", in_flight=128),
        },
        roles={"default": "teacher", "student": "student"},
        kinds={"base": 1.0},
        targets=Targets(by=by, conversations=given.probed, runs=given.runs, coverage=0.3),
        teacher=Teacher(student={**dict.fromkeys(FAILED, RATE), "default": OTHERS}),
        output=Output(accepted=given.n),
    )


async def measure(by: str, given: argparse.Namespace, folder: Path) -> dict[str, Any]:
    order = Order(config=config_of(given, by), run_dir=folder / by, mode="quiet")
    manifest: Manifest = await generate_aimed(order)
    targets = Counter(t for row in read_rows(folder / by) for t in row.targets if t)
    hit = sum(targets[tool] for tool in FAILED)
    return {
        "benchmark": "student",
        "subject": f"targets by {by}",
        "in_flight": 128,
        "cpu_ms_per_request": None,
        "requests_per_s": round(manifest.usage.requests / manifest.wall_s, 1),
        "errors": manifest.failed,
        "conversations": manifest.accepted,
        "targets": targets.total(),
        "tools_that_are_a_target": len(targets),
        "targets_at_failing_tools": hit,
        "share_at_failing_tools": round(hit / max(1, targets.total()), 4),
        **(_found(folder / by) if by == "failure" else {}),
    }


def _found(run_dir: Path) -> dict[str, Any]:
    probe = msgspec.json.decode((run_dir / "probe" / "probe.json").read_bytes(), type=Probe)
    rates = {t: round(1 - probe.tools[t].share, 3) for t in FAILED if t in probe.tools}
    others = [rate for tool, rate in probe.tools.items() if tool not in FAILED]
    wrong = sum(rate.runs - rate.passes for rate in others)
    return {
        "stated_failure_rates": [RATE, OTHERS],
        "measured_failure_rates": rates,
        "measured_failure_rate_of_others": round(wrong / sum(r.runs for r in others), 4),
        "probed": [probe.conversations, probe.runs],
    }


async def both(given: argparse.Namespace) -> list[dict[str, Any]]:
    with TemporaryDirectory() as folder:
        rows = [await measure(by, given, Path(folder)) for by in ("coverage", "failure")]
    coverage, failure = (row["share_at_failing_tools"] for row in rows)
    rows[1]["times_more_often"] = round(failure / coverage, 1) if coverage else None
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=100, help="conversations of each run")
    parser.add_argument("--probed", type=int, default=100, help="of the probing phase")
    parser.add_argument("--runs", type=int, default=4, help="answers to each of them")
    parser.add_argument("--json", type=Path, help="write the rows there as well")
    given = parser.parse_args()
    text = "".join(json.dumps(row) + "\n" for row in anyio.run(both, given))
    sys.stdout.write(text)
    if given.json:
        given.json.write_text(text)


if __name__ == "__main__":
    main()
