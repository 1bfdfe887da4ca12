"""However a run is stopped, it goes on to the same data set, and asks for no stored reply again."""

from __future__ import annotations

import json
import resource
import shutil
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from running import Endpoint, endpoint, here, manifest, rows, start, summary, wait_until

from fastsynth.engine import drain
from fastsynth.engine.stratum import TRIES
from fastsynth.store.journal import decode_outcome

WANTED = 8
WIDTH = 8


def asked_for(server: Endpoint, out: Path, *more: object) -> tuple[Any, ...]:
    """The arguments of the run that `few` is."""
    return ("generate", "-o", out, "-n", WANTED, "--width", WIDTH, "--base-url", server.url, *more)


def settled(server: Endpoint) -> int:
    """How much was asked, once all that was on its way at a kill has been read."""
    before = -1
    while before != len(server.posts):
        before = len(server.posts)
        time.sleep(0.1)
    return before


@pytest.mark.parametrize("share", [0.2, 0.8])
def test_killed_and_resumed_it_asks_for_no_stored_reply_again(
    tmp_path: Path, few: Path, share: float
) -> None:
    out, whole = tmp_path / "run", manifest(few)["usage"]["requests"]
    with endpoint(latency_ms=10) as server:
        with start(*asked_for(server, out)) as process:
            wait_until(lambda: len(server.posts) > share * whole)
            process.kill()
        before = settled(server)
        ended = here(*asked_for(server, out, "--json"))

    assert process.returncode == -signal.SIGKILL
    assert ended.returncode == 0, ended.stderr
    assert rows(out) == rows(few)
    first, second = Counter(server.posts[:before]), Counter(server.posts[before:])
    assert max(second.values()) == 1
    assert (first & second).total() <= WIDTH, "more was asked again than was in flight"
    # Each answer counts once: all that was asked, less what was in flight at the kill and the end.
    said = summary(ended)["requests"]
    assert len(server.posts) - 2 * WIDTH <= said <= len(set(server.posts))


def test_what_waits_for_open_jobs_is_told_and_can_be_had_and_a_resume_decides_it(
    tmp_path: Path, few: Path, scripted: Endpoint
) -> None:
    out = tmp_path / "run"
    shutil.copytree(few, out)
    _cut_out_first_job(out)
    told = here("status", out)
    left_out = here("compact", out)
    settled_rows = len(rows(out))
    partial = here("compact", "--partial", out)
    held = rows(out)
    ended = here(*asked_for(scripted, out))

    assert f"{WANTED - 1} more wait for lower-numbered jobs" in " ".join(told.stdout.split())
    assert f"0 accepted, {WANTED - 1} more wait" in left_out.stderr
    assert settled_rows == 0
    assert f"{WANTED - 1} of {WANTED - 1} may still change" in partial.stderr
    assert [row.id for row in held] == [row.id for row in rows(few)[1:]]
    assert ended.returncode == 0, ended.stderr
    assert rows(out) == rows(few)
    assert (manifest(out)["partial"], manifest(out)["waiting"]) == (0, 0)


def test_a_job_that_never_ended_keeps_nothing_out_of_a_run_that_has_ended(
    tmp_path: Path, few: Path
) -> None:
    out = tmp_path / "run"
    shutil.copytree(few, out)
    _cut_out_first_job(out, ended=True)
    again = here("compact", out)

    assert again.stderr == ""
    assert [row.id for row in rows(out)] == [row.id for row in rows(few)[1:]]


def test_a_run_that_ended_with_a_hole_fills_it_when_it_is_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first jobs fail as often as jobs may; others stand in until they are tried again."""
    monkeypatch.setattr(drain, "PAUSE", 0.0)

    def down_at_first(request: web.Request, number: int) -> web.Response | None:
        down = request.method == "POST" and number < 2 * TRIES
        return web.json_response({}, status=500) if down else None

    with endpoint(twist=down_at_first) as server:
        asked = asked_for(server, tmp_path, "-n", 2, "--width", 1)
        asked += ("--set", "endpoints.teacher.retries=0")
        first = here(*asked)
        assert first.returncode == 0, first.stderr
        missed, around = manifest(tmp_path), rows(tmp_path)
        second = here(*asked)

    assert second.returncode == 0, second.stderr
    assert (missed["stopped_by"], len(around)) == ("done", 2)
    assert missed["holes"]
    assert manifest(tmp_path)["holes"] == []
    assert rows(tmp_path) != around


def _cut_out_first_job(out: Path, ended: bool = False) -> None:
    """The run as if it had been killed, or had ended, before its first accepted job had, and with
    none of those that a slow machine finds accepted past what was wanted."""
    (journal,) = out.glob("journal/*.jsonl")
    lines = journal.read_bytes().splitlines(keepends=True)
    accepted = [decode_outcome(line[:-1]).job for line in lines if b'"accepted"' in line[:200]]
    cut = {min(accepted), *sorted(accepted)[WANTED:]}
    kept = [line for line in lines if decode_outcome(line[:-1]).job not in cut]
    journal.write_bytes(b"".join(kept))
    said = manifest(out) | {"stopped_by": "done" if ended else ""}
    (out / "manifest.json").write_text(json.dumps(said))


def test_a_torn_last_line_and_reply_are_redone(
    tmp_path: Path, few: Path, scripted: Endpoint
) -> None:
    out = tmp_path / "run"
    here("generate", "-o", out, "-n", 4, "--base-url", scripted.url)
    for path in (*out.glob("journal/*.jsonl"), *out.glob("replies/*.log")):
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size - 7)
    ended = here(*asked_for(scripted, out))

    assert ended.returncode == 0, ended.stderr
    assert rows(out) == rows(few)


@pytest.mark.parametrize("name", ["journal/W-0000.jsonl", "replies/W-0000.00000.log"])
def test_damage_inside_a_file_is_named_with_its_place(
    tmp_path: Path, scripted: Endpoint, name: str
) -> None:
    out = tmp_path / "run"
    here("generate", "-o", out, "-n", 2, "--base-url", scripted.url)
    path = out / name
    content = bytearray(path.read_bytes())
    content[300] ^= 1
    path.write_bytes(content)
    # One more conversation, so that the replies of unfinished jobs are looked at.
    ended = here("generate", "-o", out, "-n", 3, "--base-url", scripted.url)
    (line,) = [line for line in ended.stderr.splitlines() if line.startswith("fastsynth: ")]

    assert ended.returncode == 1
    assert f"{path}: " in line
    assert "byte" in line
    assert "run again" in line


def test_a_run_stopped_on_a_full_disk_has_lost_nothing(
    tmp_path: Path, few: Path, scripted: Endpoint
) -> None:
    out = tmp_path / "run"

    def small_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    with start(*asked_for(scripted, out, "--plain"), preexec_fn=small_disk) as process:
        assert process.stderr is not None
        told = next(line for line in process.stderr if "no space left" in line)
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=20)
    ended = here(*asked_for(scripted, out))

    assert str(out) in told
    assert process.returncode == 130, complaint
    assert "Traceback" not in complaint
    assert ended.returncode == 0, ended.stderr
    assert rows(out) == rows(few)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_drains_and_the_run_goes_on(
    tmp_path: Path, few: Path, number: signal.Signals
) -> None:
    out = tmp_path / "run"
    with endpoint(latency_ms=10) as server:
        with start(*asked_for(server, out, "--json", "--width", 4)) as process:
            wait_until(lambda: len(server.posts) > 40)
            process.send_signal(number)
            shown, complaint = process.communicate(timeout=60)
        drained = manifest(out)
        ended = here(*asked_for(server, out))

    assert process.returncode == 130, complaint
    assert "run the same command again" in complaint.splitlines()[-1]
    assert '"stopped_by":"interrupt"' in shown
    assert drained["stopped_by"] == "interrupt"
    assert drained["jobs"] >= 1, "what was in flight was not finished"
    assert len(set(server.posts)) == len(server.posts), "a reply was asked for twice"
    assert ended.returncode == 0, ended.stderr
    assert rows(out) == rows(few)


def test_the_second_signal_aborts_and_the_run_goes_on(tmp_path: Path, few: Path) -> None:
    out = tmp_path / "run"
    with endpoint(latency_ms=400) as slow:
        with start(*asked_for(slow, out, "--plain")) as process:
            wait_until(lambda: len(slow.posts) > 20)
            assert process.stderr is not None
            process.send_signal(signal.SIGINT)
            while "draining" not in process.stderr.readline():
                assert process.poll() is None
            process.send_signal(signal.SIGINT)
            _, complaint = process.communicate(timeout=20)
        compacted = list(out.glob("data/*"))
    with endpoint() as server:
        ended = here(*asked_for(server, out))

    assert process.returncode == 130, complaint
    assert compacted == []
    assert ended.returncode == 0, ended.stderr
    assert rows(out) == rows(few)


PRICE = ("--set", "endpoints.teacher.price={input: 1, output: 1}")


@pytest.mark.parametrize(
    ("budget", "reason"), [(("--max-time", "0.3s"), "max_time"), (("--max-cost", 0.05), "max_cost")]
)
def test_a_budget_drains(tmp_path: Path, budget: tuple[str, object], reason: str) -> None:
    with endpoint(latency_ms=10) as server:
        place = asked_for(server, tmp_path / "run")
        ended = here(*place, "--json", "--width", 2, *PRICE, *budget)

    said = summary(ended)
    assert ended.returncode == (0 if said["accepted"] else 3), ended.stderr
    assert said["stopped_by"] == reason
    assert said["jobs"] >= 2, "what was in flight was not finished"
    assert said["accepted"] < WANTED


def test_a_spent_budget_stays_spent_and_a_larger_one_goes_on(
    tmp_path: Path, few: Path, scripted: Endpoint
) -> None:
    out, limit = tmp_path / "run", "--max-tokens-total"
    here(*asked_for(scripted, out, "--width", 2, *PRICE, limit, 100_000))
    before = len(scripted.posts)
    still = here(*asked_for(scripted, out, "--json", *PRICE, limit, 100_000))
    asked = len(scripted.posts) - before
    ended = here(*asked_for(scripted, out, "--json", *PRICE, limit, 10_000_000))

    assert summary(still)["stopped_by"] == "max_tokens_total"
    assert asked == 0
    assert ended.returncode == 0, ended.stderr
    assert [row.messages for row in rows(out)] == [row.messages for row in rows(few)]
    total = summary(ended)
    spent = total["prompt_tokens"] + total["completion_tokens"]
    assert total["cost_usd"] == pytest.approx(spent / 1e6)


def test_endpoints_that_go_away_end_the_run_with_what_there_is(tmp_path: Path, few: Path) -> None:
    out = tmp_path / "run"
    give_up = ("--set", "endpoints.teacher.give_up=0.5")
    with endpoint(latency_ms=5) as server:
        process = start(*asked_for(server, out, "--json", *give_up))
        wait_until(lambda: len(server.posts) > 100)
    # The server is down from here on.
    shown, complaint = process.communicate(timeout=30)
    with endpoint() as server:
        ended = here(*asked_for(server, out))

    assert process.returncode == 4, complaint
    assert "endpoint teacher http://127.0.0.1" in complaint.splitlines()[-1]
    assert '"stopped_by":"outage"' in shown
    assert ended.returncode == 0, ended.stderr
    assert rows(out) == rows(few)
