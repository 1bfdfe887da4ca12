"""The modelled server that refuses above its slots, over HTTP and from the command line."""

from __future__ import annotations

from collections import Counter

import aiohttp
import anyio
import pytest

from fastsynth.cli import main
from fastsynth.sim.batching import Shape
from fastsynth.sim.server import Options, serving


@pytest.mark.anyio
@pytest.mark.parametrize(("refuse", "statuses"), [(True, {200: 2, 429: 4}), (False, {200: 6})])
async def test_above_its_slots_it_refuses_only_where_it_is_told_to(
    refuse: bool, statuses: dict[int, int]
) -> None:
    seen: Counter[int] = Counter()
    shape = Shape(slots=2, sequence_rate=10.0, refuse=refuse)
    async with serving(Options(batching=shape)) as port, aiohttp.ClientSession() as session:

        async def ask() -> None:
            body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
            url = f"http://127.0.0.1:{port}/v1/chat/completions"
            async with session.post(url, json=body) as response:
                seen[response.status] += 1

        async with anyio.create_task_group() as group:
            for _ in range(6):
                group.start_soon(ask)

    assert dict(seen) == statuses


def test_a_server_without_slots_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--port", "0", "--slots", "0"]) == 2
    assert "serve" in capsys.readouterr().err
