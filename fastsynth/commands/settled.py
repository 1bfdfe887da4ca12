"""What of a run is settled, counted anew from its journal: a kill leaves no manifest that knows.

Accepted conversations are chosen in order of job numbers, so those behind a job without an end
wait; these are counted and, where that is wanted, chosen as if such jobs had brought nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from fastsynth.config.settings import decode, read_yaml
from fastsynth.engine.novelty import Novelty
from fastsynth.engine.quota import Quota
from fastsynth.invocation import hint
from fastsynth.logs import counts_kept
from fastsynth.running.opening import quota_of, recall
from fastsynth.running.strata import strata_counts
from fastsynth.store.manifest import ENDED, Manifest
from fastsynth.store.summary import Tally


@contextmanager
def settled(run_dir: Path, manifest: Manifest) -> Iterator[tuple[Quota, Manifest]]:
    """The quota as the journal leaves it, and the manifest with the counts of both. Of a run that
    has ended nothing waits: what has no end there is a hole. Raises ConfigError, DamagedFile."""
    config = decode(read_yaml(run_dir / "config.yaml"), str(run_dir / "config.yaml"))
    novelty, tally = Novelty(), Tally()
    try:
        quota = quota_of(config, novelty, counts_kept(run_dir))
        recall(run_dir, quota, tally)
        if manifest.stopped_by in ENDED:
            quota.pass_over()
        yield quota, _counted(manifest, quota, tally, novelty)
    finally:
        novelty.close()


def _counted(manifest: Manifest, quota: Quota, tally: Tally, novelty: Novelty) -> Manifest:
    """A manifest that a sitting wrote at its end stays as it is, but for what is in the data."""
    if manifest.stopped_by:
        return msgspec.structs.replace(manifest, accepted=quota.selected)
    return msgspec.structs.replace(
        manifest,
        accepted=quota.selected,
        rejected=tally.rejected + sum(novelty.counts.values()),
        failed=tally.failed,
        jobs=tally.jobs,
        funnel=tally.funnel(),
        strata=strata_counts(quota),
    )


def wait_text(run_dir: Path, waiting: int) -> str:
    """Why accepted conversations are not in the data, and what brings them there."""
    more = "1 more waits" if waiting == 1 else f"{waiting:,} more wait"
    return (
        f"{more} for lower-numbered jobs (a resume decides; "
        f"`{hint(f'compact --partial {run_dir}')}` writes them now)"
    )
