"""What a run has spent: every reply it stored, over all its sittings and however they ended."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from fastsynth.events import Event, RequestDone
from fastsynth.llm.completion import decode_reply
from fastsynth.records import Usage
from fastsynth.store import segment
from fastsynth.store.lineage import reuses
from fastsynth.store.manifest import Manifest


class Spent:
    """Listens to requests; starts from what earlier sittings spent."""

    def __init__(self, before: Usage) -> None:
        self.usage = before

    def listen(self, event: Event) -> None:
        if isinstance(event, RequestDone):
            self.usage = self.usage + Usage(
                requests=1,
                prompt_tokens=event.prompt_tokens,
                completion_tokens=event.completion_tokens,
                cached_tokens=event.cached_tokens,
                cost_usd=event.cost_usd,
            )


def spent_before(
    run_dir: Path, left: Manifest, journalled: Usage, finished: Callable[[int], bool]
) -> Usage:
    """As the last sitting counted it; after a kill, what jobs in the journal took and what is
    stored for the others. A job may have taken replies that another run paid for: where there is
    such a run, all that is stored here is read instead. Raises DamagedFile."""
    if left.stopped_by:
        return left.usage
    if reuses(run_dir):
        usage, finished = Usage(), _none
    else:
        usage = journalled
    for reply in _unfinished(run_dir, finished):
        usage = usage + decode_reply(reply).usage
    return usage


def _none(_: int) -> bool:
    return False


def _unfinished(run_dir: Path, finished: Callable[[int], bool]) -> Iterator[bytes]:
    for path in sorted((run_dir / "replies").glob("W-*.log")):
        jobs = segment.read_jobs(path)
        if jobs is not None and all(map(finished, jobs)):
            continue
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            for key, job, offset, _ in segment.scan(path, check=False):
                payload = None if finished(job) else segment.read(fd, offset, key, job, path)
                if payload is not None:
                    yield payload
        finally:
            os.close(fd)
