"""Events become counters; rates and the time to go come from the moments they are read at."""

from __future__ import annotations

import dis
import sys
from io import StringIO
from types import FrameType, FunctionType
from typing import Any

import msgspec
import pytest
from made_up_run import some, started
from rich.console import Console

from fastsynth.dashboard import figures
from fastsynth.dashboard.frame import endpoint_rows
from fastsynth.dashboard.outlook import bound
from fastsynth.dashboard.rates import EndpointTally
from fastsynth.dashboard.snapshot import ending, spending
from fastsynth.dashboard.summary import summary, summary_panel
from fastsynth.dashboard.view import Progress
from fastsynth.events import (
    Bounds,
    Draining,
    JobFinished,
    JobStarted,
    Note,
    ReplyReused,
    RequestDone,
    RequestFailed,
    RequestSent,
    RunFinished,
    RunStarted,
    Throttled,
    TurnFinished,
)


def progress(*events: Any) -> Progress:
    folded = Progress(100.0)
    for event in (RunStarted("r", "world:travel", 10, 2, ("e",), "scripted"), *events):
        folded(event)
    return folded


def test_jobs_are_counted_by_outcome_stage_and_reason() -> None:
    view = progress(
        JobFinished(0, "near", "accepted"),
        JobFinished(1, "near", "rejected", "chain", "wrong_state"),
        JobFinished(2, "far", "rejected", "chain", "wrong_state"),
        JobFinished(3, "far", "duplicate"),
        JobFinished(4, "far", "failed", reason="unavailable"),
    ).snapshot(101.0)

    assert (view.accepted, view.rejected, view.duplicates, view.failed, view.jobs) == (
        3,
        3,
        1,
        1,
        5,
    )
    assert view.funnel == {"chain": {"wrong_state": 2}, "filter": {"duplicate": 1}}
    assert view.failures == {"unavailable": 1}
    assert (view.strata["near"].accepted, view.strata["near"].rejected) == (1, 1)
    assert (view.strata["far"].rejected, view.strata["far"].failed) == (2, 1)


def test_in_flight_goes_up_and_comes_down() -> None:
    folded = progress(
        JobStarted(0, ""), JobStarted(1, ""), RequestSent("e", "writer"), RequestSent("e", "writer")
    )
    up = folded.snapshot(101.0)
    folded(RequestDone("e", "writer", 0.5))
    folded(RequestFailed("e", "writer", "reset", True, 0.5))
    folded(JobFinished(0, "", "accepted"))
    down = folded.snapshot(102.0)

    assert (up.conversations, up.in_flight, up.endpoints[0].in_flight) == (2, 2, 2)
    assert (down.conversations, down.in_flight, down.endpoints[0].in_flight) == (1, 0, 0)


def test_rates_are_those_of_the_last_ten_seconds() -> None:
    folded = progress()
    for second in range(30):
        folded.tick(100.0 + second)
        for _ in range(100 if second < 15 else 7):
            folded(RequestDone("e", "writer", 0.5, completion_tokens=10))
    view = folded.snapshot(130.0)

    assert view.requests_per_s == 7.0
    assert view.tokens_per_s == 70.0
    assert view.endpoints[0].replies_per_s == 7.0
    assert view.sparks[0] == 100.0
    assert view.sparks[-1] == 7.0


def test_time_to_go_comes_from_recent_acceptance() -> None:
    folded = progress()
    folded.tick(100.0)
    for job in range(4):
        folded(JobFinished(job, "", "accepted"))
    view = folded.snapshot(108.0)

    assert view.accepted == 6
    assert view.eta == 8.0


def test_without_an_acceptance_there_is_no_time_to_go() -> None:
    folded = progress()
    folded.tick(100.0)

    assert folded.snapshot(105.0).eta is None


def test_what_was_accepted_before_is_no_rate() -> None:
    folded = Progress(0.0)
    folded.tick(0.0)
    folded(RunStarted("r", "world:travel", 1000, 900, (), "scripted"))
    folded.tick(1.0)

    assert folded.snapshot(2.0).accepted_per_s == 0.0


def test_cost_is_unknown_until_a_price_is() -> None:
    folded = progress(RequestDone("e", "writer", 0.5))
    before = folded.snapshot(101.0)
    folded(RequestDone("e", "writer", 0.5, cost_usd=0.25))
    after = folded.snapshot(102.0)

    assert (before.cost_usd, before.unpriced) == (None, 1)
    assert (after.cost_usd, after.unpriced) == (0.25, 1)


def test_retries_throttles_levels_and_reuse_are_counted() -> None:
    view = progress(
        RequestFailed("e", "writer", "reset", True, 0.1),
        RequestFailed("e", "writer", "reset", True, 0.1),
        RequestFailed("e", "writer", "timeout", False, 0.1),
        Throttled("e", "rpm", 1.5),
        ReplyReused("writer"),
        TurnFinished(0, 0, 0),
        TurnFinished(0, 1, -1),
    ).snapshot(101.0)

    assert (view.retries, view.given_up) == ({"reset": 2}, {"timeout": 1})
    assert (view.throttles, view.throttled_s, view.reused) == ({"rpm": 1}, 1.5, 1)
    assert view.levels == {0: 1, -1: 1}


def test_a_note_that_repeats_is_one_line() -> None:
    view = progress(*[Note("slow", "warning")] * 5, Note("draining")).snapshot(101.0)

    assert [(line.note.text, line.times) for line in view.notes] == [("slow", 5), ("draining", 1)]
    assert view.warnings == 5


def test_the_end_of_the_run_has_the_last_word() -> None:
    folded = progress(*[JobFinished(n, "", "accepted") for n in range(12)])
    folded(RunFinished(10, 1, 0, "accepted"))

    assert folded.totals() == (10, 1, 0)


def test_median_latency_is_that_of_the_last_replies() -> None:
    folded = progress(*[RequestDone("e", "writer", 9.0)] * 50)
    for _ in range(128):
        folded(RequestDone("e", "writer", 0.25))

    assert folded.snapshot(101.0).endpoints[0].p50_s == 0.25


def test_no_listener_code_formats_text() -> None:
    folds = [f for n, f in vars(Progress).items() if n not in ("snapshot", "tick")]
    folds += [EndpointTally.done, EndpointTally.failed]
    opcodes = {
        instruction.opname
        for function in folds
        if isinstance(function, FunctionType)
        for instruction in dis.get_instructions(function)
    }

    assert not opcodes & {"FORMAT_VALUE", "FORMAT_SIMPLE", "FORMAT_WITH_SPEC", "BUILD_STRING"}


def test_an_event_costs_a_handful_of_calls() -> None:
    events = some(2000)
    folded = Progress(0.0)
    calls = 0

    def count(_frame: FrameType, kind: str, _argument: Any) -> None:
        nonlocal calls
        calls += kind in ("call", "c_call")

    sys.setprofile(count)
    for event in events:
        folded(event)
    sys.setprofile(None)

    assert calls / len(events) < 10


def test_a_snapshot_does_not_grow_with_the_run() -> None:
    folded = Progress(0.0)
    for event in some(5000):
        folded(event)
    for quarter in range(4000):
        folded.tick(quarter / 4)
    view = folded.snapshot(1000.0)

    assert len(view.sparks) <= 240
    assert len(view.notes) <= 64
    assert view.run == started()


def test_of_each_stratum_only_what_is_wanted_of_it_counts() -> None:
    targets, had = {"base": 4, "refusal": 2}, {"base": 3}
    folded = Progress(0.0)
    folded(RunStarted("r", "world", 6, 3, (), "m", targets=targets, had=had))
    for job in range(5):
        folded(JobFinished(job, "base", "accepted"))
    view = folded.snapshot(1.0)

    assert (view.accepted, view.wanted) == (4, 6)
    assert ending(view) == "ETA --:--"
    assert view.strata["refusal"].target == 2


def test_a_budget_that_ends_the_run_sooner_is_told_with_its_time() -> None:
    left = Bounds(usd=1.0, tokens=10**6, seconds=300.0)
    folded = Progress(0.0)
    folded(RunStarted("r", "world", 100, 0, ("e",), "m", left=left))
    folded.tick(0.0)
    for job in range(10):
        folded(RequestDone("e", "writer", 1.0, 100, 10, cost_usd=0.05))
        folded(JobFinished(job, "base", "accepted"))
    view = folded.snapshot(10.0)
    folded(Draining("max_cost"))

    assert (view.bound, ending(view)) == (("max_cost", 10.0), "max_cost in 00:10")
    assert spending(view) == "cost $0.5000 of $1.00 allowed"
    assert ending(folded.snapshot(11.0)) == "max_cost: 0 to end"


def test_time_that_is_up_before_the_rest_is_made_is_what_ends_it() -> None:
    usd_left = Bounds(usd=9.0, seconds=60.0)

    assert bound(usd_left, Bounds(usd=0.0, seconds=20.0), (0.0, 0.0), None) == ("max_time", 40.0)
    assert bound(usd_left, Bounds(usd=0.0, seconds=20.0), (1.0, 0.0), None) == ("max_cost", 9.0)
    assert bound(usd_left, Bounds(usd=0.0, seconds=20.0), (1.0, 0.0), 8.0) is None


def test_the_cost_at_the_end_is_projected_from_what_is_accepted_so_far() -> None:
    run = Progress(0.0)
    run(RunStarted("runs/a", "world", 100, 20, ("p@a",), "m"))
    before = run.snapshot(1.0).projected_usd
    for job in range(4):
        run(RequestDone("p@a", "writer", 1.0, cost_usd=0.5))
        run(JobFinished(job, "base", "accepted"))
    view = run.snapshot(2.0)

    assert before is None
    assert view.projected_usd == pytest.approx(40.0)
    assert figures.spending(view.cost_usd, 0, view.projected_usd) == "cost $2.00 of about $40.00"
    assert figures.spending(None, 3, None) == "price unknown"


def test_the_first_tokens_time_is_a_column_where_replies_are_streamed() -> None:
    plain, streamed = progress(RequestDone("e", "writer", 2.0)), progress()
    for first in (0.1, 0.2, 0.9):
        streamed(RequestDone("e", "writer", 2.0, first_token=first))
    rows = [
        "".join(word.text for line in endpoint_rows(run.snapshot(101.0), 116) for word in line)
        for run in (plain, streamed)
    ]

    assert "first" not in rows[0]
    assert "first" in rows[1]
    assert "200 ms" in rows[1]


def test_where_no_model_is_asked_no_price_is_missed() -> None:
    view = progress(started()).snapshot(1.0)
    modelled = progress(started("some-model")).snapshot(1.0)

    assert [spending(Progress(0.0).snapshot(1.0)), spending(view)] == ["", "no model asked"]
    assert spending(modelled) == "price unknown"
    student = msgspec.structs.replace(started(), student="some-student")
    assert spending(progress(student).snapshot(1.0)) == "price unknown"


def test_what_ran_past_the_wanted_is_told_at_the_end() -> None:
    end = RunFinished(30, 1, 0, "done", beyond=24)
    view = progress(started(), end).snapshot(1.0)
    out = Console(width=100, file=StringIO())
    out.print(summary_panel(view))

    assert "30 of 2,000 wanted; 24 more ran past that" in out.file.getvalue()
    assert summary(view).beyond == 24


@pytest.mark.parametrize(
    ("end", "said", "unsaid"),
    [
        (RunFinished(3, 0, 0, "interrupt", written=False), "compact runs/made-up", "view runs"),
        (RunFinished(3, 0, 0, "max_cost"), "--max-cost MORE    (goes on", "compact"),
        (RunFinished(3, 0, 0, "max_time", waiting=5), "compact --partial runs/made-up", "MORE"),
        (RunFinished(3, 0, 0, "max_time", waiting=5), "wanted; 5 more wait for lower", "MORE"),
        (RunFinished(3, 0, 0, "hopeless"), "view runs/made-up", "goes on"),
    ],
)
def test_what_to_run_next_fits_how_it_ended(end: RunFinished, said: str, unsaid: str) -> None:
    out = Console(width=100, file=StringIO())
    out.print(summary_panel(progress(started(), end).snapshot(1.0)))

    assert said in out.file.getvalue()
    assert unsaid not in out.file.getvalue()
