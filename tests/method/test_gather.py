"""Lists made up of what stands in results: each element tells where it came from."""

from __future__ import annotations

import pytest
from method_stage import job, planned

from fastsynth.env import paths
from fastsynth.method.plan import Output

pytestmark = pytest.mark.anyio


async def test_a_gathered_number_is_the_one_its_source_names() -> None:
    gathered = 0
    for number in range(40):
        async with planned(job(number), "bfcl") as (plan, _):
            for turn in plan.turns:
                for step in turn.steps:
                    if "numbers" not in step.arguments:
                        continue
                    for place, source in step.sources.items():
                        if isinstance(source, Output) and source.turn == turn.number:
                            gathered += 1
                            given = paths.get(place, step.arguments)
                            assert paths.get(source.path, turn.steps[source.step].value) == given

    assert gathered, "no list was made of results"
