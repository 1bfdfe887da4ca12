"""Examines what a run would use: config, environment, endpoints. Says what it found and what to do.

Asks each endpoint two small questions; changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Literal

import msgspec

from fastsynth.config import Config
from fastsynth.config.phases import first_run
from fastsynth.dashboard.finding import shown
from fastsynth.engine.quota import Job
from fastsynth.env.environment import Domain
from fastsynth.env.law import Law
from fastsynth.env.world import living
from fastsynth.errors import FastsynthError, NoEndpoint
from fastsynth.events import Bus, Event, Note
from fastsynth.llm.chat import AgentRole, Ask, NoReply
from fastsynth.llm.client import Client
from fastsynth.llm.wire import Transcript
from fastsynth.method.agents import response_format
from fastsynth.method.discovery.chart import chart
from fastsynth.method.discovery.inquiry import Inquiry
from fastsynth.method.parse import arguments_of, decoded, spoken
from fastsynth.method.script import AdvancedDraft
from fastsynth.method.tooling import tool_list
from fastsynth.method.turns.planner import Planner
from fastsynth.records import Message
from fastsynth.running.opening import domain_of, meet_endpoints, policy_of, shape_of

JOBS = 400
"""Plans tried to see which tools can be reached."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    grade: Literal["good", "warning", "bad"]
    what: str
    advice: str = ""
    exit_code: int = 0


Show = Callable[[Finding], None]


class _NoMemory:
    """The doctor's questions are not part of any run: nothing is stored or reused."""

    def get(self, job: int, key: bytes) -> bytes | None:
        return None

    def put(self, job: int, key: bytes, reply: bytes) -> None:
        return None


async def examine(config: Config, show: Show) -> None:
    """Shows findings as they come; none of them raises."""
    show(Finding(grade="good", what=f"config: environment {config.environment_name}, reads well"))
    try:
        domain = domain_of(config)
    except FastsynthError as error:
        show(_bad("environment", error))
        return
    try:
        await _examine_environment(config, domain, show)
    finally:
        await domain.close()
    async with AsyncExitStack() as stack:
        await _examine_endpoints(config, stack, show)


async def _examine_environment(config: Config, domain: Domain, show: Show) -> None:
    inquiry = Inquiry()
    try:
        async with shown(inquiry):
            charted = await chart(domain, config.graph, config.seed, inquiry=inquiry)
    except FastsynthError as error:
        show(_bad("graph", error))
        return
    domain, graph = charted.domain, charted.graph
    planner = Planner(domain, graph, shape_of(config), config.seed)
    what = f"{len(domain.tools)} tools, {len(graph.edges)} value edges, {len(graph.orders)} orders"
    what += ", found before for these tools and this seed" if charted.cached else ""
    show(Finding(grade="good", what=f"environment {domain.name}: {what}"))
    for note in getattr(domain, "notes", ()):
        show(Finding(grade="warning", what=note))
    for note in charted.notes:
        show(Finding(grade="warning", what=note))
    if config.system is not None:
        law: Law | None = getattr(domain, "law", None)
        rules, words = len(law.rules) if law else 0, len(policy_of(config, domain).split())
        show(Finding(grade="good", what=f"system: {rules} rules, {words} words stated"))
    await _examine_resets(planner, domain, show)
    called, aimed = await _explore(planner, domain)
    silent = sorted(set(domain.tools) - called)
    what = f"{len(called)} of {len(domain.tools)} tools called, {len(aimed)} reached as target"
    if silent:
        what += f"; never: {', '.join(silent)}"
    show(
        Finding(
            grade="bad" if not aimed else "warning" if silent else "good",
            what=what,
            advice="scenarios that give their arguments a value, or remove them" if silent else "",
            exit_code=0 if aimed else 2,
        )
    )


async def _examine_resets(planner: Planner, domain: Domain, show: Show) -> None:
    setting = planner.setting(Job(0, "base", 0))
    digests = []
    for _ in range(2):
        async with living(domain, setting.parts, setting.scenario.state) as world:
            digests.append(await world.digest())
    same = digests[0] == digests[1]
    show(
        Finding(
            grade="good" if same else "bad",
            what=f"two resets give {'one digest' if same else 'different digests'}",
            advice=""
            if same
            else "find what the state takes from a clock or an unseeded generator",
            exit_code=0 if same else 2,
        )
    )


async def _explore(planner: Planner, domain: Domain) -> tuple[set[str], set[str]]:
    """Tools that ran in planning, and tools that were reached as targets."""
    called: set[str] = set()
    aimed: set[str] = set()
    for index in range(min(JOBS, 4 * len(domain.tools))):
        job = Job(index, "base", index)
        setting = planner.setting(job)
        async with living(domain, setting.parts, setting.scenario.state) as world:
            plan = await planner.plan(job, setting, world)
        called |= {step.tool for turn in plan.turns for step in turn.steps}
        aimed |= {turn.target for turn in plan.turns if turn.target}
    return called, aimed


async def _examine_endpoints(config: Config, stack: AsyncExitStack, show: Show) -> None:
    bus = Bus()
    bus.listen(lambda event: _note(event, show))
    try:
        client = await meet_endpoints(first_run(config), bus, stack)
        client.keep_in(_NoMemory())
        for role, model in client.models().items():
            show(Finding(grade="good", what=f"{role}: model {model}"))
        await _examine_tools(config, client, "reasoning", show)
        if "student" in client.models():
            await _examine_tools(config, client, "student", show)
        await _examine_structure(client, show)
    except FastsynthError as error:
        show(_bad("endpoint", error))


def _note(event: Event, show: Show) -> None:
    if isinstance(event, Note):
        show(Finding(grade="warning" if event.level == "warning" else "good", what=event.text))


async def _examine_tools(config: Config, client: Client, role: AgentRole, show: Show) -> None:
    """One call of one tool by a role that calls tools, asked for as plainly as can be."""
    domain = domain_of(config)
    tool = min(domain.tools.values(), key=lambda t: len(t.parameters.get("required", ())))
    words = f"Call the tool {tool.name} now, with any arguments that fit."
    tools = tool_list([tool])
    await domain.close()
    if client.models().get(role) == "scripted":
        what = f"{role}: a scripted teacher; it calls what a plan holds"
        show(Finding(grade="good", what=what))
        return
    reply = await client.ask(_ask(role, words, tools=tools))
    who = "" if role == "reasoning" else f"{role}: "
    if isinstance(reply, NoReply):
        show(_no_reply(f"{who}tool calling", reply))
        return
    calls = spoken(reply, {tool.name})
    native = bool(reply.tool_calls)
    usable = bool(calls.calls) and arguments_of(calls.calls[0]) is not None
    if native and usable:
        show(Finding(grade="good", what=f"{who}tool calling: native calls"))
    elif usable:
        advice = "it is parsed; on vLLM, --enable-auto-tool-choice --tool-call-parser may help"
        show(Finding(grade="warning", what=f"{who}tool calling: calls come as text", advice=advice))
    else:
        advice = "on vLLM: --enable-auto-tool-choice --tool-call-parser hermes (or the model's)"
        show(
            Finding(
                grade="bad", what=f"{who}tool calling: no call came", advice=advice, exit_code=4
            )
        )
    if role == "student":
        return
    seen = "present" if reply.reasoning else "absent"
    advice = "" if reply.reasoning else "rows will have no reasoning; vLLM: --reasoning-parser"
    show(
        Finding(
            grade="good" if reply.reasoning else "warning",
            what=f"reasoning field: {seen}",
            advice=advice,
        )
    )


async def _examine_structure(client: Client, show: Show) -> None:
    if client.models().get("writer") == "scripted":
        return
    words = (
        "Fold these calls into one tool: find_user(name='Ann') -> 7, greet(id=7) -> done. Reply "
        'with JSON: {"purposeful": true, "purpose": "...", "name": "...", "description": "..."}'
    )
    reply = await client.ask(_ask("writer", words, schema=response_format(AdvancedDraft)))
    if isinstance(reply, NoReply):
        show(_no_reply("structured output", reply))
        return
    try:
        decoded(reply.content, AdvancedDraft)
    except msgspec.DecodeError as error:
        advice = "set endpoints.NAME.structured to json_object or text, or raise max_tokens"
        what = f"structured output: {error}: {reply.content[:80]!r}"
        show(Finding(grade="warning", what=what, advice=advice))
        return
    show(Finding(grade="good", what="structured output: follows the schema"))


def _ask(role: AgentRole, words: str, tools: tuple[bytes, ...] = (), schema: bytes = b"") -> Ask:
    return Ask(
        job=0,
        turn=0,
        role=role,
        purpose="doctor",
        attempt=0,
        step=0,
        transcript=Transcript((Message(role="user", content=words),)),
        tools=tools,
        schema=schema,
    )


def _no_reply(what: str, reply: NoReply) -> Finding:
    detail = f"{what}: {reply.cause}: {reply.detail}"
    return Finding(grade="bad", what=detail, advice="see the server's log", exit_code=4)


def _bad(what: str, error: FastsynthError) -> Finding:
    code = 4 if isinstance(error, NoEndpoint) else error.exit_code
    return Finding(grade="bad", what=f"{what}: {error}", exit_code=code)
