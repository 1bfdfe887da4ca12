"""What survives a crash, measured: resuming past finished jobs, compaction, writing. JSON rows.

    python benchmarks/store.py [--jobs 100000] [--rows 20000] [--row-bytes 8000] [--folder DIR]

Each subject runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastsynth import records as r
from fastsynth.engine.quota import Quota
from fastsynth.store.compact import compact, read_rows
from fastsynth.store.journal import Journal, head_of, heads, line_of
from fastsynth.store.replies import ReplyLog
from fastsynth.store.summary import Tally

Row = dict[str, Any]
WEIGHTS = {"base": 0.8, "no_tool": 0.2}


def conversation(job: int, size: int) -> r.Conversation:
    """About `size` bytes as JSON, most of it tools and messages, a part of it different per job."""
    words = " ".join(f"{(job * 2654435761 + n * 40503) % 99991:05d}" for n in range(size // 24))
    turn = (
        r.Message(role="user", content=f"Book flight {job} to Oslo. {words[: size // 12]}"),
        r.Message(
            role="assistant",
            reasoning=words[size // 12 : size // 6],
            tool_calls=(r.ToolCall(id="abcdefghi", name="search", arguments='{"to":"Oslo"}'),),
        ),
        r.Message(role="tool", tool_call_id="abcdefghi", content='{"flights":[]}'),
        r.Message(role="assistant", content="There is none."),
    )
    return r.Conversation(
        id=f"id-{job}",
        environment="world:travel",
        scenario="{}",
        tools='[{"type":"function"}]' * (size // 84),
        messages=turn * 3,
        ground_truth=((r.Call(name="search", arguments='{"to":"Oslo"}'),),) * 3,
        ground_truth_steps=((1,),) * 3,
        kinds=("base",) * 3,
        targets=("search",) * 3,
        purposes=("find",) * 3,
        hint_levels=(0,) * 3,
        blind_passes=(1,) * 3,
        blind_tries=(2,) * 3,
        num_turns=3,
        num_calls=3,
        difficulty=r.Difficulty(),
        teacher="scripted",
        usage=r.Usage(requests=9, prompt_tokens=9000, completion_tokens=900),
    )


def outcome(job: int, size: int) -> r.Outcome:
    if job % 5 == 3:
        return r.Rejected(job=job, stratum="base", stage="chain", reason="wrong_state")
    return r.Accepted(
        job=job,
        stratum="base",
        plan_hash=f"{job:032x}",
        content_hash=f"{job:064x}",
        conversation=conversation(job, size),
    )


def fill(folder: Path, jobs: int, size: int) -> Row:
    """Written in an order as of width 256: neighbours swapped within a window."""
    (folder / "journal").mkdir(parents=True)
    order = (at ^ 0x55 if (at | 0xFF) < jobs else at for at in range(jobs))
    with (folder / "journal" / "W-0000.jsonl").open("wb", buffering=1 << 20) as out:
        for job in order:
            made = outcome(job, size)
            out.write(line_of(head_of(made), made))
    return {"bytes_per_row": out_bytes(folder) // jobs}


def out_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("journal/*.jsonl"))


def resume(folder: Path, jobs: int, size: int) -> Row:
    """Opens the journal and comes to know the next job, as a run does."""
    before = memory()
    Journal(folder / "journal" / "W-0000.jsonl").close()
    quota, tally = Quota(jobs, WEIGHTS), Tally()
    for head, _ in heads(folder):
        tally.add(head, quota.record(head.job, head.tag, head.content_hash))
    following = quota.next()
    return {
        "jobs": tally.jobs,
        "next_job": following and following.number,
        "bytes_per_job": round((memory() - before) * 1024 / jobs, 1),
    }


def compacted(folder: Path, jobs: int, size: int) -> Row:
    chosen = [job for job in range(jobs) if job % 5 != 3]
    files = compact(folder, chosen)
    return {"rows": len(chosen), "parquet_mb": round(sum(f.bytes for f in files) / 1e6, 1)}


def read(folder: Path, jobs: int, size: int) -> Row:
    return {"rows": sum(1 for _ in read_rows(folder))}


def append(folder: Path, jobs: int, size: int) -> Row:
    (folder / "w" / "journal").mkdir(parents=True)
    journal = Journal(folder / "w" / "journal" / "W-0000.jsonl")
    made = outcome(0, size)
    for _ in range(jobs):
        journal.append(made)
    journal.close()
    return {"rows": jobs}


def put(folder: Path, jobs: int, size: int) -> Row:
    """Replies of 1.2 KB, ten a job, each job forgotten when it ends."""
    log = ReplyLog(folder / "w", lambda job: False)
    reply = os.urandom(1_200)
    for n in range(jobs):
        log.put(n // 10, n.to_bytes(16, "little"), reply)
        if n % 10 == 9:
            log.forget(n // 10)
    log.close()
    return {"rows": jobs}


def reopen(folder: Path, jobs: int, size: int) -> Row:
    """The same log opened again, all jobs but the last hundred finished."""
    log = ReplyLog(folder / "w", lambda job: job < jobs // 10 - 100)
    log.close()
    return {"rows": jobs}


SUBJECTS: dict[str, Callable[[Path, int, int], Row]] = {
    "fill": fill,
    "resume": resume,
    "compact": compacted,
    "read_rows": read,
    "journal_append": append,
    "reply_put": put,
    "reply_reopen": reopen,
}


def memory() -> int:
    """Peak resident memory of this process, KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure(subject: str, folder: Path, jobs: int, size: int) -> Row:
    cpu, wall = time.process_time(), time.perf_counter()
    row = SUBJECTS[subject](folder, jobs, size)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    count = row.get("rows") or row.get("jobs") or jobs
    return {
        "benchmark": "store",
        "subject": subject,
        **row,
        "wall_s": round(wall, 2),
        "cpu_s": round(cpu, 2),
        "per_cpu_s": round(count / max(cpu, 1e-9)),
        "peak_mb": round(memory() / 1024),
    }


def alone(subject: str, folder: Path, jobs: int, size: int) -> str:
    """The row of one subject, as a line, printed too."""
    command = [sys.executable, __file__, "--one", subject, "--folder", str(folder)]
    command += ["--jobs", str(jobs), "--row-bytes", str(size)]
    line = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    sys.stdout.write(line)
    sys.stdout.flush()
    return line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=100_000, help="finished jobs to resume past")
    parser.add_argument("--rows", type=int, default=20_000, help="rows to compact")
    parser.add_argument("--row-bytes", type=int, default=8_000)
    parser.add_argument("--folder", type=Path, help="where to write; default: temporary")
    parser.add_argument("--json", type=Path, help="write the rows there as well")
    parser.add_argument("--one", choices=SUBJECTS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        row = measure(given.one, given.folder, given.jobs, given.row_bytes)
        sys.stdout.write(json.dumps(row) + "\n")
        return
    folder = Path(tempfile.mkdtemp(dir=given.folder))
    lines: list[str] = []
    try:
        for subject in ("fill", "resume"):
            lines.append(alone(subject, folder / "resume", given.jobs, given.row_bytes))
        shutil.rmtree(folder / "resume")
        for subject in ("fill", "compact", "read_rows", "journal_append"):
            lines.append(alone(subject, folder / "rows", given.rows, given.row_bytes))
        for subject in ("reply_put", "reply_reopen"):
            lines.append(alone(subject, folder / "rows", given.jobs, given.row_bytes))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if given.json:
        given.json.write_text("".join(lines))


if __name__ == "__main__":
    main()
