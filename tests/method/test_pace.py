"""Long CPU work lets others in; short work does not pay for it."""

from __future__ import annotations

import anyio
import pytest

from fastsynth.method.pace import Pace


@pytest.mark.anyio
@pytest.mark.parametrize(("longest", "others_ran"), [(0.0, True), (3600.0, False)])
async def test_a_stretch_is_broken_only_where_it_has_become_long(
    longest: float, others_ran: bool
) -> None:
    pace, ran = Pace(longest), []

    async def other() -> None:
        ran.append(True)

    async with anyio.create_task_group() as group:
        await pace.breathe()  # the first one always yields: nothing is known of before
        group.start_soon(other)
        await pace.breathe()
        seen = bool(ran)

    assert seen == others_ran
