"""Width bounds what is alive, nothing outlives the drain, an outage burns no job numbers."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import anyio
import anyio.lowlevel
import pytest

from fastsynth.engine import drain as drains
from fastsynth.engine.drain import drain
from fastsynth.engine.quota import Quota
from fastsynth.engine.shutdown import Stop
from fastsynth.errors import DiskFull
from fastsynth.seeds import derive

pytestmark = pytest.mark.anyio


def pull_from(jobs: Iterator[int]):
    return lambda: next(jobs, None)


async def always(job: int, outcome: object) -> bool:
    return True


async def test_all_jobs_run_and_at_most_width_are_alive():
    alive = most = 0
    kept = []

    async def work(job: int) -> int:
        nonlocal alive, most
        alive += 1
        most = max(most, alive)
        await anyio.sleep(derive(job).random() / 1000)
        alive -= 1
        return -job

    async def keep(job: int, outcome: int) -> bool:
        kept.append((job, outcome))
        return True

    await drain(pull_from(iter(range(200))), work, keep, width=16, stop=Stop())

    assert most == 16
    assert sorted(kept) == [(n, -n) for n in range(200)]


async def test_nothing_is_pulled_before_the_last_was_kept():
    pulled = kept = 0

    def pull() -> int | None:
        nonlocal pulled
        assert pulled - kept < 4
        if pulled == 50:
            return None
        pulled += 1
        return pulled

    async def work(job: int) -> int:
        await anyio.lowlevel.checkpoint()
        return job

    async def keep(job: int, outcome: int) -> bool:
        nonlocal kept
        await anyio.lowlevel.checkpoint()
        kept += 1
        return True

    await drain(pull, work, keep, width=4, stop=Stop())

    assert kept == 50


async def test_a_stop_lets_what_is_in_flight_end():
    stop, ended = Stop(), []

    async def work(job: int) -> int:
        await anyio.sleep(0.01)
        if job == 5:
            stop.request("max_cost")
            stop.request("interrupt")
        ended.append(job)
        return job

    await drain(pull_from(iter(range(10**6))), work, always, width=4, stop=stop)

    assert stop.reason == "max_cost"
    assert 6 <= len(ended) <= 9
    assert sorted(ended) == list(range(len(ended)))


async def test_enough_cuts_off_the_overshoot():
    ended = []

    async def work(job: int) -> int:
        await anyio.sleep(30 if job == 3 else 0)
        ended.append(job)
        return job

    with anyio.fail_after(2):
        await drain(
            pull_from(iter(range(4))),
            work,
            always,
            width=4,
            stop=Stop(),
            enough=lambda: len(ended) == 3,
        )

    assert ended == [0, 1, 2]


async def test_an_error_cancels_the_rest_and_is_raised_as_itself():
    cancelled = 0

    async def work(job: int) -> int:
        nonlocal cancelled
        try:
            await anyio.sleep(0 if job == 3 else 30)
        finally:
            cancelled += job != 3
        return job

    async def keep(job: int, outcome: int) -> bool:
        raise DiskFull("journal: no space left")

    with anyio.fail_after(2), pytest.raises(DiskFull, match="no space left"):
        await drain(pull_from(iter(range(8))), work, keep, width=8, stop=Stop())
    assert cancelled == 7


async def test_cancelling_the_drain_ends_its_jobs():
    ended = 0

    async def work(job: int) -> int:
        nonlocal ended
        try:
            await anyio.sleep(30)
        finally:
            ended += 1
        return job

    with anyio.move_on_after(0.02):
        await drain(pull_from(iter(range(100))), work, always, width=8, stop=Stop())

    assert ended == 8


async def test_an_outage_burns_no_job_numbers_and_passes(monkeypatch):
    monkeypatch.setattr(drains, "PAUSE", 0.001)
    monkeypatch.setattr(drains, "LONGEST_PAUSE", 0.02)
    quota, down, ran = Quota(100, {"a": 1.0}), True, 0

    async def work(job) -> str:
        nonlocal ran
        ran += 1
        await anyio.sleep(0.0005)
        return "failed" if down else "accepted"

    async def keep(job, outcome) -> bool:
        return quota.record(job.number, outcome, str(job.number)) != "failed"

    async def mend() -> None:
        nonlocal down, ran
        await anyio.sleep(0.15)
        assert ran < 80
        down = False

    async with anyio.create_task_group() as group:
        group.start_soon(mend)
        await drain(quota.next, work, keep, width=32, stop=Stop())

    assert quota.complete
    assert max(quota.chosen()) < 120


async def test_an_outage_that_lasts_ends_the_run(monkeypatch):
    monkeypatch.setattr(drains, "PAUSE", 0.001)
    monkeypatch.setattr(drains, "LONGEST_PAUSE", 0.01)
    quota, stop = Quota(10_000, {"a": 1.0}), Stop()

    async def work(job) -> str:
        await anyio.lowlevel.checkpoint()
        return "failed"

    async def keep(job, outcome) -> bool:
        return quota.record(job.number, outcome) != "failed"

    with anyio.fail_after(3):
        await drain(quota.next, work, keep, width=32, stop=stop, patience=0.1)

    assert stop.reason == "outage"


async def test_an_outage_in_which_the_prober_finds_no_job_is_probed_by_the_next(monkeypatch):
    """Nine jobs fail at once and make an outage; the tenth, whose end was awaited, fails later."""
    monkeypatch.setattr(drains, "PAUSE", 0.001)
    jobs, late, ran = list(range(10)), anyio.Event(), []

    def pull() -> int | None:
        if not jobs and 9 not in ran:
            late.set()
        return jobs.pop(0) if jobs else None

    async def work(job: int) -> bool:
        if job == 9 and job not in ran:
            await late.wait()
            await anyio.sleep(0.01)
            jobs.append(10)
        ran.append(job)
        return job == 10

    async def keep(job: int, outcome: bool) -> bool:
        return outcome

    with anyio.fail_after(3):
        await drain(pull, work, keep, width=10, stop=Stop())

    assert ran[-1] == 10


@pytest.mark.parametrize("width", [1, 5, 64])
async def test_quota_and_drain_give_the_same_data_set_at_any_width(width):
    quota = Quota(60, {"a": 3.0, "b": 1.0})
    clock = Random(width)

    async def work(job) -> tuple[str, str]:
        for _ in range(clock.randrange(4)):
            await anyio.lowlevel.checkpoint()
        return _ending(job.number)

    async def keep(job, outcome) -> bool:
        return quota.record(job.number, *outcome) != "failed"

    await drain(quota.next, work, keep, width=width, stop=Stop(), enough=lambda: quota.complete)
    reference = Quota(60, {"a": 3.0, "b": 1.0})
    while (job := reference.next()) is not None:
        reference.record(job.number, *_ending(job.number))

    assert list(quota.chosen()) == list(reference.chosen())


def _ending(number: int) -> tuple[str, str]:
    rng = derive(7, number)
    return ("accepted", str(rng.randrange(200))) if rng.random() < 0.5 else ("rejected", "")
