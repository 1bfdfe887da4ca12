"""What becomes of a job: worth a request or not, accepted as a row or rejected with its reason.

Checks of single turns are the chain's; here stand those of a whole plan and a whole conversation.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from fastsynth.engine.quota import Job
from fastsynth.env.law import Law
from fastsynth.env.world import World, living, row_environment
from fastsynth.method.agents import Agents, Dropped
from fastsynth.method.conversation.dedup import near_bands
from fastsynth.method.conversation.judges import outvoted, vote
from fastsynth.method.conversation.rows import content_hash, row
from fastsynth.method.conversation.student import answer, outside, with_answers
from fastsynth.method.conversation.studio import Studio
from fastsynth.method.conversation.talk import Talk
from fastsynth.method.conversation.witness import is_witnessed, unrepeatable
from fastsynth.method.kinds import is_plain_twin, twin_of
from fastsynth.method.plan import Plan, plan_hash
from fastsynth.method.turns.planner import Setting
from fastsynth.records import Accepted, Attempt, Conversation, Rejected, Vote

REMEDY = (
    "such rows are rejected: keep what the tool needs in its state and take time and chance from "
    "there, or name the result path in `volatile` (docs/own-tools.md)"
)


def before_any_token(job: Job, studio: Studio, plan: Plan) -> Dropped | None:
    """What makes a plan not worth a request: it can never be accepted."""
    if studio.planner.due(job) >= len(plan.turns):
        return Dropped(stage="walk", reason="no_special_turn")
    if not studio.plans.claim(job.number, job.stratum, plan_hash(plan)):
        return Dropped(stage="walk", reason="repeated_plan")
    return None


async def does_not_replay(
    studio: Studio, setting: Setting, found: Plan | Conversation
) -> Dropped | None:
    """What a plan or a conversation is rejected for where others' tools do not give it again; the
    user is told once of each tool."""
    fault = await unrepeatable(studio.domain, setting.parts, setting.scenario.state, found)
    if fault is not None:
        studio.tell(fault.detail.partition(":")[0], f"{fault.detail}; {REMEDY}")
    return fault


def uncontaminated(query: str | Dropped, studio: Studio) -> str | Dropped:
    """The query, unless it holds words of a benchmark."""
    found = studio.benchmarks.overlap(query) if isinstance(query, str) else None
    if found is None:
        return query
    detail = f"{found.benchmark}: {found.words}"
    return Dropped(stage="filter", reason="contaminated", detail=detail)


async def concluded(
    job: Job, studio: Studio, agents: Agents, setting: Setting, talk: Talk
) -> Accepted | Rejected:
    """The outcome of a conversation that has come to its end: long enough, its special turn in it,
    not voted down, and of a difficulty that is wanted."""
    plan = talk.plan_hash
    fault = talk.last_fault or Dropped(stage="filter", reason="too_few_turns")
    if len(talk) < studio.planner.fewest(job):
        return rejected(job, agents, plan, fault, talk.failed)
    if talk.lost_special():
        lost = Dropped(stage="filter", reason="lost_special_turn", detail=fault.reason)
        return rejected(job, agents, plan, lost, talk.failed)
    if is_witnessed(studio.domain):
        made = _row(job, studio, agents, setting, talk, ())
        if (unlike := await does_not_replay(studio, setting, made)) is not None:
            return rejected(job, agents, plan, unlike, talk.failed)
    votes = await _votes(talk, agents, studio.judges)
    if (against := outvoted(votes, studio.judges)) is not None:
        return rejected(job, agents, plan, against, talk.failed)

    def fork() -> AbstractAsyncContextManager[World]:
        return living(studio.domain, setting.parts, setting.scenario.state)

    answers = await answer(talk, agents, fork, studio.exam)
    if (beyond := outside(answers, studio.exam)) is not None:
        return rejected(job, agents, plan, beyond, talk.failed, answers.pass_rate)
    return Accepted(
        job=job.number,
        stratum=job.stratum,
        plan_hash=plan,
        content_hash=content_hash(talk.transcript.messages),
        near=_near(job, studio, talk),
        conversation=with_answers(_row(job, studio, agents, setting, talk, votes), answers),
        attempts=(*talk.failed, *answers.failed),
    )


async def _votes(talk: Talk, agents: Agents, judges: int) -> tuple[Vote, ...]:
    if not judges:
        return ()
    last = talk.last
    script = talk.script("judge", last, agents)
    return await vote(agents, talk.transcript.messages, last.number, script, judges)


def _row(
    job: Job,
    studio: Studio,
    agents: Agents,
    setting: Setting,
    talk: Talk,
    votes: tuple[Vote, ...],
) -> Conversation:
    law: Law | None = getattr(studio.domain, "law", None)
    return row(
        talk,
        agents,
        row_environment(studio.domain, setting.parts),
        setting.scenario.state,
        studio.identity,
        studio.domain.state_check,
        twin_of(job),
        votes,
        studio.effort.verdict,
        law.target if law else "",
    )


def _near(job: Job, studio: Studio, talk: Talk) -> str:
    """Of twins, alike by intention, only the first is held against others."""
    if not studio.near or is_plain_twin(job):
        return ""
    said = (m.content or "" for m in talk.transcript.messages if m.role == "user")
    return near_bands(said)


def rejected(
    job: Job,
    agents: Agents,
    plan: str,
    fault: Dropped,
    attempts: tuple[Attempt, ...] = (),
    student_pass_rate: float | None = None,
) -> Rejected:
    return Rejected(
        job=job.number,
        stratum=job.stratum,
        plan_hash=plan,
        stage=fault.stage,
        reason=fault.reason,
        detail=fault.detail,
        attempts=attempts,
        usage=agents.usage,
        student_pass_rate=student_pass_rate,
    )
