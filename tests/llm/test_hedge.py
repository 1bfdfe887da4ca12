"""Slow requests of a run's end: sent twice where a slot is free, never against a limit."""

from __future__ import annotations

import itertools
from typing import Any

import anyio
import pytest
from client_setup import Setup, ask
from slow_requests import BODY, USUAL, A, Trial, first_slow
from virtual_clock import run_virtual

from fastsynth.config import Endpoint
from fastsynth.events import (
    RequestDone,
    RequestFailed,
    RequestSent,
    TailBegan,
    TailEnded,
)
from fastsynth.llm.chat import NoReply, Reply
from fastsynth.llm.fake import TimedTransport
from fastsynth.llm.faults import Fault
from fastsynth.llm.limits import Gate, Limits
from fastsynth.llm.router import Pool
from fastsynth.llm.streaming import Merging
from fastsynth.llm.transport import Answer
from fastsynth.llm.wire import Body
from fastsynth.sim.faults import Faults
from fastsynth.sim.server import Options, serving
from fastsynth.store.traffic import Traffic


def test_at_the_end_a_slow_request_is_sent_to_another_address_and_the_first_reply_taken() -> None:
    trial = Trial(first_slow(300))
    (reply,) = trial.run()

    assert isinstance(reply, Reply)
    assert trial.took < 3
    first, second = trial.transport.sent[USUAL:]
    assert first[1] != second[1]
    (loss,) = trial.of(RequestFailed)
    assert (loss.cause, loss.again) == ("hedged", False)
    assert loss.tokens_at_most > 64
    assert trial.idle


def test_every_send_ends_as_a_reply_or_as_a_failure_and_one_reply_is_stored() -> None:
    trial = Trial(first_slow(300))
    trial.run()

    ends = len(trial.of(RequestDone)) + len(trial.of(RequestFailed))
    assert len(trial.of(RequestSent)) == ends == USUAL + 2
    assert len(trial.replies.kept) == USUAL + 1


@pytest.mark.parametrize(
    "how",
    [{"tail": ()}, {"tail": (TailBegan(), TailEnded())}, {"hedge": "never"}],
)
def test_nothing_is_sent_twice_while_jobs_are_left_or_where_it_is_not_wanted(how: Any) -> None:
    trial = Trial(first_slow(30), **how)
    trial.run()

    assert trial.took == pytest.approx(30)
    assert trial.wasted() == []


def test_a_first_send_that_is_quicker_after_all_is_taken_and_the_second_one_wasted() -> None:
    trial = Trial(first_slow(3, then=100))
    (reply,) = trial.run()

    assert isinstance(reply, Reply)
    assert trial.took == pytest.approx(3)
    assert trial.wasted() == ["hedged"]
    assert trial.idle


def test_two_replies_at_one_moment_make_one_reply_and_one_loss() -> None:
    def plan(_: str, number: int) -> tuple[float, bytes | Fault]:
        return (10.0 if number == USUAL else USUAL + 10.0 - anyio.current_time(), BODY)

    trial = Trial(plan)
    trial.run()

    assert len(trial.of(RequestDone)) == USUAL + 1
    assert trial.wasted() == ["hedged"]


def test_a_first_send_that_fails_waits_for_the_second_instead_of_a_third() -> None:
    def plan(_: str, number: int) -> tuple[float, bytes | Fault]:
        return (3.0, Fault("reset", "gone")) if number == USUAL else (4.0, BODY)

    trial = Trial(plan)
    (reply,) = trial.run()

    assert isinstance(reply, Reply)
    assert len(trial.transport.sent) == USUAL + 2
    assert [(e.cause, e.again) for e in trial.of(RequestFailed)] == [("reset", True)]


def test_a_second_send_that_fails_leaves_the_first_alone() -> None:
    def plan(_: str, number: int) -> tuple[float, bytes | Fault]:
        return (9.0, BODY) if number == USUAL else (1.0, Fault("reset", "gone"))

    trial = Trial(plan)
    (reply,) = trial.run()

    assert isinstance(reply, Reply)
    assert trial.took == pytest.approx(9)
    assert trial.wasted() == ["reset"]


def test_an_address_alone_is_asked_twice_only_where_it_has_little_to_do() -> None:
    quiet = Trial(lambda _, n: (30.0 if n < USUAL + 1 else 1.0, BODY), A, in_flight=8)
    loaded = Trial(lambda _, n: (30.0 if n < USUAL + 4 else 1.0, BODY), A, in_flight=8)
    quiet.run(1)
    loaded.run(4)

    assert quiet.took < 3
    assert loaded.took == pytest.approx(30)


def test_a_second_send_waits_for_no_limit_and_breaks_none() -> None:
    async def main() -> list[bool]:
        pool = Pool("p", [Gate(f"p@{n}", Limits(in_flight=4, rpm=1)) for n in range(2)])
        slow, other = await pool.admit(1), await pool.admit(2)
        pool.release(other)
        before = pool.spare(slow.gate)
        await anyio.sleep(61)
        after = pool.spare(slow.gate)
        return [slow.gate is other.gate, before is None, after is not None]

    assert run_virtual(main()) == [False, True, True]


def test_a_busy_address_takes_no_second_sends() -> None:
    trial = Trial(lambda _, n: (50.0 if n < USUAL + 2 else 1.0, BODY), in_flight=1)
    trial.run(2)

    assert trial.took == pytest.approx(50)
    assert trial.wasted() == []


def test_an_ask_that_is_cancelled_takes_its_second_send_with_it() -> None:
    trial = Trial(first_slow(300, then=300), deadline=5.0)
    (reply,) = trial.run()

    assert isinstance(reply, NoReply)
    assert trial.wasted() == ["cancelled", "cancelled"]
    assert trial.idle


def test_a_first_send_that_failed_counts_even_if_its_request_is_cancelled_while_it_waits() -> None:
    def plan(_: str, number: int) -> tuple[float, bytes | Fault]:
        return (3.0, Fault("reset", "gone")) if number == USUAL else (100.0, BODY)

    trial = Trial(plan, deadline=5.0)
    trial.run()

    assert sorted(trial.wasted()) == ["cancelled", "reset"]
    assert trial.idle


def test_a_second_reply_that_comes_as_its_request_is_cancelled_is_counted_as_waste() -> None:
    trial = Trial(first_slow(300))

    class Late(TimedTransport):
        async def post(self, url: str, body: Body, merging: Merging | None = None) -> Answer:
            answer = await super().post(url, body, merging)
            if trial.scope is not None:
                trial.scope.cancel()
            return answer

    trial.transport = Late(lambda _, n: (300.0 if n == USUAL else 1.0, BODY))

    assert trial.run() == []
    assert trial.wasted() == ["cancelled", "cancelled"]


def test_waste_is_told_apart_from_failures_in_the_manifest() -> None:
    trial = Trial(first_slow(300))
    traffic = Traffic()
    trial.bus.listen(traffic)
    trial.run()

    uses = traffic.uses().values()
    assert sum(use.hedged for use in uses) == 1
    assert sum(use.hedged_tokens_at_most for use in uses) > 64
    assert sum(use.failed + use.unknown for use in uses) == 0


@pytest.mark.parametrize(("seconds", "sent_twice"), [(4.9, False), (5.3, True)])
def test_five_seconds_are_no_reason_for_a_second_send_unless_the_endpoint_says_so(
    seconds: float, sent_twice: bool
) -> None:
    trial = Trial(first_slow(seconds), hedge_after=Endpoint().hedge_after)
    trial.run()

    assert (trial.wasted() == ["hedged"]) is sent_twice


@pytest.mark.anyio
async def test_a_server_that_hangs_on_one_request_does_not_hold_up_the_end() -> None:
    plans = (
        Faults(seed=seed, rates={"hang": 0.5}, healthy_first=USUAL) for seed in itertools.count()
    )
    faults = next(f for f in plans if (f.draw(USUAL), f.draw(USUAL + 1)) == ("hang", None))
    setup = Setup()
    async with (
        serving(Options(faults=faults)) as port,
        setup.client(f"http://127.0.0.1:{port}/v1", hedge_after=0.1) as client,
        anyio.create_task_group() as beside,
    ):
        beside.start_soon(client.attend)
        with anyio.fail_after(10):
            for job in range(USUAL):
                await client.ask(ask(job))
            setup.bus.emit(TailBegan())
            reply = await client.ask(ask(1000))
        beside.cancel_scope.cancel()

    assert isinstance(reply, Reply)
    assert [event.cause for event in setup.of(RequestFailed)] == ["hedged"]
