"""Instructions that a model call costs the client over whole conversations, by valgrind. JSON rows.

For a machine on which CPU time says nothing because others compute there too: instructions are the
same however busy it is. At width 1 even their order is, so two states of the code are told apart by
0.1%. Opening and the first conversations are not counted, nor is the scripted teacher, beside it.
Instructions miss what the kernel does and what caches cost: `bench engine` has CPU time.
`--observers` counts once more without dashboard and events. The shares are those of `bench engine`.
Usage: `fastsynth bench instructions [--json FILE] [-- --conversations N --width W --observers]`.
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
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from engine import SUBJECTS, apart
from engine_talks import playing

Row = dict[str, Any]
PROGRAM = Path(__file__).parent / "instructions_run.py"


def counted(subject: str, given: argparse.Namespace, *more: str) -> Row:
    """Requests and instructions of `--conversations`, after `--warm` that do not count."""
    with tempfile.TemporaryDirectory() as folder, playing() as url:
        command = ["valgrind", "--tool=callgrind", "--instr-atstart=no"]
        command += [f"--callgrind-out-file={given.out or folder + '/out'}"]
        command += [sys.executable, str(PROGRAM), subject, url, "--warm", str(given.warm)]
        command += ["--conversations", str(given.conversations), "--width", str(given.width)]
        environment = os.environ | {"PYTHONHASHSEED": "0", "POLARS_MAX_THREADS": "1"}
        with subprocess.Popen(
            [*command, *more],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        ) as client:
            return _followed(client)


def _followed(client: subprocess.Popen[str]) -> Row:
    assert client.stdin is not None
    assert client.stdout is not None
    for word in ("on", "off"):
        if client.stdout.readline() != word + "\n":
            raise SystemExit(f"the counted run ended early: {client.communicate()[1][-2000:]}")
        told = ["vgdb", f"--pid={client.pid}", "instrumentation", word]
        subprocess.run(told, check=True, capture_output=True)
        client.stdin.write("\n")
        client.stdin.flush()
    out, said = client.communicate()
    found = re.search(r"Collected : (\d+)", said)
    assert found is not None, said
    row: Row = json.loads(out)
    return row | {"instructions": int(found[1])}


def measured(subject: str, given: argparse.Namespace) -> Row:
    """One subject."""
    found = counted(subject, given)
    each = found["instructions"] / found["requests"]
    row = {
        "benchmark": "instructions",
        "subject": subject,
        "in_flight": given.width,
        "cpu_ms_per_request": None,
        "requests_per_s": None,
        "errors": 0,
        "requests": found["requests"],
        "conversations": given.conversations,
        "instructions_per_request": round(each),
    }
    if given.observers:
        without = counted(subject, given, "--unwatched")
        bare = without["instructions"] / without["requests"]
        row |= {"unwatched_per_request": round(bare), "observers": round(each / bare - 1, 4)}
    if given.shares:
        shares = apart(subject, given, "--profile")["shares"]
        row["by_part"] = {part: round(share * each) for part, share in shares.items()}
    return row


def rows(given: argparse.Namespace) -> Iterator[Row]:
    """Rows as they come."""
    for subject in given.subjects:
        yield measured(subject, given)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=20)
    parser.add_argument("--warm", type=int, default=4, help="conversations before those that count")
    parser.add_argument("--width", type=int, default=1, help="conversations at once")
    parser.add_argument("--subjects", nargs="+", choices=SUBJECTS, default=list(SUBJECTS))
    parser.add_argument("--observers", action="store_true", help="what dashboard and events cost")
    parser.add_argument("--shares", action="store_true", help="by part, from one profiled run")
    parser.add_argument("--out", help="keep callgrind's own output there, for callgrind_annotate")
    parser.add_argument("--json", type=Path, help="write the rows there as well")
    given = parser.parse_args()
    missing = [tool for tool in ("valgrind", "vgdb") if shutil.which(tool) is None]
    if missing:
        raise SystemExit(f"bench instructions: no {missing[0]} on the path; install valgrind")
    lines = []
    for row in rows(given):
        lines.append(json.dumps(row) + "\n")
        sys.stdout.write(lines[-1])
        sys.stdout.flush()
    if given.json:
        given.json.write_text("".join(lines))


if __name__ == "__main__":
    main()
