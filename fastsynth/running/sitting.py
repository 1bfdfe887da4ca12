"""One sitting of a run: jobs not yet in the journal -> synthesize -> journal -> Parquet.

Works with what `run` opened and closes nothing. However it ends, what is stored can be resumed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress

import anyio
import anyio.to_thread
import msgspec

from fastsynth.config import Config
from fastsynth.engine.collector import seldom_collected
from fastsynth.engine.drain import drain
from fastsynth.engine.lag import LagGauge
from fastsynth.engine.quota import Job, Verdict
from fastsynth.engine.shutdown import Stop, on_signals
from fastsynth.engine.space import Space
from fastsynth.engine.unwrap import unwrapped
from fastsynth.errors import DiskFull, NoEndpoint
from fastsynth.events import Bus, Draining, JobFinished, Note, RunFinished, TailBegan, TailEnded
from fastsynth.method.conversation.studio import Studio
from fastsynth.quality.match import divergences
from fastsynth.records import Accepted, Failed, Outcome, Rejected
from fastsynth.running.books import Books, teachers
from fastsynth.running.pages import write_pages
from fastsynth.running.strata import Drought, strata_counts
from fastsynth.store.appendfile import sync_regularly
from fastsynth.store.compact import compact, read_rows
from fastsynth.store.manifest import Funnel, Manifest, write_manifest
from fastsynth.synthesis import synthesize

MANIFEST_EVERY = 10.0


class Sitting:
    def __init__(self, config: Config, books: Books, bus: Bus, stop: Stop) -> None:
        self.gone: NoEndpoint | None = None
        """What made the endpoints unusable while it ran."""
        self.failure = ""
        """Why the last job failed that did."""
        self._config = config
        self._books = books
        self._bus = bus
        self._stop = stop
        self._space = Space(bus, stop)
        self._drought = Drought(books.quota, bus)
        bus.listen(self._drought.listen)
        self._tail = False
        self._began = time.monotonic()

    async def produce(self, studio: Studio) -> None:
        """Drains the quota's jobs through `synthesize` into the journal."""
        write_manifest(self._books.rundir.path, self._manifest(""))
        gauge = LagGauge()
        try:
            with unwrapped():
                async with anyio.create_task_group() as beside:
                    beside.start_soon(sync_regularly, (self._books.journal, self._books.replies))
                    beside.start_soon(self._note_regularly)
                    beside.start_soon(gauge.run)
                    beside.start_soon(self._hurry)
                    await self._drain(studio)
                    beside.cancel_scope.cancel()
        except NoEndpoint as error:
            self.gone = error
            self._stop.request("outage")
        self._drought.look()
        lag = gauge.read()
        text = f"event loop lag: p50 {lag.p50 * 1000:.1f} ms, p99 {lag.p99 * 1000:.1f} ms"
        self._bus.emit(Note(text=text))

    async def _drain(self, studio: Studio) -> None:
        quota = self._books.quota
        async with on_signals(self._stop, self._bus), seldom_collected():
            await drain(
                self._next,
                lambda job: synthesize(job, studio),
                self._keep,
                width=self._config.engine.width,
                stop=self._stop,
                enough=lambda: quota.complete,
            )

    def _next(self) -> Job | None:
        job = self._books.quota.next()
        if (job is None) != self._tail:
            self._tail = job is None
            self._bus.emit(TailBegan() if self._tail else TailEnded())
        return job

    async def _hurry(self) -> None:
        """A run told to end starts no job either; where money is spent, hurry would cost more."""
        await self._stop.wait()
        self._bus.emit(Draining(self._stop.reason))
        if self._stop.detail:
            text = f"{self._stop.reason}: {self._stop.detail}; "
            text += "what is under way is finished, Ctrl-C twice aborts"
            self._bus.emit(Note(text=text, level="warning"))
        if self._stop.reason in ("interrupt", "max_time"):
            self._bus.emit(TailBegan())

    async def _keep(self, job: Job, outcome: Outcome) -> bool:
        books = self._books
        head = await self._space.keep(lambda: books.journal.append(outcome))
        verdict = books.quota.record(
            head.job, head.tag, head.content_hash, head.plan_hash, head.near
        )
        books.tally.add(head, verdict)
        if isinstance(outcome, Failed):
            self.failure = f"{outcome.cause}: {outcome.detail}"
        else:
            books.replies.forget(job.number)
        self._bus.emit(_finished(outcome, verdict))
        return not isinstance(outcome, Failed)

    async def _note_regularly(self) -> None:
        while True:
            await anyio.sleep(MANIFEST_EVERY)
            self._drought.look()
            manifest = self._manifest("")
            with suppress(DiskFull):  # the next one says more
                await anyio.to_thread.run_sync(write_manifest, self._books.rundir.path, manifest)

    async def finish(self) -> Manifest:
        """Compacts what was accepted, and writes manifest, card and report. After an abort only
        the manifest is written; the next sitting does the rest."""
        books, stopped_by = self._books, self._stopped_by()
        path, chosen = books.rundir.path, books.quota.chosen()
        books.journal.sync()
        books.replies.sync()
        if self._stop.aborted:
            manifest = self._manifest(stopped_by)
            write_manifest(path, manifest)
        else:
            needed = books.quota.needed
            files = await self._space.keep_aside(lambda: compact(path, chosen, needed))
            match = divergences(books.counts, read_rows(path)) if books.counts else {}
            manifest = msgspec.structs.replace(
                self._manifest(stopped_by),
                files=files,
                accepted=len(chosen),
                waiting=books.quota.pass_over(),
                partial=0,
                match=match,
            )
            await self._space.keep_aside(lambda: write_manifest(path, manifest))
            await self._space.keep_aside(lambda: write_pages(path, manifest))
        self._bus.emit(
            RunFinished(
                accepted=manifest.accepted,
                rejected=manifest.rejected,
                failed=manifest.failed,
                stopped_by=stopped_by,
                beyond=manifest.beyond,
                waiting=manifest.waiting,
                written=not self._stop.aborted,
            )
        )
        return manifest

    def _stopped_by(self) -> str:
        quota = self._books.quota
        if quota.selected >= self._config.output.accepted and not self._stop.aborted:
            return "done"
        if self._stop.reason:
            return self._stop.reason
        return "hopeless" if quota.selected else "nothing_accepted"

    def _manifest(self, stopped_by: str) -> Manifest:
        config, books, left = self._config, self._books, self._books.rundir.manifest
        return Manifest(
            identity=books.identity,
            environment=config.environment_name,
            seed=config.seed,
            teachers=teachers(books.models),
            models=dict(books.models),
            wanted=config.output.accepted,
            accepted=books.quota.accepted,
            rejected=books.tally.rejected + sum(books.novelty.counts.values()),
            failed=books.tally.failed,
            jobs=books.tally.jobs,
            strata=strata_counts(books.quota),
            funnel=_with_old(books.tally.funnel(), books.novelty.counts),
            holes=tuple(books.quota.holes()),
            stopped_by=stopped_by,
            wall_s=round(left.wall_s + time.monotonic() - self._began, 3),
            endpoints=books.traffic.uses(),
            usage=books.spent.usage,
            files=left.files,
            partial=left.partial,
        )


def _with_old(funnel: Funnel, old: Mapping[str, int]) -> Funnel:
    """The funnel with what was accepted, and turned out to be nothing new once it was settled."""
    found = {reason: count for reason, count in old.items() if count}
    return {**funnel, "filter": {**funnel.get("filter", {}), **found}} if found else funnel


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
