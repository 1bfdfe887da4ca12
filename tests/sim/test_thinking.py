"""What the scripted teacher thinks of a call that failed: what is true of it."""

from __future__ import annotations

from typing import Any

from sim_plans import TOOLS, plan_one, script, teacher

from fastsynth.records import canonical
from fastsynth.sim.api import ChatMessage, Function, FunctionCall


def thought_after(name: str, arguments: dict[str, Any] | str) -> str:
    """The reasoning of the step after one call that failed."""
    text = arguments if isinstance(arguments, str) else canonical(arguments)
    failed = [
        ChatMessage("user", "Book it."),
        ChatMessage("assistant", None, [FunctionCall("c", Function(name, text))]),
        ChatMessage("tool", canonical({"error": "not now"}), None, "c"),
    ]
    return teacher().speak(script(plan_one(), 0, "step"), failed, TOOLS).reasoning


def test_only_a_call_that_was_right_is_made_once_more() -> None:
    right = dict(plan_one()[0].steps[0].arguments)
    again = ("same call again", "can be repeated", "once more")

    assert any(words in thought_after("search_flights", right) for words in again)
    for wrong in (("search_flights", {**right, "origin": "Rome"}), ("list_cards", {})):
        assert not any(words in thought_after(*wrong) for words in again)
    assert "origin" in thought_after("search_flights", {**right, "origin": "Rome"})
    assert "origin" not in thought_after("list_cards", {})
