"""A run of a given seed is one data set: at any width, extended, repeated, or read again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running import Endpoint, here, manifest, rows, run, summary


@pytest.mark.parametrize("width", [1, 256])
def test_width_never_changes_the_conversations(
    tmp_path: Path, scripted: Endpoint, worlds: Path, width: int
) -> None:
    out = tmp_path / "run"
    here("generate", "-o", out, "-n", 16, "--width", width, "--base-url", scripted.url)

    assert rows(out) == rows(worlds)


@pytest.mark.parametrize("transport", ["direct", "openai"])
def test_how_requests_are_sent_never_changes_the_conversations(
    tmp_path: Path, scripted: Endpoint, worlds: Path, transport: str
) -> None:
    out, sent = tmp_path / "run", f"endpoints.teacher.transport={transport}"
    here("generate", "-o", out, "-n", 16, "--set", sent, "--base-url", scripted.url)

    assert rows(out) == rows(worlds)


def test_another_seed_gives_other_conversations(
    tmp_path: Path, scripted: Endpoint, worlds: Path
) -> None:
    out = tmp_path / "run"
    here("generate", "-o", out, "-n", 4, "--seed", 2, "--base-url", scripted.url)

    assert not {row.id for row in rows(out)} & {row.id for row in rows(worlds)}
    assert {row.messages for row in rows(out)}.isdisjoint({row.messages for row in rows(worlds)})


def test_the_summary_counts_what_the_server_was_asked(tmp_path: Path, scripted: Endpoint) -> None:
    out, before = tmp_path / "run", len(scripted.posts)
    ended = here("generate", "-o", out, "-n", 6, "--json", "--base-url", scripted.url)
    said = summary(ended)

    assert set(said) == {
        "run_dir", "accepted", "rejected", "failed", "jobs", "requests", "prompt_tokens",
        "completion_tokens", "cost_usd", "wall_s", "stopped_by", "funnel", "hedged",
        "hedged_tokens_at_most", "projected_cost_usd", "beyond",
    }  # fmt: skip
    assert (said["accepted"], said["stopped_by"], said["run_dir"]) == (6, "done", str(out))
    # Sends in flight when the last needed job ended are cancelled: asked, never answered.
    asked = len(scripted.posts) - before
    assert said["requests"] <= asked <= said["requests"] + 64
    assert said["requests"] == manifest(out)["usage"]["requests"]


def test_a_finished_run_is_done_at_once_without_its_endpoint(worlds: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in worlds.rglob("*") if p.is_file()}
    gone = ("--base-url", "http://127.0.0.1:9/v1")
    ended = run("generate", "-o", worlds, "-n", 16, "--json", *gone)

    assert ended.returncode == 0, ended.stderr
    assert summary(ended)["accepted"] == 16
    assert summary(ended)["requests"] == manifest(worlds)["usage"]["requests"]
    assert {p: p.stat().st_mtime_ns for p in worlds.rglob("*") if p.is_file()} == before


def test_a_larger_n_goes_on_redoes_no_job_and_ends_in_the_same_data_set(
    tmp_path: Path, scripted: Endpoint, worlds: Path
) -> None:
    out, start = tmp_path / "run", len(scripted.posts)
    small = ("generate", "-o", out, "--width", 4, "--base-url", scripted.url)
    here(*small, "-n", 4)
    first, before = len(rows(out)), len(scripted.posts)
    here(*small, "-n", 16)
    asked, again = scripted.posts[start:before], scripted.posts[before:]

    assert first == 4
    assert rows(out) == rows(worlds)
    # Only what was in flight, at most one request a conversation, was asked a second time.
    assert len(set(again) & set(asked)) <= 4
    jobs = [json.loads(line)["o"]["job"] for line in _journal(out)]
    assert len(jobs) == len(set(jobs))


def _journal(run_dir: Path) -> list[str]:
    return (run_dir / "journal" / "W-0000.jsonl").read_text().splitlines()


def test_reuse_takes_replies_of_an_earlier_run(
    tmp_path: Path, scripted: Endpoint, worlds: Path
) -> None:
    out, before = tmp_path / "run", len(scripted.posts)
    again = ("-n", 16, "--width", 16, "--reuse", worlds, "--base-url", scripted.url)
    ended = here("generate", "-o", out, *again)

    assert ended.returncode == 0, ended.stderr
    assert rows(out) == rows(worlds)
    # Only jobs that had not ended in the earlier run can bring anything new.
    assert len(scripted.posts) - before < 0.1 * manifest(worlds)["usage"]["requests"]


def test_the_files_say_that_no_model_wrote_the_data(worlds: Path) -> None:
    assert {row.teacher for row in rows(worlds)} == {"scripted"}
    assert "no model wrote any of it" in (worlds / "README.md").read_text()
    assert "no model wrote any of it" in (worlds / "report.html").read_text()
    assert manifest(worlds)["teachers"] == ["scripted"]


def test_what_the_manifest_lists_is_there(worlds: Path) -> None:
    said = manifest(worlds)

    for file in said["files"]:
        assert (worlds / file["path"]).stat().st_size == file["bytes"]
    data = [file["rows"] for file in said["files"] if file["path"].startswith("data/")]
    assert sum(data) == said["accepted"] == 16
    assert sum(s["chosen"] for s in said["strata"]) == 16
