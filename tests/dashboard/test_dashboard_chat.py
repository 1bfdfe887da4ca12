"""A conversation reads as a chat, and nothing in it steers the terminal."""

from __future__ import annotations

import io

import msgspec
from rich.console import Console

from fastsynth.dashboard.chat import render_conversation
from fastsynth.records import Call, Conversation, Difficulty, Message, ToolCall, Usage

CALL = ToolCall(id="abcdefgh1", name="book_flight", arguments='{"flight_id":"TP-1","seats":2}')
ROW = Conversation(
    id="row-1",
    environment="world:travel",
    scenario="{}",
    tools='[{"type":"function","function":{"name":"book_flight"}}]',
    messages=(
        Message(role="system", content="Travel desk. " * 60),
        Message(role="user", content="Two seats to Oslo, please."),
        Message(role="assistant", reasoning="One call does it.", tool_calls=(CALL,)),
        Message(role="tool", content='{"rows":"' + "x" * 900 + '"}', tool_call_id=CALL.id),
        Message(role="assistant", content="Booked: \x1b[2J[bold]B-7[/bold]."),
    ),
    ground_truth=((Call(name="book_flight", arguments="{}"),),),
    ground_truth_steps=((1,),),
    kinds=("base",),
    targets=("book_flight",),
    purposes=("a flight is booked",),
    hint_levels=(1,),
    blind_passes=(0,),
    blind_tries=(1,),
    num_turns=1,
    num_calls=1,
    difficulty=Difficulty(),
    teacher="scripted",
    usage=Usage(),
)


def shown(row: Conversation, *, full: bool = False, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    render_conversation(row, console, full=full)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_everything_said_is_there() -> None:
    text = shown(ROW)

    assert "row-1  world:travel" in text
    assert "scripted teacher (no model)" in text
    assert "turn 1 · base · target book_flight · composite" in text
    assert "Two seats to Oslo, please." in text
    assert "One call does it." in text
    assert '→ book_flight(flight_id="TP-1", seats=2)' in text


def test_long_results_are_shortened_unless_asked_for() -> None:
    short, whole = shown(ROW), shown(ROW, full=True)

    assert "more characters" in short
    assert "more characters" not in whole
    assert whole.count("x") >= 900


def test_text_of_a_model_is_neither_markup_nor_control() -> None:
    text = shown(ROW)

    assert "\x1b" not in text
    assert "[bold]B-7[/bold]" in text


def test_no_line_is_wider_than_the_terminal() -> None:
    assert max(map(len, shown(ROW, width=50).splitlines())) <= 50


def test_arguments_that_are_no_object_are_shown_raw() -> None:
    calls = (msgspec.structs.replace(CALL, arguments='{"flight_id": '),)
    row = msgspec.structs.replace(ROW, messages=(Message(role="assistant", tool_calls=calls),))

    assert '→ book_flight({"flight_id": )' in shown(row)
