"""The picture has exactly the size of its terminal, and says what it must."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from made_up_run import some
from rich.cells import cell_len

from fastsynth.dashboard import canvas, figures
from fastsynth.dashboard.frame import draw, share_out
from fastsynth.dashboard.notes import latest, note_lines
from fastsynth.dashboard.snapshot import SCRIPTED, NoteLine, ending
from fastsynth.dashboard.view import Progress
from fastsynth.events import JobFinished, Note, RequestDone, RunStarted, SlotTime


def drawn(progress: Progress, width: int, height: int) -> list[str]:
    lines = draw(progress.snapshot(60.0), width, height)
    return ["".join(segment.text for segment in line) for line in lines]


def busy(teacher: str = "scripted") -> Progress:
    progress = Progress(0.0)
    for number, event in enumerate(some(4000, teacher)):
        progress(event)
        if number % 100 == 0:
            progress.tick(number / 80)
    return progress


def nasty() -> Progress:
    progress = Progress(0.0)
    progress(RunStarted("runs/" + "長い名前" * 30, "world:" + "w" * 200, 10**9, 0, (), "m" * 300))
    for number in range(40):
        progress(JobFinished(number, "s" * 90 + str(number), "rejected", "st" * 40, "r" * 200))
        progress(RequestDone("http://" + "e" * 90 + str(number), "writer", 1e6, 10**12, 10**12))
        progress(Note("bad \x1b[2J news\r\n\x07" + "é" * 300 + str(number), "warning"))
    return progress


@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 30), (132, 43), (250, 80), (40, 8)])
@pytest.mark.parametrize("make", [busy, nasty, lambda: Progress(0.0)])
def test_every_line_has_exactly_the_width(make, width, height) -> None:  # type: ignore[no-untyped-def]
    lines = drawn(make(), width, height)

    assert len(lines) == height
    assert {cell_len(line) for line in lines} == {width}


def test_no_control_character_reaches_the_terminal() -> None:
    text = "".join(drawn(nasty(), 200, 60))

    assert not [c for c in text if ord(c) < 32 or 127 <= ord(c) < 160]


def test_all_parts_stand_on_the_smallest_screen() -> None:
    text = "\n".join(drawn(busy(), 80, 24))

    for part in ("accepted", "ETA", "replies/s", "blind", "wrong_state", "travel/far", "endpoints"):
        assert part in text
    assert "and 2 more" in text
    assert "waiting 1.5 s" in text


def test_a_scripted_teacher_is_said_plainly() -> None:
    assert SCRIPTED in "\n".join(drawn(busy(), 80, 24))
    assert SCRIPTED not in "\n".join(drawn(busy("some-model"), 80, 24))


def test_a_larger_screen_shows_every_row() -> None:
    text = "\n".join(drawn(busy(), 140, 50))

    assert "more" not in text
    assert "gpu4.example:8000" in text
    assert "hint levels" in text


def test_rows_are_never_more_than_there_are() -> None:
    for height in range(60):
        given = share_out(height, (12, 7, 5))

        assert sum(given) <= height
        assert all(part == 0 or part >= 3 for part in given)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999, "999"),
        (999.97, "1.00k"),
        (1234, "1.23k"),
        (99960, "100k"),
        (4.56e7, "45.6M"),
    ],
)
def test_numbers_stay_short(number: float, text: str) -> None:
    assert figures.short(number) == text


def test_costs_say_when_they_are_not_whole() -> None:
    assert figures.money(None, 3) == "unknown"
    assert figures.money(1.5) == "$1.50"
    assert figures.money(1.5, 3) == "at least $1.50"


def test_a_bar_is_as_wide_as_asked() -> None:
    for part in range(0, 101, 7):
        text = "".join(segment.text for segment in canvas.bar(part, 100, 13))

        assert cell_len(text) == 13


@pytest.mark.parametrize("text", ["", "w " * 200, "w" * 500, "長い注意書き" * 40, "a note"])
@pytest.mark.parametrize("width", [24, 40, 80, 200])
def test_a_note_is_whole_where_there_is_room(text: str, width: int) -> None:
    lines = note_lines([NoteLine(Note("first"), 1.0), NoteLine(Note(text), 2.0)], width)
    *whole, last = ["".join(segment.text for segment in line) for line in lines]

    assert all(cell_len(line) <= width for line in whole)
    assert len(lines) == 2 or not last[:5].strip()
    said = "".join("".join([*whole, last]).split())
    assert "".join(text.split()) in said.replace("00:02", "")
    assert latest(lines, 1) == lines[-1:]


def test_enough_accepted_says_what_is_still_waited_for() -> None:
    view = Progress(0.0).snapshot(1.0)

    def told(**counts: Any) -> str:
        return ending(msgspec.structs.replace(view, **counts))

    assert told(accepted=3, wanted=16, conversations=32, eta=271) == "ETA 04:31"
    assert told(accepted=16, wanted=16, conversations=5) == "5 earlier to end"
    assert told(accepted=16, wanted=16) == "ETA 00:00"
    assert told(conversations=5) == "ETA --:--"
    assert told(accepted=3, wanted=16, eta=271, bound=("max_cost", 60.0)) == "max_cost in 01:00"
    assert told(accepted=3, wanted=16, conversations=9, draining="max_time") == "max_time: 9 to end"


def small(name: str = "teacher@127.0.0.1:41355") -> Progress:
    progress = Progress(0.0)
    progress(RunStarted("runs/x", "world", 60, 0, (name,), "scripted"))
    for job in range(20):
        progress(JobFinished(job, "missing_parameter" if job % 2 else "base", "accepted"))
    progress(SlotTime(endpoint=name, limit=128, seconds={"server": 9.0, "width": 91.0}))
    progress(Note("draining: finishing what is in flight; once more aborts"))
    return progress


@pytest.mark.parametrize(("width", "height"), [(50, 20), (60, 24), (80, 15), (80, 24), (120, 40)])
def test_names_can_be_told_apart_on_a_narrow_screen(width: int, height: int) -> None:
    text = "\n".join(drawn(small(), width, height))

    assert "missing_p" in text
    assert "10/10 100%" in text
    assert "teacher@127.0" in text


@pytest.mark.parametrize(("width", "height"), [(80, 15), (80, 24), (120, 40)])
def test_why_an_address_is_idle_is_whole_from_eighty_columns_on(width: int, height: int) -> None:
    assert " 91% slots over the width" in "\n".join(drawn(small(), width, height))


@pytest.mark.parametrize("height", [7, 9, 11, 15])
def test_the_newest_note_stands_on_a_screen_too_low_for_their_box(height: int) -> None:
    assert "draining" in "".join(drawn(small(), 80, height)[-2:])


def test_a_number_too_long_for_its_column_is_cut_at_its_end_and_says_so() -> None:
    assert canvas.right("1,234,567", 6).text == "1,234…"
