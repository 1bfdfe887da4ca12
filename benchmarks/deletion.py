"""Is every ground-truth call needed? Deletes one at a time and asks BFCL's own checker. JSON rows.

    python benchmarks/deletion.py [RUN] [--rows 300] [--json FILE]

RUN is the directory of a run over `bfcl`; without one, a run of as many rows is made first. The
chain that is judged is the ground truth itself, call by call, so that nothing else can make up for
the call that is missing. What survives is listed with its turn.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from fastsynth.records import Call, Conversation, Message, ToolCall
from fastsynth.store.compact import read_rows

Judge = Callable[[Conversation], dict[str, Any]]
ROOT = Path(__file__).parents[1]


def load_judge() -> Judge:
    place = ROOT / "tests" / "judges" / "bfcl.py"
    spec = importlib.util.spec_from_file_location("bfcl_judge", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    judge: Judge = module.judge
    return judge


def truth_alone(row: Conversation, without: tuple[int, int] | None = None) -> Conversation:
    """The row as if a model had made the true calls, one a step, but for (turn, call)."""
    messages: list[Message] = []
    for turn, calls in enumerate(row.ground_truth):
        messages.append(Message(role="user", content="-"))
        for number, call in enumerate(calls):
            if (turn, number) != without:
                messages.append(Message(role="assistant", tool_calls=(_made(call),)))
        messages.append(Message(role="assistant", content="-"))
    return msgspec.structs.replace(row, messages=tuple(messages))


def _made(call: Call) -> ToolCall:
    return ToolCall(id="deletion0", name=call.name, arguments=call.arguments)


def places(row: Conversation) -> Iterator[tuple[int, int]]:
    for turn, calls in enumerate(row.ground_truth):
        yield from ((turn, number) for number in range(len(calls)))


def measure(rows: Iterator[Conversation], judge: Judge) -> dict[str, Any]:
    began, cpu = time.perf_counter(), time.process_time()
    count = deletions = wrong = 0
    survivors: list[dict[str, Any]] = []
    by_tool: Counter[str] = Counter()
    for row in rows:
        count += 1
        wrong += not judge(truth_alone(row))["valid"]
        for turn, number in places(row):
            deletions += 1
            if judge(truth_alone(row, (turn, number)))["valid"]:
                call = row.ground_truth[turn][number]
                by_tool[call.name] += 1
                survivors.append(_described(row, turn, number))
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    asked = count + deletions
    return {
        "benchmark": "deletion",
        "subject": "bfcl-eval multi_turn_checker",
        "in_flight": 1,
        "cpu_ms_per_request": round(1000 * cpu / max(asked, 1), 2),
        "requests_per_s": round(asked / max(wall, 1e-9), 1),
        "errors": wrong,
        "rows": count,
        "deletions": deletions,
        "failing": deletions - len(survivors),
        "share": round((deletions - len(survivors)) / max(deletions, 1), 5),
        "survivors_by_tool": dict(by_tool.most_common()),
        "survivors": survivors[:50],
    }


def _described(row: Conversation, turn: int, number: int) -> dict[str, Any]:
    calls = [f"{call.name}{call.arguments}" for call in row.ground_truth[turn]]
    return {"row": row.id, "turn": turn, "kind": row.kinds[turn], "call": number, "calls": calls}


def make_run(rows: int, folder: Path) -> Path:
    command = [sys.executable, "-m", "fastsynth.cli", "generate", "--quiet", "-n", str(rows)]
    subprocess.run([*command, "-c", "configs/bfcl.yaml", "-o", str(folder)], check=True)
    return folder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run_dir", type=Path, nargs="?", metavar="RUN")
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--json", type=Path, metavar="FILE")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run_dir = given.run_dir or make_run(given.rows, Path(folder) / "run")
        row = measure(islice(read_rows(run_dir), given.rows), load_judge())
    text = json.dumps(row)
    sys.stdout.write(text + "\n")
    if given.json:
        given.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
