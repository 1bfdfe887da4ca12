"""A run drains so that what it spends comes to about its budget."""

from __future__ import annotations

import anyio
import pytest

from fastsynth.engine.budget import Budget
from fastsynth.engine.shutdown import Stop
from fastsynth.events import Bounds, JobFinished, JobStarted, RequestDone


def done(tokens: int, cost: float | None) -> RequestDone:
    return RequestDone(endpoint="e", role="writer", seconds=1, prompt_tokens=tokens, cost_usd=cost)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("budget", "reason"),
    [({"max_cost": 0.3}, "max_cost"), ({"max_tokens_total": 50}, "max_tokens_total")],
)
async def test_a_budget_stops_when_it_is_spent_and_not_before(budget, reason):
    stop = Stop()
    watched = Budget(stop=stop, **budget)
    watched.listen(done(49, 0.29))
    assert not stop.requested
    watched.listen(done(1, 0.02))

    assert stop.reason == reason


@pytest.mark.anyio
async def test_what_was_spent_before_counts():
    stop = Stop()
    Budget(stop=stop, max_cost=1.0, cost=0.9).listen(done(0, 0.1))

    assert stop.reason == "max_cost"


@pytest.mark.anyio
async def test_time_stops_a_run_and_wakes_who_sleeps():
    stop = Stop()
    async with anyio.create_task_group() as group:
        group.start_soon(Budget(stop=stop, max_time=0.02).watch)
        with anyio.fail_after(20):
            await stop.sleep(300)

    assert stop.reason == "max_time"


def job(number: int, budget: Budget, cost: float) -> None:
    budget.listen(done(100, cost))
    budget.listen(JobFinished(number, "base", "accepted"))


@pytest.mark.anyio
async def test_what_conversations_under_way_will_take_counts() -> None:
    budget = Budget(stop=Stop(), max_cost=1.0)
    for number in range(12):
        budget.listen(JobStarted(number, "base"))
    job(0, budget, 0.1)
    job(1, budget, 0.1)
    assert not budget.stop.requested, "0.2 spent, 10 alive: about 0.14 to come"
    budget.listen(done(100, 0.4))

    assert budget.stop.reason == "max_cost"
    assert budget.stop.detail == "$0.60 of $1.00 spent, about $0.43 more for what is under way"


@pytest.mark.anyio
async def test_what_is_left_is_told_for_each_budget() -> None:
    budget = Budget(stop=Stop(), max_cost=1.0, max_tokens_total=500, cost=0.25)
    budget.listen(done(100, 0.5))

    assert budget.left() == Bounds(usd=0.25, tokens=400, seconds=None)


@pytest.mark.anyio
async def test_a_budget_that_is_spent_already_begins_nothing() -> None:
    stop = Stop()
    Budget(stop=stop, max_cost=1.0, cost=1.0)

    assert stop.reason == "max_cost"
