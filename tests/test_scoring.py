"""A reward agrees with the run that made the row: what it kept passes, what it refused fails."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from running import environ, here

import fastsynth
from fastsynth.errors import ConfigError, FastsynthError
from fastsynth.method.conversation.rows import turns_of
from fastsynth.records import Conversation, Message, ToolCall
from fastsynth.scoring import Scorer
from fastsynth.store.compact import read_preferences

replace = msgspec.structs.replace
Said = list[Message]
READS = ("list_", "find_", "get_s", "searc", "check")
KINDS = (
    "kinds={base: .1, no_tool: .1, missing_parameter: .1, missing_function: .1, refusal: .1, "
    "parallel: .1, error_recovery: .1, merged: .1, split: .1, long_context: .1}"
)
MISTAKES = (
    "teacher.mistakes={wrong_argument: .15, missing_call: .1, wrong_answer: .08, needless_call: .08"
    ", missing_value: .08, text_call: .08, malformed_arguments: .05, refusal: .05}"
)
STUDENT = (
    "--set", "student={runs: 1}", "--set", "teacher.student={default: .3}",
    "--set", "endpoints.learner={kind: scripted}",
    "--set", "roles={default: teacher, student: learner}",
)  # fmt: skip


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of all kinds of turn, whose teacher often goes wrong, and its student oftener."""
    path = tmp_path_factory.mktemp("runs") / "mixed"
    asked = ("--set", KINDS, "--set", MISTAKES, *STUDENT)
    ended = here("generate", "-o", path, "-n", 24, "--width", 24, "--quiet", *asked)
    assert ended.returncode == 0, ended.stderr
    return path


@pytest.fixture(scope="module")
def made(mixed: Path) -> dict[str, Conversation]:
    return {row.id: row for row in fastsynth.load(mixed)}


@pytest.fixture
async def scorer() -> AsyncIterator[Scorer]:
    async with Scorer() as opened:
        yield opened


@pytest.mark.anyio
async def test_what_a_run_kept_passes_turn_by_turn(
    made: dict[str, Conversation], scorer: Scorer
) -> None:
    rewards = {row.id: await scorer.reward(row, row.messages) for row in made.values()}

    failed = [(made[name].kinds, got) for name, got in rewards.items() if got.score != 1.0]
    assert failed == []
    assert [len(got.turns) for got in rewards.values()] == [row.num_turns for row in made.values()]
    assert len({kind for row in made.values() for kind in row.kinds}) == 12


@pytest.mark.anyio
async def test_what_a_run_refused_fails_for_the_same_reason(
    mixed: Path, made: dict[str, Conversation], scorer: Scorer
) -> None:
    pairs = list(read_preferences(mixed))
    rewards = [await scorer.reward(made[p.id], p.rejected, p.turn) for p in pairs]

    assert {p.source for p in pairs} == {"teacher", "student"}
    assert [got.score for got in rewards] == [0.0] * len(pairs)
    assert [got.turns[0].reason for got in rewards] == [p.reason for p in pairs]


def without_a_call(said: Said) -> Iterator[Said]:
    for message in said:
        for call in message.tool_calls:
            left = tuple(other for other in message.tool_calls if other is not call)
            kept = [replace(m, tool_calls=left) if m is message else m for m in said]
            yield [m for m in kept if m.tool_call_id != call.id and (m.content or m.tool_calls)]


def with_another_argument(said: Said) -> Iterator[Said]:
    for message in said:
        for call in message.tool_calls:
            given = json.loads(call.arguments)
            for name, value in given.items():
                if isinstance(value, str | int | float) and not isinstance(value, bool):
                    other = f"{value}x" if isinstance(value, str) else value + 1
                    yield with_call(said, call, {**given, name: other})


def with_call(said: Said, call: ToolCall, arguments: dict[str, Any]) -> Said:
    changed = replace(call, arguments=json.dumps(arguments))
    return [
        replace(m, tool_calls=tuple(changed if c is call else c for c in m.tool_calls))
        for m in said
    ]


def with_another_number(said: Said) -> Iterator[Said]:
    answer = said[-1].content or ""
    for found in re.finditer(r"\d\d\d+", answer):
        text = f"{answer[: found.start()]}{int(found.group()) + 7777}{answer[found.end() :]}"
        yield [*said[:-1], replace(said[-1], content=text)]


@pytest.mark.anyio
@pytest.mark.parametrize("change", [without_a_call, with_another_argument, with_another_number])
async def test_a_changed_turn_fails(
    made: dict[str, Conversation], scorer: Scorer, change: Any
) -> None:
    scores = []
    for row in made.values():
        if row.difficulty.extra_calls or row.errors_recovered:
            continue
        for turn, (_, *said) in enumerate(turns_of(row.messages)):
            for other in change(said):
                scores.append((await scorer.reward(row, other, turn, strict=True)).score)

    assert len(scores) > 20
    assert set(scores) == {0.0}


@pytest.mark.anyio
async def test_a_call_that_changes_the_state_is_missed_by_default_too(
    made: dict[str, Conversation], scorer: Scorer
) -> None:
    row = next(r for r in made.values() if r.kinds[0] == "base" and r.digests[0] != r.digests[1])
    (question, *said) = next(turns_of(row.messages))
    reward = await scorer.reward(row, [question, said[-1]], 0)

    assert reward.turns[0].reason == "wrong_state"


@pytest.mark.anyio
async def test_a_read_made_again_where_nothing_has_changed_fails(
    made: dict[str, Conversation], scorer: Scorer
) -> None:
    reasons = []
    for row in made.values():
        for turn, (_, *said) in enumerate(turns_of(row.messages)):
            failed = said[1:] and (said[1].content or "").startswith('{"error"')
            reads = row.kinds[turn] == "base" and said[0].tool_calls[0].name.startswith(READS)
            if failed or not reads:
                continue
            calls = tuple(replace(call, id=f"{call.id[:8]}z") for call in said[0].tool_calls)
            again = [replace(said[0], tool_calls=calls), *said]
            reasons.append((await scorer.reward(row, again, turn)).turns[0].reason)

    assert len(reasons) > 5
    assert set(reasons) == {"repeats_call"}


@pytest.mark.anyio
async def test_after_a_failed_turn_the_rows_own_stands_in(
    made: dict[str, Conversation], scorer: Scorer
) -> None:
    row = next(row for row in made.values() if row.num_turns > 2 and row.ground_truth[0])
    (question, *_), *rest = turns_of(row.messages)
    said = [question, Message(role="assistant", content="No."), *(m for t in rest for m in t)]
    reward = await scorer.reward(row, said)

    assert [turn.passed for turn in reward.turns] == [False] + [True] * (row.num_turns - 1)
    assert (reward.score, reward.share) == (0.0, (row.num_turns - 1) / row.num_turns)


@pytest.mark.anyio
async def test_turns_that_were_not_reached_fail(
    made: dict[str, Conversation], scorer: Scorer
) -> None:
    row = next(row for row in made.values() if row.num_turns > 1)
    reward = await scorer.reward(row, next(turns_of(row.messages)))

    assert reward.turns[0].passed
    assert {turn.reason for turn in reward.turns[1:]} == {"not_reached"}


@pytest.mark.anyio
async def test_words_after_the_answer_and_calls_without_one_fail(
    made: dict[str, Conversation], scorer: Scorer
) -> None:
    row = next(iter(made.values()))
    (_, *said) = next(turns_of(row.messages))
    more = await scorer.reward(row, [*said, Message(role="assistant", content="Hm.")], 0)
    less = await scorer.reward(row, said[:-1], 0)

    assert more.turns[0].reason == "goes_on_after_answer"
    assert less.turns[0].reason == "no_answer"
    assert (await scorer.reward(row, said[:-1], 0, answer=False)).score == 1.0


@pytest.fixture(scope="module")
def tasks(mixed: Path) -> list[dict[str, Any]]:
    out = mixed.with_name("tasks.jsonl")
    ended = here("export", mixed, "--format", "rl", "-o", out)
    assert ended.returncode == 0, ended.stderr
    return [json.loads(line) for line in out.read_text().splitlines()]


def completion(made: dict[str, Conversation], line: dict[str, Any]) -> list[dict[str, Any]]:
    """The row's own turn in OpenAI's form."""
    (_, *said) = list(turns_of(made[line["id"]].messages))[line["turn"]]
    return [
        {
            "role": m.role,
            "content": m.content,
            "tool_calls": [
                {"function": {"name": c.name, "arguments": json.loads(c.arguments)}}
                for c in m.tool_calls
            ],
        }
        for m in said
    ]


def test_a_line_of_rl_judges_what_comes_after_its_prompt(
    made: dict[str, Conversation], tasks: list[dict[str, Any]]
) -> None:
    assert len(tasks) == sum(row.num_turns for row in made.values())
    for line in tasks[::7]:
        said = completion(made, line)
        assert fastsynth.reward(line["task"], said).score == 1.0
        assert float(fastsynth.reward(line["task"], [*line["prompt"], *said])) == 1.0
        assert fastsynth.reward(line["task"], "I would rather not.").score == 0.0


@pytest.mark.anyio
async def test_an_episode_gives_results_as_the_row_has_them(
    made: dict[str, Conversation], tasks: list[dict[str, Any]], scorer: Scorer
) -> None:
    line = next(line for line in tasks if line["kind"] == "error_recovery")
    (_, *said) = list(turns_of(made[line["id"]].messages))[line["turn"]]
    async with scorer.episode(line["task"]) as episode:
        results = [
            r["content"] for m in said if m.role == "assistant" for r in await episode.step(m)
        ]
        assert episode.over
        assert (await episode.reward()).passed

    assert results == [m.content for m in said if m.role == "tool"]
    assert [episode.messages, episode.tools] == [line["prompt"], json.loads(line["tools"])]


@pytest.mark.parametrize("written", ["tagged", "thought"])
def test_calls_written_as_text_count(
    made: dict[str, Conversation], tasks: list[dict[str, Any]], written: str
) -> None:
    line = next(t for t in tasks if t["kind"] == "base" and t["turn"] == 0)
    said = completion(made, line)
    for message in said:
        if message["tool_calls"]:
            calls = [json.dumps(call["function"]) for call in message.pop("tool_calls")]
            text = "".join(f"<tool_call>\n{call}\n</tool_call>" for call in calls)
            message["content"] = text if written == "tagged" else f"<think>\nSo.\n</think>\n{text}"

    assert fastsynth.reward(line["task"], said).score == 1.0


def test_what_no_message_can_be_fails_and_raises_nothing(tasks: list[dict[str, Any]]) -> None:
    said = [{"role": "assistant", "content": 7, "tool_calls": [{"function": {"name": 3}}]}]

    assert fastsynth.reward(tasks[0]["task"], said).turns[0].reason == "malformed_message"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("row", "turn", "said"),
    [
        ({"checks": "[]"}, None, "no column `checks`"),
        ({"digests": ("0" * 32,) * 9}, 0, "another state than recorded"),
        ({}, 99, "turn: 99, need a turn of row"),
        ({"scenario": 3}, 0, "need a row of a run"),
    ],
)
async def test_a_row_that_cannot_judge_is_one_line(
    made: dict[str, Conversation], scorer: Scorer, row: dict[str, Any], turn: int, said: str
) -> None:
    columns = msgspec.structs.asdict(next(iter(made.values()))) | row

    with pytest.raises(FastsynthError, match=said) as raised:
        await scorer.reward(columns, "Hello.", turn)

    assert "\n" not in str(raised.value)


def test_pairs_out_of_the_order_of_rows_are_one_line(mixed: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(mixed, run, ignore=shutil.ignore_patterns("journal", "replies"))
    pairs = pl.read_parquet(run / "preferences.parquet")
    pairs.reverse().write_parquet(run / "preferences.parquet")
    ended = here("export", run, "--format", "dpo", "-o", tmp_path / "pairs.jsonl")

    assert ended.returncode == 2
    assert "out of the order of data/, need both as `fastsynth compact" in ended.stderr


def test_load_names_what_holds_no_rows(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no part-\*\.parquet, need the directory of a run"):
        fastsynth.load(tmp_path)


def test_a_program_that_scored_ends(tasks: list[dict[str, Any]], tmp_path: Path) -> None:
    (tmp_path / "task.json").write_text(tasks[0]["task"])
    program = "import fastsynth; print(fastsynth.reward(open('task.json').read(), 'No.').score)"
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environ(),
        capture_output=True,
        timeout=60,
    )

    assert (ended.returncode, ended.stdout) == (0, b"0.0\n")
