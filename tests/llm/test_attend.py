"""A client beside a real server that shows its gauges."""

from __future__ import annotations

import anyio
import pytest
from client_setup import Setup, ask

from fastsynth.events import SlotTime
from fastsynth.llm.client import Client
from fastsynth.llm.knee import START
from fastsynth.sim.batching import Shape
from fastsynth.sim.server import Options, serving


@pytest.mark.anyio
async def test_the_servers_gauges_move_the_limit_and_slot_time_is_told() -> None:
    setup = Setup()
    shape = Shape(slots=400, decode_rate=4000.0, sequence_rate=10.0)
    async with serving(Options(batching=shape)) as port:
        url = f"http://127.0.0.1:{port}/v1"
        async with setup.client(url) as client, anyio.create_task_group() as group:
            group.start_soon(client.attend)
            for job in range(150):
                group.start_soon(converse, client, job)
            with anyio.fail_after(60):  # however slow the machine: what counts is what it comes to
                while not (grown(client) and served(setup) > START / 2):  # noqa: ASYNC110
                    await anyio.sleep(0.05)
            (lane,) = client.lanes()
            group.cancel_scope.cancel()

    assert lane.in_flight > START


def grown(client: Client) -> bool:
    """The limit and, filling it, what is in flight."""
    (lane,) = client.lanes()
    return lane.limit >= 1.5 * START and lane.in_flight > START


def served(setup: Setup) -> float:
    return sum(event.seconds.get("server", 0.0) for event in setup.of(SlotTime))


async def converse(client, job: int) -> None:  # type: ignore[no-untyped-def]
    step = 0
    while True:
        step += 1
        await client.ask(ask(job, step=step))
