"""Runs whose initial states a writer drafted: paid once, the same at any width, replayable."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running import Endpoint, endpoint, here, rows

EXAMPLES = Path(__file__).parents[1] / "examples"
WISH = ("--set", "environment=python:clinic", "--set", "scenarios.draft_with=writer",
        "--set", "scenarios.n=5", "--set", "kinds={base: 1}")  # fmt: skip


@pytest.fixture(autouse=True)
def _in_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLES)


def drafting(server: Endpoint) -> int:
    """Requests for states among all that came."""
    return sum(json.loads(body)["fastsynth"]["purpose"] == "scenario" for body in server.posts)


def test_states_are_drafted_once_and_rows_start_from_them(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with endpoint() as server:
        asked = (*WISH, "--base-url", server.url, "--json")
        first = here("generate", *asked, "-o", run, "-n", 6)
        paid = drafting(server)
        again = here("generate", *asked, "-o", run, "-n", 9)
        reused = here(
            "generate", *asked, "-o", tmp_path / "b", "-n", 9, "--reuse", run, "--width", 2
        )
        paid_in_all = drafting(server)

    assert (first.returncode, again.returncode, reused.returncode) == (0, 0, 0), first.stderr
    assert paid == paid_in_all > 0
    states = [
        json.loads(line)["state"] for line in (run / "scenarios.jsonl").read_text().splitlines()
    ]
    assert len(states) == 5
    made = rows(run)
    assert all(json.loads(row.scenario)["clinic"] in states for row in made)
    assert rows(tmp_path / "b") == made
    assert here("verify", run).returncode == 0


def test_how_many_states_are_drafted_is_identity(tmp_path: Path, scripted: Endpoint) -> None:
    run, asked = tmp_path / "run", (*WISH, "--base-url", scripted.url, "-n", 2, "--quiet")
    here("generate", *asked, "-o", run)

    ended = here("generate", *asked, "-o", run, "--set", "scenarios.n=6")

    assert ended.returncode == 2
    assert "made by a run of identity" in ended.stderr


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (("scenarios={}",), "$.scenarios: {}, need `from`, `draft_with` or both"),
        (
            ("scenarios={draft_with: writer}",),
            "need environment: python:... or mcp, this one is world",
        ),
        (("scenarios={from: python:a:b}",), "need environment: python:..., this one is world"),
        (
            ("environment={mcp: {command: [no-such]}}", "scenarios={draft_with: writer}"),
            "need {dir} or environment.mcp.reset: nothing undoes what sets mcp:no-such up",
        ),
        (("scenarios={draft_with: judge}",), "$.scenarios.draft_with"),
        (("scenarios={draft_with: writer, n: 0}",), "$.scenarios.n"),
    ],
)
def test_a_wish_that_cannot_be_met_is_one_line(settings: tuple[str, ...], says: str) -> None:
    ended = here("generate", *(word for s in settings for word in ("--set", s)), "-n", 2)

    assert ended.returncode == 2
    assert says in ended.stderr
