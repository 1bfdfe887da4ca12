"""`manifest.json`: what a run directory holds, how far it came, and what went wrong on the way.

Written when the run begins, now and then, and at its end; always replaced as a whole.
"""

from __future__ import annotations

import platform
from hashlib import file_digest
from pathlib import Path

import msgspec

from fastsynth import __version__
from fastsynth.errors import DamagedFile
from fastsynth.records import SCHEMA_VERSION, Usage
from fastsynth.store.appendfile import write_atomically
from fastsynth.store.traffic import EndpointUse

Funnel = dict[str, dict[str, int]]
"""Stage -> reason -> jobs."""


ENDED = ("done", "hopeless", "nothing_accepted")
"""Of `stopped_by`: nothing is left to do."""


class DataFile(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    """Relative to the run directory."""
    rows: int
    bytes: int
    sha256: str


class StratumCount(msgspec.Struct, frozen=True, kw_only=True):
    stratum: str
    target: int
    chosen: int
    """In the data set."""
    finished: int
    accepted: int
    """Accepted and new; above `chosen` by what overshot."""
    closed: str = ""
    """`full`, `hopeless: ...`, or "" where jobs were still wanted."""

    @property
    def short(self) -> str:
        """`0 of 2 in 600 jobs; hopeless: ...`; "" where the target is met."""
        if self.chosen >= self.target:
            return ""
        why = f"; {self.closed}" if self.closed else ""
        return f"{self.chosen:,} of {self.target:,} in {self.finished:,} jobs{why}"


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    identity: str
    """Hash of what decides the data: another one refuses to resume."""
    schema_version: int = SCHEMA_VERSION
    version: str = __version__
    python: str = platform.python_version()
    environment: str = ""
    seed: int = 0
    teachers: tuple[str, ...] = ()
    models: dict[str, str] = {}
    """Role -> model as the endpoints answered: part of the identity."""
    wanted: int = 0
    accepted: int = 0
    waiting: int = 0
    """Accepted too, and left out of the data until lower-numbered jobs have ended."""
    partial: int = 0
    """In the data although lower-numbered jobs are open (`compact --partial`): a resume decides
    whether they stay."""
    rejected: int = 0
    """Ended without a conversation, or with one that repeats another's."""
    failed: int = 0
    jobs: int = 0
    """Jobs that have ended, overshoot included."""
    strata: tuple[StratumCount, ...] = ()
    funnel: Funnel = {}
    holes: tuple[int, ...] = ()
    """Jobs that brought no outcome; `--resume` tries them again."""
    match: dict[str, float] = {}
    """Marginal -> its divergence from the logs (Jensen-Shannon, base 2); {} without logs."""
    stopped_by: str = ""
    """`done`, `interrupt`, `max_time`, `max_cost`, `max_tokens_total`, `outage`,
    `nothing_accepted`, `hopeless`; "" while it runs and after a kill."""
    wall_s: float = 0.0
    """Over all its sittings."""
    endpoints: dict[str, EndpointUse] = {}
    """Address -> what it was sent: replies, prefix-cache hits, sends nobody knows the cost of."""
    usage: Usage = Usage()
    """Of every reply the run has stored, those of unfinished jobs included."""
    files: tuple[DataFile, ...] = ()

    @property
    def ended(self) -> int:
        """All jobs that came to an end, transient failures included."""
        return self.jobs + self.failed

    @property
    def beyond(self) -> int:
        """Accepted by jobs that ran past what was wanted: they stay in the journal."""
        return max(0, self.jobs - self.rejected - self.accepted - self.waiting)


def read_manifest(run_dir: Path) -> Manifest | None:
    """The manifest, or None where there is none. Raises DamagedFile."""
    path = run_dir / "manifest.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise DamagedFile(f"{path}: {error}; restore it from a copy") from error


def write_manifest(run_dir: Path, manifest: Manifest) -> None:
    text = msgspec.json.format(msgspec.json.encode(manifest), indent=2)
    write_atomically(run_dir / "manifest.json", text + b"\n")


def data_file(run_dir: Path, path: Path, rows: int) -> DataFile:
    with path.open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    return DataFile(
        path=str(path.relative_to(run_dir)),
        rows=rows,
        bytes=path.stat().st_size,
        sha256=digest,
    )
