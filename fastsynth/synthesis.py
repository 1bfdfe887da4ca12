"""One job -> one Outcome: the paper's algorithm.

Phase I walks the graph to executed turns; Phase II folds each into an advanced tool and writes the
query in reverse; Phase III tries, checks and corrects until the calls are provably right.
"""

from __future__ import annotations

from fastsynth.engine.quota import Job
from fastsynth.env.breath import enter
from fastsynth.env.stops import stops_of
from fastsynth.env.world import World, living
from fastsynth.errors import EnvironmentBroken
from fastsynth.events import JobStarted, TurnFinished
from fastsynth.method.agents import Agents, Dropped, Unanswered
from fastsynth.method.chain.chain import Solved, guided_chain
from fastsynth.method.conversation.acceptance import (
    before_any_token,
    concluded,
    does_not_replay,
    rejected,
    uncontaminated,
)
from fastsynth.method.conversation.distractors import visible_tools
from fastsynth.method.conversation.studio import Studio
from fastsynth.method.conversation.system import system_message
from fastsynth.method.conversation.talk import Talk
from fastsynth.method.plan import Plan, Turn, plan_hash
from fastsynth.method.query.advanced import Advanced, compose
from fastsynth.method.query.query import draw_style, write_query
from fastsynth.method.query.texts import in_own_words
from fastsynth.method.script import Style
from fastsynth.method.turns.planner import Setting
from fastsynth.packed import Packed
from fastsynth.records import Failed, Outcome, Rejected
from fastsynth.seeds import derive


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
    stops = stops_of(studio.domain)
    for tool in stops.lost:
        studio.tell(tool, stops.warning(tool))
    return outcome


async def _synthesize(job: Job, studio: Studio, agents: Agents) -> Outcome:
    setting = studio.planner.setting(job)
    async with living(studio.domain, setting.parts, setting.scenario.state) as world:
        talk = await _plan(job, studio, setting, agents, world)  # Phase I
        if isinstance(talk, Rejected):
            return talk
        while (turn := await talk.next_turn()) is not None:
            _report(studio, job, turn, await _take_turn(talk, turn, studio, agents, world))
        return await concluded(job, studio, agents, setting, talk)


async def _plan(
    job: Job, studio: Studio, setting: Setting, agents: Agents, world: World
) -> Talk | Rejected:
    """Executed turns that are worth a request, and the talk that is to be had over them."""
    plan = await studio.planner.plan(job, setting, world)
    if len(plan.turns) < studio.planner.fewest(job):
        return rejected(job, agents, "", Dropped(stage="walk", reason="too_few_turns"))
    claimed = plan_hash(plan)
    fault = before_any_token(job, studio, plan)
    fault = fault or await does_not_replay(studio, setting, plan)
    if fault is not None:
        return rejected(job, agents, claimed, fault)
    chance = derive(studio.planner.seed, *studio.planner.chance(job), "style")
    style = draw_style(chance, studio.languages)
    if studio.texts:
        graph = studio.planner.graph
        scenario, language = setting.scenario, style.language
        plan = await in_own_words(Packed(plan), agents, graph, scenario, world, language)
    talk = _begin(job, studio, setting, plan, world, claimed, style)
    await world.rest()
    return talk


def _begin(
    job: Job,
    studio: Studio,
    setting: Setting,
    plan: Plan,
    world: World,
    claimed: str,
    style: Style,
) -> Talk:
    planner = studio.planner
    visible = visible_tools(plan, planner, job)
    tools = {name: studio.domain.tools[name] for name in visible}
    policy = [studio.domain.policy.get(part, "") for part in setting.parts] + [studio.policy]
    system = system_message(studio.prompts, plan, policy)
    return Talk(planner, job, setting, plan, world, tools, system, style, claimed)


async def _take_turn(
    talk: Talk, turn: Turn, studio: Studio, agents: Agents, world: World
) -> Dropped | Solved:
    advanced, query = await _ask_in_reverse(talk, turn, agents)  # Phase II
    query = uncontaminated(query, studio)
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
    recalled = talk.recalled(turn)
    query = await write_query(
        agents, turn, advanced, tools, recalled, script, messages, tools, again
    )
    return advanced, query


def _report(studio: Studio, job: Job, turn: Turn, end: Dropped | Solved) -> None:
    event = TurnFinished(
        job=job.number,
        turn=turn.number,
        level=end.level if isinstance(end, Solved) else -1,
        reason=end.reason if isinstance(end, Dropped) else "",
    )
    studio.bus.emit(event)


def _agents(job: Job, studio: Studio) -> Agents:
    planner = studio.planner
    return Agents(studio.chat, studio.prompts, job.number, planner.seed, planner.chance(job))
