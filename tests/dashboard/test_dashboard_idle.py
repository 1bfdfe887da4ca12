"""Why an address stands idle, in the words that people read."""

from __future__ import annotations

from io import StringIO

from made_up_run import started
from rich.console import Console

from fastsynth.dashboard.frame import draw
from fastsynth.dashboard.idle import reasons
from fastsynth.dashboard.summary import summary_panel
from fastsynth.dashboard.view import Progress
from fastsynth.events import SlotTime

RPM = SlotTime("fleet@b", 64, {"server": 60.0, "rate_limit": 31.0, "no_work": 9.0}, {"rpm": 31.0})


def test_the_biggest_reason_comes_first_and_a_limit_has_its_name() -> None:
    first, second = reasons(RPM.seconds, RPM.limits)

    assert (round(first.share, 2), first.why) == (0.31, "RPM limit")
    assert (round(second.share, 2), second.why) == (0.09, "no work left")


def test_the_table_and_the_summary_say_why_an_endpoint_was_idle() -> None:
    progress = Progress(0.0)
    progress(started())
    progress(RPM)
    view = progress.snapshot(10.0)
    rows = ["".join(cell.text for cell in line) for line in draw(view, 80, 24)]
    console = Console(file=StringIO(), width=100)
    console.print(summary_panel(view))

    assert any("fleet@b" in row and "0/64" in row and "31% RPM limit" in row for row in rows)
    assert "fleet@b was idle 40% of its slots' time: 31% RPM limit" in console.file.getvalue()  # type: ignore[attr-defined]
