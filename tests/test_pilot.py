"""A large run projected from a small one: totals, intervals, and what is too little to tell."""

from __future__ import annotations

from pathlib import Path
from random import Random

import msgspec
import pytest
from store.made_up_rows import row

from fastsynth.errors import ConfigError
from fastsynth.pilot import project
from fastsynth.records import Accepted, Outcome, Rejected, Usage
from fastsynth.store.journal import Journal
from fastsynth.store.manifest import Manifest


def job(number: int, requests: int, *, accepted: bool = True, content: str = "") -> Outcome:
    usage = Usage(requests=requests, prompt_tokens=100 * requests, cost_usd=requests / 100)
    if not accepted:
        return Rejected(job=number, stratum="base", stage="query", reason="x", usage=usage)
    return Accepted(
        job=number,
        stratum="base",
        plan_hash=str(number),
        content_hash=content or str(number),
        conversation=msgspec.structs.replace(row(number), usage=usage),
    )


def run(folder: Path, *outcomes: Outcome) -> Path:
    (folder / "journal").mkdir(parents=True)
    journal = Journal(folder / "journal" / "W-0000.jsonl")
    for outcome in outcomes:
        journal.append(outcome)
    journal.close()
    return folder


MANIFEST = Manifest(identity="0", wall_s=10.0, usage=Usage(requests=100))


def test_totals_are_scaled_to_the_conversations_wanted(tmp_path: Path) -> None:
    jobs = [job(n, 10, accepted=n % 2 == 0) for n in range(20)]
    found = project(run(tmp_path, *jobs), MANIFEST, 1000)

    assert (found.pilot, found.jobs.likely, found.requests.likely) == (10, 2000, 20_000)
    assert found.prompt_tokens.likely == 2_000_000
    assert found.cost_usd is not None
    assert found.cost_usd.likely == pytest.approx(200.0)
    assert found.requests.low < 20_000 < found.requests.high
    assert found.seconds == 2000.0


def test_a_duplicate_costs_and_does_not_count(tmp_path: Path) -> None:
    jobs = [job(n, 10) for n in range(10)]
    again = [job(10 + n, 10, content=str(n)) for n in range(10)]
    found = project(run(tmp_path, *jobs, *again), MANIFEST, 100)

    assert (found.pilot, found.requests.likely) == (10, 2000)


def test_an_unknown_price_is_none(tmp_path: Path) -> None:
    free = Rejected(job=9, stratum="b", stage="q", reason="x", usage=Usage(requests=1))
    found = project(run(tmp_path, *(job(n, 10) for n in range(9)), free), MANIFEST, 100)

    assert found.cost_usd is None


def test_too_small_a_run_tells_nothing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"7 accepted, need a run with at least 8"):
        project(run(tmp_path, *(job(n, 10) for n in range(7))), MANIFEST, 100)


def test_nine_in_ten_intervals_hold_the_truth(tmp_path: Path) -> None:
    """Accepted with probability 0.7, 5 to 40 requests each: 22.5 / 0.7 a conversation."""
    truth, held = 100 * 22.5 / 0.7, 0
    for pilot in range(30):
        rng = Random(pilot)
        jobs = [job(n, rng.randint(5, 40), accepted=rng.random() < 0.7) for n in range(60)]
        found = project(run(tmp_path / str(pilot), *jobs), MANIFEST, 100)
        held += found.requests.low <= truth <= found.requests.high

    assert 24 <= held <= 30
