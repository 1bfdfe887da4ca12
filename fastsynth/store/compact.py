"""Journal -> Parquet, in bounded memory and always the same: rows stand in order of job numbers.

Readers see the old files or the new ones, never a mixture. Which jobs are the data set is the
caller's to say (`engine.quota`).
"""

from __future__ import annotations

import os
import shutil
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
import polars as pl

from fastsynth.errors import DamagedFile, FastsynthError, reraise_disk
from fastsynth.invocation import program
from fastsynth.records import Attempt, Conversation, Message, Usage, encode
from fastsynth.store.journal import Place, body_of, heads, read_line, segments
from fastsynth.store.manifest import DataFile, data_file
from fastsynth.store.parts import BATCH_ROWS, Parts
from fastsynth.store.preferences import Preference, pairs
from fastsynth.store.schema import ATTEMPTED, CONVERSATION, PREFERENCE, REJECTED


class _Accepted(msgspec.Struct):
    """An accepted outcome with its parts still encoded."""

    job: int
    stratum: str
    conversation: msgspec.Raw
    attempts: msgspec.Raw


class _Said(msgspec.Struct):
    id: str
    messages: tuple[Message, ...]


class _Rejected(msgspec.Struct):
    """A rejected outcome without its tag."""

    job: int
    stratum: str
    plan_hash: str
    stage: str
    reason: str
    detail: str
    attempts: msgspec.Raw
    usage: msgspec.Raw
    student_pass_rate: float | None = None


class _Places:
    """Where the lines of some jobs stand: 20 bytes a job, 60 while it is read."""

    def __init__(self) -> None:
        self._jobs = array("Q")
        self._at = array("Q")
        self._lengths = array("I")

    def note(self, job: int, place: Place) -> None:
        self._jobs.append(job)
        self._at.append(place.segment << 48 | place.offset)
        self._lengths.append(place.length)

    def __iter__(self) -> Iterator[tuple[int, Place]]:
        """By job number; the first line of a job stays, a second writer's repetition is left."""
        before = -1
        for rank in sorted(range(len(self._jobs)), key=self._jobs.__getitem__):
            job, at = self._jobs[rank], self._at[rank]
            if job != before:
                yield job, Place(at >> 48, at & ((1 << 48) - 1), self._lengths[rank])
            before = job


def compact(
    run_dir: Path, chosen: Iterable[int], needed: Callable[[int], bool] = lambda job: True
) -> tuple[DataFile, ...]:
    """Writes `data/part-*.parquet` of the `chosen` jobs, `rejects.parquet` of the rejected ones
    among the `needed`, `attempts.parquet` and `preferences.parquet`. Raises DamagedFile, DiskFull.

    Blocks for about 0.1 ms a row: to be called off the loop.
    """
    paths = segments(run_dir)
    jobs = array("Q", sorted(chosen))
    accepted, rejected = _find(run_dir, jobs, needed)
    draft = run_dir / f".compact.{os.getpid()}"
    try:
        _clear(run_dir)
        draft.mkdir()
        with ExitStack() as stack:
            fds = [os.open(path, os.O_RDONLY | os.O_CLOEXEC) for path in paths]
            for fd in fds:
                stack.callback(os.close, fd)
            data = Parts(draft / "data", CONVERSATION)
            attempts = Parts(draft / "attempts", ATTEMPTED)
            preferences = Parts(draft / "preferences", PREFERENCE)
            rejects = Parts(draft / "rejects", REJECTED)
            for body in _read(accepted, fds, paths):
                _add_accepted(body, data, attempts, preferences)
            for body in _read(rejected, fds, paths):
                rejects.add(encode(_decode_rejected(body)))
        counts = data.close()
        if sum(rows for _, rows in counts) != len(jobs):
            raise FastsynthError(f"{run_dir}: {len(jobs)} jobs chosen, some not in the journal")
        singles = {
            "attempts": attempts.close_as_one(),
            "preferences": preferences.close_as_one(),
            "rejects": rejects.close_as_one(),
        }
        _publish(draft, run_dir)
    except OSError as error:
        reraise_disk(error, str(run_dir))
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    files = [data_file(run_dir, run_dir / "data" / name, rows) for name, rows in counts]
    for name, rows in singles.items():
        files.append(data_file(run_dir, run_dir / f"{name}.parquet", rows))
    return tuple(files)


class RejectedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `rejects.parquet`."""

    job: int
    stratum: str
    plan_hash: str
    stage: str
    reason: str
    detail: str
    attempts: tuple[Attempt, ...]
    usage: Usage
    student_pass_rate: float | None = None


class AttemptedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of `attempts.parquet`: failed attempts of a conversation that was accepted."""

    id: str
    job: int
    stratum: str
    attempts: tuple[Attempt, ...]


def read_rows(run_dir: Path) -> Iterator[Conversation]:
    """The data set, in order, one part in memory at a time."""
    for path in sorted((run_dir / "data").glob("part-*.parquet")):
        yield from (msgspec.convert(row, Conversation) for row in _rows(path))


def read_rejects(run_dir: Path) -> Iterator[RejectedRow]:
    for row in _rows(run_dir / "rejects.parquet"):
        yield msgspec.convert(row, RejectedRow)


def read_attempts(run_dir: Path) -> Iterator[AttemptedRow]:
    for row in _rows(run_dir / "attempts.parquet"):
        yield msgspec.convert(row, AttemptedRow)


def read_preferences(run_dir: Path) -> Iterator[Preference]:
    for row in _rows(run_dir / "preferences.parquet"):
        yield msgspec.convert(row, Preference)


def _rows(path: Path) -> Iterator[dict[str, object]]:
    """Without columns that are null: a run that an older version began has no value for later ones,
    and the default stands in."""
    frame = pl.scan_parquet(path)
    total = _collected(frame.select(pl.len()), path).item()
    for start in range(0, total, BATCH_ROWS):
        for batch in _collected(frame.slice(start, BATCH_ROWS), path).iter_slices(500):
            for row in batch.to_dicts():
                yield {name: value for name, value in row.items() if value is not None}


def _collected(frame: pl.LazyFrame, path: Path) -> pl.DataFrame:
    try:
        return frame.collect()
    except pl.exceptions.ComputeError as error:
        run_dir = path.parent.parent if path.parent.name == "data" else path.parent
        text = f"{path}: damaged ({str(error).splitlines()[0]}); `{program()} compact {run_dir}` "
        raise DamagedFile(text + "makes it again from the journal") from error


def _find(
    run_dir: Path, chosen: array[int], needed: Callable[[int], bool]
) -> tuple[_Places, _Places]:
    accepted, rejected = _Places(), _Places()
    for head, place in heads(run_dir):
        if head.tag == "accepted":
            rank = bisect_left(chosen, head.job)
            if rank < len(chosen) and chosen[rank] == head.job:
                accepted.note(head.job, place)
        elif head.tag == "rejected" and needed(head.job):
            rejected.note(head.job, place)
    return accepted, rejected


def _read(places: _Places, fds: Sequence[int], paths: Sequence[Path]) -> Iterator[bytes]:
    for _, place in places:
        yield body_of(read_line(fds[place.segment], place, paths[place.segment]))


def _add_accepted(body: bytes, data: Parts, attempts: Parts, preferences: Parts) -> None:
    outcome = _decode_accepted(body)
    data.add(bytes(outcome.conversation))
    if bytes(outcome.attempts) != b"[]":
        said = _decode_said(outcome.conversation)
        row = {
            "id": said.id,
            "job": outcome.job,
            "stratum": outcome.stratum,
            "attempts": outcome.attempts,
        }
        attempts.add(encode(row))
        for pair in pairs(said.id, said.messages, _decode_attempts(outcome.attempts)):
            preferences.add(encode(pair))


def _publish(draft: Path, run_dir: Path) -> None:
    for name in ("attempts", "preferences", "rejects"):
        (draft / f"{name}.parquet").replace(run_dir / f"{name}.parquet")
    old = run_dir / ".data.old"
    if (run_dir / "data").exists():
        (run_dir / "data").rename(old)
    (draft / "data").rename(run_dir / "data")
    shutil.rmtree(old, ignore_errors=True)


def _clear(run_dir: Path) -> None:
    """Takes away what a killed compaction left, and gives back what it had moved aside."""
    old = run_dir / ".data.old"
    if old.exists() and not (run_dir / "data").exists():
        old.rename(run_dir / "data")
    shutil.rmtree(old, ignore_errors=True)
    for left in run_dir.glob(".compact.*"):
        shutil.rmtree(left, ignore_errors=True)


_decode_accepted = msgspec.json.Decoder(_Accepted).decode
_decode_rejected = msgspec.json.Decoder(_Rejected).decode
_decode_said = msgspec.json.Decoder(_Said).decode
_decode_attempts = msgspec.json.Decoder(tuple[Attempt, ...]).decode
