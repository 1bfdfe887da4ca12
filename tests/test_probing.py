"""Targets by failure, as whole runs: the phase comes first, is paid for once, and cannot change."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from running import Endpoint, endpoint, here, manifest, rows, summary

from fastsynth.config.settings import decode
from fastsynth.errors import ConfigError
from fastsynth.estimate import Estimate, RoleEstimate, added, told
from fastsynth.quality.probe import band_in_words, summarise
from fastsynth.store.schema import CONVERSATION

FAILED = "hold_flight"
NOBODY = "http://127.0.0.1:9/v1"
CONFIG = """
environment: world:travel
endpoints:
  teacher: {{kind: scripted, url: "{url}"}}
  student: {{kind: scripted, url: "{url}"}}
roles: {{default: teacher, student: student}}
conversation: {{turns: [2, 3], calls: [1, 5], tools_visible: [8, 20]}}
kinds: {{base: 1}}
targets: {{by: failure, conversations: 12, runs: 2, coverage: 0.25}}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Endpoint]:
    with endpoint(student={FAILED: 0.6}) as found:
        yield found


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, server: Endpoint) -> Path:
    path = tmp_path_factory.mktemp("probing") / "mine.yaml"
    path.write_text(CONFIG.format(url=server.url))
    return path


@pytest.fixture(scope="module")
def aimed(tmp_path_factory: pytest.TempPathFactory, config: Path) -> Path:
    out = tmp_path_factory.mktemp("aimed") / "run"
    ended = here("generate", "-c", config, "-o", out, "-n", 16, "--json")
    assert ended.returncode == 0, ended.stderr
    assert summary(ended)["accepted"] == 16
    return out


def test_the_band_is_told_before_it_is_paid_for(aimed: Path) -> None:
    phase = aimed / "probe"
    rates = [row.difficulty.student_pass_rate or 0.0 for row in rows(phase)]
    sure = sum(rate == 1.0 for rate in rates)

    assert f"{len(rates)} of {len(rates)} conversations" in band_in_words(phase, (0.0, 1.0))
    assert f"({len(rates) - sure} too hard, 0 too easy)" in band_in_words(phase, (0.99, 1.0))
    none = band_in_words(phase, (0.01, 0.02))
    assert "0 of 12" in none
    assert "over 12 for each that counts: longer ones" in none


def targets(run_dir: Path) -> Counter[str]:
    return Counter(target for row in rows(run_dir) for target in row.targets)


def probed(run_dir: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((run_dir / "probe" / "probe.json").read_text())
    return found


def test_one_command_probes_then_aims_at_what_failed(
    aimed: Path, config: Path, tmp_path: Path
) -> None:
    by_coverage = tmp_path / "coverage"
    here("generate", "-c", config, "-o", by_coverage, "-n", 16, "--set", "targets.by=coverage")
    found = probed(aimed)
    failing = [tool for tool, rate in found["tools"].items() if rate["passes"] < rate["runs"]]

    assert failing == [FAILED]
    assert found["conversations"] == 12
    assert targets(aimed)[FAILED] >= 3 * max(1, targets(by_coverage)[FAILED])
    assert len(targets(aimed)) >= 6, "coverage of the other tools vanished"
    assert all(row.student_runs == 0 for row in rows(aimed)), "the student was asked in the run"


def test_done_already_nobody_is_asked_again(aimed: Path, config: Path, server: Endpoint) -> None:
    before = len(server.posts)
    again = here("generate", "-c", config, "-o", aimed, "-n", 16, "--json")

    assert again.returncode == 0
    assert len(server.posts) == before


def test_neither_width_nor_a_resume_changes_probe_or_data(
    aimed: Path, config: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    here("generate", "-c", config, "-o", out, "-n", 4, "--width", 3)
    ended = here("generate", "-c", config, "-o", out, "-n", 16, "--width", 5)

    assert ended.returncode == 0, ended.stderr
    assert probed(out) == probed(aimed)
    assert rows(out) == rows(aimed)


def test_stopped_in_the_phase_it_goes_on_there_and_ends_alike(
    aimed: Path, config: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    place = ("generate", "-c", config, "-o", out, "-n", 16, "--width", 4)
    stopped = here(*place, "--max-tokens-total", 150_000)
    ended = here(*place)

    assert stopped.returncode == 3
    assert "probing stopped by max_tokens_total; run the same command again" in stopped.stderr
    assert ended.returncode == 0, ended.stderr
    assert rows(out) == rows(aimed)


def test_what_the_phase_spent_is_gone_from_the_budget(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    here("probe", "-c", config, "-o", out)
    usage = manifest(out / "probe")["usage"]
    spent = usage["prompt_tokens"] + usage["completion_tokens"]
    budget = ("--max-tokens-total", spent + 1, "--width", 2)
    ended = here("generate", "-c", config, "-o", out, "-n", 16, *budget)

    assert manifest(out)["stopped_by"] == "max_tokens_total", ended.stderr
    assert manifest(out)["usage"]["requests"] < usage["requests"]


def test_another_probe_is_another_run(aimed: Path, config: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    fixed = ("--set", f"targets.probe={aimed}")
    assert here("generate", "-c", config, "-o", out, "-n", 2, *fixed).returncode == 0
    assert not (out / "probe").exists()
    other = tmp_path / "other"
    here("probe", "-c", config, "-o", other, "-n", 3)

    ended = here("generate", "-c", config, "-o", out, "-n", 3, "--set", f"targets.probe={other}")

    assert ended.returncode == 2
    assert "made by a run of identity" in ended.stderr


def test_probe_asks_the_student_alone_of_what_the_run_holds_and_the_teacher_may_be_gone(
    config: Path, server: Endpoint, tmp_path: Path
) -> None:
    out, moved = tmp_path / "run", tmp_path / "moved.yaml"
    here("generate", "-c", config, "-o", out, "-n", 4, "--set", "targets.by=coverage")
    gone = f'teacher: {{kind: scripted, url: "{server.url}"'
    moved.write_text(config.read_text().replace(gone, gone.replace(server.url, NOBODY)))
    before = len(server.posts)
    ended = here("probe", "-c", moved, "-o", out, "-n", 2, "--width", 1, "--runs", 3, "--json")
    asked = server.posts[before:]

    found = json.loads(ended.stdout)
    assert (found["conversations"], found["runs"]) == (2, 6)
    assert asked
    assert all(b'"purpose":"student"' in post for post in asked)
    assert "going on with its stored replies" in ended.stderr


def test_probe_prints_the_worst_first(aimed: Path, config: Path) -> None:
    ended = here("probe", "-c", config, "-o", aimed)

    words, _, first, *_ = ended.stdout.splitlines()
    assert words.startswith("student scripted: passes ")
    assert first.startswith(FAILED)


def test_a_band_keeps_only_what_lies_in_it(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    band = ("--set", "student={runs: 3, band: [0.2, 0.85]}", "--set", "targets.by=coverage")
    ended = here("generate", "-c", config, "-o", out, "-n", 3, "--json", *band)

    said = summary(ended)
    assert [row.student_runs for row in rows(out)] == [3, 3, 3]
    for row in rows(out):
        assert 0.2 <= (row.difficulty.student_pass_rate or 0.0) <= 0.85
    assert said["funnel"]["student"]["too_easy"] > 0
    assert manifest(out)["models"]["student"] == "scripted"


def test_a_run_without_a_student_cannot_be_aimed_by(tmp_path: Path, few: Path) -> None:
    with pytest.raises(ConfigError, match="no row that a student answered"):
        summarise(few)


def test_a_real_student_is_sent_no_script_and_its_answers_are_its_own(
    config: Path, tmp_path: Path
) -> None:
    with endpoint(identified=False) as model:
        mine = tmp_path / "mine.yaml"
        student = f'student: {{url: "{model.url}", model: some-model}}'
        lines = config.read_text().splitlines()
        mine.write_text(
            "\n".join(f"  {student}" if "student: {kind" in line else line for line in lines)
        )
        ended = here("probe", "-c", mine, "-o", tmp_path / "run", "-n", 2, "--runs", 1, "--json")

    found = json.loads(ended.stdout)
    assert model.posts
    assert not any(b'"fastsynth"' in post for post in model.posts)
    assert found["pass_rate"] == 0.0


def test_the_page_about_students_names_columns_and_keys_that_exist() -> None:
    page = (Path(__file__).parents[1] / "docs" / "student.md").read_text()
    columns = re.findall(r"`(student\w*)`", page)

    assert {c for c in columns if c != "student"} <= set(CONVERSATION)
    blocks = [yaml.safe_load(found) for found in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    for block in blocks:
        assert decode(block, "page").targets.by == "failure"


def test_an_estimate_adds_the_phase_and_says_that_the_band_is_left_out() -> None:
    one = RoleEstimate(
        role="writer",
        endpoint="teacher",
        model="m",
        requests=10,
        prompt_tokens=100,
        cached_tokens=50,
        completion_tokens=20,
        cost_usd=0.5,
        cost_usd_uncached=1.0,
    )
    both = added(one, one)

    assert (both.requests, both.prompt_tokens, both.cost_usd) == (20, 200, 1.0)
    assert added(None, one) == one
    found = Estimate(conversations=5, sample=2, roles=(both,), band=True)
    assert any("band is left out" in line for line in told(found))
