"""Whole conversations with the scripted teacher in process: what is accepted, and what never is."""

from __future__ import annotations

import msgspec
import pytest
from method_stage import job, planner
from teacher_chat import studio, teacher_chat

from fastsynth.llm.chat import NoReply, Reply
from fastsynth.llm.fake import FakeChat
from fastsynth.method.chain.chain import Effort
from fastsynth.method.chain.leakage import leak
from fastsynth.records import Accepted, Failed, Rejected
from fastsynth.replay import Verifier
from fastsynth.sim.teacher.mistakes import NONE, Mistakes
from fastsynth.synthesis import synthesize

pytestmark = pytest.mark.anyio
STRATA = ("base", "no_tool", "missing_parameter", "missing_function", "refusal", "parallel",
          "error_recovery", "merged", "split")  # fmt: skip
STEP_MISTAKES = (
    "wrong_argument",
    "missing_call",
    "needless_call",
    "malformed_arguments",
    "leaked_reasoning",
    "refusal",
    "text_call",
    "wrong_answer",
    "missing_value",
)


@pytest.mark.parametrize("name", ["world", "bfcl"])
@pytest.mark.parametrize("stratum", STRATA)
async def test_without_mistakes_everything_passes_blind_and_replays(
    name: str, stratum: str
) -> None:
    made = studio(planner(name), teacher_chat())
    verifier = Verifier()
    accepted = 0
    for number in range(12):
        outcome = await synthesize(job(number, stratum), made)
        if not isinstance(outcome, Accepted):
            assert isinstance(outcome, Rejected)
            assert outcome.stage in ("walk", "filter", "query", "advanced"), outcome
            continue
        accepted += 1
        row = outcome.conversation
        assert set(row.hint_levels) == {0}
        assert row.teacher == "scripted"

        assert await verifier.check(row) == []

    assert accepted >= 2


@pytest.mark.parametrize("mistake", STEP_MISTAKES)
async def test_a_mistake_in_every_attempt_never_reaches_a_row_unseen(mistake: str) -> None:
    mistakes = msgspec.structs.replace(NONE, **{mistake: 1.0})
    made = studio(planner(), teacher_chat(Mistakes(**msgspec.structs.asdict(mistakes))))
    verifier = Verifier()
    levels: list[int] = []
    for number in range(8):
        outcome = await synthesize(job(number), made)
        if isinstance(outcome, Accepted):
            row = outcome.conversation
            levels += row.hint_levels

            assert await verifier.check(row) == []
            for message in row.messages:
                assert not leak(message.reasoning or "", "", "")
                for call in message.tool_calls:
                    assert isinstance(msgspec.json.decode(call.arguments), dict)
    harmless = ("needless_call", "text_call", "leaked_reasoning")
    if mistake not in harmless:
        assert not levels or max(levels) > 0, "the critic was never needed"


async def test_a_hinted_pass_is_written_again_without_the_hint() -> None:
    wrong = Mistakes(**{**msgspec.structs.asdict(NONE), "wrong_argument": 1.0})
    made = studio(planner(), teacher_chat(wrong), Effort(blind=1, attempts=3))
    rewritten = 0
    for number in range(10):
        outcome = await synthesize(job(number), made)
        if isinstance(outcome, Accepted):
            rewritten += sum(level > 0 for level in outcome.conversation.hint_levels)
    purposes = {ask.purpose for ask in made.chat.asked}  # type: ignore[attr-defined]

    assert rewritten > 0
    assert "rewrite" in purposes
    assert "hint" in purposes


async def test_calls_can_be_required_of_guided_attempts_alone() -> None:
    wrong = Mistakes(**{**msgspec.structs.asdict(NONE), "wrong_argument": 1.0})
    effort = Effort(blind=1, attempts=3, must_call=True)
    made = studio(planner(), teacher_chat(wrong), effort)
    for number in range(4):
        await synthesize(job(number), made)
    steps = [ask for ask in made.chat.asked if ask.purpose == "step"]  # type: ignore[attr-defined]
    guided = [ask for ask in steps if b"For you only" in ask.transcript.encoded()]

    assert not any(ask.must_call for ask in steps if ask not in guided)
    assert any(ask.must_call for ask in guided)
    assert not all(ask.must_call for ask in guided), "the answer could not be given"


async def test_guidance_is_never_in_the_record() -> None:
    wrong = Mistakes(**{**msgspec.structs.asdict(NONE), "wrong_argument": 1.0})
    made = studio(planner(), teacher_chat(wrong))
    for number in range(8):
        outcome = await synthesize(job(number), made)
        if isinstance(outcome, Accepted):
            text = msgspec.json.encode(outcome.conversation.messages).decode()

            assert "For you only" not in text
            assert "What to mind" not in text


async def test_blind_attempts_all_run_and_are_counted() -> None:
    made = studio(planner(), teacher_chat(), Effort(blind=3, attempts=2))
    outcome = await synthesize(job(0), made)

    assert isinstance(outcome, Accepted)
    assert set(outcome.conversation.blind_tries) == {3}
    assert set(outcome.conversation.blind_passes) == {3}


async def test_replies_that_make_no_sense_are_rejected_with_a_reason() -> None:
    chat = FakeChat(lambda ask: Reply(content="lorem ipsum", model="someone"))
    outcome = await synthesize(job(0), studio(planner(), chat))

    assert isinstance(outcome, Rejected)
    assert (outcome.stage, outcome.reason) == ("advanced", "malformed_reply")


async def test_a_reply_that_never_came_is_no_outcome() -> None:
    chat = FakeChat(lambda ask: NoReply(cause="unavailable", detail="gone"))
    outcome = await synthesize(job(0), studio(planner(), chat))

    assert isinstance(outcome, Failed)
    assert outcome.cause == "endpoint"


async def test_a_context_too_long_is_a_rejection() -> None:
    chat = FakeChat(lambda ask: NoReply(cause="context_length", detail="8193 > 8192"))
    outcome = await synthesize(job(0), studio(planner(), chat))

    assert isinstance(outcome, Rejected)
    assert outcome.reason == "context_length"


async def test_only_requests_that_differ_have_other_places() -> None:
    """(job, turn, role, purpose, attempt, step) and the text never repeat within a job."""
    wrong = Mistakes(**{**msgspec.structs.asdict(NONE), "wrong_argument": 0.5, "refusal": 0.3})
    chat = teacher_chat(wrong)
    made = studio(planner(), chat)
    for number in range(6):
        await synthesize(job(number), made)
    places = [
        (a.job, a.turn, a.role, a.purpose, a.attempt, a.step, a.transcript.encoded())
        for a in chat.asked
    ]

    assert len(places) == len(set(places))
