"""events.jsonl holds every event of a calm run, and a bounded sample of a storm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anyio
import pytest
from made_up_run import some, started

from fastsynth.dashboard.eventlog import LINES_A_FLUSH, EventLog, event_log
from fastsynth.errors import FastsynthError
from fastsynth.events import JobFinished, Note, RequestDone


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.anyio
async def test_a_calm_run_is_whole(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.jsonl", 5.0, lambda: 6.5)
    for event in (started(), JobFinished(3, "near", "accepted"), Note("draining")):
        log(event)
    await log.flush()
    found = lines(tmp_path / "events.jsonl")

    assert [line["event"] for line in found] == ["RunStarted", "JobFinished", "Note"]
    assert found[1] == {
        "t": 1.5, "event": "JobFinished", "job": 3, "stratum": "near", "outcome": "accepted"
    }  # fmt: skip


@pytest.mark.anyio
async def test_a_storm_is_sampled_and_counted(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.jsonl", 0.0, lambda: 1.0)
    events = some(20_000)
    for event in events:
        log(event)
    await log.flush()
    found = lines(tmp_path / "events.jsonl")
    done = sum(isinstance(event, RequestDone) for event in events)

    assert len(found) <= 50
    assert found[-1]["event"] == "Skipped"
    assert found[-1]["counts"]["RequestDone"] == done - LINES_A_FLUSH[RequestDone]
    assert sum(found[-1]["counts"].values()) + len(found) - 1 == len(events)


@pytest.mark.anyio
async def test_what_came_last_is_written_on_cancellation(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as group:
            log = EventLog(path, 0.0, anyio.current_time)
            async with event_log(log, group):
                log(JobFinished(1, "", "accepted"))
                scope.cancel()
                await anyio.sleep(60)

    assert [line["event"] for line in lines(path)] == ["JobFinished"]


@pytest.mark.anyio
async def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "missing" / "events.jsonl", 0.0, lambda: 0.0)
    log(Note("x"))

    with pytest.raises(FastsynthError, match="missing"):
        await log.flush()
