"""A run directory: made or found, checked to be the same run, locked against a second writer."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal

from fastsynth.errors import ConfigError, reraise_disk
from fastsynth.store.appendfile import write_atomically
from fastsynth.store.manifest import Manifest, read_manifest, write_manifest

Resume = Literal["auto", "never", "always"]
PROBE = "probe"
"""Folder of the probing phase, which comes before its run."""


class RunDir:
    """Opened for one writer; `close` gives the lock back. Use as a context manager."""

    def __init__(
        self,
        path: Path,
        identity: str,
        *,
        resume: Resume = "auto",
        writer: int = 0,
        differs: Callable[[Manifest], str] = lambda _: "",
    ) -> None:
        """Raises ConfigError: another run is there (or none, or one, against `resume`), it is not
        a run directory, or another process writes as the same writer."""
        self.path = path
        self.writer = writer
        found = earlier(path, resume)
        if found is not None and found.identity != identity and _is_unused(path):
            found = None
            (path / "graph.json").unlink(missing_ok=True)
        if found is not None:
            _check_identity(path, found, identity, differs)
        _make(path)
        self._lock = _lock(path / "journal" / f"W-{writer:04}.lock", path)
        self.manifest = found or Manifest(identity=identity)
        """As the last sitting left it."""
        if found is None:
            write_manifest(path, self.manifest)

    @property
    def journal(self) -> Path:
        """This writer's journal file."""
        return self.path / "journal" / f"W-{self.writer:04}.jsonl"

    def write(self, name: str, content: str) -> None:
        """Replaces a file of the run (`config.yaml`, `graph.json`) as a whole."""
        write_atomically(self.path / name, content.encode())

    def close(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> RunDir:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def earlier(path: Path, resume: Resume = "auto") -> Manifest | None:
    """What the last sitting there left, None where there was none. Raises ConfigError where that
    is against `resume`, or where a run cannot be; touches nothing."""
    if path.exists() and not path.is_dir():
        raise ConfigError(f"{path}: a file, need a directory for the run")
    found = read_manifest(path)
    if found is None:
        if path.is_dir() and not _is_bare(path):
            raise ConfigError(
                f"{path}: not empty and without manifest.json, need a new directory or a run's own"
            )
        if resume == "always":
            raise ConfigError(f"{path}: no run to resume there, need the directory of one")
        return None
    if resume == "never":
        raise ConfigError(
            f"{path}: holds a run, need a new directory (-o) or --resume auto to go on with it"
        )
    return found


def holder(path: Path, writer: int = 0) -> str:
    """`running: process 7 on gpu1` while somebody writes there; "" where nobody does. A process of
    another machine cannot be asked and is taken at its word."""
    try:
        fd = os.open(path / "journal" / f"W-{writer:04}.lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return ""
    try:
        said = os.pread(fd, 200, 0).decode(errors="replace").strip()
        number, _, host = said.removeprefix("process ").partition(" on ")
        if host == socket.gethostname() and number.isdecimal():
            os.kill(int(number), 0)
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return ""
        return f"running, or killed: {said}" if said else ""
    except (ProcessLookupError, PermissionError):
        return ""
    except BlockingIOError:
        return f"running: {said}"
    finally:
        os.close(fd)


def _is_bare(path: Path) -> bool:
    """Whether a run could begin there: nothing, a probing phase, or what a run leaves that ended
    before it had written its first manifest (killed, or no space)."""
    ours = ("journal", "replies")
    return all(
        inside.name == PROBE
        or (inside.name in ours and all(left.suffix == ".lock" for left in inside.glob("*")))
        or inside.name.startswith(".manifest.json.")
        for inside in path.iterdir()
    )


def _is_unused(path: Path) -> bool:
    """Whether a run was begun there that asked and made nothing: one whose config was refused by
    the tools themselves, say. Another may take its place."""
    made = ("scenarios.jsonl", PROBE)
    stored = (f for inside in ("journal", "replies") for f in (path / inside).glob("*"))
    return not any((path / name).exists() for name in made) and not any(
        file.stat().st_size for file in stored if file.suffix != ".lock"
    )


def _check_identity(
    path: Path, found: Manifest, identity: str, differs: Callable[[Manifest], str]
) -> None:
    if found.identity != identity:
        what = differs(found)
        told = f" (another {what})" if what else ""
        raise ConfigError(
            f"{path}: made by a run of identity {found.identity[:12]}, this one is "
            f"{identity[:12]}{told}; give this one a directory of its own (-o), or bring "
            f"environment, method, prompts, models and seed back to those in {path / 'config.yaml'}"
        )


def _make(path: Path) -> None:
    try:
        for folder in ("journal", "replies"):
            (path / folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reraise_disk(error, str(path))


def _lock(lock: Path, run_dir: Path) -> int:
    try:
        fd = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        reraise_disk(error, str(lock))
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(fd, 200, 0).decode(errors="replace").strip() or "another process"
        os.close(fd)
        raise ConfigError(
            f"{run_dir}: in use by {holder}; wait for it, end it, or take another directory (-o)"
        ) from None
    with suppress(OSError):  # no space to say who holds it, and it is held all the same
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
    return fd
