"""Rows replay from themselves alone; any change of call, result or state is found and named."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from running import rows

from fastsynth.records import Call, Conversation, canonical
from fastsynth.replay import Mismatch, Verifier

replace = msgspec.structs.replace


async def faults(row: Conversation) -> list[Mismatch]:
    verifier = Verifier()
    try:
        return await verifier.check(row)
    finally:
        await verifier.close()


@pytest.fixture
def row(worlds: Path) -> Conversation:
    """One that changes something by a call of its first turn."""
    for row in rows(worlds):
        if len(row.ground_truth[0]) >= 2 and row.digests[0] != row.digests[1]:
            return row
    raise AssertionError("no row has two calls in its first turn")


@pytest.mark.anyio
async def test_every_row_replays_as_recorded(worlds: Path) -> None:
    found = {row.id: await faults(row) for row in rows(worlds)}

    assert len(found) == 16
    assert not any(found.values())


@pytest.mark.anyio
async def test_another_result_is_found(row: Conversation) -> None:
    at = next(i for i, m in enumerate(row.messages) if m.role == "tool")
    messages = list(row.messages)
    messages[at] = replace(messages[at], content='{"made":"up"}')
    (fault, *_) = await faults(replace(row, messages=tuple(messages)))

    assert (fault.turn, fault.call) == (0, 0)
    assert "made" in str(fault)
    assert row.id in str(fault)


@pytest.mark.anyio
async def test_another_state_is_found(row: Conversation) -> None:
    found = await faults(replace(row, digests=("0" * 32, *row.digests[1:])))

    assert {(fault.turn, fault.call) for fault in found} == {(0, -1)}
    assert {"ground truth" in str(fault) for fault in found} == {True, False}


@pytest.mark.anyio
async def test_a_ground_truth_that_fails_is_found(row: Conversation) -> None:
    wrong = Call(name=row.ground_truth[0][0].name, arguments=canonical({"no": "such"}))
    truth = ((wrong, *row.ground_truth[0][1:]), *row.ground_truth[1:])
    found = await faults(replace(row, ground_truth=truth))

    assert any("fails" in fault.what and fault.call == 0 for fault in found)


@pytest.mark.anyio
async def test_a_recorded_call_that_was_left_out_is_found(row: Conversation) -> None:
    result = next(m for m in row.messages if m.role == "tool")
    left = tuple(m for m in row.messages if m is not result)
    found = await faults(replace(row, messages=left))

    assert any("None" in str(fault) for fault in found)
