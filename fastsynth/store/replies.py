"""Every reply, stored under its key before it is used. Implements `llm.chat.ReplyStore`.

In memory are only the places of replies to unfinished jobs, 16 bytes each; payloads are read from
the disk. The first reply under a key stays, later ones and those of ended jobs are let go.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from fastsynth.errors import DamagedFile, DiskFull
from fastsynth.store import segment as segments
from fastsynth.store.appendfile import AppendFile
from fastsynth.store.lineage import lineage, remember

SEGMENT_BYTES = 64 << 20
_OFFSET_BITS = 40


class ReplyLog:
    def __init__(
        self,
        run_dir: Path,
        finished: Callable[[int], bool],
        *,
        writer: int = 0,
        reuse: Sequence[Path] = (),
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        """Opens the log of `run_dir` for one writer; `reuse`: further run directories, read only,
        and so are those that they reused themselves.

        `finished` is asked now and later, so it has to know jobs as they end. Raises DamagedFile.
        """
        self._folder = run_dir / "replies"
        self._finished = finished
        self._writer = writer
        self._segment_bytes = segment_bytes
        self._paths: list[Path] = []
        self._places: dict[int, array[int]] = {}
        """Job -> pairs of (first half of the key, segment << 40 | offset)."""
        self._retired: list[tuple[AppendFile, set[int]]] = []
        self._folder.mkdir(parents=True, exist_ok=True)
        for folder in (self._folder, *(run / "replies" for run in lineage(run_dir, reuse))):
            if not folder.is_dir():
                raise DamagedFile(f"{folder}: no such directory, need replies of an earlier run")
            for path in sorted(folder.glob("W-*.log")):
                self._index(path)
        remember(run_dir, reuse)
        self._open_own()

    def get(self, job: int, key: bytes) -> bytes | None:
        """The stored reply. Raises DamagedFile where it is no longer as it was written."""
        places = self._places.get(job)
        if places is None:
            return None
        half = int.from_bytes(key[:8], "little")
        if half not in places:  # as it is for all but those that are asked again
            return None
        for at in range(0, len(places), 2):
            if places[at] == half:
                number, offset = divmod(places[at + 1], 1 << _OFFSET_BITS)
                payload = self._read(number, offset, key, job)
                if payload is not None:
                    return payload
        return None

    def put(self, job: int, key: bytes, reply: bytes) -> None:
        """Written when it returns. Raises DiskFull, the log then being as before."""
        if len(key) != segments.KEY:
            raise ValueError(f"reply key of {len(key)} bytes, need {segments.KEY}")
        if self._finished(job) or self.get(job, key) is not None:
            return
        if self._file.size >= self._segment_bytes:
            self._rotate()
        offset = self._file.append(segments.record_of(key, job, reply))
        self._jobs.add(job)
        self._note(key, job, self._number, offset)

    def forget(self, job: int) -> None:
        """The job has ended: its replies stay on disk, their places leave the memory."""
        self._places.pop(job, None)

    def sync(self) -> None:
        """Brings to the disk what was written before; closes what is full. Safe in a thread."""
        while self._retired:
            file, jobs = self._retired[0]
            file.close()
            with suppress(DiskFull):  # without it the segment is read at the next start
                segments.write_jobs(file.path, jobs)
            self._retired.pop(0)
        self._file.sync()

    def close(self) -> None:
        self.sync()
        self._file.close()

    def _read(self, number: int, offset: int, key: bytes, job: int) -> bytes | None:
        path = self._paths[number]
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            return segments.read(fd, offset, key, job, path)
        finally:
            os.close(fd)

    def _note(self, key: bytes, job: int, number: int, offset: int) -> None:
        places = self._places.get(job)
        if places is None:
            places = self._places[job] = array("Q")
        places.append(int.from_bytes(key[:8], "little"))
        places.append(number << _OFFSET_BITS | offset)

    def _index(self, path: Path) -> None:
        self._paths.append(path)
        jobs = segments.read_jobs(path)
        if jobs is not None and all(map(self._finished, jobs)):
            return
        for key, job, offset, _ in segments.scan(path):
            if not self._finished(job):
                self._note(key, job, len(self._paths) - 1, offset)

    def _open_own(self) -> None:
        """Goes on with the writer's last segment, its torn end cut off."""
        own = sorted(self._folder.glob(f"W-{self._writer:04}.*.log"))
        path = own[-1] if own else self._path(0)
        self._serial = int(path.suffixes[-2][1:])
        self._jobs: set[int] = set()
        end = 0
        if own:
            for _, job, offset, length in segments.scan(path, check=False):
                self._jobs.add(job)
                end = offset + length
        self._file = AppendFile(path)
        if end != self._file.size:
            self._file.truncate(end)
        if path not in self._paths:
            self._paths.append(path)
        self._number = self._paths.index(path)

    def _rotate(self) -> None:
        path = self._path(self._serial + 1)
        following = AppendFile(path)
        self._retired.append((self._file, self._jobs))
        self._file, self._jobs = following, set()
        self._serial += 1
        self._number = len(self._paths)
        self._paths.append(path)

    def _path(self, serial: int) -> Path:
        return self._folder / f"W-{self._writer:04}.{serial:05}.log"
