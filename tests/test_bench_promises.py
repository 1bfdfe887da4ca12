"""The benchmarks' own checks at a small size: faults are accounted for, a kill costs no more than
what was in flight, a new critic prompt pays for the critic alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

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
