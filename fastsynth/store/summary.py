"""Counts of a run from the heads of its journal: the funnel, the usage, the `--json` summary."""

from __future__ import annotations

from typing import Literal

import msgspec

from fastsynth.records import Usage
from fastsynth.store.journal import Head
from fastsynth.store.manifest import Funnel, Manifest


class Summary(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What `--json` prints."""

    run_dir: str
    accepted: int
    rejected: int
    failed: int
    jobs: int
    requests: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None
    wall_s: float
    stopped_by: str
    funnel: Funnel
    hedged: int
    """Sends that came too late beside another one of the same request."""
    hedged_tokens_at_most: int
    projected_cost_usd: float | None
    """For all that are wanted, at what one accepted conversation has cost; None: unknown price."""
    beyond: int
    """Accepted too, by jobs that ran past what was wanted; they stay in the journal."""
    waiting: int = 0
    """Accepted too, and left out until lower-numbered jobs have ended."""
    match: dict[str, float] = {}
    """Marginal -> its divergence from the logs; left out without logs."""


class Tally:
    """Adds up heads, those of the journal and those of this run alike."""

    def __init__(self) -> None:
        self.jobs = self.accepted = self.rejected = 0
        self.usage = Usage()
        self._reasons: Funnel = {}
        self._failed: dict[int, str] = {}

    def add(
        self, head: Head, verdict: Literal["accepted", "rejected", "failed", "duplicate"]
    ) -> None:
        """`verdict` is the quota's: it alone knows which accepted conversations are new."""
        if verdict == "failed":
            self._failed[head.job] = head.reason
            return
        self._failed.pop(head.job, None)
        self.jobs += 1
        self._spend(head)
        if verdict == "accepted":
            self.accepted += 1
            return
        self.rejected += 1
        stage, reason = (
            ("filter", "duplicate") if verdict == "duplicate" else (head.stage, head.reason)
        )
        self._count(self._reasons, stage, reason)

    @property
    def failed(self) -> int:
        """Jobs whose last end was a transient failure."""
        return len(self._failed)

    def funnel(self) -> Funnel:
        funnel = {stage: dict(reasons) for stage, reasons in self._reasons.items()}
        for cause in self._failed.values():
            self._count(funnel, "failed", cause)
        return {
            stage: dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0])))
            for stage, reasons in sorted(funnel.items())
        }

    def _count(self, funnel: Funnel, stage: str, reason: str) -> None:
        reasons = funnel.setdefault(stage, {})
        reasons[reason] = reasons.get(reason, 0) + 1

    def _spend(self, head: Head) -> None:
        self.usage = self.usage + Usage(
            requests=head.requests,
            prompt_tokens=head.prompt_tokens,
            completion_tokens=head.completion_tokens,
            cached_tokens=head.cached_tokens,
            cost_usd=head.cost_usd,
        )


def summary_of(run_dir: str, manifest: Manifest) -> Summary:
    return Summary(
        run_dir=run_dir,
        accepted=manifest.accepted,
        rejected=manifest.rejected,
        failed=manifest.failed,
        jobs=manifest.jobs,
        requests=manifest.usage.requests,
        prompt_tokens=manifest.usage.prompt_tokens,
        completion_tokens=manifest.usage.completion_tokens,
        cost_usd=manifest.usage.cost_usd,
        wall_s=manifest.wall_s,
        stopped_by=manifest.stopped_by,
        funnel=manifest.funnel,
        waiting=manifest.waiting,
        beyond=manifest.beyond,
        match=manifest.match,
        projected_cost_usd=_projected(manifest),
        hedged=sum(use.hedged for use in manifest.endpoints.values()),
        hedged_tokens_at_most=sum(u.hedged_tokens_at_most for u in manifest.endpoints.values()),
    )


def _projected(manifest: Manifest) -> float | None:
    cost, accepted = manifest.usage.cost_usd, manifest.accepted + manifest.waiting
    if cost is None or not accepted:
        return None
    return round(cost * max(1.0, manifest.wanted / accepted), 6)
