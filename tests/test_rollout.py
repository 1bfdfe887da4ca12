"""A rollout takes a model through a row: the row's own words pass, others end it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
from running import environ, here

import fastsynth
from fastsynth.errors import ConfigError, FastsynthError
from fastsynth.method.conversation.rows import turns_of
from fastsynth.records import Conversation, Message
from fastsynth.store.exports.formats import chat_messages
from fastsynth.store.task import task_of


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "plain"
    kinds = "kinds={base: .6, missing_function: .2, missing_parameter: .2}"
    ended = here("generate", "-o", path, "-n", 8, "--quiet", "--set", kinds)
    assert ended.returncode == 0, ended.stderr
    return path


@pytest.fixture(scope="module")
def rows(run: Path) -> list[Conversation]:
    return list(fastsynth.load(run))


@pytest.fixture(scope="module")
def lines(run: Path) -> list[dict[str, Any]]:
    out = run.with_name("tasks.jsonl")
    here("export", run, "--format", "rl", "-o", out)
    return [json.loads(line) for line in out.read_text().splitlines()]


def own(row: Conversation) -> Iterator[Message]:
    """What the row's assistant says, step by step."""
    return (message for message in row.messages if message.role == "assistant")


def test_the_rows_own_words_pass_every_turn_and_see_what_it_saw(rows: list[Conversation]) -> None:
    for row in rows:
        with fastsynth.Rollout(row) as rollout:
            gained = [rollout.step(message).reward for message in own(row)]

            assert rollout.done
            assert rollout.reward.share == 1.0
            assert rollout.messages == chat_messages(row.messages, "field")
        assert sum(gained) == pytest.approx(1.0)
        assert sum(1 for reward in gained if reward) == row.num_turns


def test_tools_that_come_later_are_shown_when_they_come(rows: list[Conversation]) -> None:
    row = next(row for row in rows if row.tools_added)
    with fastsynth.Rollout(row) as rollout:
        first = len(rollout.tools)
        for message in own(row):
            rollout.step(message)

        assert len(rollout.tools) > first


def test_an_answer_that_fails_ends_it(rows: list[Conversation]) -> None:
    row = next(row for row in rows if row.num_turns > 1 and row.ground_truth[0])
    with fastsynth.Rollout(row) as rollout:
        step = rollout.step("I cannot do that.")
        reward = rollout.reward

        assert (step.messages, step.reward, step.done) == ([], 0.0, True)
        assert [turn.reason for turn in reward.turns[1:]] == ["not_reached"] * (row.num_turns - 1)
        with pytest.raises(FastsynthError, match="a step after its end"):
            rollout.step("Sorry.")


def test_a_task_is_one_turn(rows: list[Conversation], lines: list[dict[str, Any]]) -> None:
    row, line = rows[-1], lines[-1]
    *_, (_, *said) = turns_of(row.messages)
    with fastsynth.Rollout(line["task"]) as rollout:
        assert [rollout.messages, rollout.tools] == [line["prompt"], json.loads(line["tools"])]
        for message in said:
            if message.role == "assistant":
                rollout.step(message)

        assert (rollout.done, float(rollout.reward)) == (True, 1.0)


def test_a_line_may_be_about_all_turns(run: Path, rows: list[Conversation]) -> None:
    out = run.with_name("whole.jsonl")
    here("export", run, "--format", "rl", "--by", "conversation", "-o", out)
    lines = [json.loads(line) for line in out.read_text().splitlines()]

    assert [(line["id"], line["turn"]) for line in lines] == [(row.id, None) for row in rows]
    for row, line in zip(rows, lines, strict=True):
        with fastsynth.Rollout(line["task"]) as rollout:
            assert [rollout.messages, rollout.tools] == [line["prompt"], json.loads(line["tools"])]
            for message in own(row):
                rollout.step(message)

            assert rollout.reward.share == 1.0


@pytest.mark.parametrize(("form", "by"), [("rl", "step"), ("trl", "turn"), ("dpo", "turn")])
def test_what_a_line_cannot_be_about_is_one_line(run: Path, form: str, by: str) -> None:
    ended = here("export", run, "--format", form, "--by", by)

    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"--by: {by!r}, need one of " in ended.stderr


def test_a_turn_without_an_answer_has_failed_but_its_calls_may_be_right(
    rows: list[Conversation],
) -> None:
    row = next(row for row in rows if row.kinds[0] == "base")
    for answer, score in ((True, 0.0), (False, 1.0)):
        with fastsynth.Rollout(row, 0, answer=answer) as rollout:
            for message in own(row):
                if not message.tool_calls:
                    break
                rollout.step(message)

            assert (rollout.done, rollout.reward.score) == (False, score)


def test_a_request_has_arguments_as_text(rows: list[Conversation]) -> None:
    row = next(row for row in rows if row.kinds[0] == "base")
    with fastsynth.Rollout(row) as rollout:
        rollout.step(next(own(row)))
        request = rollout.request

    call = next(m for m in request["messages"] if m.get("tool_calls"))["tool_calls"][0]
    assert isinstance(json.loads(call["function"]["arguments"]), dict)
    assert request["tools"] == json.loads(row.tools)


def test_threads_have_rollouts_side_by_side(rows: list[Conversation]) -> None:
    def taken(row: Conversation) -> float:
        with fastsynth.Rollout(row) as rollout:
            for message in own(row):
                rollout.step(message)
            return rollout.reward.share

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(taken, rows * 2)) == {1.0}


@pytest.fixture
async def scorer() -> AsyncIterator[fastsynth.Scorer]:
    async with fastsynth.Scorer() as opened:
        yield opened


@pytest.mark.anyio
async def test_a_loop_has_them_without_a_thread(
    rows: list[Conversation], scorer: fastsynth.Scorer
) -> None:
    async with scorer.rollout(rows[0]) as rollout:
        for message in own(rows[0]):
            await rollout.step(message)

        assert (await rollout.reward()).score == 1.0


def test_a_task_as_versions_before_wrote_it_is_read(lines: list[dict[str, Any]]) -> None:
    task = task_of(lines[0]["task"])
    plain = msgspec.json.encode(task).decode()

    assert len(lines[0]["task"]) < len(plain) / 3
    assert task_of(plain) == task


def test_a_task_that_was_cut_is_one_line(lines: list[dict[str, Any]]) -> None:
    held = json.loads(lines[0]["task"])

    with pytest.raises(ConfigError, match=f"task of row {held['id']}: packed: .*, need it whole"):
        task_of(json.dumps({**held, "packed": held["packed"][:-10]}))


def test_a_program_that_closes_nothing_ends(lines: list[dict[str, Any]], tmp_path: Path) -> None:
    (tmp_path / "task.json").write_text(lines[0]["task"])
    program = (
        "import fastsynth\nheld = fastsynth.Rollout(open('task.json').read())\n"
        "fastsynth.Rollout(open('task.json').read())\nprint(held.done)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environ(),
        capture_output=True,
        timeout=60,
    )

    assert (ended.returncode, ended.stdout) == (0, b"False\n")
