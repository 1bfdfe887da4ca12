"""The mechanism tests and the mutation tests run, and what they show holds on few rows too."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fastsynth.prompts import share

BOTH = ("world", "bfcl")


def bench(name: str, *arguments: str) -> list[dict[str, Any]]:
    program = Path(share("benchmarks")) / f"{name}.py"
    ended = subprocess.run(
        [sys.executable, str(program), *arguments], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in ended.stdout.splitlines()]


@pytest.mark.parametrize("environment", BOTH)
def test_each_phase_beats_what_it_replaces(environment: str) -> None:
    rows = bench("method", "--jobs", "10", "--scenarios", "1", "--environment", environment)
    random, longer, directed = (row for row in rows if row["benchmark"] == "method.walk")
    one, blind, guided = (row for row in rows if row["benchmark"] == "method.chain")
    easy, hard = (row for row in rows if row["benchmark"] == "method.query")

    assert directed["share_reached"] > longer["share_reached"] > random["share_reached"]
    assert directed["calls_per_target_reached"] < random["calls_per_target_reached"] / 4
    assert guided["share_accepted"] >= one["share_accepted"]
    assert guided["requests_per_accepted"] < blind["requests_per_accepted"]
    assert easy["share_kept_hidden"] == 0.0
    assert hard["share_kept_hidden"] == 1.0
    assert one["mistakes"]["wrong_argument"] > 0


@pytest.mark.parametrize("environment", BOTH)
def test_mutants_are_caught_and_rows_as_they_are_pass(environment: str) -> None:
    rows = {
        row["subject"]: row
        for row in bench("mutations", "--rows", "12", "--environment", environment)
    }

    assert rows["unchanged"]["mutants"] == rows["unchanged"]["rows_clean"] == 12
    assert rows["unchanged"]["caught"] == 0
    assert rows["swap_results"]["survived"] == 0
    for name in ("drop", "retarget", "argument", "answer_number"):
        assert rows[name]["caught"] >= 0.8 * rows[name]["mutants"] > 0, rows[name]
    for row in rows.values():
        assert sum(row["survivors"].values()) == row["survived"]
