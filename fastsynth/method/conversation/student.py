"""A student answers a finished conversation: whole runs without help, judged like the teacher's.

Each run goes its own way through the user's turns, in a world of its own. Where it fails a turn,
the recorded turn stands in, so that every later one is still measured from a right state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager

import msgspec

from fastsynth.env.world import World
from fastsynth.llm.wire import Transcript
from fastsynth.method.agents import Agents, Dropped
from fastsynth.method.chain.attempt import Trial, attempt
from fastsynth.method.conversation.rows import content_hash, turns_of
from fastsynth.method.conversation.talk import Kept, Talk
from fastsynth.method.plan import Turn
from fastsynth.records import Attempt, Conversation, Message, ToolRuns, canonical


class Exam(msgspec.Struct, frozen=True, kw_only=True):
    """What every accepted conversation is put to."""

    runs: int
    band: tuple[float, float] | None = None
    """Share of runs that pass, both ends included, outside which it does not count."""


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it; the fields but the last are a row's columns `student_*`."""

    model: str = ""
    runs: int = 0
    whole: int = 0
    """Runs in which every turn passed."""
    passes: tuple[int, ...] = ()
    tools: tuple[ToolRuns, ...] = ()
    failed: tuple[Attempt, ...] = ()
    """Failed turns before which stands what stands in the row, each failure once."""

    @property
    def pass_rate(self) -> float | None:
        """r, in [0, 1]."""
        return round(self.whole / self.runs, 4) if self.runs else None

    @property
    def priority(self) -> float | None:
        """4 r (1 - r), in [0, 1] (RODS)."""
        rate = self.pass_rate
        return None if rate is None else round(4 * rate * (1 - rate), 4)


UNASKED = Answers()


def with_answers(row: Conversation, answers: Answers) -> Conversation:
    """The row with its columns `student_*` and its difficulty for that student."""
    if not answers.runs:
        return row
    replace = msgspec.structs.replace
    rate, priority = answers.pass_rate, answers.priority
    return replace(
        row,
        student=answers.model,
        student_runs=answers.runs,
        student_passes=answers.passes,
        student_tools=answers.tools,
        difficulty=replace(row.difficulty, student_pass_rate=rate, priority=priority),
    )


async def answer(
    talk: Talk,
    agents: Agents,
    fork: Callable[[], AbstractAsyncContextManager[World]],
    exam: Exam | None,
) -> Answers:
    """Answers to the whole conversation, one after another; none without an exam. What they cost
    is added to `agents`. `fork` opens a world at the conversation's start."""
    if exam is None:
        return UNASKED
    student = agents.student()
    passes = [0] * len(talk.kept)
    came, right = Counter[str](), Counter[str]()
    whole, failed = 0, dict[str, Attempt]()
    for number in range(exam.runs):
        async with fork() as world:
            trials = await _run(talk, student, world, number, failed)
        whole += all(trial.fault is None for trial in trials)
        for kept, trial in zip(talk.kept, trials, strict=True):
            passes[kept.turn.number] += trial.fault is None
            for tool, good in calls_due(kept.turn, trial):
                came[tool] += 1
                right[tool] += good
    agents.usage = agents.usage + student.usage
    return Answers(
        model="+".join(sorted(student.teachers)),
        runs=exam.runs,
        whole=whole,
        passes=tuple(passes),
        tools=tuple(ToolRuns(tool=t, runs=came[t], passes=right[t]) for t in sorted(came)),
        failed=tuple(failed.values()),
    )


def outside(answers: Answers, exam: Exam | None) -> Dropped | None:
    """Why the conversation does not count; None where it does."""
    rate = answers.pass_rate
    if exam is None or exam.band is None or rate is None:
        return None
    low, high = exam.band
    if low <= rate <= high:
        return None
    reason = "too_easy" if rate > high else "too_hard"
    detail = f"{answers.whole} of {answers.runs} runs passed"
    return Dropped(stage="student", reason=reason, detail=detail)


def calls_due(turn: Turn, trial: Trial) -> Iterator[tuple[str, bool]]:
    """(tool, whether it went right) for each call of the trace that the run came to.

    The first that was not made is where it went wrong; of what would have come after it nothing is
    known. A run that made them all and failed all the same failed at the turn's target.
    """
    if trial.fault is None:
        yield from ((step.tool, True) for step in turn.steps)
        return
    made = [(call.tool, canonical(call.arguments)) for call in trial.executed if not call.error]
    last = max((n for n, s in enumerate(turn.steps) if s.tool == turn.target), default=-1)
    missed = any((step.tool, canonical(step.arguments)) not in made for step in turn.steps)
    for number, step in enumerate(turn.steps):
        if missed and (step.tool, canonical(step.arguments)) not in made:
            yield step.tool, False
            return
        yield step.tool, missed or number != last


async def _run(
    talk: Talk, student: Agents, world: World, number: int, failed: dict[str, Attempt]
) -> list[Trial]:
    """The trials of one run, turn by turn. To `failed` are added those that make a pair with the
    recorded turn: before them the student has said nothing of its own."""
    transcript, as_recorded = Transcript(talk.transcript.messages[:1]), True
    seen: list[object] = []
    trials: list[Trial] = []
    recorded = turns_of(talk.transcript.messages)
    for kept, (question, *messages) in zip(talk.kept, recorded, strict=True):
        start = await world.mark()
        transcript.append(question)
        scene = talk.scene_again(kept, student, transcript, seen)
        trial = await attempt(student, world, scene, start, number, 0, [])
        trials.append(trial)
        executed = kept.solved.executed
        if trial.fault is None:
            messages, executed, as_recorded = list(trial.messages), trial.executed, False
        else:
            if as_recorded:
                failed.setdefault(*_failure(kept.turn, question, trial, trial.fault))
            await world.rewind(start)
            await _stand_in(world, kept)
        for message in messages:
            transcript.append(message)
        for call in executed:
            seen += [call.arguments, call.value]
    return trials


def _failure(turn: Turn, question: Message, trial: Trial, fault: Dropped) -> tuple[str, Attempt]:
    """The attempt, under what was said and called in it."""
    said = content_hash((question, *trial.messages))
    attempt = Attempt(
        turn=turn.number,
        level=0,
        reason=fault.reason,
        detail=fault.detail,
        messages=trial.messages,
        query=question.content or "",
        solved=True,
        progress=trial.progress,
        source="student",
    )
    return f"{turn.number} {said}", attempt


async def _stand_in(world: World, kept: Kept) -> None:
    """The recorded calls of a turn, made in its place."""
    for call in kept.solved.executed:
        if not call.error:
            await world.call(call.tool, call.arguments)
