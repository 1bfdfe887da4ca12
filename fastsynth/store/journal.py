r"""Append-only record of finished jobs. A torn last line is dropped on open; nothing else is.

A line is `{"c":"<crc32>","h":<head>,"o":<outcome>}\n`, the checksum over all that follows it. The
head repeats what resuming needs, so a million finished jobs are passed without decoding them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from zlib import crc32

import msgspec

from fastsynth.errors import DamagedFile
from fastsynth.records import Accepted, Failed, Outcome, Rejected, Usage, encode
from fastsynth.store.appendfile import AppendFile

Tag = Literal["accepted", "rejected", "failed"]
_CHUNK = 1 << 20
_BEFORE, _AFTER = b'{"c":"', b'","h":'
_START = len(_BEFORE) + 8
"""Where the checked part of a line begins."""
_HEAD = _START + len(_AFTER)
_BODY = b',"o":{'
"""Ends the head. Inside a JSON string its quotes would be escaped."""


class Head(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An outcome without its conversation."""

    job: int
    tag: Tag
    stratum: str
    plan_hash: str
    content_hash: str
    stage: str
    """Where it ended, for a rejected job."""
    reason: str
    """Why: of a rejected job its reason, of a failed one its cause."""
    requests: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    cost_usd: float | None
    near: str = ""
    """Of an accepted job: see `records.Accepted`."""


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where a line of the journal stands: position in `segments`, byte offset, length in bytes."""

    segment: int
    offset: int
    length: int


class Journal:
    """One writer's segment, open for appending."""

    def __init__(self, path: Path) -> None:
        """Drops a torn last line. Raises DamagedFile only on reading (`heads`, `outcomes`)."""
        self._file = AppendFile(path)
        whole = _end_of_lines(self._file)
        if whole != self._file.size:
            self._file.truncate(whole)

    def append(self, outcome: Outcome) -> Head:
        """Written when it returns. Raises DiskFull, the file then being as before."""
        head = head_of(outcome)
        self._file.append(line_of(head, outcome))
        return head

    def sync(self) -> None:
        self._file.sync()

    def close(self) -> None:
        self._file.close()


def segments(run_dir: Path) -> tuple[Path, ...]:
    """The journal files of all writers, in their order."""
    return tuple(sorted((run_dir / "journal").glob("W-*.jsonl")))


def heads(run_dir: Path) -> Iterator[tuple[Head, Place]]:
    """Every head of every writer. Raises DamagedFile at the first line that is not as written."""
    decode = msgspec.json.Decoder(Head).decode
    for number, path in enumerate(segments(run_dir)):
        for offset, line in _lines(path):
            end = line.find(_BODY, _HEAD)
            yield decode(line[_HEAD:end]), Place(number, offset, len(line))


def outcomes(run_dir: Path) -> Iterator[Outcome]:
    """Every outcome of every writer, in order of writing. Raises DamagedFile."""
    for path in segments(run_dir):
        for _, line in _lines(path):
            yield decode_outcome(line)


def decode_outcome(line: bytes) -> Outcome:
    """Of a line without its newline."""
    outcome: Outcome = _decode_outcome(body_of(line))
    return outcome


def body_of(line: bytes) -> bytes:
    """The outcome of a line, still encoded."""
    return line[line.find(_BODY, _HEAD) + 5 : -1]


def read_line(fd: int, place: Place, path: Path) -> bytes:
    """The line at a place, without its newline, checked again. Raises DamagedFile."""
    line = os.pread(fd, place.length, place.offset)
    if not is_whole(line):
        raise DamagedFile(f"{path}: byte {place.offset}: the line changed since it was scanned")
    return line


def line_of(head: Head, outcome: Outcome) -> bytes:
    checked = b"".join((_AFTER, encode(head), b',"o":', encode(outcome), b"}"))
    return b"".join((_BEFORE, b"%08x" % crc32(checked), checked, b"\n"))


def is_whole(line: bytes) -> bool:
    """Whether a line (without its newline) is as it was written."""
    return (
        len(line) > _HEAD
        and line.startswith(_BEFORE)
        and line[len(_BEFORE) : _START] == b"%08x" % crc32(memoryview(line)[_START:])
    )


def head_of(outcome: Outcome) -> Head:
    match outcome:
        case Accepted():
            usage = outcome.conversation.usage
            return _head(outcome, "accepted", content=outcome.content_hash, usage=usage)
        case Rejected():
            return _head(
                outcome,
                "rejected",
                stage=outcome.stage,
                reason=outcome.reason,
                usage=outcome.usage,
            )
        case Failed():
            return _head(outcome, "failed", reason=outcome.cause)


def _head(
    outcome: Outcome,
    tag: Tag,
    *,
    content: str = "",
    stage: str = "",
    reason: str = "",
    usage: Usage = Usage(),  # noqa: B008 - frozen
) -> Head:
    return Head(
        job=outcome.job,
        tag=tag,
        stratum=outcome.stratum,
        plan_hash="" if isinstance(outcome, Failed) else outcome.plan_hash,
        content_hash=content,
        stage=stage,
        reason=reason,
        requests=usage.requests,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        cached_tokens=usage.cached_tokens,
        cost_usd=usage.cost_usd,
        near=outcome.near if isinstance(outcome, Accepted) else "",
    )


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """(offset, line without its newline) of each whole line; what follows the last newline is
    torn, or being written by another process, and is left out."""
    offset, number = 0, 0
    rest = b""
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(max(_CHUNK, len(rest))):
            *lines, rest = (rest + chunk).split(b"\n") if rest else chunk.split(b"\n")
            for line in lines:
                number += 1
                if not is_whole(line):
                    raise DamagedFile(_damage(path, number, offset))
                yield offset, line
                offset += len(line) + 1


def _damage(path: Path, number: int, offset: int) -> str:
    return (
        f"{path}: line {number} (byte {offset}): not as it was written; restore the file from a "
        f"copy, or cut it with `head -n {number - 1}` and run again: the jobs after it are redone"
    )


def _end_of_lines(file: AppendFile) -> int:
    """The offset after the last newline."""
    end = file.size
    while end > 0:
        start = max(0, end - _CHUNK)
        found = file.read(start, end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


_decode_outcome = msgspec.json.Decoder(Outcome).decode
