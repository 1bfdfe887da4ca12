"""What a killed run has spent: what it asked for itself, nothing that another run paid for."""

from __future__ import annotations

from pathlib import Path

from fastsynth.llm.chat import Reply
from fastsynth.llm.completion import encode_reply
from fastsynth.records import Usage
from fastsynth.running.spent import spent_before
from fastsynth.store.manifest import Manifest
from fastsynth.store.replies import ReplyLog

KILLED = Manifest(identity="1" * 64)
PAID = Usage(requests=1, prompt_tokens=100, completion_tokens=10, cost_usd=0.5)


def stored(run_dir: Path, jobs: int, reuse: tuple[Path, ...] = ()) -> None:
    log = ReplyLog(run_dir, lambda _: False, reuse=reuse)
    for job in range(jobs):
        log.put(job, bytes([job] * 16), encode_reply(Reply(usage=PAID)))
    log.close()


def test_after_a_kill_reused_replies_are_not_spent(tmp_path: Path) -> None:
    stored(tmp_path / "before", 5)
    stored(tmp_path / "run", 8, (tmp_path / "before",))
    journalled = Usage(requests=6, prompt_tokens=600, completion_tokens=60, cost_usd=3.0)
    spent = spent_before(tmp_path / "run", KILLED, journalled, lambda job: job < 6)

    assert spent == PAID + PAID + PAID


def test_after_a_kill_finished_jobs_count_as_journalled_and_the_others_as_stored(
    tmp_path: Path,
) -> None:
    stored(tmp_path, 8)
    journalled = Usage(requests=6, prompt_tokens=600, completion_tokens=60, cost_usd=3.0)
    spent = spent_before(tmp_path, KILLED, journalled, lambda job: job < 6)

    assert (spent.requests, spent.cost_usd) == (8, 4.0)
