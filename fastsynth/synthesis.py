"""One job -> one Outcome: the paper's algorithm.

Phase I walks the graph to executed turns; Phase II folds each into an advanced tool and writes the
query in reverse; Phase III tries, checks and corrects until the calls are provably right.
"""

from __future__ import annotations

from functools import partial

import msgspec

from fastsynth.engine.novelty import Plans
from fastsynth.engine.quota import Job
from fastsynth.env.breath import enter
from fastsynth.env.environment import Domain
from fastsynth.env.world import World, living, row_environment
from fastsynth.errors import EnvironmentBroken
from fastsynth.events import Bus, JobStarted, TurnFinished
from fastsynth.llm.chat import Chat
from fastsynth.method.advanced import Advanced, compose
from fastsynth.method.agents import Agents, Dropped, Unanswered
from fastsynth.method.chain import Effort, Solved, guided_chain
from fastsynth.method.decontaminate import NONE, Benchmarks
from fastsynth.method.dedup import near_bands
from fastsynth.method.distractors import visible_tools
from fastsynth.method.judges import outvoted, vote
from fastsynth.method.kinds import is_plain_twin, twin_of
from fastsynth.method.plan import Plan, Turn, plan_hash
from fastsynth.method.planner import Planner, Setting
from fastsynth.method.query import draw_style, write_query
from fastsynth.method.rows import content_hash, row
from fastsynth.method.student import Exam, answer, outside, with_answers
from fastsynth.method.system import system_message
from fastsynth.method.talk import Talk
from fastsynth.method.texts import in_own_words
from fastsynth.packed import Packed
from fastsynth.prompts import Prompts
from fastsynth.records import Accepted, Attempt, Failed, Outcome, Rejected
from fastsynth.seeds import derive


class Studio(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that all jobs of a run share."""

    domain: Domain
    planner: Planner
    chat: Chat
    prompts: Prompts
    effort: Effort
    identity: str
    bus: Bus
    policy: str = ""
    """The user's own, stated in every system message."""
    texts: bool = False
    """Whether the writer words free texts; else they stay as they were drawn."""
    judges: int = 0
    plans: Plans = msgspec.field(default_factory=Plans)
    benchmarks: Benchmarks = NONE
    near: bool = True
    """Whether near-duplicates are looked for."""
    exam: Exam | None = None
    """What a student is asked of every accepted conversation; None: no student is."""


async def synthesize(job: Job, studio: Studio) -> Outcome:
    """Makes one conversation. Never raises for what a model, a tool or a draw did."""
    await enter()
    studio.bus.emit(JobStarted(job=job.number, stratum=job.stratum))
    agents = _agents(job, studio)
    try:
        outcome = await _synthesize(job, studio, agents)
    except Unanswered as error:
        outcome = Failed(job=job.number, stratum=job.stratum, cause="endpoint", detail=str(error))
    except EnvironmentBroken as error:
        outcome = Failed(
            job=job.number, stratum=job.stratum, cause="environment", detail=str(error)
        )
    return outcome


def _agents(job: Job, studio: Studio) -> Agents:
    planner = studio.planner
    return Agents(studio.chat, studio.prompts, job.number, planner.seed, planner.chance(job))


async def _synthesize(job: Job, studio: Studio, agents: Agents) -> Outcome:
    setting = studio.planner.setting(job)
    async with living(studio.domain, setting.parts, setting.scenario.state) as world:
        talk = await _plan(job, studio, setting, agents, world)  # Phase I
        if isinstance(talk, Rejected):
            return talk
        while (turn := await talk.next_turn()) is not None:
            _report(studio, job, turn, await _take_turn(talk, turn, studio, agents, world))
        return await _outcome(job, studio, agents, setting, talk)


async def _plan(
    job: Job, studio: Studio, setting: Setting, agents: Agents, world: World
) -> Talk | Rejected:
    """Executed turns that are worth a request, and the talk that is to be had over them."""
    plan = await studio.planner.plan(job, setting, world)
    if len(plan.turns) < studio.planner.fewest(job):
        return _rejected(job, agents, "", Dropped(stage="walk", reason="too_few_turns"))
    claimed = plan_hash(plan)
    fault = _before_any_token(job, studio, plan)
    if fault is not None:
        return _rejected(job, agents, claimed, fault)
    if studio.texts:
        plan = await in_own_words(
            Packed(plan), agents, studio.planner.graph, setting.scenario, world
        )
    talk = _begin(job, studio, setting, plan, world)
    talk.plan_hash = claimed
    await world.rest()
    return talk


async def _take_turn(
    talk: Talk, turn: Turn, studio: Studio, agents: Agents, world: World
) -> Dropped | Solved:
    advanced, query = await _ask_in_reverse(talk, turn, agents)  # Phase II
    query = _uncontaminated(query, studio)
    if isinstance(query, Dropped):
        talk.drop(query)
        return query
    scene = talk.scene(turn, advanced, query, agents)
    solved = await guided_chain(agents, world, scene, studio.effort)  # Phase III
    if isinstance(solved, Solved):
        talk.keep(turn, advanced, query, solved)
        return solved
    talk.drop(*solved)
    return solved[0]


def _before_any_token(job: Job, studio: Studio, plan: Plan) -> Dropped | None:
    """What makes a plan not worth a request: it can never be accepted."""
    if studio.planner.due(job) >= len(plan.turns):
        return Dropped(stage="walk", reason="no_special_turn")
    if not studio.plans.claim(job.number, job.stratum, plan_hash(plan)):
        return Dropped(stage="walk", reason="repeated_plan")
    return None


def _uncontaminated(query: str | Dropped, studio: Studio) -> str | Dropped:
    found = studio.benchmarks.overlap(query) if isinstance(query, str) else None
    if found is None:
        return query
    detail = f"{found.benchmark}: {found.words}"
    return Dropped(stage="filter", reason="contaminated", detail=detail)


async def _ask_in_reverse(talk: Talk, turn: Turn, agents: Agents) -> tuple[Advanced, str | Dropped]:
    """The composite tool, then the query written from it alone."""
    tools = talk.all_tools
    script = talk.script("advanced", turn, agents)
    advanced: Advanced | Dropped = Advanced()
    if turn.as_asked().steps:
        advanced = await compose(agents, turn.as_asked(), tools, script, talk.again)
    if isinstance(advanced, Dropped):
        return Advanced(), advanced
    script = talk.script("query", turn, agents)
    messages = talk.transcript.messages
    again = talk.again
    query = await write_query(
        agents, turn, advanced, tools, talk.turns, script, messages, tools, again
    )
    return advanced, query


def _begin(job: Job, studio: Studio, setting: Setting, plan: Plan, world: World) -> Talk:
    planner = studio.planner
    visible = visible_tools(plan, planner, job)
    tools = {name: studio.domain.tools[name] for name in visible}
    policy = [studio.domain.policy.get(part, "") for part in setting.parts] + [studio.policy]
    system = system_message(studio.prompts, plan, policy)
    style = draw_style(derive(planner.seed, *planner.chance(job), "style"))
    return Talk(planner, job, setting, plan, world, tools, system, style)


async def _outcome(
    job: Job, studio: Studio, agents: Agents, setting: Setting, talk: Talk
) -> Outcome:
    plan = talk.plan_hash
    fault = talk.last_fault or Dropped(stage="filter", reason="too_few_turns")
    if len(talk) < studio.planner.fewest(job):
        return _rejected(job, agents, plan, fault, talk.failed)
    if talk.lost_special():
        lost = Dropped(stage="filter", reason="lost_special_turn", detail=fault.reason)
        return _rejected(job, agents, plan, lost, talk.failed)
    last = talk.turns[-1]
    script = talk.script("judge", last, agents)
    votes = await vote(agents, talk.transcript.messages, last.number, script, studio.judges)
    if (against := outvoted(votes, studio.judges)) is not None:
        return _rejected(job, agents, plan, against, talk.failed)
    fork = partial(living, studio.domain, setting.parts, setting.scenario.state)
    answers = await answer(talk, agents, fork, studio.exam)
    if (beyond := outside(answers, studio.exam)) is not None:
        return _rejected(job, agents, plan, beyond, talk.failed, answers.pass_rate)
    return Accepted(
        job=job.number,
        stratum=job.stratum,
        plan_hash=plan,
        content_hash=content_hash(talk.transcript.messages),
        near=_near(job, studio, talk),
        conversation=with_answers(
            row(
                talk,
                agents,
                row_environment(studio.domain, setting.parts),
                setting.scenario.state,
                studio.identity,
                studio.domain.state_check,
                twin_of(job),
                votes,
            ),
            answers,
        ),
        attempts=talk.failed,
    )


def _near(job: Job, studio: Studio, talk: Talk) -> str:
    """Of twins, alike by intention, only the first is held against others."""
    if not studio.near or is_plain_twin(job):
        return ""
    said = (m.content or "" for m in talk.transcript.messages if m.role == "user")
    return near_bands(said)


def _rejected(
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


def _report(studio: Studio, job: Job, turn: Turn, end: Dropped | Solved) -> None:
    event = TurnFinished(
        job=job.number,
        turn=turn.number,
        level=end.level if isinstance(end, Solved) else -1,
        reason=end.reason if isinstance(end, Dropped) else "",
    )
    studio.bus.emit(event)
