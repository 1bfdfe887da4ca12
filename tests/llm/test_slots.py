"""Every second of every slot has a label, and it is the right one."""

from __future__ import annotations

import anyio
import pytest
from virtual_clock import run_virtual

from fastsynth.activity import Activity, doing
from fastsynth.events import Bus, JobFinished, JobStarted, SlotTime
from fastsynth.llm.gauges import Telling
from fastsynth.llm.limits import Gate, Limits
from fastsynth.llm.router import Pool
from fastsynth.llm.slots import Slots


def told(limits: Limits, conversations: int, think: float, reply: float, doing_: str) -> SlotTime:
    """Ten minutes of conversations that ask, wait `reply` seconds, and do something else."""
    events: list[SlotTime] = []

    async def main() -> None:
        activity, bus = Activity(conversations), Bus()
        activity.open()
        bus.listen(activity.listen)
        bus.listen(lambda event: events.append(event) if isinstance(event, SlotTime) else None)
        gate = Gate("p@a", limits, Slots(activity))
        gate.account(anyio.current_time())
        pool, telling = Pool("p", [gate]), Telling(lambda: [gate], bus)

        async def converse(job: int) -> None:
            bus.emit(JobStarted(job, ""))
            while anyio.current_time() < 600:
                with doing("asking"):
                    permit = await pool.admit(job)
                    await anyio.sleep(reply)
                    gate.served(permit)
                    pool.release(permit)
                if doing_:
                    with doing(doing_):  # type: ignore[arg-type]
                        await anyio.sleep(think)
                else:
                    await anyio.sleep(think)
            bus.emit(JobFinished(job, "", "accepted"))

        async with anyio.create_task_group() as group:
            for job in range(conversations):
                group.start_soon(converse, job)
        telling.tell()

    run_virtual(main())
    (event,) = events
    return event


def shares(event: SlotTime) -> dict[str, float]:
    whole = sum(event.seconds.values())
    return {label: round(seconds / whole, 2) for label, seconds in event.seconds.items()}


@pytest.mark.parametrize(
    ("what", "label"),
    [("environment", "environment"), ("verifier", "verifier"), ("", "client_cpu")],
)
def test_slots_that_nobody_wants_go_to_what_conversations_do(what: str, label: str) -> None:
    event = told(Limits(in_flight=8), 8, think=3.0, reply=1.0, doing_=what)

    assert shares(event) == pytest.approx({"server": 0.25, label: 0.75}, abs=0.02)


def test_a_limit_by_the_minute_is_named() -> None:
    event = told(Limits(in_flight=8, rpm=60), 16, think=0.001, reply=1.0, doing_="")

    assert shares(event)["rate_limit"] == pytest.approx(1 - 1 / 8, abs=0.02)
    assert max(event.limits, key=lambda name: event.limits[name]) == "rpm"


def test_fewer_conversations_than_slots_is_no_work() -> None:
    async def main() -> dict[str, float]:
        activity = Activity(8)
        gate = Gate("p@a", Limits(in_flight=8), Slots(activity))
        gate.account(anyio.current_time())
        activity.listen(JobStarted(0, ""))
        activity.shift("asking", 1)
        permit = gate.take(anyio.current_time())
        await anyio.sleep(10)
        gate.release(permit, anyio.current_time())
        gate.slots.share_out()
        return dict(gate.slots.seconds)

    assert run_virtual(main()) == {"server": 10.0, "no_work": 70.0}


def asking(width: int, slots: int, elsewhere: int) -> dict[str, float]:
    """Ten seconds in which one conversation asks here, others elsewhere, and nobody does more."""

    async def main() -> dict[str, float]:
        activity = Activity(width)
        gate = Gate("p@a", Limits(in_flight=slots), Slots(activity))
        gate.account(anyio.current_time())
        for job in range(1 + elsewhere):
            activity.listen(JobStarted(job, ""))
            activity.shift("asking", 1)
        permit = gate.take(anyio.current_time())
        await anyio.sleep(10)
        gate.release(permit, anyio.current_time())
        gate.slots.share_out()
        return {label: round(seconds, 6) for label, seconds in gate.slots.seconds.items()}

    return run_virtual(main())


def test_conversations_at_another_endpoint_are_no_work_of_this_process() -> None:
    assert asking(4, 4, elsewhere=3) == {"server": 10.0, "elsewhere": 30.0}


def test_slots_beyond_the_width_are_told_apart_from_what_conversations_do() -> None:
    assert asking(1, 4, elsewhere=0) == {"server": 10.0, "width": 30.0}
    assert asking(2, 4, elsewhere=1) == {"server": 10.0, "elsewhere": 10.0, "width": 20.0}


def test_every_second_of_every_slot_is_told_once() -> None:
    event = told(Limits(in_flight=8, rpm=100), 12, think=2.0, reply=1.0, doing_="environment")

    assert sum(event.seconds.values()) == pytest.approx(8 * 600, rel=0.02)


def test_the_outermost_label_counts() -> None:
    async def main() -> dict[str, float]:
        activity = Activity(1)
        activity.open()
        activity.listen(JobStarted(0, ""))
        with doing("verifier"):
            with doing("environment"):
                await anyio.sleep(1)
            await anyio.sleep(1)
        with doing("environment"):
            await anyio.sleep(4)
        return {name: s for name, s in activity.totals().items() if s}

    assert run_virtual(main()) == {"verifier": 2.0, "environment": 4.0}
