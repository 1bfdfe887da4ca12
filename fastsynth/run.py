"""The composition root: opens everything a run needs, wires it, and closes it again.

A run that has nothing left to do opens no environment and asks no endpoint.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import islice
from pathlib import Path

import anyio
import msgspec
from anyio.abc import TaskGroup
from rich.console import Console

from fastsynth.config import Config
from fastsynth.dashboard.chat import render_conversation
from fastsynth.dashboard.eventlog import EventLog, event_log
from fastsynth.dashboard.watch import Mode, watch
from fastsynth.deck import dealt
from fastsynth.engine.novelty import Novelty, Plans
from fastsynth.engine.shutdown import Budget, Stop
from fastsynth.engine.space import Space
from fastsynth.engine.unwrap import unwrapped
from fastsynth.env.environment import Domain
from fastsynth.errors import (
    ConfigError,
    Interrupted,
    NoEndpoint,
    NothingAccepted,
    config_error,
)
from fastsynth.events import Bus, Note, RunStarted
from fastsynth.identity import identity_of
from fastsynth.llm.client import Client
from fastsynth.logs import MATCH
from fastsynth.method.chain import Effort
from fastsynth.method.chart import Chart, chart
from fastsynth.method.decontaminate import load_benchmarks
from fastsynth.method.student import Exam
from fastsynth.method.targets import COVERAGE, Focus
from fastsynth.opening import (
    counts_of,
    domain_of,
    meet_endpoints,
    planner_of,
    policy_of,
    quota_of,
)
from fastsynth.prompts import Prompts, load_prompts
from fastsynth.records import Usage, encode
from fastsynth.roles import further_prompts, roles_of
from fastsynth.settings import dump
from fastsynth.sitting import Books, Sitting, teachers
from fastsynth.spent import Spent, spent_before
from fastsynth.store.compact import read_rows
from fastsynth.store.journal import Journal, heads
from fastsynth.store.manifest import Manifest
from fastsynth.store.replies import ReplyLog
from fastsynth.store.rundir import Resume, RunDir, earlier
from fastsynth.store.summary import Tally, summary_of
from fastsynth.store.traffic import Traffic
from fastsynth.synthesis import Studio

ENDED = ("done", "hopeless", "nothing_accepted")


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line asks of a run."""

    config: Config
    run_dir: Path
    resume: Resume = "auto"
    reuse: tuple[Path, ...] = ()
    mode: Mode = "auto"
    focus: Focus = COVERAGE
    probe: str = ""
    """Digest of the results that `focus` was made of."""
    spent: Usage = Usage()
    """Of the budget, before this run."""
    absent: tuple[str, ...] = ()
    """Endpoints that need not answer while stored replies do."""
    example: bool = True
    """Whether a conversation is shown at the end."""


async def generate(order: Order) -> Manifest:
    """A whole run, to its end or to where it was stopped. Raises what ends it with another code."""
    _check_places(order)
    prompts = load_prompts(Path(order.config.prompts) if order.config.prompts else None)
    left = earlier(order.run_dir, order.resume)
    before = models_before(order.config, left) if left else None
    if left and before and _ended_already(order, prompts, left, before):
        _show_ended(order, left)
        _raise_for(order, left, None)
        return left
    return await _sit(order, prompts, before)


async def _sit(order: Order, prompts: Prompts, before: dict[str, str] | None) -> Manifest:
    bus, stop = Bus(), Stop()
    manifest: Manifest | None = None
    with unwrapped():
        async with anyio.create_task_group() as group:
            async with (
                watch(bus, group, order.mode) as watched,
                _opened(order, prompts, before, bus, stop, group) as (sitting, studio),
            ):
                if studio is not None:
                    await sitting.produce(studio)
                manifest = await sitting.finish()
            group.cancel_scope.cancel()
    assert manifest is not None
    if order.mode in ("auto", "plain") and order.example and not stop.aborted:
        for row in islice(read_rows(order.run_dir), 1):
            render_conversation(row, Console(stderr=True))
    watched.finish(summary_of(str(order.run_dir), manifest))
    _raise_for(order, manifest, sitting.gone)
    return manifest


def _raise_for(order: Order, manifest: Manifest, gone: NoEndpoint | None) -> None:
    again = "run the same command again to go on"
    if manifest.stopped_by == "interrupt":
        raise Interrupted(f"interrupted with {manifest.accepted} accepted; {again}")
    if manifest.stopped_by == "outage":
        raise gone or NoEndpoint(f"the endpoints or the environment stayed away; {again}")
    if manifest.accepted == 0:
        what = f"{order.run_dir}: nothing accepted in {manifest.jobs} jobs"
        if manifest.stopped_by not in ENDED:
            raise NothingAccepted(f"{what}, stopped by {manifest.stopped_by}; {again}")
        raise NothingAccepted(f"{what}: {_funnel(manifest) or 'none could be planned'}")


def _funnel(manifest: Manifest) -> str:
    counted = [
        (jobs, f"{stage}: {reason} {jobs}")
        for stage, reasons in manifest.funnel.items()
        for reason, jobs in reasons.items()
    ]
    return ", ".join(text for _, text in sorted(counted, key=lambda item: -item[0]))


def _check_places(order: Order) -> None:
    for path in order.reuse:
        if not (path / "replies").is_dir():
            raise config_error("--reuse", str(path), "need the directory of an earlier run")
    for above in order.run_dir.absolute().parents:
        if above.exists() and not above.is_dir():
            raise config_error("-o", str(order.run_dir), f"{above} is no directory")


def models_before(config: Config, left: Manifest) -> dict[str, str] | None:
    """Role -> model in an earlier sitting, as far as the config says nothing else; None where
    only the endpoints can tell."""
    models = {}
    for role, name in roles_of(config).items():
        endpoint, had = config.endpoints[name], left.models.get(role)
        if had is None or (endpoint.kind == "scripted") != (had == "scripted"):
            return None
        models[role] = endpoint.model or had if endpoint.kind == "openai" else had
    return models


def _ended_already(order: Order, prompts: Prompts, left: Manifest, models: dict[str, str]) -> bool:
    """Whether nothing is left to do: this run, this size, and its files all there."""
    config = order.config
    if left.stopped_by not in ENDED or left.wanted != config.output.accepted:
        return False
    if left.identity != identity_of(config, _digest(config, prompts), models, order.probe):
        return False
    paths = {order.run_dir / file.path: file.bytes for file in left.files}
    return all(path.is_file() and path.stat().st_size == size for path, size in paths.items())


def _digest(config: Config, prompts: Prompts) -> str:
    return prompts.digest_with(further_prompts(config))


def _show_ended(order: Order, manifest: Manifest) -> None:
    if order.mode == "json":
        Console(soft_wrap=True).out(encode(summary_of(str(order.run_dir), manifest)).decode())
    elif order.mode != "quiet":
        text = f"{order.run_dir}: ended already, {manifest.accepted:,} conversations; a larger -n "
        Console(stderr=True, soft_wrap=True).out(text + "goes on from there")


@asynccontextmanager
async def _opened(
    order: Order,
    prompts: Prompts,
    before: dict[str, str] | None,
    bus: Bus,
    stop: Stop,
    group: TaskGroup,
) -> AsyncIterator[tuple[Sitting, Studio | None]]:
    """Everything of a sitting, opened in order and closed in reverse. No studio: nothing to do."""
    config = order.config
    async with AsyncExitStack() as stack:
        tools = await _equip(order, bus, stack) if before is None else None
        models = tools[1].models() if tools is not None else before or {}
        books = _open_books(order, prompts, models, stack)
        if tools is None and not books.quota.complete:
            tools = await _equip(order, bus, stack)
            _check_models(order, models, tools[1].models())
        log = EventLog(order.run_dir / "events.jsonl", anyio.current_time(), anyio.current_time)
        bus.listen(log)
        await stack.enter_async_context(event_log(log, group))
        bus.listen(books.spent.listen)
        bus.listen(books.traffic)
        studio = None
        if tools is not None:
            kept = order.run_dir / "graph.json"
            charted = await chart(tools[0], config.graph, config.seed, kept)
            for text in charted.notes:
                bus.emit(Note(text=text))
            tools[1].keep_in(books.replies, Space(bus, stop).wait)
            books.rundir.write("graph.json", encode(charted.to_json()).decode())
            _watch_budget(config, stop, bus, order.spent + books.spent.usage, group)
            _tell_unpriced(config, tools[1], bus)
            group.start_soon(tools[1].attend)
            charted = await dealt(charted, *tools, config, prompts, books.rundir, bus)
            studio = _studio(charted, tools[1], prompts, order, books, bus)
        _announce(order, tools[1] if tools else None, books, bus)
        yield Sitting(config, books, bus, stop), studio


async def _equip(order: Order, bus: Bus, stack: AsyncExitStack) -> tuple[Domain, Client]:
    domain = domain_of(order.config)
    stack.push_async_callback(domain.close)
    for text in getattr(domain, "notes", ()):
        bus.emit(Note(text=text))
    return domain, await meet_endpoints(order.config, bus, stack, order.absent)


def _open_books(
    order: Order, prompts: Prompts, models: dict[str, str], stack: AsyncExitStack
) -> Books:
    """The run directory, locked, and all that it remembers."""
    config = order.config
    identity = identity_of(config, _digest(config, prompts), models, order.probe)
    rundir = stack.enter_context(RunDir(order.run_dir, identity, resume=order.resume))
    novelty = Novelty(order.run_dir)
    stack.callback(novelty.close)
    counts = counts_of(config)
    quota, tally, plans = quota_of(config, novelty, counts), Tally(), Plans()
    for head, _ in heads(order.run_dir):
        ended = (head.job, head.tag, head.content_hash, head.plan_hash, head.near)
        tally.add(head, quota.record(*ended))
        if head.plan_hash:
            plans.claim(head.job, head.stratum, head.plan_hash)
    before = spent_before(order.run_dir, rundir.manifest, tally.usage, quota.finished)
    rundir.write("config.yaml", dump(config))
    if counts is not None:
        rundir.write(MATCH, encode(counts).decode())
    journal = Journal(rundir.journal)
    stack.callback(journal.close)
    replies = ReplyLog(order.run_dir, quota.finished, reuse=order.reuse)
    stack.callback(replies.close)
    return Books(
        identity=identity,
        models=models,
        counts=counts,
        rundir=rundir,
        journal=journal,
        replies=replies,
        quota=quota,
        novelty=novelty,
        plans=plans,
        tally=tally,
        spent=Spent(before),
        traffic=Traffic(rundir.manifest.endpoints),
    )


def _check_models(order: Order, before: dict[str, str], now: dict[str, str]) -> None:
    for role, model in now.items():
        if before[role] != model:
            raise ConfigError(
                f"{order.run_dir}: {role} was {before[role]!r}, its endpoint now offers {model!r}; "
                "name the model (--model) or give this run a directory of its own (-o)"
            )


def _studio(
    charted: Chart, client: Client, prompts: Prompts, order: Order, books: Books, bus: Bus
) -> Studio:
    config = order.config
    return Studio(
        domain=charted.domain,
        planner=planner_of(config, charted, books.counts, order.focus),
        chat=client,
        prompts=prompts,
        effort=Effort(
            blind=config.chain.blind,
            attempts=config.chain.attempts,
            verdict=config.chain.verdict,
            must_call=config.chain.must_call,
        ),
        identity=books.identity,
        bus=bus,
        policy=policy_of(config, charted.domain),
        texts=config.texts == "agent",
        judges=config.judges,
        plans=books.plans,
        benchmarks=load_benchmarks(config.decontaminate),
        near=config.duplicates == "near",
        exam=_exam(config),
    )


def _exam(config: Config) -> Exam | None:
    return Exam(runs=config.student.runs, band=config.student.band) if config.student else None


def _announce(order: Order, client: Client | None, books: Books, bus: Bus) -> None:
    bus.emit(
        RunStarted(
            run_dir=str(order.run_dir),
            environment=order.config.environment_name,
            wanted=order.config.output.accepted,
            already_accepted=books.quota.accepted,
            endpoints=tuple(lane.endpoint for lane in client.lanes()) if client else (),
            teacher="+".join(teachers(books.models)),
        )
    )


def _watch_budget(config: Config, stop: Stop, bus: Bus, usage: Usage, group: TaskGroup) -> None:
    limits = config.budget
    budget = Budget(
        stop=stop, max_time=limits.seconds, max_cost=limits.usd, max_tokens_total=limits.tokens
    )
    budget.spend(usage.prompt_tokens + usage.completion_tokens, usage.cost_usd or 0.0)
    bus.listen(budget.listen)
    group.start_soon(budget.watch)


def _tell_unpriced(config: Config, client: Client, bus: Bus) -> None:
    """A budget in dollars cannot see what it does not know the price of."""
    if config.budget.usd is not None:
        for name in client.unpriced():
            text = f"price unknown, so the budget does not see it; set $.endpoints.{name}.price"
            bus.emit(Note(text=f"endpoint {name}: {text}", level="warning"))
