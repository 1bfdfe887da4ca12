"""Plans and queries that are not new are left out in order of the job numbers, at any width."""

from __future__ import annotations

from base64 import b64encode
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from fastsynth.engine.novelty import BAND_BYTES, BANDS, Novelty, Plans
from fastsynth.engine.quota import Quota


def near_of(*queries: int) -> str:
    """Bands of made-up queries: two of one number meet, others do not."""
    size = BAND_BYTES
    return b64encode(b"".join(q.to_bytes(size, "little") * BANDS for q in queries)).decode()


Ended = tuple[str, str, str, str]


def ending(seed: int, number: int) -> Ended:
    rng = Random(f"{seed}:{number}")
    if rng.random() < 0.2:
        return "rejected", "", f"p{rng.randrange(60)}", ""
    near = near_of(*(rng.randrange(30) for _ in range(rng.randint(1, 3))))
    return "accepted", f"c{rng.randrange(200)}", f"p{rng.randrange(60)}", near


def play(seed: int, width: int, order: int, wanted: int) -> tuple[list[int], dict[str, int]]:
    """Runs jobs at a width, ending them in a shuffled order."""
    novelty, rng = Novelty(), Random(order)
    quota = Quota(wanted, {"a": 2.0, "b": 1.0}, novelty)
    alive: list[int] = []
    while True:
        while len(alive) < width and (job := quota.next()) is not None:
            alive.append(job.number)
        if not alive:
            novelty.close()
            return list(quota.chosen()), dict(novelty.counts)
        number = alive.pop(rng.randrange(len(alive)))
        quota.record(number, *ending(seed, number))  # type: ignore[arg-type]


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.sampled_from([2, 7, 64]), st.integers(0, 100))
def test_what_is_left_out_is_the_same_at_any_width(seed: int, width: int, order: int) -> None:
    alone = play(seed, 1, 0, 20)

    assert play(seed, width, order, 20)[0] == alone[0]


def test_nearly_the_same_queries_and_equal_plans_are_refilled() -> None:
    chosen, counts = play(5, 16, 1, 20)
    seen: set[str] = set()

    for number in chosen:
        query = ending(5, number)[3]
        assert query not in seen or len(query) <= len(near_of(1))
        seen.add(query)
    assert counts["near_duplicate"] > 0
    assert counts["repeated_plan"] > 0
    assert len(chosen) == 20


def test_most_queries_have_to_be_old() -> None:
    novelty = Novelty()
    novelty.hold(0, "a", "p0", near_of(1, 2, 3))
    novelty.hold(1, "a", "p1", near_of(1))
    novelty.hold(2, "a", "p2", near_of(1, 2, 7, 8))
    novelty.hold(3, "a", "p3", near_of(1, 2, 9))
    said = []
    for job in range(4):
        said.append(novelty.settle(job, True))
        novelty.keep(job, said[-1] is None)

    assert said == [None, None, None, "near_duplicate"], "one alone, half, and most of them"
    novelty.close()


def test_queries_of_what_was_not_chosen_are_still_free() -> None:
    novelty = Novelty()
    novelty.hold(0, "a", "p0", near_of(1, 2))
    novelty.settle(0, True)
    novelty.keep(0, False)
    novelty.hold(1, "a", "p1", near_of(1, 2))

    assert novelty.settle(1, True) is None
    novelty.close()


def test_a_plan_belongs_to_the_lowest_job_of_its_stratum() -> None:
    plans = Plans()

    assert plans.claim(4, "base", "x")
    assert plans.claim(4, "base", "x"), "the same job again, after a failure"
    assert plans.claim(2, "base", "x"), "an earlier job wins, whoever came first"
    assert not plans.claim(8, "base", "x")
    assert plans.claim(9, "no_tool", "x"), "strata do not wait for each other"
