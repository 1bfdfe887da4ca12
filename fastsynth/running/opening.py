"""From a config to what a run or an examination works with: a domain, and endpoints that answered.

Whoever calls closes: the domain itself, and all else by the stack that is handed in.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

import msgspec

from fastsynth.activity import Activity
from fastsynth.config import Config, Endpoint
from fastsynth.config.identity import policy_text
from fastsynth.config.roles import roles_of
from fastsynth.engine.novelty import Novelty, Plans
from fastsynth.engine.quota import Quota
from fastsynth.env.environment import Domain
from fastsynth.env.law import Governed, Law, load_law
from fastsynth.env.registry import Options as ToolOptions
from fastsynth.env.registry import open_domain
from fastsynth.errors import FastsynthError, config_error
from fastsynth.events import Bus, JobFinished, JobStarted
from fastsynth.llm.client import Client, Settings, open_client
from fastsynth.logs import Counts, read_logs
from fastsynth.method.discovery.chart import Chart
from fastsynth.method.turns.planner import Planner, Shape
from fastsynth.method.walk.aims import Aims, cells
from fastsynth.method.walk.targets import COVERAGE, Focus
from fastsynth.sim.embedded import start_embedded
from fastsynth.sim.server import Options
from fastsynth.sim.teacher.mistakes import Mistakes
from fastsynth.store.journal import heads
from fastsynth.store.summary import Tally


def options_of(config: Config) -> ToolOptions:
    return ToolOptions(
        time_limit=config.tools.time_limit,
        start_limit=config.tools.start_limit,
        workers=config.tools.workers,
        result_limit=config.tools.result_limit,
        volatile=config.tools.volatile,
        scenarios=config.scenarios.source if config.scenarios else "",
        hide=config.tools.hide,
        only=config.tools.only,
    )


def domain_of(config: Config) -> Domain:
    domain = open_domain(config.environment, options=options_of(config))
    for name in config.teacher.student:
        if name != "default" and name not in domain.tools:
            allowed = f"need a tool of {config.environment_name}, or `default`"
            raise config_error("$.teacher.student", name, allowed)
    if config.system is None:
        return domain
    rules, clock = config.system.rules, config.system.clock
    law = load_law(rules.removeprefix("python:")) if rules else None
    moment = datetime.fromisoformat(clock).isoformat(timespec="minutes") if clock else ""
    return Governed(domain, law, moment)


def policy_of(config: Config, domain: Domain) -> str:
    """What the user wants every system message to state: the policy file, then the rules."""
    law: Law | None = getattr(domain, "law", None)
    said = [policy_text(config.system)] if config.system else []
    said += [f"Rule: {rule.text}" for rule in law.rules] if law else []
    return "\n".join(text for text in said if text)


def shape_of(config: Config) -> Shape:
    return Shape(
        turns=config.conversation.turns,
        calls=config.conversation.calls,
        tools_visible=config.conversation.tools_visible,
    )


def counts_of(config: Config) -> Counts | None:
    """Of the logs that conversations are to be like; None where there are none."""
    return read_logs(Path(config.logs)) if config.logs else None


def quota_of(config: Config, novelty: Novelty | None, counts: Counts | None) -> Quota:
    weights = weights_of(config)
    wanted = config.output.accepted
    return Quota(wanted, weights, novelty, cells(wanted, weights, counts) if counts else None)


def recall(run_dir: Path, quota: Quota, tally: Tally, plans: Plans | None = None) -> None:
    """Tells them of all jobs that ended, as the journal has them. Raises DamagedFile."""
    for head, _ in heads(run_dir):
        ended = (head.job, head.tag, head.content_hash, head.plan_hash, head.near)
        tally.add(head, quota.record(*ended))
        if plans is not None and head.plan_hash:
            plans.claim(head.job, head.stratum, head.plan_hash)


def weights_of(config: Config) -> dict[str, float]:
    return {str(kind): weight for kind, weight in config.kinds.items() if weight}


def planner_of(
    config: Config, charted: Chart, counts: Counts | None, focus: Focus = COVERAGE
) -> Planner:
    aims = Aims(counts, weights_of(config)) if counts else None
    planner = Planner(charted.domain, charted.graph, shape_of(config), config.seed, aims, focus)
    if config.kinds.get("long_context"):
        planner.room()
    return planner


async def meet_endpoints(
    config: Config, bus: Bus, stack: AsyncExitStack, absent: Collection[str] = ()
) -> Client:
    """A client whose endpoints all answered, but for those that may be `absent`; a scripted one
    without an address is started here."""
    endpoints: dict[str, Endpoint] = {}
    roles = roles_of(config)
    for name in dict.fromkeys(roles.values()):
        endpoint = config.endpoints[name]
        if endpoint.kind == "scripted" and not (
            endpoint.url or endpoint.urls or endpoint.urls_file
        ):
            options = Options(
                latency_ms=config.teacher.latency_ms,
                mistakes=_mistakes(config),
                student=dict(config.teacher.student),
            )
            address = await stack.enter_async_context(start_embedded(options))
            endpoint = msgspec.structs.replace(endpoint, url=address)
        endpoints[name] = endpoint
    settings = Settings(
        endpoints=endpoints, roles=roles, sampling=config.sampling_of(), seed=config.seed
    )
    activity = Activity(config.engine.width)
    activity.open()
    bus.listen(activity.listen, JobStarted, JobFinished)
    client = await stack.enter_async_context(
        open_client(settings, replies=_NoReplies(), bus=bus, activity=activity)
    )
    await client.check(absent)
    return client


def _mistakes(config: Config) -> Mistakes:
    try:
        return msgspec.convert(config.teacher.mistakes, Mistakes)
    except msgspec.ValidationError as error:
        known = ", ".join(field.name for field in msgspec.structs.fields(Mistakes))
        place, found = "$.teacher.mistakes", dict(config.teacher.mistakes)
        raise config_error(place, found, f"{error}; known: {known}") from error


class _NoReplies:
    """Stands in until the run directory is open; nothing is asked before."""

    def get(self, job: int, key: bytes) -> bytes | None:
        raise FastsynthError("no reply store is open yet")

    def put(self, job: int, key: bytes, reply: bytes) -> None:
        raise FastsynthError("no reply store is open yet")
