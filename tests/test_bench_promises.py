"""The benchmarks' own checks at a small size: faults are accounted for, a kill costs no more than
what was in flight, a new critic prompt pays for the critic alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


def rows(name: str, *options: str) -> list[dict[str, Any]]:
    command = [sys.executable, str(BENCHMARKS / f"{name}.py"), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_conversation_and_every_token_is_there_when_one_request_in_seven_fails() -> None:
    (row,) = rows("faults", "--alone", "0", "--mixed", "12", "--rate", "0.15")

    assert row["faults"] > 20
    assert row["unknown"] > 0
    assert (row["errors"], row["missing"], row["twice"], row["without_end"]) == (0, 0, 0, 0)


def test_a_killed_run_ends_as_an_undisturbed_one_and_a_new_prompt_pays_for_itself_alone() -> None:
    killed, changed = rows("durability", "--kills", "1", "--conversations", "8")

    assert killed["runs_that_differ"] == 0
    assert killed["beyond_in_flight_most"] <= 0
    assert changed["errors"] == 0
    assert set(changed["requests_after"]) <= {"hint", "step"}


def test_a_client_that_fails_is_a_row_with_errors_and_not_the_end_of_the_benchmark(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import client as benchmark

    async def work(number: int) -> None:
        if number % 3 == 0:
            raise ConnectionError("away")

    row = anyio.run(benchmark.measure, "one that fails", work, 30, 4)

    assert (row["errors"], row["first_error"]) == (10, "ConnectionError: away")
    assert row["requests_per_s"] > 0


def test_the_clients_row_is_written_where_the_command_says(tmp_path: Path) -> None:
    out = tmp_path / "rows.json"
    command = [sys.executable, "-m", "fastsynth.cli", "bench", "client", "--json", str(out), "--"]
    further = ["--requests", "40", "80", "--in-flight", "4", "--server", "asyncio"]
    done = subprocess.run([*command, *further], capture_output=True, text=True, check=True)

    assert out.read_text() == done.stdout
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(row["requests"], row["errors"]) for row in found] == [(40, 0), (80, 0)]


def test_a_conversation_that_waits_holds_little_beside_its_messages() -> None:
    (row,) = rows("memory", "--one", '["alive", 40, 0.0, "world"]')
    held = row["parts"]

    assert row["alive"] == 40
    assert {"world", "scenario", "talk", "connection"} <= held.keys()
    assert sum(held.values()) - held["messages"] < 50_000
    assert held["world"] < 12_000, "awake it takes 50,000"
