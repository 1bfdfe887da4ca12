"""How many in flight: what a refusing and a queueing server teach, in virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio
import pytest
from msgspec.structs import replace
from served_pool import Batching, Even, Trial, run

from fastsynth.llm.ceiling import BACK, Ceiling
from fastsynth.llm.knee import START, Knee
from fastsynth.llm.limits import Limits
from fastsynth.sim.batching import Shape

QUEUES = Shape(slots=96, decode_rate=3000, sequence_rate=60, prefill_rate=40_000)
REFUSES = replace(QUEUES, decode_rate=12_000, refuse=True)
AUTO = Limits(in_flight=4096, auto=True)
CROWD = 800


def fixed(shape: Shape, in_flight: int, seconds: float = 60.0) -> Trial:
    return run(Trial(Batching(shape), Limits(in_flight=in_flight), CROWD, seconds))


def best(shape: Shape) -> float:
    """Tokens a second at the best fixed number of a sweep."""
    return max(fixed(shape, n).rate(20, 60) for n in (32, 48, 64, 96, 192))


def resized(trial: Trial, at: float, shape: Shape) -> Callable[[], Awaitable[None]]:
    async def change() -> None:
        await anyio.sleep(at)
        assert isinstance(trial.server, Batching)
        trial.server.batcher.shape = shape

    return change


@pytest.mark.parametrize("told", [False, True])
def test_a_queueing_server_is_kept_busy_and_its_queue_short(told: bool) -> None:
    trial = Trial(Batching(QUEUES), AUTO, CROWD, 160)
    run(trial, *([trial.poll] if told else []))

    assert trial.rate(20, 160) >= 0.95 * best(QUEUES)
    assert max(level for at, level in trial.levels if at > 40) <= 2 * QUEUES.slots


@pytest.mark.parametrize("told", [False, True])
def test_a_queueing_server_that_doubles_is_full_again_within_half_a_minute(told: bool) -> None:
    double = replace(QUEUES, slots=192, decode_rate=6000)
    trial = Trial(Batching(QUEUES), AUTO, CROWD, 140)
    run(trial, resized(trial, 60, double), *([trial.poll] if told else []))

    assert trial.rate(90, 140) >= 0.95 * best(double)


def test_first_tokens_tell_of_a_queue_soon_after_a_server_was_halved() -> None:
    half = replace(QUEUES, slots=48, decode_rate=1500)
    trial = Trial(Batching(QUEUES), AUTO, CROWD, 120, streamed=True)
    run(trial, resized(trial, 60, half))

    assert trial.rate(90, 120) >= 0.95 * best(half)
    assert max(level for at, level in trial.levels if at > 90) <= 1.75 * half.slots


def test_requests_that_wait_for_a_servers_next_step_are_no_queue() -> None:
    steps = Shape(slots=192, decode_rate=5760, sequence_rate=60, prefill_rate=4_000_000)
    trial = Trial(Batching(steps), AUTO, CROWD, 60, tokens=(40, 80))
    run(trial, trial.poll)

    assert trial.rate(30, 60) >= 0.95 * steps.decode_rate


def test_prompts_that_become_longer_are_no_queue() -> None:
    knee, now = Knee(1000), 0.0
    for number in range(600):
        first = 0.2 if number < 200 else 2.0
        now += 1.0
        knee.filled(now, 1.0, round(knee.level), full=True)
        for _ in range(4):
            knee.ended(now, 4.0, knee.level, 1000, first)

    assert knee.level >= START / 2


def test_a_refusing_server_is_kept_full_at_few_refusals() -> None:
    trial = run(Trial(Batching(REFUSES), AUTO, CROWD, 160))
    replies = len(trial.done)

    assert trial.rate(20, 160) >= 0.95 * fixed(REFUSES, 96).rate(20, 60)
    assert trial.refusals < 0.03 * replies  # most of them at the start, finding the size


@pytest.mark.parametrize("limits", [AUTO, Limits(in_flight=1000)])
@pytest.mark.parametrize("slots", [48, 192])
def test_a_refusing_server_of_another_size_is_full_again_within_half_a_minute(
    limits: Limits, slots: int
) -> None:
    other = replace(REFUSES, slots=slots)
    trial = Trial(Batching(REFUSES), limits, CROWD, 120)
    run(trial, resized(trial, 50, other))

    assert trial.rate(80, 120) >= 0.95 * fixed(other, slots).rate(20, 60)


def test_a_server_that_slows_down_evenly_gets_most_of_its_best() -> None:
    trial = run(Trial(Even(0.01, 0.0002), AUTO, CROWD, 200))
    most = run(Trial(Even(0.01, 0.0002), Limits(in_flight=600), CROWD, 120)).rate(40, 120)

    assert trial.rate(60, 200) >= 0.9 * most


def test_too_little_demand_does_not_shrink_the_limit() -> None:
    trial = run(Trial(Batching(QUEUES), AUTO, 20, 120))

    assert min(level for _, level in trial.levels) >= START


def test_a_number_is_never_exceeded() -> None:
    trial = run(Trial(Batching(QUEUES), Limits(in_flight=12, auto=True), CROWD, 60))

    assert {level for _, level in trial.levels} <= set(range(1, 13))


def test_a_ceiling_comes_back_to_where_it_was_and_only_then_goes_above() -> None:
    ceiling = Ceiling(1000)
    ceiling.refused(100)
    seen = [ceiling.value]
    for _ in range(5):
        ceiling.stood(BACK)
        seen.append(ceiling.value)

    assert seen == [95, 100, 105, 140, 235, 420]


def test_a_refusal_soon_after_another_cuts_deeper() -> None:
    ceiling = Ceiling(1000)
    ceiling.refused(100)
    ceiling.refused(90)

    assert ceiling.value == 63


def test_a_burst_of_refusals_ends_at_what_the_server_holds() -> None:
    ceiling = Ceiling(1000)
    ceiling.refused(299)
    for held in range(298, 99, -1):
        ceiling.refused_too(held)

    assert ceiling.value == 95


def test_a_ceiling_that_has_grown_back_is_gone() -> None:
    ceiling = Ceiling(100)
    ceiling.refused(90)
    ceiling.stood(10 * BACK)

    assert ceiling.free
    assert ceiling.value == 100


def test_a_servers_own_queue_is_believed_once_it_stands_for_a_whole_poll() -> None:
    knee = Knee(1000)
    levels = []
    for waiting in (0, 0, 40, 40, 40):
        knee.told(waiting, 64, 0.5, round(knee.level), full=True)
        levels.append(round(knee.level))

    assert levels[:3] == [64, 128, 128]
    assert levels[3] < 128


def test_a_full_cache_lets_no_more_in() -> None:
    knee = Knee(1000)
    knee.told(0, 64, 0.97, 32, full=True)

    assert knee.level == START
