"""A plan that cannot be accepted costs no request, and a job tried again keeps its plan."""

from __future__ import annotations

import msgspec
import pytest
from method_stage import job, planner
from teacher_chat import studio, teacher_chat

from fastsynth.engine.novelty import Plans
from fastsynth.llm.chat import NoReply
from fastsynth.llm.fake import FakeChat
from fastsynth.method.conversation.studio import Studio
from fastsynth.records import Accepted, Failed, Rejected
from fastsynth.synthesis import synthesize

pytestmark = pytest.mark.anyio


def silent() -> FakeChat:
    return FakeChat(lambda ask: NoReply(cause="unavailable", detail="nobody is there"))


async def claimed(number: int, by: int) -> tuple[Studio, FakeChat]:
    """A studio in which job `by` holds the plan of job `number`."""
    chat, plans = silent(), Plans()
    first = await synthesize(job(number), studio(planner(), teacher_chat()))
    assert isinstance(first, Accepted)
    plans.claim(by, "base", first.plan_hash)
    return msgspec.structs.replace(studio(planner(), chat), plans=plans), chat


async def test_the_plan_of_an_earlier_job_is_rejected_before_any_request() -> None:
    made, chat = await claimed(3, by=1)

    outcome = await synthesize(job(3), made)

    assert isinstance(outcome, Rejected)
    assert (outcome.stage, outcome.reason) == ("walk", "repeated_plan")
    assert outcome.plan_hash
    assert chat.asked == []


@pytest.mark.parametrize("by", [3, 9])
async def test_the_same_job_again_or_a_later_one_stands_in_no_way(by: int) -> None:
    made, chat = await claimed(3, by=by)

    assert isinstance(await synthesize(job(3), made), Failed)
    assert chat.asked


async def test_a_conversation_that_cannot_be_of_its_kind_costs_nothing() -> None:
    chat = silent()
    made = studio(planner(), chat)
    reasons = []
    for number in range(40):
        chat.asked.clear()
        outcome = await synthesize(job(number, "refusal"), made)
        if isinstance(outcome, Rejected):
            reasons.append(outcome.reason)
            assert chat.asked == []

    assert "no_special_turn" in reasons


async def test_twins_bring_one_signature_between_them() -> None:
    made = studio(planner(), teacher_chat())
    near: dict[str, list[str]] = {}
    for number in range(24):
        outcome = await synthesize(job(number, "missing_parameter"), made)
        if isinstance(outcome, Accepted):
            near.setdefault(outcome.conversation.twin, []).append(outcome.near)

    pairs = [both for both in near.values() if len(both) == 2]
    assert pairs
    assert all(first and not second for first, second in pairs)
