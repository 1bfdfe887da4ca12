"""A student answers finished conversations: what passes, what is blamed, what never changes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import anyio
import msgspec
import pytest
from method_stage import job, planner
from teacher_chat import studio, teacher_chat

from fastsynth.method.conversation.rows import content_hash
from fastsynth.method.conversation.student import Answers, Exam, outside
from fastsynth.records import Accepted, Conversation, Difficulty, Outcome, Rejected, Usage
from fastsynth.store.preferences import pairs
from fastsynth.synthesis import synthesize

STRATA = ("base", "missing_parameter", "missing_function", "refusal", "parallel", "error_recovery")


@lru_cache(maxsize=8)
def outcomes(
    name: str, exam: Exam | None, failing: tuple[tuple[str, float], ...] = ()
) -> list[Outcome]:
    async def made() -> list[Outcome]:
        base = studio(planner(name), teacher_chat(student=dict(failing)))
        examined = msgspec.structs.replace(base, exam=exam)
        jobs = [job(number, stratum) for number in range(4) for stratum in STRATA]
        return [await synthesize(one, examined) for one in jobs]

    return anyio.run(made)


def rows(
    name: str, exam: Exam | None, failing: Mapping[str, float] | None = None
) -> list[Conversation]:
    found = outcomes(name, exam, tuple((failing or {}).items()))
    return [one.conversation for one in found if isinstance(one, Accepted)]


@pytest.mark.parametrize("name", ["world", "bfcl"])
def test_a_student_without_mistakes_passes_every_turn_of_every_kind(name: str) -> None:
    for row in rows(name, Exam(runs=2)):
        assert row.difficulty.student_pass_rate == 1.0
        assert row.difficulty.priority == 0.0
        assert row.student_passes == (2,) * row.num_turns
        assert all(tool.passes == tool.runs for tool in row.student_tools)


def test_a_tool_that_always_goes_wrong_is_blamed_alone_and_later_turns_go_on() -> None:
    found = rows("world", Exam(runs=2), {"hold_flight": 1.0})
    hit = [row for row in found if "hold_flight" in row.ground_truth.__repr__()]
    assert hit

    for row in found:
        for turn, calls in enumerate(row.ground_truth):
            wrong = any(call.name == "hold_flight" for call in calls)
            assert row.student_passes[turn] == (0 if wrong else 2) or not calls
        for tool in row.student_tools:
            assert tool.passes == (0 if tool.tool == "hold_flight" else tool.runs)
    assert all(row.difficulty.student_pass_rate == 0.0 for row in hit)


def test_failed_turns_make_pairs_where_nothing_of_the_students_stands_before() -> None:
    found = outcomes("world", Exam(runs=2), (("hold_flight", 1.0),))
    made = 0

    for one in found:
        if isinstance(one, Accepted):
            row = one.conversation
            own = [attempt for attempt in one.attempts if attempt.source == "student"]
            kept = list(pairs(row.id, row.messages, own))
            clean = {t for t, n in enumerate(row.student_passes) if not any(row.student_passes[:t])}
            assert {pair.turn for pair in kept} == {
                turn for turn in clean if row.student_passes[turn] < row.student_runs
            }
            assert all(pair.source == "student" and pair.reason for pair in kept)
            assert all(pair.prefix[-1].role == "user" for pair in kept)
            said = [(pair.turn, content_hash(pair.rejected)) for pair in kept]
            assert len(set(said)) == len(said)
            made += len(kept)
    assert made


def test_a_student_that_acts_where_it_must_not_fails_that_turn() -> None:
    found = rows("world", Exam(runs=1), {"default": 1.0})
    withheld = [
        row.student_passes[turn]
        for row in found
        for turn, kind in enumerate(row.kinds)
        if kind in ("missing_parameter", "refusal")
    ]

    assert withheld
    assert set(withheld) == {0}


def test_the_conversation_is_the_same_with_and_without_a_student() -> None:
    def bare(row: Conversation) -> Conversation:
        return msgspec.structs.replace(
            row,
            usage=Usage(),
            difficulty=Difficulty(),
            student="",
            student_runs=0,
            student_passes=(),
            student_tools=(),
        )

    probed = rows("world", Exam(runs=2), {"hold_flight": 1.0})

    assert [bare(row) for row in probed] == [bare(row) for row in rows("world", None)]
    assert rows("world", None)[0].difficulty.student_pass_rate is None


def test_a_student_is_paid_for_in_the_row_and_is_not_its_teacher() -> None:
    for probed, plain in zip(rows("world", Exam(runs=2)), rows("world", None), strict=True):
        assert probed.usage.requests > plain.usage.requests + 2 * probed.num_turns - 1
        assert (probed.teacher, probed.student, plain.student) == ("scripted", "scripted", "")


@pytest.mark.parametrize(
    ("rate", "reason"), [(0.0, "too_easy"), (1.0, "too_hard")], ids=["never wrong", "always wrong"]
)
def test_what_lies_outside_the_band_is_rejected_with_its_rate(rate: float, reason: str) -> None:
    found = outcomes("world", Exam(runs=2, band=(0.2, 0.85)), (("default", rate),))
    said = [one for one in found if isinstance(one, Rejected) and one.stage == "student"]

    assert said
    assert {one.reason for one in said} == {reason}
    assert {one.student_pass_rate for one in said} == {1.0 - rate}


def test_both_ends_of_the_band_are_inside() -> None:
    answers = [Answers(runs=4, whole=whole) for whole in range(5)]

    inside = [outside(one, Exam(runs=4, band=(0.25, 0.75))) is None for one in answers]

    assert inside == [False, True, True, True, False]
    assert [one.priority for one in answers] == [0.0, 0.75, 1.0, 0.75, 0.0]
