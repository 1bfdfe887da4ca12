"""Anything may happen to a pool, in any order: nobody waits for ever and no permit is lost."""

from __future__ import annotations

import random
from collections import Counter

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st
from virtual_clock import run_virtual

from fastsynth.llm.estimates import Load
from fastsynth.llm.limits import Gate, Limits
from fastsynth.llm.router import Pool


async def live(pool: Pool, job: int, draw: random.Random, trouble: float) -> None:
    """One request with every fate a server has in store."""
    permit = await pool.admit(
        job, Load(draw.uniform(1, 200), draw.uniform(1, 99), draw.uniform(0, 50))
    )
    try:
        await anyio.sleep(draw.expovariate(2.0))
        now, gate = anyio.current_time(), permit.gate
        if draw.random() > trouble:
            gate.settle(now, permit, draw.randint(1, 200), draw.randint(1, 99))
            gate.served(permit)
        elif draw.random() < 0.5:
            gate.refused(now, permit, draw.choice([None, 0.5, 20.0]))
        else:
            pool.lost(permit, refused=draw.random() < 0.5)
    finally:
        pool.release(permit)


@given(
    seed=st.integers(0, 10_000),
    addresses=st.integers(1, 4),
    in_flight=st.integers(1, 6),
    rpm=st.none() | st.integers(5, 500),
    tpm=st.none() | st.integers(400, 20_000),
    trouble=st.sampled_from([0.0, 0.1, 0.5, 1.0]),
)
@settings(max_examples=60, deadline=None)
def test_every_request_ends_and_every_permit_comes_back(
    seed: int, addresses: int, in_flight: int, rpm: int | None, tpm: int | None, trouble: float
) -> None:
    draw = random.Random(seed)
    pool = Pool(
        "p",
        [Gate(f"p@{n}", Limits(in_flight=in_flight, rpm=rpm, tpm=tpm)) for n in range(addresses)],
    )
    ended: list[str] = []

    async def one(number: int) -> None:
        await anyio.sleep(draw.uniform(0, 20))
        with anyio.move_on_after(draw.choice([0.3, 5.0, 1e6])):
            await live(pool, number % 9, draw, trouble)
        ended.append("ended")

    async def main() -> None:
        with anyio.fail_after(100_000):
            async with anyio.create_task_group() as group:
                for number in range(60):
                    group.start_soon(one, number)

    run_virtual(main())

    assert len(ended) == 60
    assert [gate.in_flight for gate in pool.gates] == [0] * addresses
    assert [len(gate.queue) for gate in pool.gates] == [0] * addresses
    assert pool._waiting == 0


def test_conversations_stay_at_home_although_all_addresses_are_full() -> None:
    draw = random.Random(1)
    pool = Pool("p", [Gate(f"p@{n}", Limits(in_flight=8)) for n in range(4)])
    homes: Counter[bool] = Counter()
    last: dict[int, str] = {}

    async def conversation(job: int) -> None:
        for _ in range(20):
            permit = await pool.admit(job)
            label = permit.gate.label
            homes[last.get(job, label) == label] += 1
            last[job] = label
            await anyio.sleep(draw.expovariate(1.0))
            permit.gate.served(permit)
            pool.release(permit)

    async def main() -> None:
        async with anyio.create_task_group() as group:
            for job in range(128):
                group.start_soon(conversation, job)

    run_virtual(main())

    assert homes[True] / homes.total() > 0.8
