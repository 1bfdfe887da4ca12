"""A stratum that brings nothing is named, with the reason, before it is given up and when it is."""

from __future__ import annotations

from fastsynth.engine.quota import Quota
from fastsynth.engine.stratum import DRY
from fastsynth.events import Bus, Event, JobFinished, Note
from fastsynth.running.strata import EARLY, Drought, strata_counts, sums


def reject(quota: Quota, drought: Drought, jobs: int) -> None:
    for _ in range(jobs):
        job = quota.next()
        assert job is not None
        tag = "rejected" if job.stratum == "refusal" else "accepted"
        quota.record(job.number, tag, str(job.number))
        drought.listen(JobFinished(job.number, job.stratum, tag, "walk", "no_special_turn"))


def test_a_dry_stratum_is_told_early_and_when_it_is_given_up() -> None:
    bus, notes = Bus(), list[Event]()
    bus.listen(notes.append)
    quota = Quota(4, {"base": 3, "refusal": 1})
    drought = Drought(quota, bus)
    reject(quota, drought, EARLY // 2)
    drought.look()
    assert not notes
    reject(quota, drought, EARLY)
    drought.look()
    drought.look()
    while not quota.complete:
        reject(quota, drought, 1)
    drought.look()
    early, late = [note.text for note in notes if isinstance(note, Note)]

    assert early.startswith("refusal (0 of 1): nothing new in ")
    assert f"given up after {DRY}; mostly walk: no_special_turn" in early
    assert late.startswith(
        f"refusal (0 of 1): given up, nothing new in {DRY} jobs in a row; mostly"
    )
    full, hopeless = (count.short for count in strata_counts(quota))
    assert full == ""
    assert hopeless.startswith(f"0 of 1 in {DRY} jobs; hopeless")


def test_what_is_accepted_of_a_stratum_beyond_its_target_is_not_summed() -> None:
    quota = Quota(2, {"base": 1, "refusal": 1})
    for job in (0, 2, 4):
        quota.record(job, "accepted", str(job))

    assert sums(quota) == ({"base": 1, "refusal": 1}, {"base": 1, "refusal": 0})
