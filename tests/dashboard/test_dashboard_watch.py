"""A run is shown without disturbing it, and the terminal is given back however it ends."""

from __future__ import annotations

import io
import json
import re
import threading
from statistics import median

import anyio
import pytest
from made_up_run import some
from rich.console import Console

from fastsynth.dashboard.frame import draw
from fastsynth.dashboard.live import Picture, pause
from fastsynth.dashboard.plain import Lines
from fastsynth.dashboard.view import Progress
from fastsynth.dashboard.watch import Mode, watch
from fastsynth.events import Bus, JobFinished, Note, RunFinished, RunStarted

ENTER, LEAVE, CURSOR = "\x1b[?1049h", "\x1b[?1049l", "\x1b[?25h"
START = RunStarted("runs/x", "world:travel", 5, 0, ("http://e/v1",), "scripted")


class Utf8(io.StringIO):
    encoding = "utf-8"


def screen() -> Console:
    return Console(
        file=Utf8(), force_terminal=True, width=80, height=24, legacy_windows=False, _environ={}
    )


def text_of(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.mark.anyio
async def test_the_screen_is_drawn_and_given_back() -> None:
    bus, console = Bus(), screen()
    async with anyio.create_task_group() as group, watch(bus, group, console=console):
        for event in some(500):
            bus.emit(event)
        await anyio.sleep(0.02)
    text = text_of(console)

    assert text.startswith(ENTER) or ENTER in text[:40]
    assert "rejected by stage and reason" in text
    assert LEAVE in text[-40:]
    assert CURSOR in text[-40:]


@pytest.mark.anyio
async def test_the_screen_is_given_back_on_cancellation() -> None:
    bus, console = Bus(), screen()
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as group, watch(bus, group, console=console):
            await anyio.sleep(0.02)
            scope.cancel()
            await anyio.sleep(60)
    text = text_of(console)

    assert scope.cancelled_caught
    assert LEAVE in text[-40:]
    assert CURSOR in text[-40:]


@pytest.mark.anyio
async def test_the_screen_is_given_back_on_an_error() -> None:
    bus, console = Bus(), screen()
    with pytest.raises(ExceptionGroup):
        async with anyio.create_task_group() as group, watch(bus, group, console=console):
            raise ValueError("broken")

    assert LEAVE in text_of(console)[-40:]


@pytest.mark.anyio
async def test_events_alone_draw_nothing() -> None:
    bus, console = Bus(), screen()
    async with anyio.create_task_group() as group, watch(bus, group, console=console):
        await anyio.sleep(0.02)
        before = len(text_of(console))
        for event in some(5000):
            bus.emit(event)

        assert len(text_of(console)) == before


@pytest.mark.anyio
async def test_no_thread_is_started() -> None:
    before = threading.active_count()
    async with anyio.create_task_group() as group, watch(Bus(), group, console=screen()):
        await anyio.sleep(0.02)

        assert threading.active_count() == before


class Gone(Utf8):
    """A terminal that goes away after the first frame."""

    def write(self, text: str) -> int:
        if self.tell() > 3000:
            raise OSError(5, "Input/output error")
        return super().write(text)


@pytest.mark.anyio
@pytest.mark.parametrize("terminal", [True, False])
async def test_a_terminal_that_goes_away_does_not_end_the_run(terminal: bool) -> None:
    bus, console = Bus(), screen()
    console.file = Gone()
    console._force_terminal = terminal
    async with anyio.create_task_group() as group, watch(bus, group, console=console) as watched:
        for number in range(12):
            bus.emit(Note("x" * 900 + str(number)))
            await anyio.sleep(0.05)
        reached = True

    assert reached
    assert watched.last is not None


def test_a_dear_frame_is_drawn_less_often() -> None:
    assert pause(0.0001) == 0.25
    assert pause(0.02) == 4.0


def test_where_the_run_gets_little_of_the_machine_frames_wait_for_it() -> None:
    assert pause(0.001, busy=0.3) == pytest.approx(2 / 3)
    assert pause(0.001, busy=0.01) == 1.0


class Terminal:
    """What a terminal of one's own would show of `text`: cursor moves and characters."""

    def __init__(self, text: str, width: int, height: int) -> None:
        self.cells = [[" "] * width for _ in range(height)]
        for row, column, rest in re.findall(
            r"\x1b\[(\d+);(\d+)H([^\x1b]*(?:\x1b\[[\d;]*m[^\x1b]*)*)", text
        ):
            plain = re.sub(r"\x1b\[[\d;]*m", "", rest)
            at = int(column) - 1
            self.cells[int(row) - 1][at : at + len(plain)] = plain

    def lines(self) -> list[str]:
        return ["".join(row) for row in self.cells]


def test_a_frame_writes_what_changed_and_the_screen_shows_all_of_it() -> None:
    console, progress = screen(), Progress(0.0)
    picture = Picture(console)
    sizes = []
    for number, event in enumerate(some(60)):
        progress(event)
        before = len(text_of(console))
        picture.show(view := progress.snapshot(number / 4))
        sizes.append(len(text_of(console)) - before)
    drawn = ["".join(segment.text for segment in line) for line in draw(view, 80, 24)]

    assert Terminal(text_of(console), 80, 24).lines() == drawn
    assert median(sizes) < sizes[0] / 2


async def shown(mode: Mode) -> tuple[str, str]:
    """(stderr, stdout) of a short run without a terminal."""
    bus, out = Bus(), io.StringIO()
    console = Console(file=io.StringIO(), width=80)
    async with (
        anyio.create_task_group() as group,
        watch(bus, group, mode, console=console, out=out) as watched,
    ):
        bus.emit(START)
        bus.emit(JobFinished(0, "", "accepted"))
        bus.emit(JobFinished(1, "", "rejected", "chain", "wrong_state"))
        bus.emit(JobFinished(2, "", "failed", reason="unavailable"))
        bus.emit(Note("draining"))
        bus.emit(Note("gpu1 is slow", "warning"))
        bus.emit(RunFinished(1, 1, 1, "time"))
    watched.finish()
    return text_of(console), out.getvalue()


@pytest.mark.anyio
async def test_without_a_terminal_lines_are_plain() -> None:
    err, out = await shown("auto")

    assert "\x1b" not in err
    assert "runs/x: 5 conversations; world:travel; 1 endpoint; scripted teacher" in err
    assert "warning: gpu1 is slow" in err
    assert "wrong_state" in err
    assert "stopped: time" in err
    assert err.count("gpu1 is slow") == 2
    assert out == ""


@pytest.mark.anyio
async def test_quiet_says_warnings_only() -> None:
    err, out = await shown("quiet")

    assert err == "00:00 warning: gpu1 is slow\n"
    assert out == ""


@pytest.mark.anyio
async def test_json_leaves_one_object_on_stdout() -> None:
    _, out = await shown("json")
    found = json.loads(out)

    assert list(found) == [
        "run_dir",
        "accepted",
        "rejected",
        "failed",
        "jobs",
        "requests",
        "prompt_tokens",
        "completion_tokens",
        "cost_usd",
        "wall_s",
        "stopped_by",
        "funnel",
        "hedged",
        "hedged_tokens_at_most",
        "projected_cost_usd",
        "beyond",
    ]
    assert (found["accepted"], found["rejected"], found["jobs"]) == (1, 1, 3)
    assert (found["cost_usd"], found["stopped_by"]) == (None, "time")
    assert found["funnel"] == {"chain": {"wrong_state": 1}, "failed": {"unavailable": 1}}
    assert found["failed"] == 1


def test_a_line_comes_every_ten_seconds() -> None:
    progress, out = Progress(0.0), io.StringIO()
    lines = Lines(progress, out)
    progress(START)
    for half in range(62):
        lines.look(half / 2)
    found = out.getvalue().splitlines()

    assert len(found) == 4
    assert found[1].startswith("00:10 0/5 accepted (0%), 0 rejected, 0 failed; 0.0 replies/s")


def test_a_storm_of_notes_is_cut() -> None:
    progress, out = Progress(0.0), io.StringIO()
    lines = Lines(progress, out)
    for number in range(1000):
        lines(Note(f"note {number}"))
    lines.look(1.0)

    assert len(out.getvalue().splitlines()) == 5
    assert out.getvalue().endswith("and 996 more notes\n")
