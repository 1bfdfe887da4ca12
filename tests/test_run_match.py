"""Whole runs drawn alike to logs: how near they come, at any width, and after the logs are gone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running import here, manifest, rows, summary

LOGS = Path(__file__).parent.parent / "examples" / "logs.jsonl"
KINDS = "kinds={base: 0.7, missing_function: 0.2, refusal: 0.1}"


def made(run_dir: Path, width: int, logs: Path) -> list[str]:
    ended = here(
        "generate", "-n", 24, "-o", run_dir, "--width", width, "--json",
        "--set", f"match={logs}", "--set", KINDS,
    )  # fmt: skip

    assert ended.returncode == 0, ended.stderr
    assert summary(ended)["match"] == manifest(run_dir)["match"]
    return said(run_dir)


def said(run_dir: Path) -> list[str]:
    return [json.dumps([m.content for m in row.messages]) for row in rows(run_dir)]


@pytest.fixture(scope="module")
def matched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, list[str]]:
    """(run directory, its logs, what is said in its rows)"""
    folder = tmp_path_factory.mktemp("matched")
    logs = folder / "logs.jsonl"
    logs.write_text(LOGS.read_text())
    return folder / "run", logs, made(folder / "run", 32, logs)


def test_a_run_comes_near_its_logs(matched: tuple[Path, Path, list[str]]) -> None:
    match = manifest(matched[0])["match"]

    assert match["turns"] <= 0.02
    assert match["calls"] <= 0.05
    assert match["tools"] <= 0.05
    assert match["words"] <= 0.18


def test_the_width_changes_nothing(matched: tuple[Path, Path, list[str]], tmp_path: Path) -> None:
    assert made(tmp_path / "narrow", 3, LOGS) == matched[2]


def test_after_the_run_its_directory_is_enough(matched: tuple[Path, Path, list[str]]) -> None:
    run_dir, logs, rows_said = matched
    logs.rename(logs.with_suffix(".gone"))

    compacted = here("compact", run_dir)
    report = here("report", "--quality", "--json", run_dir)
    logs.with_suffix(".gone").rename(logs)

    figure = json.loads(report.stdout)["figures"]["divergence of turns"]
    assert compacted.returncode == 0, compacted.stderr
    assert said(run_dir) == rows_said
    assert figure["section"] == "Match"
    assert figure["value"] == manifest(run_dir)["match"]["turns"]


def test_other_logs_refuse_to_resume(matched: tuple[Path, Path, list[str]], tmp_path: Path) -> None:
    logs = tmp_path / "other.jsonl"
    logs.write_text("".join(LOGS.read_text().splitlines(keepends=True)[:20]))

    again = here("generate", "-n", 50, "-o", matched[0], "--set", f"match={logs}", "--set", KINDS)

    assert again.returncode == 2
    assert str(matched[0]) in again.stderr
