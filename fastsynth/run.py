"""The composition root: opens everything a run needs, wires it, and closes it again.

A run is: jobs that the journal does not hold yet -> synthesize -> journal -> Parquet.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Literal

import anyio
import anyio.to_thread
import msgspec
from anyio.abc import TaskGroup
from rich.console import Console

from fastsynth.config import Config, Endpoint
from fastsynth.dashboard.chat import render_conversation
from fastsynth.dashboard.eventlog import EventLog, event_log
from fastsynth.dashboard.watch import Mode, watch
from fastsynth.engine.drain import drain
from fastsynth.engine.lag import LagGauge
from fastsynth.engine.quota import Job, Quota
from fastsynth.engine.shutdown import Budget, Stop, on_signals
from fastsynth.engine.unwrap import unwrapped
from fastsynth.env.environment import Domain
from fastsynth.env.registry import open_domain
from fastsynth.errors import FastsynthError, Interrupted, NoEndpoint, NothingAccepted
from fastsynth.events import Bus, JobFinished, Note, RunFinished, RunStarted
from fastsynth.llm.client import Client, Settings, open_client
from fastsynth.method.chain import Effort
from fastsynth.method.graph import build_graph
from fastsynth.method.planner import Planner, Shape
from fastsynth.prompts import Prompts, load_prompts
from fastsynth.records import Accepted, Failed, Outcome, Rejected, encode
from fastsynth.settings import dump, identity_of, roles_of
from fastsynth.sim.embedded import start_embedded
from fastsynth.sim.mistakes import Mistakes
from fastsynth.sim.server import Options
from fastsynth.store.appendfile import sync_regularly, write_atomically
from fastsynth.store.card import card
from fastsynth.store.compact import compact, read_rows
from fastsynth.store.journal import Journal, heads
from fastsynth.store.manifest import Manifest, StratumCount, write_manifest
from fastsynth.store.portrait import portray
from fastsynth.store.replies import ReplyLog
from fastsynth.store.report import report
from fastsynth.store.rundir import Resume, RunDir
from fastsynth.store.summary import Tally as Ledger
from fastsynth.store.summary import summary_of
from fastsynth.synthesis import Studio, synthesize

MANIFEST_EVERY = 10.0


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line asks of a run."""

    config: Config
    run_dir: Path
    resume: Resume = "auto"
    reuse: tuple[Path, ...] = ()
    mode: Mode = "auto"


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    manifest: Manifest
    run_dir: Path


async def generate(order: Order) -> Ended:
    """A whole run, to its end or to where it was stopped. Raises what ends it with another code."""
    bus, stop = Bus(), Stop()
    ended: Ended | None = None
    async with anyio.create_task_group() as group:
        async with (
            watch(bus, group, order.mode) as watched,
            _opened(order, bus, stop, group) as run,
        ):
            await run.produce()
            ended = await run.finish()
        group.cancel_scope.cancel()
    assert ended is not None
    if order.mode in ("auto", "plain"):
        for row in islice(read_rows(ended.run_dir), 1):
            render_conversation(row, Console(stderr=True))
    watched.finish(summary_of(str(ended.run_dir), ended.manifest))
    _raise_for(ended.manifest, stop)
    return ended


def _raise_for(manifest: Manifest, stop: Stop) -> None:
    where = "run the same command again to go on"
    if stop.reason == "interrupt":
        raise Interrupted(f"interrupted with {manifest.accepted} accepted; {where}")
    if stop.reason == "outage":
        raise NoEndpoint(f"the endpoints or the environment stayed away; {where}")
    if manifest.accepted == 0:
        raise NothingAccepted(f"nothing accepted in {manifest.jobs} jobs; see the funnel above")


class Run:
    """One sitting of a run: what it works with, and how outcomes are kept."""

    def __init__(
        self,
        order: Order,
        studio: Studio,
        client: Client,
        rundir: RunDir,
        journal: Journal,
        replies: ReplyLog,
        quota: Quota,
        ledger: Ledger,
        stop: Stop,
    ) -> None:
        self._order = order
        self._studio = studio
        self._client = client
        self._rundir = rundir
        self._journal = journal
        self._replies = replies
        self._quota = quota
        self._ledger = ledger
        self._stop = stop
        self._began = time.monotonic()

    async def produce(self) -> None:
        """Drains the quota's jobs through `synthesize` into the journal."""
        async with anyio.create_task_group() as beside:
            beside.start_soon(sync_regularly, (self._journal, self._replies))
            beside.start_soon(self._write_manifest_regularly)
            gauge = LagGauge()
            beside.start_soon(gauge.run)
            async with on_signals(self._stop, self._studio.bus):
                await drain(
                    self._quota.next,
                    self._work,
                    self._keep,
                    width=self._order.config.engine.width,
                    stop=self._stop,
                    enough=lambda: self._quota.complete,
                )
            beside.cancel_scope.cancel()
        lag = gauge.read()
        text = f"event loop lag: p50 {lag.p50 * 1000:.1f} ms, p99 {lag.p99 * 1000:.1f} ms"
        self._studio.bus.emit(Note(text=text))

    async def _work(self, job: Job) -> Outcome:
        return await synthesize(job, self._studio)

    async def _keep(self, job: Job, outcome: Outcome) -> bool:
        head = self._journal.append(outcome)
        verdict = self._quota.record(head.job, head.tag, head.content_hash)
        self._ledger.add(head, verdict)
        if not isinstance(outcome, Failed):
            self._replies.forget(job.number)
        self._studio.bus.emit(_finished(outcome, verdict))
        return not isinstance(outcome, Failed)

    async def _write_manifest_regularly(self) -> None:
        while True:
            await anyio.sleep(MANIFEST_EVERY)
            manifest = self._manifest("")
            await anyio.to_thread.run_sync(write_manifest, self._rundir.path, manifest)

    async def finish(self) -> Ended:
        """Compacts what was accepted, and writes manifest, card and report."""
        self._journal.sync()
        self._replies.sync()
        stopped_by = self._stopped_by()
        path = self._rundir.path
        chosen, needed = self._quota.chosen(), self._quota.needed
        files = await anyio.to_thread.run_sync(compact, path, chosen, needed)
        manifest = msgspec.structs.replace(
            self._manifest(stopped_by), files=files, accepted=len(chosen)
        )
        write_manifest(path, manifest)
        await anyio.to_thread.run_sync(write_pages, path, manifest)
        self._studio.bus.emit(
            RunFinished(
                accepted=manifest.accepted,
                rejected=manifest.rejected,
                failed=manifest.failed,
                stopped_by=stopped_by,
            )
        )
        return Ended(manifest=manifest, run_dir=path)

    def _stopped_by(self) -> str:
        if self._stop.reason:
            return self._stop.reason
        if self._quota.selected >= self._order.config.output.accepted:
            return "done"
        return "hopeless" if self._quota.selected else "nothing_accepted"

    def _manifest(self, stopped_by: str) -> Manifest:
        config = self._order.config
        return Manifest(
            identity=self._studio.identity,
            environment=config.environment,
            seed=config.seed,
            teachers=tuple(sorted(set(self._client.models().values()))),
            wanted=config.output.accepted,
            accepted=self._quota.accepted,
            rejected=self._ledger.rejected,
            failed=self._ledger.failed,
            jobs=self._ledger.jobs,
            strata=tuple(
                StratumCount(
                    stratum=s.stratum,
                    target=s.target,
                    chosen=s.chosen,
                    finished=s.finished,
                    accepted=s.accepted,
                    closed=s.closed,
                )
                for s in self._quota.standings()
            ),
            funnel=self._ledger.funnel(),
            holes=tuple(self._quota.holes()),
            stopped_by=stopped_by,
            wall_s=round(self._rundir.manifest.wall_s + time.monotonic() - self._began, 3),
            usage=self._ledger.usage,
        )


def write_pages(run_dir: Path, manifest: Manifest) -> None:
    """`README.md` (the dataset card) and `report.html` of a run."""
    rows = portray(read_rows(run_dir))
    created = datetime.now(UTC).date().isoformat()
    for name, page in (("README.md", card), ("report.html", report)):
        text = page(str(run_dir), manifest, rows, created)
        write_atomically(run_dir / name, text.encode())


@asynccontextmanager
async def _opened(order: Order, bus: Bus, stop: Stop, group: TaskGroup) -> AsyncIterator[Run]:
    """Everything of a sitting, opened in order and closed in reverse."""
    config = order.config
    prompts = load_prompts(Path(config.prompts) if config.prompts else None)
    async with AsyncExitStack() as stack:
        domain = open_domain(config.environment)
        stack.push_async_callback(domain.close)
        client = await meet_endpoints(config, bus, stack)
        identity = identity_of(config, prompts.digest, client.models())
        rundir = stack.enter_context(RunDir(order.run_dir, identity, resume=order.resume))
        planner = Planner(domain, build_graph(domain), shape_of(config), config.seed)
        rundir.write("config.yaml", dump(config))
        rundir.write("graph.json", encode(planner.graph.to_json()).decode())
        quota = Quota(config.output.accepted, {str(k): w for k, w in config.kinds.items() if w})
        ledger = Ledger()
        _recall(order.run_dir, quota, ledger)
        journal = Journal(rundir.journal)
        stack.callback(journal.close)
        replies = ReplyLog(order.run_dir, quota.finished, reuse=order.reuse)
        stack.callback(replies.close)
        client.keep_in(replies)
        log = EventLog(order.run_dir / "events.jsonl", anyio.current_time(), anyio.current_time)
        bus.listen(log)
        await stack.enter_async_context(event_log(log, group))
        studio = _studio(domain, planner, client, prompts, config, identity, bus)
        _announce(order, client, bus, quota)
        _watch_budget(config, stop, bus, ledger, group)
        yield Run(order, studio, client, rundir, journal, replies, quota, ledger, stop)


def shape_of(config: Config) -> Shape:
    return Shape(
        turns=config.conversation.turns,
        calls=config.conversation.calls,
        tools_visible=config.conversation.tools_visible,
    )


def _studio(
    domain: Domain,
    planner: Planner,
    client: Client,
    prompts: Prompts,
    config: Config,
    identity: str,
    bus: Bus,
) -> Studio:
    return Studio(
        domain=domain,
        planner=planner,
        chat=client,
        prompts=prompts,
        effort=Effort(blind=config.chain.blind, attempts=config.chain.attempts),
        identity=identity,
        bus=bus,
    )


async def meet_endpoints(config: Config, bus: Bus, stack: AsyncExitStack) -> Client:
    """A client whose endpoints all answered; a scripted one without an address is started here."""
    endpoints: dict[str, Endpoint] = {}
    roles = roles_of(config)
    for name in dict.fromkeys(roles.values()):
        endpoint = config.endpoints[name]
        if endpoint.kind == "scripted" and not (endpoint.url or endpoint.urls):
            mistakes = msgspec.convert(config.teacher.mistakes, Mistakes)
            options = Options(latency_ms=config.teacher.latency_ms, mistakes=mistakes)
            address = await stack.enter_async_context(start_embedded(options))
            endpoint = msgspec.structs.replace(endpoint, url=address)
        endpoints[name] = endpoint
    settings = Settings(
        endpoints=endpoints, roles=roles, sampling=config.sampling_of(), seed=config.seed
    )
    client = await stack.enter_async_context(open_client(settings, replies=_NoReplies(), bus=bus))
    await client.check()
    return client


class _NoReplies:
    """Stands in until the run directory is open; nothing is asked before."""

    def get(self, job: int, key: bytes) -> bytes | None:
        raise FastsynthError("no reply store is open yet")

    def put(self, job: int, key: bytes, reply: bytes) -> None:
        raise FastsynthError("no reply store is open yet")


def _recall(run_dir: Path, quota: Quota, ledger: Ledger) -> None:
    """Takes in what the journal holds."""
    for head, _ in heads(run_dir):
        ledger.add(head, quota.record(head.job, head.tag, head.content_hash))


def _announce(order: Order, client: Client, bus: Bus, quota: Quota) -> None:
    models = sorted(set(client.models().values()))
    bus.emit(
        RunStarted(
            run_dir=str(order.run_dir),
            environment=order.config.environment,
            wanted=order.config.output.accepted,
            already_accepted=quota.accepted,
            endpoints=tuple(lane.endpoint for lane in client.lanes()),
            teacher="+".join(models),
        )
    )


def _watch_budget(config: Config, stop: Stop, bus: Bus, ledger: Ledger, group: TaskGroup) -> None:
    limits = config.budget
    budget = Budget(
        stop=stop, max_time=limits.seconds, max_cost=limits.usd, max_tokens_total=limits.tokens
    )
    usage = ledger.usage
    budget.spend(usage.prompt_tokens + usage.completion_tokens, usage.cost_usd or 0.0)
    bus.listen(budget.listen)
    group.start_soon(budget.watch)


Verdict = Literal["accepted", "rejected", "failed", "duplicate"]


def _finished(outcome: Outcome, verdict: Verdict) -> JobFinished:
    match outcome:
        case Accepted():
            row = outcome.conversation
            return JobFinished(
                job=outcome.job,
                stratum=outcome.stratum,
                outcome=verdict,
                turns=row.num_turns,
                calls=row.num_calls,
            )
        case Rejected():
            return JobFinished(
                job=outcome.job,
                stratum=outcome.stratum,
                outcome=verdict,
                stage=outcome.stage,
                reason=outcome.reason,
            )
        case Failed():
            return JobFinished(
                job=outcome.job, stratum=outcome.stratum, outcome=verdict, reason=outcome.cause
            )
