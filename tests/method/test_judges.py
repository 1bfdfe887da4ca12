"""Judges reject by majority and never accept; verdict modes; what failed attempts record."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from method_stage import job, planner
from running import run
from teacher_chat import studio, teacher_chat

from fastsynth.config import Chain, Config
from fastsynth.config.identity import identity_of
from fastsynth.config.roles import roles_of
from fastsynth.llm.chat import Ask, NoReply, Reply
from fastsynth.llm.fake import FakeChat
from fastsynth.method.chain.chain import Effort
from fastsynth.method.conversation.judges import outvoted
from fastsynth.records import Accepted, Rejected, Vote
from fastsynth.replay import Verifier
from fastsynth.sim.teacher.mistakes import NONE, Mistakes
from fastsynth.store.compact import read_preferences, read_rows
from fastsynth.store.preferences import pairs
from fastsynth.synthesis import synthesize

pytestmark = pytest.mark.anyio


def voting(*votes: str) -> FakeChat:
    """The scripted teacher, but for its judges: `yes`, `no`, or a reply without form."""
    teacher = teacher_chat()

    def answer(ask: Ask) -> Reply | NoReply:
        if ask.role != "judge":
            return teacher._answer(ask)
        word = votes[ask.attempt]
        text = json.dumps({"accept": word == "yes", "reason": f"{word}!"})
        return Reply(content=text if word in ("yes", "no") else word, model="somebody")

    return FakeChat(answer)


def mistaken(**shares: float) -> FakeChat:
    return teacher_chat(msgspec.structs.replace(NONE, **shares))


async def test_votes_are_stored_and_a_judge_is_no_teacher() -> None:
    outcome = await synthesize(job(0), studio(planner(), voting("yes", "no", "yes"), judges=3))

    assert isinstance(outcome, Accepted)
    assert [vote.accept for vote in outcome.conversation.votes] == [True, False, True]
    assert outcome.conversation.votes[1].reason == "no!"
    assert outcome.conversation.teacher == "scripted"


async def test_a_majority_of_rejections_rejects() -> None:
    outcome = await synthesize(job(0), studio(planner(), voting("no", "yes", "no"), judges=3))

    assert isinstance(outcome, Rejected)
    assert (outcome.stage, outcome.reason) == ("judge", "majority")
    assert outcome.detail == "no! | no!"
    assert outcome.usage.requests > 0


@pytest.mark.parametrize(
    ("rejections", "judges", "rejected"),
    [(0, 1, False), (1, 1, True), (1, 2, False), (2, 2, True), (1, 3, False), (2, 3, True)],
)
def test_half_is_no_majority(rejections: int, judges: int, rejected: bool) -> None:
    votes = [Vote(accept=n >= rejections, reason="") for n in range(judges)]

    assert (outvoted(votes, judges) is not None) == rejected


async def test_a_vote_without_form_speaks_for_nothing() -> None:
    outcome = await synthesize(job(0), studio(planner(), voting("no", "hm", "hm"), judges=3))

    assert isinstance(outcome, Accepted)
    assert [vote.accept for vote in outcome.conversation.votes] == [False]


async def test_judges_only_take_away() -> None:
    """With judges, what is accepted is a part of what is accepted without, and else the same."""
    without = studio(planner(), teacher_chat())
    harsh = studio(planner(), mistaken(harsh_vote=0.5), judges=3)
    rejected = 0
    for number in range(12):
        plain = await synthesize(job(number), without)
        judged = await synthesize(job(number), harsh)
        if isinstance(judged, Accepted):
            assert isinstance(plain, Accepted)
            assert judged.conversation.messages == plain.conversation.messages
        elif isinstance(plain, Accepted):
            assert isinstance(judged, Rejected)
            assert judged.stage == "judge"
            rejected += 1

    assert 0 < rejected < 12


async def test_judges_are_asked_of_complete_conversations_only() -> None:
    chat = teacher_chat(Mistakes())
    outcomes = [await synthesize(job(n), studio(planner(), chat, judges=2)) for n in range(8)]
    complete = [o for o in outcomes if isinstance(o, Accepted) or o.stage == "judge"]  # type: ignore[union-attr]
    asked = [ask for ask in chat.asked if ask.role == "judge"]

    assert len(asked) == 2 * len(complete)
    assert len({(ask.job, ask.attempt) for ask in asked}) == len(asked)
    assert b"system:" in asked[0].transcript.encoded()


async def test_strict_takes_no_call_beside_the_trace() -> None:
    chatty = mistaken(needless_call=1.0)
    default = [await synthesize(job(n), studio(planner(), chatty)) for n in range(8)]
    effort = Effort(blind=1, attempts=3, verdict="strict")
    strict = [await synthesize(job(n), studio(planner(), chatty, effort)) for n in range(8)]
    reasons = {attempt.reason for outcome in strict for attempt in outcome.attempts}  # type: ignore[union-attr]

    extra = sum(o.conversation.difficulty.extra_calls for o in default if isinstance(o, Accepted))
    left = sum(o.conversation.difficulty.extra_calls for o in strict if isinstance(o, Accepted))
    assert extra > 0
    assert left == 0
    assert "other_calls" in reasons


@pytest.mark.parametrize("stratum", ["base", "parallel", "error_recovery", "missing_parameter"])
async def test_strict_accepts_what_follows_the_trace(stratum: str) -> None:
    made = studio(planner(), teacher_chat(), Effort(verdict="strict"))
    outcomes = [await synthesize(job(n, stratum), made) for n in range(6)]
    verifier = Verifier()

    assert sum(isinstance(outcome, Accepted) for outcome in outcomes) >= 2
    for outcome in outcomes:
        if isinstance(outcome, Accepted):
            assert await verifier.check(outcome.conversation) == []


async def test_progress_is_the_share_of_goals_that_a_failed_attempt_reached() -> None:
    effort = Effort(blind=1, attempts=3, verdict="progress")
    made = studio(planner(), mistaken(missing_call=0.5, wrong_answer=0.3, refusal=0.2), effort)
    found: dict[str, list[float]] = {}
    for number in range(16):
        outcome = await synthesize(job(number), made)
        assert isinstance(outcome, Accepted | Rejected)
        for attempt in outcome.attempts:
            if attempt.progress is not None:
                found.setdefault(attempt.reason, []).append(attempt.progress)
    shares = [share for values in found.values() for share in values]

    assert all(0.0 <= share <= 1.0 for share in shares)
    assert set(found["goal_value_not_told"]) == {1.0}, "all was done, the answer was wrong"
    assert min(shares) == 0.0
    assert any(0.0 < share < 1.0 for share in shares)


async def test_without_that_mode_no_progress_is_measured() -> None:
    outcome = await synthesize(job(0), studio(planner(), mistaken(wrong_argument=1.0)))

    assert isinstance(outcome, Accepted | Rejected)
    assert {attempt.progress for attempt in outcome.attempts} <= {None}


async def test_pairs_share_the_very_words_before_them() -> None:
    made = studio(planner(), mistaken(wrong_argument=0.5, missing_value=0.3))
    found = 0
    for number in range(12):
        outcome = await synthesize(job(number), made)
        if not isinstance(outcome, Accepted):
            continue
        messages = outcome.conversation.messages
        for pair in pairs("row", messages, outcome.attempts):
            found += 1
            end = len(pair.prefix) + len(pair.chosen)

            assert messages[: len(pair.prefix)] == pair.prefix
            assert messages[len(pair.prefix) : end] == pair.chosen
            assert pair.prefix[-1].role == "user"
            assert pair.rejected[0].role == "assistant"
            assert pair.chosen[-1].role == "assistant"
            assert pair.reason
            assert "For you only" not in str(pair)
    assert found > 5


def test_judges_and_verdict_are_part_of_what_a_run_is() -> None:
    plain = Config()
    judged = msgspec.structs.replace(plain, judges=1)
    strict = msgspec.structs.replace(plain, chain=Chain(verdict="strict"))
    hashes = {identity_of(config, "", {}) for config in (plain, judged, strict)}

    assert len(hashes) == 3
    assert "judge" in roles_of(judged)
    assert "judge" not in roles_of(plain)


def test_a_run_with_judges_stores_votes_and_pairs(tmp_path: Path) -> None:
    path = tmp_path / "judged"
    flags = ("--set", "judges=3", "--set", "chain.verdict=progress")
    rates = "{wrong_argument: 0.5, harsh_vote: 0.2}"
    ended = run("generate", "-o", path, "-n", 4, *flags, "--set", f"teacher.mistakes={rates}")
    assert ended.returncode == 0, ended.stderr
    made = list(read_rows(path))
    found = list(read_preferences(path))

    assert {len(row.votes) for row in made} == {3}
    assert all(sum(vote.accept for vote in row.votes) >= 2 for row in made)
    assert found
    assert {pair.id for pair in found} <= {row.id for row in made}
    assert any(pair.progress is not None for pair in found)
    assert "preferences.parquet" in (path / "README.md").read_text()
    assert "votes" in (path / "README.md").read_text()
