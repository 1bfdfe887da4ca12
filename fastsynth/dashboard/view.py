"""Events folded into counters, and the run at one moment. No clock, no text, no output.

An event bumps numbers and nothing else: no string is built, no time is read. Whoever shows the
run calls `snapshot(now)` a few times a second; rates come from the counters at those moments.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from fastsynth.dashboard.outlook import bound, projected
from fastsynth.dashboard.rates import EndpointTally, Sparks, Window
from fastsynth.dashboard.snapshot import NoteLine, Snapshot, Stratum
from fastsynth.events import (
    Bounds,
    Draining,
    Event,
    JobFinished,
    JobStarted,
    Note,
    Preparing,
    ReplyReused,
    RequestDone,
    RequestFailed,
    RequestSent,
    RunFinished,
    RunStarted,
    SlotTime,
    Throttled,
    TurnFinished,
)

RATE_SECONDS = 10.0
ETA_SECONDS = 60.0
NOTES_KEPT = 64


class Progress:
    """The listener. `started` and every `now` are readings of one clock, in seconds."""

    def __init__(self, started: float) -> None:
        self.started = started
        self.run = RunStarted("", "", 0, 0, (), "")
        self.finished: RunFinished | None = None
        self.preparing = ""
        self.accepted = self.rejected = self.duplicates = self.failed = self.jobs = 0
        self.conversations = self.in_flight = self.requests = self.reused = 0
        self.prompt_tokens = self.completion_tokens = self.cached_tokens = 0
        self.cost_usd = 0.0
        self.priced = self.unpriced = self.warnings = 0
        self.throttled_s = 0.0
        self.unknown = self.unknown_tokens = 0
        self.hedged = self.hedged_tokens = 0
        self.retries: dict[str, int] = {}
        self.given_up: dict[str, int] = {}
        self.throttles: dict[str, int] = {}
        self.failures: dict[str, int] = {}
        self.levels: dict[int, int] = {}
        self.funnel: dict[str, dict[str, int]] = {}
        self.strata: dict[str, Stratum] = {}
        self.endpoints: dict[str, EndpointTally] = {}
        self.notes: deque[NoteLine] = deque(maxlen=NOTES_KEPT)
        self.draining = ""
        self._began = 0.0
        """When the run was announced."""
        self._seconds = 0.0
        self._rates = Window(RATE_SECONDS)
        self._acceptance = Window(ETA_SECONDS)
        self._spending = Window(ETA_SECONDS)
        self._sparks = Sparks()
        self._fold: dict[type[Event], Callable[[Any], None]] = {
            RunStarted: self._run_started,
            JobStarted: self._job_started,
            JobFinished: self._job_finished,
            TurnFinished: self._turn_finished,
            RequestSent: self._request_sent,
            RequestDone: self._request_done,
            RequestFailed: self._request_failed,
            ReplyReused: self._reply_reused,
            Throttled: self._throttled,
            SlotTime: self._slot_time,
            Note: self._note,
            Draining: self._draining,
            Preparing: self._preparing,
            RunFinished: self._run_finished,
        }

    def __call__(self, event: Event) -> None:
        fold = self._fold.get(type(event))
        if fold is not None:
            fold(event)

    def tick(self, now: float) -> None:
        """Reads the counters for the rates; at most a few times a second."""
        self._seconds = now - self.started
        self._rates.add(now, self.requests, self.completion_tokens)
        self._acceptance.add(now, self.totals()[0])
        self._spending.add(now, self.cost_usd, self.prompt_tokens + self.completion_tokens)
        self._sparks.add(now, self.requests)
        for endpoint in self.endpoints.values():
            endpoint.window.add(now, endpoint.replies)

    def snapshot(self, now: float) -> Snapshot:
        """The run now. Mappings are the live ones: render before the next event."""
        self.tick(now)
        requests_per_s, tokens_per_s = self._rates.per_second(2)
        (accepted_per_s,) = self._acceptance.per_second(1)
        accepted, rejected, failed = self.totals()
        waiting = self.finished.waiting if self.finished else 0
        left = max(0, self.run.wanted - accepted)
        eta = left / accepted_per_s if accepted_per_s > 0 else None
        return Snapshot(
            run=self.run,
            finished=self.finished,
            seconds=self._seconds,
            accepted=accepted,
            wanted=self.run.wanted,
            rejected=rejected,
            duplicates=self.duplicates,
            failed=failed,
            jobs=self.jobs,
            conversations=self.conversations,
            in_flight=self.in_flight,
            requests=self.requests,
            reused=self.reused,
            requests_per_s=requests_per_s,
            tokens_per_s=tokens_per_s,
            accepted_per_s=accepted_per_s,
            eta=eta,
            bound=bound(self.run.left, self._spent(), self._spending.per_second(2), eta),
            draining=self.draining,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            cached_tokens=self.cached_tokens,
            cost_usd=self.cost_usd if self.priced else None,
            unpriced=self.unpriced,
            projected_usd=projected(self.run, accepted + waiting, self.cost_usd)
            if self.priced
            else None,
            retries=self.retries,
            given_up=self.given_up,
            throttles=self.throttles,
            throttled_s=self.throttled_s,
            funnel=self.funnel,
            failures=self.failures,
            levels=self.levels,
            strata=self.strata,
            endpoints=tuple(e.view() for e in self.endpoints.values()),
            unknown=self.unknown,
            unknown_tokens=self.unknown_tokens,
            hedged=self.hedged,
            hedged_tokens=self.hedged_tokens,
            sparks=self._sparks.values(),
            notes=tuple(self.notes),
            warnings=self.warnings,
            preparing=self.preparing,
        )

    def _spent(self) -> Bounds:
        tokens = self.prompt_tokens + self.completion_tokens
        return Bounds(usd=self.cost_usd, tokens=tokens, seconds=self._seconds - self._began)

    def totals(self) -> tuple[int, int, int]:
        """Accepted, rejected, failed: as the run itself counted them, once it has ended."""
        if self.finished is not None:
            return self.finished.accepted, self.finished.rejected, self.finished.failed
        accepted = self.accepted
        if self.run.targets:
            accepted = sum(stratum.counted for stratum in self.strata.values())
        return accepted, self.rejected, self.failed

    def _run_started(self, event: RunStarted) -> None:
        self.run, self._began = event, self._seconds
        self.accepted += event.already_accepted
        self._acceptance.clear()
        for name, target in event.targets.items():
            stratum = self._stratum(name)
            stratum.target, stratum.had = target, event.had.get(name, 0)
        for name in event.endpoints:
            self._endpoint(name)

    def _job_started(self, event: JobStarted) -> None:
        self.conversations += 1
        self._stratum(event.stratum).started += 1

    def _job_finished(self, event: JobFinished) -> None:
        self.jobs += 1
        self.conversations = max(0, self.conversations - 1)
        stratum = self._stratum(event.stratum)
        match event.outcome:
            case "accepted":
                self.accepted += 1
                stratum.accepted += 1
            case "failed":
                self.failed += 1
                stratum.failed += 1
                _bump(self.failures, event.reason or "unknown")
            case "rejected":
                self._rejected(stratum, event.stage or "unknown", event.reason or "unknown")
            case "duplicate":
                self.duplicates += 1
                self._rejected(stratum, event.stage or "filter", event.reason or "duplicate")

    def _rejected(self, stratum: Stratum, stage: str, reason: str) -> None:
        self.rejected += 1
        stratum.rejected += 1
        _bump(self.funnel.setdefault(stage, {}), reason)

    def _turn_finished(self, event: TurnFinished) -> None:
        self.levels[event.level] = self.levels.get(event.level, 0) + 1

    def _request_sent(self, event: RequestSent) -> None:
        self.in_flight += 1
        self._endpoint(event.endpoint).in_flight += 1

    def _request_done(self, event: RequestDone) -> None:
        self.in_flight = max(0, self.in_flight - 1)
        self.requests += 1
        self.prompt_tokens += event.prompt_tokens
        self.completion_tokens += event.completion_tokens
        self.cached_tokens += event.cached_tokens
        if event.cost_usd is None:
            self.unpriced += 1
        else:
            self.priced += 1
            self.cost_usd += event.cost_usd
        self._endpoint(event.endpoint).done(event)

    def _request_failed(self, event: RequestFailed) -> None:
        self.in_flight = max(0, self.in_flight - 1)
        if event.cause == "hedged":
            self.hedged += 1
            self.hedged_tokens += event.tokens_at_most
            self._endpoint(event.endpoint).hedged()
            return
        _bump(self.retries if event.again else self.given_up, event.cause)
        self.unknown += event.tokens_at_most > 0
        self.unknown_tokens += event.tokens_at_most
        self._endpoint(event.endpoint).failed()

    def _reply_reused(self, _: ReplyReused) -> None:
        self.reused += 1

    def _throttled(self, event: Throttled) -> None:
        _bump(self.throttles, event.limit)
        self.throttled_s += event.seconds

    def _slot_time(self, event: SlotTime) -> None:
        self._endpoint(event.endpoint).slot_time(event)

    def _note(self, event: Note) -> None:
        self.warnings += event.level == "warning"
        if self.notes and self.notes[-1].note == event:
            self.notes[-1].times += 1
            self.notes[-1].at = self._seconds
        else:
            self.notes.append(NoteLine(event, self._seconds))

    def _draining(self, event: Draining) -> None:
        self.draining = event.reason

    def _preparing(self, event: Preparing) -> None:
        self.preparing = event.text

    def _run_finished(self, event: RunFinished) -> None:
        self.finished = event

    def _endpoint(self, name: str) -> EndpointTally:
        tally = self.endpoints.get(name)
        if tally is None:
            tally = self.endpoints[name] = EndpointTally(name)
        return tally

    def _stratum(self, name: str) -> Stratum:
        stratum = self.strata.get(name)
        if stratum is None:
            stratum = self.strata[name] = Stratum()
        return stratum


def _bump(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1
