"""Runs under a user's policy: stated word for word, refused by name, and never broken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import polars as pl
import pytest
from running import Endpoint, here, rows

from fastsynth.env.law import Governed, load_law
from fastsynth.env.registry import open_domain
from fastsynth.env.world import World, living
from fastsynth.errors import EnvironmentBroken
from fastsynth.records import Conversation
from fastsynth.scoring import Scorer
from fastsynth.store.compact import read_preferences

EXAMPLES = Path(__file__).parents[1] / "examples"
CLOCK = "2026-03-02T09:00+01:00"
HOUSE = f'system={{file: clinic_policy.md, clock: {CLOCK}, rules: "python:clinic_rules:rules"}}'
CLINIC = ("--set", "environment=python:clinic", "--set", "scenarios.draft_with=writer",
          "--set", "scenarios.n=6")  # fmt: skip


@pytest.fixture(scope="module")
def governed(tmp_path_factory: pytest.TempPathFactory, scripted: Endpoint) -> Path:
    """A run of which half is about the rules, by a teacher who often does what it should not."""
    run = tmp_path_factory.mktemp("runs") / "governed"
    asked = (*CLINIC, "--set", HOUSE, "--set", "kinds={base: .4, refusal: .6}", "-n", 16)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(EXAMPLES)
        ended = here("generate", "-o", run, *asked, "--base-url", scripted.url, "--quiet")
    assert ended.returncode == 0, ended.stderr
    return run


@pytest.fixture(autouse=True)
def _in_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLES)


def test_the_system_message_states_file_rules_and_clock(governed: Path) -> None:
    policy = (EXAMPLES / "clinic_policy.md").read_text().strip()

    for row in rows(governed):
        said = row.messages[0].content or ""
        assert f"\n\n{policy}\nRule: Book nothing for a patient" in said
        assert "Rule: No appointment is moved to a Friday.\n" in said
        assert said.endswith("It is Monday, 2026-03-02, 09:00 (+01:00).")


def test_no_conversation_breaks_a_rule(governed: Path) -> None:
    clinic = Governed(open_domain("python:clinic"), load_law("clinic_rules:rules"), "")

    async def broken(row: Conversation) -> list[str]:
        async with living(clinic, clinic.parts, json.loads(row.scenario)) as world:
            return [await tried(world, call) for turn in row.ground_truth for call in turn]

    async def tried(world: World, call: Any) -> str:
        arguments = json.loads(call.arguments)
        found = await world.forbidden(call.name, arguments)
        await world.call(call.name, arguments)
        return found

    async def all_broken() -> list[str]:
        try:
            return [rule for row in rows(governed) for rule in await broken(row)]
        finally:
            await clinic.close()

    found = anyio.run(all_broken)
    assert len(found) > 20
    assert not any(found)


def test_refusals_name_the_rule_and_have_twins(governed: Path) -> None:
    made = rows(governed)
    refused = [row for row in made if "refusal" in row.kinds]
    twins = [row.twin for row in made if row.twin]

    assert refused
    for row in refused:
        assert row.ground_truth[row.kinds.index("refusal")] == ()
        assert any(
            rule.text.rstrip(".") in (row.messages[-1].content or "")
            for rule in load_law("clinic_rules:rules").rules
        )
    assert any(twins.count(twin) == 2 for twin in twins)
    assert here("verify", governed).returncode == 0


def test_an_attempt_that_breaks_a_rule_fails_for_that(tmp_path: Path) -> None:
    asked = (*CLINIC, "--set", HOUSE, "--set", "kinds={refusal: 1}", "-n", 12, "--width", 12)
    here("generate", "-o", tmp_path / "run", *asked, "--set", "teacher.mistakes.wrong_argument=0.6")

    attempts = pl.read_parquet(tmp_path / "run" / "attempts.parquet")["attempts"]
    reasons = {attempt["reason"] for row in attempts for attempt in row}
    assert "breaks_rule" in reasons


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("system={file: nowhere.md}", "$.system.file: 'nowhere.md', need a text file"),
        ("system={clock: noon}", "$.system.clock: 'noon', need ISO 8601 with an offset"),
        ("system={clock: '2026-03-02T09:00'}", "need ISO 8601 with an offset"),
        (f"system={{clock: {CLOCK}}}", "$.system.clock"),
        ("system={rules: house}", "$.system.rules: 'house', need python:module:attribute"),
        ("system={rules: 'python:clinic_rules:OWED'}", "need a list of fastsynth.Rule"),
        ("system={rules: 'python:clinic_rules:rules'}", "need one of: accept_exchange_quote"),
        ("system={flie: a.md}", "did you mean file?"),
    ],
)
def test_what_cannot_be_stated_is_one_line(setting: str, says: str, tmp_path: Path) -> None:
    ended = here("generate", "-o", tmp_path / "run", "-n", 2, "--set", setting)

    assert ended.returncode == 2
    assert says in ended.stderr


def test_policy_and_clock_are_identity(governed: Path, tmp_path: Path) -> None:
    other = HOUSE.replace("03-02", "03-03")
    kinds = ("--set", "kinds={base: .4, refusal: .6}")

    ended = here("generate", "-o", governed, *CLINIC, "--set", other, *kinds, "-n", 16)

    assert ended.returncode == 2
    assert "made by a run of identity" in ended.stderr


@pytest.mark.anyio
async def test_rewards_know_the_rules(governed: Path) -> None:
    made = {row.id: row for row in rows(governed)}
    async with Scorer() as scorer:
        own = [(await scorer.reward(row, row.messages)).score for row in made.values()]
        tried = [
            (await scorer.reward(made[p.id], p.rejected, p.turn)).turns[0].reason
            for p in read_preferences(governed)
        ]

    assert set(own) == {1.0}
    assert tried == [p.reason for p in read_preferences(governed)]


@pytest.mark.anyio
async def test_a_reward_is_lost_by_a_call_that_breaks_a_rule(governed: Path) -> None:
    made, turn, truth = next(
        (row, turn, call)
        for row in rows(governed)
        for turn, calls in enumerate(row.ground_truth)
        for call in calls
        if call.name == "book_appointment"
    )
    whitened = {"dentist": "Dr. Sato", "treatment": "whitening"}
    call = {"name": truth.name, "arguments": json.loads(truth.arguments) | whitened}
    said = [{"role": "assistant", "tool_calls": [call]}, {"role": "assistant", "content": "Done."}]
    async with Scorer() as scorer:
        reward = await scorer.reward(made, said, turn)

    assert reward.turns[0].reason == "breaks_rule"
    assert "Dr. Sato does no whitening." in reward.turns[0].detail


@pytest.mark.anyio
async def test_a_scorer_gives_python_tools_the_time_it_is_told(governed: Path) -> None:
    row = next(row for row in rows(governed) if row.num_calls)
    async with Scorer(time_limit=1e-6) as scorer:
        with pytest.raises(EnvironmentBroken, match="took longer than"):
            await scorer.reward(row, row.messages)
