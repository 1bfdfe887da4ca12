from __future__ import annotations

import io

import anyio
import pytest
from rich.console import Console

from fastsynth.dashboard.finding import in_words, shown, told
from fastsynth.dashboard.plain import LINE_SECONDS, Lines
from fastsynth.dashboard.view import Progress
from fastsynth.errors import ConfigError
from fastsynth.events import Preparing, RunStarted
from fastsynth.method.discovery.inquiry import Inquiry


def searching(calls: int = 300) -> Inquiry:
    inquiry = Inquiry()
    inquiry.begin(1, 2, 3_000)
    inquiry.enter("running every tool", 7)
    inquiry.calls, inquiry.done = calls, 5
    return inquiry


def test_the_line_says_stage_calls_and_how_long_it_may_take_at_most() -> None:
    assert in_words(searching(), 30.0) == (
        "finding the graph: state 1 of 2, running every tool (5 of 7), 300 calls, 10.0/s, "
        "at most 09:30 left"
    )


def test_after_one_state_the_rest_is_reckoned_by_it() -> None:
    inquiry = searching()
    inquiry.begin(2, 2, 3_000)
    inquiry.enter("parameters", 4)

    assert in_words(inquiry, 30.0).endswith(
        "parameters (0 of 4), 300 calls, 10.0/s, about 00:30 left"
    )


def test_while_servers_start_no_time_is_promised() -> None:
    assert in_words(searching(calls=5), 10.0).endswith("running every tool (5 of 7), 5 calls")


def test_where_nothing_is_looked_for_nothing_is_said() -> None:
    assert in_words(Inquiry(), 5.0) == ""


@pytest.mark.anyio
async def test_a_terminal_has_one_line_that_is_gone_afterwards() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=60)

    async with shown(searching(), console):
        await anyio.sleep(0.6)

    said = screen.getvalue()
    assert "finding the graph: state 1 of 2" in said
    assert "\n" not in said
    assert said.endswith("\r\x1b[K")


@pytest.mark.anyio
async def test_what_ends_the_search_is_not_wrapped_in_a_group() -> None:
    with pytest.raises(ConfigError, match="as it is"):
        async with told(searching(), lambda _: None):
            raise ConfigError("as it is")


def test_without_a_terminal_a_run_says_what_it_prepares_every_ten_seconds() -> None:
    out, progress = io.StringIO(), Progress(0.0)
    lines = Lines(progress, out)
    progress(Preparing(text="finding the graph: state 1 of 2"))
    for second in range(25):
        lines.look(float(second))
    progress(Preparing(text=""))
    progress(RunStarted("runs/x", "mcp:shop", 5, 0, ("teacher",), "scripted"))
    lines.look(26.0)

    said = out.getvalue().splitlines()
    assert said[:2] == [
        f"{clock} finding the graph: state 1 of 2"
        for clock in (f"00:{LINE_SECONDS:.0f}", f"00:{2 * LINE_SECONDS:.0f}")
    ]
    assert len(said) == 3
