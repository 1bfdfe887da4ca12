"""Limits and routing in virtual time: what no minute may exceed, who goes first, who comes back."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from virtual_clock import run_virtual

from fastsynth.llm.ceiling import Ceiling
from fastsynth.llm.estimates import Estimates
from fastsynth.llm.limits import STRIKES, Gate, Limits
from fastsynth.llm.router import Pool
from fastsynth.llm.windows import Window
from fastsynth.records import Usage

Times = list[tuple[float, float]]


def most_in_a_minute(sent: Times) -> float:
    """The largest sum of amounts in any closed window of 60 s."""
    worst = total = 0.0
    start = 0
    for at, amount in sent:
        total += amount
        while sent[start][0] < at - 60.0:
            total -= sent[start][1]
            start += 1
        worst = max(worst, total)
    return worst


@given(
    limit=st.integers(1, 400),
    gaps=st.lists(st.floats(0, 5), min_size=1, max_size=300),
    amounts=st.lists(st.integers(1, 50), min_size=1, max_size=20),
)
@settings(max_examples=60, deadline=None)
def test_no_minute_holds_more_than_a_window_allows(
    limit: int, gaps: list[float], amounts: list[int]
) -> None:
    window, now, sent = Window(limit), 0.0, []
    for number, gap in enumerate(gaps):
        now += gap
        amount = min(limit, amounts[number % len(amounts)])
        now += window.delay(now, amount)
        assert window.delay(now, amount) <= 1e-6
        window.take(now, amount)
        sent.append((now, float(amount)))

    assert most_in_a_minute(sent) <= limit


@given(rpm=st.integers(20, 900), in_flight=st.integers(4, 64), seed=st.integers(0, 999))
@settings(max_examples=6, deadline=None)
def test_requests_use_the_minute_fully_and_never_more(rpm: int, in_flight: int, seed: int) -> None:
    draw = random.Random(seed)
    pool = Pool("p", [Gate("p@a", Limits(in_flight=in_flight, rpm=rpm))])
    sent: Times = []

    async def worker(number: int) -> None:
        while anyio.current_time() < 600:
            permit = await pool.admit(number)
            sent.append((anyio.current_time(), 1.0))
            await anyio.sleep(draw.uniform(0.01, 0.1))
            permit.gate.served(permit)
            pool.release(permit)

    async def main() -> None:
        async with anyio.create_task_group() as group:
            for number in range(in_flight + 8):
                group.start_soon(worker, number)

    run_virtual(main())
    minutes = len([at for at, _ in sent if at < 600]) / rpm

    assert most_in_a_minute(sent) <= rpm
    assert minutes >= 0.97 * 10


@pytest.mark.parametrize("seed", range(4))
def test_tokens_use_the_minute_fully_and_never_more(seed: int) -> None:
    draw, tpm = random.Random(seed), 400_000
    pool, estimates = Pool("p", [Gate("p@a", Limits(in_flight=64, tpm=tpm))]), Estimates()
    sent: list[tuple[float, float]] = []

    async def worker(number: int) -> None:
        while anyio.current_time() < 1200:
            size, out = draw.randint(4000, 12000), min(2048, int(draw.expovariate(1 / 300)))
            permit = await pool.admit(number, estimates.guess("step", size, 2048))
            usage = Usage(prompt_tokens=size // 4, completion_tokens=out)
            sent.append((anyio.current_time(), float(size // 4 + out)))
            await anyio.sleep(0.2 + out / 100)
            permit.gate.settle(anyio.current_time(), permit, size // 4, out)
            estimates.learn("step", size, usage)
            permit.gate.served(permit)
            pool.release(permit)

    async def main() -> None:
        async with anyio.create_task_group() as group:
            for number in range(96):
                group.start_soon(worker, number)

    run_virtual(main())
    steady = sum(amount for at, amount in sent if 120 <= at < 1200) / (tpm * 18)

    assert most_in_a_minute(sent) <= tpm
    assert steady >= 0.97


def test_a_request_larger_than_the_minute_goes_alone() -> None:
    window = Window(100)
    window.take(0.0, 30)

    assert window.delay(1.0, 500) == pytest.approx(59.5)
    assert window.delay(61.0, 500) == 0.0


def test_the_first_to_wait_is_the_first_to_go() -> None:
    async def main() -> list[int]:
        pool = Pool("p", [Gate("p@a", Limits(in_flight=2))])
        order: list[int] = []

        async def one(number: int) -> None:
            await anyio.sleep(number * 0.001)
            permit = await pool.admit(number)
            order.append(number)
            await anyio.sleep(1.0)
            pool.release(permit)

        async with anyio.create_task_group() as group:
            for number in range(20):
                group.start_soon(one, number)
        return order

    assert run_virtual(main()) == list(range(20))


def test_after_a_pause_requests_come_back_one_by_one() -> None:
    gate = Gate("p@a", Limits(in_flight=64))

    async def main() -> list[float]:
        pool = Pool("p", [gate])
        first = await pool.admit(0)
        assert gate.refused(anyio.current_time(), first, 10.0) == 10.0
        pool.release(first)
        gate.ceiling = Ceiling(64)
        starts: list[float] = []

        async def one(number: int) -> None:
            permit = await pool.admit(number)
            starts.append(anyio.current_time())
            await anyio.sleep(100)
            pool.release(permit)

        async with anyio.create_task_group() as group:
            for number in range(64):
                group.start_soon(one, number)
        return starts

    starts = run_virtual(main())

    assert min(starts) >= 10.0
    assert max(Counter(int(at * 10) for at in starts).values()) <= 2
    assert max(starts) == pytest.approx(20.0, abs=0.3)


def test_refusals_of_one_burst_count_once() -> None:
    gate = Gate("p@a", Limits(in_flight=64))
    permits = [gate.take(0.0) for _ in range(64)]
    pauses = []
    for permit in permits:
        pauses.append(gate.refused(1.0, permit, None))
        gate.release(permit, 1.0)

    assert 0 < pauses[0] <= 2.0
    assert set(pauses) == {pauses[0]}


def test_pauses_without_a_hint_grow_and_shrink_back() -> None:
    gate = Gate("p@a", Limits(in_flight=8))
    now, bounds = 0.0, []
    for _ in range(12):
        permit = gate.take(now)
        bounds.append(gate.refused(now, permit, None))
        gate.release(permit, 1.0)
        now += bounds[-1] + 1
    fine = gate.take(now)
    gate.served(fine)
    gate.release(fine, 1.0)
    last = gate.refused(now + 1, gate.take(now + 1), None)

    assert max(bounds) > 8.0
    assert max(bounds) <= 60.0
    assert last <= 2.0


def test_a_cancelled_waiter_is_gone_and_the_next_goes() -> None:
    async def main() -> tuple[int, int]:
        pool = Pool("p", [Gate("p@a", Limits(in_flight=1))])
        held = await pool.admit(0)
        with anyio.move_on_after(1.0):
            await pool.admit(1)
        async with anyio.create_task_group() as group:

            async def last() -> None:
                pool.release(await pool.admit(2))

            group.start_soon(last)
            await anyio.sleep(0.1)
            pool.release(held)
        return pool.gates[0].in_flight, len(pool.gates[0].queue)

    assert run_virtual(main()) == (0, 0)


def test_a_grant_that_meets_its_cancellation_is_given_back() -> None:
    async def main() -> int:
        pool = Pool("p", [Gate("p@a", Limits(in_flight=1))])
        held = await pool.admit(0)

        async def one() -> None:
            permit = await pool.admit(1)
            try:
                await anyio.sleep(1.0)
            finally:
                pool.release(permit)

        async with anyio.create_task_group() as group:
            group.start_soon(one)
            await anyio.sleep(0.1)
            pool.release(held)
            group.cancel_scope.cancel()
        return pool.gates[0].in_flight

    assert run_virtual(main()) == 0


def three() -> Pool:
    return Pool("p", [Gate(f"p@{letter}", Limits(in_flight=4)) for letter in "abc"])


def test_a_conversation_keeps_its_address_and_jobs_spread() -> None:
    async def main() -> list[set[str]]:
        pool = three()
        homes: list[set[str]] = []
        for job in range(300):
            seen = set()
            for _ in range(3):
                permit = await pool.admit(job)
                seen.add(permit.gate.label)
                pool.release(permit)
            homes.append(seen)
        return homes

    homes = run_virtual(main())
    spread = Counter(next(iter(home)) for home in homes)

    assert all(len(home) == 1 for home in homes)
    assert min(spread.values()) > 70


def test_a_full_address_spills_to_a_free_one() -> None:
    async def main() -> Counter[str]:
        pool = three()
        return Counter([(await pool.admit(7)).gate.label for _ in range(12)])

    assert set(run_virtual(main()).values()) == {4}


def test_a_dead_address_is_left_and_found_again() -> None:
    async def main() -> tuple[str, str, str, str]:
        pool = three()
        first = await pool.admit(7)
        home = first.gate
        for _ in range(STRIKES):
            pool.lost(first, refused=False)
        pool.release(first)
        elsewhere = await pool.admit(7)
        pool.release(elsewhere)
        await anyio.sleep(1.0)
        probe = await pool.admit(7)
        second = await pool.admit(7)
        home.answered()
        pool.release(probe)
        pool.release(second)
        await anyio.sleep(2.0)
        back = await pool.admit(7)
        labels = (elsewhere, probe, second, back)
        a, b, c, d = (permit.gate.label == home.label for permit in labels)
        return str(a), str(b), str(c), str(d)

    assert run_virtual(main()) == ("False", "True", "False", "True")


def test_the_queue_of_a_dead_address_moves_in_order_of_arrival() -> None:
    async def main() -> tuple[list[int], int]:
        pool = Pool("p", [Gate("p@a", Limits(in_flight=1)), Gate("p@b", Limits(in_flight=1))])
        homes: dict[str, int] = {}
        for job in range(20):
            permit = await pool.admit(job)
            homes[permit.gate.label] = job
            pool.release(permit)
        held = await pool.admit(homes["p@a"])
        other = await pool.admit(homes["p@b"])
        order: list[int] = []

        async def one(number: int, job: int) -> None:
            await anyio.sleep(number * 0.001)
            permit = await pool.admit(job)
            order.append(number)
            pool.release(permit)

        async with anyio.create_task_group() as group:
            for number in range(6):
                group.start_soon(one, number, homes["p@a" if number % 2 else "p@b"])
            await anyio.sleep(0.1)
            pool.lost(held, refused=True)
            assert pool.lost(held, refused=True)
            pool.release(other)
            await anyio.sleep(0.1)
            pool.release(held)
        return order, sum(gate.in_flight for gate in pool.gates)

    assert run_virtual(main()) == ([0, 1, 2, 3, 4, 5], 0)


def test_a_grant_that_meets_a_bare_cancellation_of_its_task_is_given_back() -> None:
    async def main() -> int:
        pool = Pool("p", [Gate("p@a", Limits(in_flight=1))])
        held = await pool.admit(0)
        tasks: list[asyncio.Task[object] | None] = []

        async def one() -> None:
            tasks.append(asyncio.current_task())
            pool.release(await pool.admit(1))

        async with anyio.create_task_group() as group:
            group.start_soon(one)
            await anyio.sleep(0.1)
            pool.release(held)
            for task in tasks:
                assert task is not None
                task.cancel()
        return pool.gates[0].in_flight

    assert run_virtual(main()) == 0
