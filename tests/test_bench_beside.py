"""What others are measured on: the same conversations, call for call, and nothing left switched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fastsynth import run as runs
from fastsynth.errors import FastsynthError
from fastsynth.sim import api

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def spoken() -> list[dict[str, Any]]:
    function = {"name": "book", "arguments": '{"id": 7}'}
    call = {"id": "a1b2c3d4e", "type": "function", "function": function}
    return [
        {"role": "user", "content": "Book it."},
        {"role": "assistant", "content": "", "reasoning": "It is 7.", "tool_calls": [call]},
        {"role": "tool", "content": "booked", "tool_call_id": "a1b2c3d4e"},
        {"role": "assistant", "content": "Booked."},
        {"role": "user", "content": "Thanks."},
        {"role": "assistant", "content": "You are welcome."},
    ]


def asked(messages: list[dict[str, Any]]) -> api.ChatRequest:
    system = {"role": "system", "content": "Be kind."}
    return api.decode_request(api.encode({"messages": [system, *messages]}))


def test_a_talk_is_played_call_for_call_and_nothing_else_is_answered() -> None:
    from engine_talks import Player, Talk

    talk = spoken()
    player = Player([Talk("Be kind.", [], talk)])

    first = player._speak(asked(talk[:1]))
    assert [(call.name, call.arguments) for call in first.calls] == [("book", '{"id": 7}')]
    assert [player._speak(asked(talk[:n])).content for n in (3, 5)] == [
        "Booked.",
        talk[5]["content"],
    ]
    with pytest.raises(FastsynthError, match="no conversation"):
        player._speak(asked(talk[:2]))


def test_a_column_is_told_what_was_said_before_its_call_and_no_more() -> None:
    from engine_peers import seed_of

    seed = seed_of({"system": "", "tools": [], "messages": spoken()}, 2)

    assert (seed["said_0"], seed["said_1"], "said_2" in seed) == ("Book it.\n", "booked\n", False)


def test_peers_are_given_as_many_calls_as_were_made() -> None:
    from engine_peers import of

    talk = {"messages": spoken()}

    assert len(list(of([talk], 7))) == 3


def test_observers_are_back_after_a_run_without_them() -> None:
    from observers import Silent, observed

    before = dict(vars(runs))
    with observed(False):
        unwatched = vars(runs)["EventLog"]

    assert unwatched is Silent
    assert vars(runs) == before
