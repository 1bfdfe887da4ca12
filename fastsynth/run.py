"""The composition root: opens everything a run needs, wires it, and closes it again.

A run that has nothing left to do opens no environment and asks no endpoint.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from itertools import islice
from pathlib import Path

import anyio
from anyio.abc import TaskGroup

from fastsynth.config import Config
from fastsynth.dashboard.chat import render_conversation
from fastsynth.dashboard.eventlog import EventLog, event_log
from fastsynth.dashboard.finding import CACHED, told
from fastsynth.dashboard.terminal import Stderr
from fastsynth.dashboard.watch import watch
from fastsynth.engine.budget import Budget
from fastsynth.engine.shutdown import Stop
from fastsynth.engine.space import Space
from fastsynth.engine.unwrap import unwrapped
from fastsynth.env.environment import Domain
from fastsynth.events import (
    Bounds,
    Bus,
    Note,
    Preparing,
    RequestDone,
    RequestFailed,
    RunStarted,
    SlotTime,
)
from fastsynth.llm.client import Client
from fastsynth.method.chain.chain import Effort
from fastsynth.method.conversation.decontaminate import load_benchmarks
from fastsynth.method.conversation.student import Exam
from fastsynth.method.conversation.studio import Studio
from fastsynth.method.conversation.witness import check_states
from fastsynth.method.discovery.chart import Chart, chart
from fastsynth.method.discovery.inquiry import Inquiry
from fastsynth.prompts import Prompts, load_prompts
from fastsynth.records import Usage, encode
from fastsynth.running.books import Books, check_models, open_books, teachers
from fastsynth.running.deck import dealt, stocked
from fastsynth.running.endings import ended_already, models_before, raise_for, show_ended
from fastsynth.running.opening import domain_of, meet_endpoints, planner_of, policy_of
from fastsynth.running.order import Order, check_places
from fastsynth.running.sitting import Sitting
from fastsynth.running.strata import sums
from fastsynth.store.compact import read_rows
from fastsynth.store.manifest import Manifest
from fastsynth.store.rundir import earlier
from fastsynth.store.summary import summary_of


async def generate(order: Order) -> Manifest:
    """A whole run, to its end or to where it was stopped. Raises what ends it with another code."""
    check_places(order)
    prompts = load_prompts(Path(order.config.prompts) if order.config.prompts else None)
    left = earlier(order.run_dir, order.resume)
    before = models_before(order.config, left) if left else None
    if left and before and ended_already(order, prompts, left, before):
        show_ended(order, left)
        raise_for(order, left, None)
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
            with suppress(OSError):
                render_conversation(row, Stderr())
    watched.finish(summary_of(str(order.run_dir), manifest))
    raise_for(order, manifest, sitting.gone, sitting.failure)
    return manifest


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
        books = open_books(order, prompts, models, stack)
        if tools is None and not books.quota.complete:
            tools = await _equip(order, bus, stack)
            check_models(order, models, tools[1].models())
        log = EventLog(order.run_dir / "events.jsonl", anyio.current_time(), anyio.current_time)
        bus.listen(log)
        await stack.enter_async_context(event_log(log, group))
        bus.listen(books.spent.listen, RequestDone)
        bus.listen(books.traffic, RequestDone, RequestFailed, SlotTime)
        studio = None
        left: Callable[[], Bounds] = Bounds
        if tools is not None:
            tools[1].keep_in(books.replies, Space(bus, stop).wait)
            left = _watch_budget(config, stop, bus, order.spent + books.spent.usage, group)
            _tell_unpriced(config, tools[1], bus)
            group.start_soon(tools[1].attend)
            told = (tools[1], config, prompts, books.rundir, bus)
            domain = await stocked(tools[0], *told)
            kept = order.run_dir / "graph.json"
            charted = await _charted(domain, config, kept, bus)
            for text in charted.notes:
                bus.emit(Note(text=text))
            books.rundir.write("graph.json", encode(charted.to_json()).decode())
            charted = await dealt(charted, domain, *told)
            await check_states(charted.domain, config.seed)
            studio = _studio(charted, tools[1], prompts, order, books, bus)
        _announce(order, tools[1] if tools else None, books, bus, left())
        yield Sitting(config, books, bus, stop), studio


async def _charted(domain: Domain, config: Config, kept: Path, bus: Bus) -> Chart:
    inquiry = Inquiry()
    async with told(inquiry, lambda line: bus.emit(Preparing(text=line))):
        charted = await chart(domain, config.graph, config.seed, kept, inquiry=inquiry)
    bus.emit(Preparing(text=""))
    if charted.cached:
        bus.emit(Note(text=CACHED))
    return charted


async def _equip(order: Order, bus: Bus, stack: AsyncExitStack) -> tuple[Domain, Client]:
    domain = domain_of(order.config)
    stack.push_async_callback(domain.close)
    for text in getattr(domain, "notes", ()):
        bus.emit(Note(text=text))
    return domain, await meet_endpoints(order.config, bus, stack, order.absent)


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
        languages=config.languages,
        judges=config.judges,
        plans=books.plans,
        benchmarks=load_benchmarks(config.decontaminate),
        near=config.duplicates == "near",
        exam=_exam(config),
    )


def _exam(config: Config) -> Exam | None:
    return Exam(runs=config.student.runs, band=config.student.band) if config.student else None


def _announce(order: Order, client: Client | None, books: Books, bus: Bus, left: Bounds) -> None:
    targets, had = sums(books.quota)
    bus.emit(
        RunStarted(
            run_dir=str(order.run_dir),
            environment=order.config.environment_name,
            wanted=order.config.output.accepted,
            already_accepted=sum(had.values()),
            endpoints=tuple(lane.endpoint for lane in client.lanes()) if client else (),
            teacher="+".join(teachers(books.models)),
            student=books.models.get("student", ""),
            left=left,
            targets=targets,
            had=had,
        )
    )


def _watch_budget(
    config: Config, stop: Stop, bus: Bus, usage: Usage, group: TaskGroup
) -> Callable[[], Bounds]:
    """Gives what tells how much is left."""
    budget = Budget(
        stop=stop,
        max_time=config.budget.seconds,
        max_cost=config.budget.usd,
        max_tokens_total=config.budget.tokens,
        cost=usage.cost_usd or 0.0,
        tokens=usage.prompt_tokens + usage.completion_tokens,
    )
    bus.listen(budget.listen)
    group.start_soon(budget.watch)
    return budget.left


def _tell_unpriced(config: Config, client: Client, bus: Bus) -> None:
    """A budget in dollars cannot see what it does not know the price of."""
    if config.budget.usd is not None:
        for name in client.unpriced():
            text = f"price unknown, so the budget does not see it; set $.endpoints.{name}.price"
            bus.emit(Note(text=f"endpoint {name}: {text}", level="warning"))
