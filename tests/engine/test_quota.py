"""The data set does not depend on width, order of completion, kills or transient failures."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastsynth.engine.apportion import apportion
from fastsynth.engine.quota import Quota
from fastsynth.engine.stratum import DRY
from fastsynth.seeds import derive

Ending = tuple[str, str]
World = Callable[[int], Ending]


def world_of(seed: int, rates: list[float], alphabet: int) -> World:
    def ending(job: int) -> Ending:
        rng = derive(seed, job, "ending")
        if rng.random() >= rates[job % len(rates)]:
            return "rejected", ""
        return "accepted", str(rng.randrange(alphabet))

    return ending


def reference(wanted: int, weights: dict[str, float], world: World) -> list[int]:
    """The promise, spelled out: walk all jobs in order, take what is new and still wanted."""
    targets = list(apportion(wanted, weights).values())
    taken: set[str] = set()
    dry = [0] * len(targets)
    chosen: list[int] = []
    job = decided = 0
    while any(targets):
        place = job % len(targets)
        if targets[place]:
            tag, content = world(job)
            decided += 1
            dry[place] += 1
            if tag == "accepted" and content not in taken:
                taken.add(content)
                chosen.append(job)
                targets[place] -= 1
                dry[place] = 0
            if dry[place] == DRY:
                targets[place] = 0
            if not chosen and decided >= max(200, wanted):
                break
        job += 1
    return chosen


def play(quota: Quota, world: World, width: int, rng: Random, fail: float = 0.0) -> int:
    """Runs a quota dry with `width` jobs alive that end in random order; returns jobs run."""
    alive: list[int] = []
    ran = 0
    while True:
        while len(alive) < width and (job := quota.next()) is not None:
            alive.append(job.number)
        if not alive:
            return ran
        number = alive.pop(rng.randrange(len(alive)))
        ran += 1
        tag, content = ("failed", "") if rng.random() < fail else world(number)
        quota.record(number, tag, content)  # type: ignore[arg-type]


worlds = st.tuples(
    st.integers(0, 10**6),
    st.lists(st.sampled_from([0.0, 0.02, 0.3, 0.7, 1.0]), min_size=1, max_size=4),
    st.sampled_from([3, 40, 10**6]),
    st.integers(0, 40),
    st.lists(st.sampled_from([0.0, 0.2, 1.0, 3.0]), min_size=4, max_size=4),
)


def weights_of(rates: list[float], drawn: list[float]) -> dict[str, float]:
    weights = {f"s{i}": drawn[i] for i in range(len(rates))}
    return weights if sum(weights.values()) else dict.fromkeys(weights, 1.0)


@settings(max_examples=120, deadline=None)
@given(worlds, st.sampled_from([1, 2, 7, 64, 500]), st.integers(0, 100))
def test_the_data_set_is_the_same_at_any_width_and_order(drawn, width, order):
    seed, rates, alphabet, wanted, shares = drawn
    weights, world = weights_of(rates, shares), world_of(seed, rates, alphabet)
    quota = Quota(wanted, weights)

    play(quota, world, width, Random(order))

    assert quota.complete
    assert list(quota.chosen()) == reference(wanted, weights, world)
    assert quota.holes() == []


@settings(max_examples=80, deadline=None)
@given(worlds, st.sampled_from([1, 7, 64]), st.integers(0, 100), st.integers(0, 60))
def test_a_kill_and_a_journal_in_any_order_change_nothing(drawn, width, order, kept):
    seed, rates, alphabet, wanted, shares = drawn
    weights, world, rng = weights_of(rates, shares), world_of(seed, rates, alphabet), Random(order)
    first = Quota(wanted, weights)
    ended: list[int] = []
    alive: list[int] = []
    while len(ended) < kept:
        while len(alive) < width and (job := first.next()) is not None:
            alive.append(job.number)
        if not alive:
            break
        number = alive.pop(rng.randrange(len(alive)))
        ended.append(number)
        first.record(number, *world(number))  # type: ignore[arg-type]
    rng.shuffle(ended)
    resumed = Quota(wanted, weights)
    for number in ended:
        resumed.record(number, *world(number))  # type: ignore[arg-type]

    again = play(resumed, world, width, rng)

    assert list(resumed.chosen()) == reference(wanted, weights, world)
    assert all(resumed.finished(number) for number in ended)
    assert again == 0 or not first.complete


@settings(max_examples=40, deadline=None)
@given(worlds, st.sampled_from([1, 7, 64]), st.integers(0, 100))
def test_transient_failures_leave_named_holes_at_most(drawn, width, order):
    seed, rates, alphabet, wanted, shares = drawn
    weights, world = weights_of(rates, shares), world_of(seed, rates, alphabet)
    quota = Quota(wanted, weights)

    play(quota, world, width, Random(order), fail=0.3)

    assert quota.complete
    if not quota.holes():
        assert list(quota.chosen()) == reference(wanted, weights, world)


def test_the_end_overshoots_little():
    quota = Quota(1000, {"only": 1.0})
    ran = play(quota, world_of(1, [0.5], 10**9), 256, Random(0))

    assert ran < 2000 * 1.1


def test_a_hopeless_stratum_is_given_up_and_starves_no_other():
    quota = Quota(100, {"good": 0.5, "bad": 0.5})
    ran = play(quota, world_of(1, [1.0, 0.0], 10**9), 16, Random(0))
    good, bad = quota.standings()

    assert good.closed == "full"
    assert bad.closed.startswith("hopeless")
    assert ran < DRY + 200


def test_a_run_that_accepts_nothing_ends():
    quota = Quota(10, {"a": 1, "b": 1, "c": 1})
    ran = play(quota, lambda job: ("rejected", ""), 1, Random(0))

    assert quota.complete
    assert ran == 200
    assert quota.standings()[0].closed.startswith("nothing accepted")


def test_an_endless_space_of_few_conversations_ends():
    quota = Quota(24, {"a": 1})
    play(quota, lambda job: ("accepted", str(job % 6)), 8, Random(0))

    assert list(quota.chosen()) == [0, 1, 2, 3, 4, 5]
    assert quota.standings()[0].closed.startswith("hopeless")


def test_a_failed_job_is_run_again_and_then_named():
    quota = Quota(1, {"a": 1})
    tries = 0
    while (job := quota.next()) is not None:
        tries += job.number == 0
        quota.record(job.number, "failed" if job.number == 0 else "accepted", str(job.number))

    assert tries == 4
    assert quota.holes() == [0]
    assert list(quota.chosen()) == [1]


def test_passing_over_jobs_without_an_end_chooses_what_waited_for_them():
    quota = Quota(4, {"a": 1})
    for job in (0, 2, 4, 5):
        quota.record(job, "accepted", "same" if job in (2, 4) else str(job))

    assert list(quota.chosen()) == [0]
    assert quota.pass_over() == 2
    assert list(quota.chosen()) == [0, 2, 5]
    assert quota.pass_over() == 0


@settings(max_examples=60, deadline=None)
@given(worlds, st.integers(0, 100))
def test_of_a_run_without_gaps_nothing_waits(drawn, order):
    seed, rates, alphabet, wanted, shares = drawn
    weights, world = weights_of(rates, shares), world_of(seed, rates, alphabet)
    quota = Quota(wanted, weights)
    play(quota, world, 7, Random(order))

    assert quota.pass_over() == 0
    assert list(quota.chosen()) == reference(wanted, weights, world)


def test_what_lies_past_the_last_needed_job_is_overshoot():
    quota = Quota(2, {"a": 1})
    jobs = [quota.next(), quota.next(), quota.next()]
    assert jobs[2] is not None
    for number, content in ((2, "x"), (1, "y"), (0, "z")):
        quota.record(number, "accepted", content)

    assert list(quota.chosen()) == [0, 1]
    assert quota.needed(1)
    assert not quota.needed(2)


def test_a_small_run_begins_few_more_jobs_than_it_wants():
    one = Quota(1, {"a": 1})
    many = Quota(30, {f"s{i}": 1.0 for i in range(10)})

    assert one.next() is not None
    assert one.next() is None, "the one in flight may do"
    assert sum(1 for _ in iter(many.next, None)) <= 40


@given(st.integers(0, 10**6), st.lists(st.floats(0, 100), min_size=1, max_size=12))
def test_targets_sum_to_what_is_wanted(wanted, shares):
    weights = {f"s{i}": share for i, share in enumerate(shares)}
    if sum(shares) < 1e-3:
        return
    targets = apportion(wanted, weights)

    assert sum(targets.values()) == wanted
    assert all(abs(targets[n] - wanted * w / sum(shares)) < 1 + 1e-6 for n, w in weights.items())


@pytest.mark.parametrize("weights", [{}, {"a": 0.0}, {"a": -1.0, "b": 2.0}])
def test_useless_weights_are_refused(weights):
    with pytest.raises(ValueError, match="weights"):
        apportion(3, weights)
