"""A disk that is full for a while: the run waits, loses nothing and goes on by itself."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import anyio
import msgspec
import pytest

from fastsynth.engine.shutdown import Stop
from fastsynth.engine.space import Space
from fastsynth.errors import DiskFull, Interrupted
from fastsynth.events import Bus, Note
from fastsynth.records import Usage, encode
from fastsynth.store.compact import read_rows

FULL_AT = 200_000
"""Bytes in one file after which writing fails with EFBIG, as a full disk does with ENOSPC."""


def generate(run_dir: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "fastsynth.cli", "generate", "--plain", "-n", "12"]
    command += ["--width", "6", "-o", str(run_dir)]
    return subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)


def bare(run_dir: Path) -> list[bytes]:
    rows = (msgspec.structs.replace(row, usage=Usage()) for row in read_rows(run_dir))
    return [encode(row) for row in rows]


def test_a_full_disk_pauses_a_run_that_goes_on_when_there_is_space(tmp_path: Path) -> None:
    undisturbed = generate(tmp_path / "whole")
    undisturbed.communicate()

    process = generate(tmp_path / "full")
    unlimited = resource.RLIM_INFINITY
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (FULL_AT, unlimited))
    assert process.stderr is not None
    told = next(line for line in process.stderr if "no space left" in line)
    running = process.poll() is None
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (unlimited, unlimited))
    process.communicate()

    assert "paused" in told
    assert running
    assert process.returncode == 0
    assert bare(tmp_path / "full") == bare(tmp_path / "whole")


@pytest.mark.anyio
async def test_a_wish_to_end_ends_the_waiting_for_space() -> None:
    stop = Stop()
    space = Space(Bus(), stop)

    def write() -> None:
        raise DiskFull("replies/W-0000: no space left; free some")

    async with anyio.create_task_group() as group:
        group.start_soon(anyio.sleep, 0)
        stop.request("interrupt")
        with pytest.raises(Interrupted, match="no space left"):
            await space.keep(write)


@pytest.mark.anyio
async def test_the_message_is_said_once_however_many_wait() -> None:
    bus, stop, notes, tries = Bus(), Stop(), [], []
    bus.listen(lambda event: notes.append(event) if isinstance(event, Note) else None)
    space = Space(bus, stop)

    def write() -> int:
        tries.append(1)
        if len(tries) < 9:
            raise DiskFull("journal: no space left; free some")
        return 7

    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(space.keep, write)

    assert len(notes) == 1
    assert "journal: no space left; paused" in notes[0].text
