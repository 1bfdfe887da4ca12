"""A run directory belongs to one run and each of its files to one writer."""

from __future__ import annotations

import os
import socket

import msgspec
import pytest
from store_sample import accepted_job

from fastsynth.errors import ConfigError, DamagedFile
from fastsynth.records import Failed, Rejected
from fastsynth.store.journal import head_of
from fastsynth.store.manifest import Manifest, read_manifest, write_manifest
from fastsynth.store.rundir import RunDir, holder
from fastsynth.store.summary import Tally, summary_of

ONE, TWO = "1" * 64, "2" * 64


def test_a_new_run_is_made_and_found_again(tmp_path):
    path = tmp_path / "runs" / "a"
    with RunDir(path, ONE) as made:
        made.write("config.yaml", "seed: 1\n")
    with RunDir(path, ONE, resume="always") as found:
        assert found.manifest.identity == ONE
        assert found.manifest.identity == ONE
        assert found.journal == path / "journal" / "W-0000.jsonl"
    assert (path / "config.yaml").read_text() == "seed: 1\n"


def test_another_identity_is_refused_by_name(tmp_path):
    with RunDir(tmp_path, ONE) as made:
        made.journal.write_text("{}\n")
    with pytest.raises(ConfigError) as caught:
        RunDir(tmp_path, TWO)

    assert caught.value.exit_code == 2
    for part in (str(tmp_path), "1" * 12, "2" * 12, "-o"):
        assert part in str(caught.value)
    assert "1" * 13 not in str(caught.value)


def test_a_run_that_made_nothing_gives_its_place_to_another(tmp_path):
    with RunDir(tmp_path, ONE) as first:
        first.write("graph.json", "{}")
    with RunDir(tmp_path, TWO) as second:
        assert second.manifest.identity == TWO
        second.journal.write_text("{}\n")

    assert not (tmp_path / "graph.json").exists()
    with pytest.raises(ConfigError, match="2" * 12):
        RunDir(tmp_path, ONE)


def test_resume_never_refuses_a_run_and_always_needs_one(tmp_path):
    with pytest.raises(ConfigError, match="no run to resume"):
        RunDir(tmp_path / "none", ONE, resume="always")
    assert not (tmp_path / "none").exists()
    RunDir(tmp_path / "a", ONE, resume="never").close()
    with pytest.raises(ConfigError, match="holds a run"):
        RunDir(tmp_path / "a", ONE, resume="never")


def test_a_directory_of_something_else_is_not_touched(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(ConfigError, match="without manifest"):
        RunDir(tmp_path, ONE)
    with pytest.raises(ConfigError, match="a file"):
        RunDir(tmp_path / "thesis.tex", ONE)

    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_run_that_ended_before_its_first_manifest_can_be_begun_again(tmp_path):
    RunDir(tmp_path, ONE).close()
    (tmp_path / "manifest.json").rename(tmp_path / ".manifest.json.1")
    with RunDir(tmp_path, TWO) as begun:
        assert begun.manifest == Manifest(identity=TWO)


def test_a_run_that_lost_its_manifest_is_not_begun_anew(tmp_path):
    with RunDir(tmp_path, ONE) as run:
        run.journal.write_text("{}")
    (tmp_path / "manifest.json").unlink()

    with pytest.raises(ConfigError, match="without manifest"):
        RunDir(tmp_path, ONE)


def test_a_second_process_is_kept_out_and_another_writer_let_in(tmp_path):
    first = RunDir(tmp_path, ONE)
    with pytest.raises(ConfigError, match=r"in use by process \d+ on "):
        RunDir(tmp_path, ONE)
    second = RunDir(tmp_path, ONE, writer=1)
    assert second.journal.name == "W-0001.jsonl"
    first.close()
    RunDir(tmp_path, ONE).close()
    second.close()


def test_the_manifest_is_read_back_equal_and_a_broken_one_named(tmp_path):
    manifest = Manifest(identity=ONE, funnel={"walk": {"none": 3}}, holes=(4,), teachers=("m",))
    write_manifest(tmp_path, manifest)
    assert read_manifest(tmp_path) == manifest
    (tmp_path / "manifest.json").write_text('{"identity": 3}')

    with pytest.raises(DamagedFile, match=r"manifest\.json: "):
        read_manifest(tmp_path)


def test_the_summary_counts_each_job_by_its_last_end():
    tally = Tally()
    rejected = Rejected(job=1, stratum="s", stage="chain", reason="wrong_state")
    tally.add(head_of(Failed(job=0, stratum="s", cause="unavailable")), "failed")
    tally.add(head_of(Failed(job=5, stratum="s", cause="unavailable")), "failed")
    tally.add(head_of(accepted_job(0)), "accepted")
    tally.add(head_of(rejected), "rejected")
    tally.add(head_of(accepted_job(2)), "duplicate")
    manifest = Manifest(
        identity=ONE,
        accepted=tally.accepted,
        rejected=tally.rejected,
        failed=tally.failed,
        jobs=tally.jobs,
        usage=tally.usage,
        funnel=tally.funnel(),
    )
    summary = msgspec.to_builtins(summary_of("runs/a", manifest))

    assert summary == {
        "run_dir": "runs/a",
        "accepted": 1,
        "rejected": 2,
        "failed": 1,
        "jobs": 3,
        "requests": 18,
        "prompt_tokens": 18000,
        "completion_tokens": 1800,
        "cost_usd": None,
        "wall_s": 0.0,
        "stopped_by": "",
        "funnel": {
            "chain": {"wrong_state": 1},
            "failed": {"unavailable": 1},
            "filter": {"duplicate": 1},
        },
        "hedged": 0,
        "hedged_tokens_at_most": 0,
        "projected_cost_usd": None,
        "beyond": 0,
    }


def test_who_writes_is_told_while_they_do(tmp_path):
    assert holder(tmp_path) == ""
    with RunDir(tmp_path, ONE):
        assert holder(tmp_path) == f"running: process {os.getpid()} on {socket.gethostname()}"

    assert holder(tmp_path) == ""
