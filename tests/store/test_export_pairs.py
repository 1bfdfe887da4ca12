"""Preference pairs as lines: what is prompt, what differs, and what is left out."""

from __future__ import annotations

import json
from typing import Any

from test_exports import PARALLEL, answer, call, calls, result, row, user

from fastsynth.records import Attempt, Conversation, Message, ToolCall
from fastsynth.store.exports.formats import Format
from fastsynth.store.exports.lesson import By
from fastsynth.store.exports.pairs import has_place, pairs_of, write_pair
from fastsynth.store.preferences import pairs

TWO_STEPS = row(
    user("Look, then delete."),
    calls(call("read", 1)),
    result(1),
    calls(call("delete", 2)),
    result(2),
    answer("Deleted."),
)


def lines(
    conversation: Conversation,
    *tried: Message,
    form: Format = "dpo",
    by: By = "step",
    reason: str = "wrong_state",
) -> list[Any]:
    query = next(m.content for m in conversation.messages if m.role == "user") or ""
    attempt = Attempt(turn=0, level=0, reason=reason, messages=tried, query=query, solved=True)
    found = pairs("a-1", conversation.messages, [attempt, attempt])
    written = (
        write_pair(pair, form, "field")
        for pair in pairs_of(conversation, found, by)
        if has_place(pair, form)
    )
    return json.loads(json.dumps(list(written)))


def test_a_pair_by_step_is_the_first_message_with_other_calls() -> None:
    (line,) = lines(
        TWO_STEPS,
        Message(role="assistant", reasoning="In other words.", tool_calls=(call("read", 7),)),
        result(7),
        calls(call("archive", 8)),
        result(8),
        answer("Archived."),
    )

    assert [m["role"] for m in line["prompt"]] == ["system", "user", "assistant", "tool"]
    assert [m["tool_calls"][0]["function"]["name"] for m in line["chosen"]] == ["delete"]
    assert [m["tool_calls"][0]["function"]["name"] for m in line["rejected"]] == ["archive"]


def test_a_pair_whose_calls_agree_is_its_answers() -> None:
    (line,) = lines(PARALLEL, calls(call("read", 1), call("read", 2)), result(1), answer("Read 9."))

    assert line["chosen"][0]["content"] == "Both read."
    assert line["rejected"][0]["content"] == "Read 9."


def test_a_whole_pair_ends_with_words_of_the_model_on_both_sides() -> None:
    (line,) = lines(TWO_STEPS, calls(call("archive", 8)), result(8), by="conversation")

    assert [m["role"] for m in line["prompt"]] == ["system", "user"]
    assert [m["role"] for m in line["rejected"]] == ["assistant"]
    assert [m["role"] for m in line["chosen"]][-1] == "assistant"


def test_a_leak_that_may_stand_anywhere_makes_no_pair_by_step() -> None:
    tried = calls(call("read", 1)), result(1), answer("As the hint says.")

    assert lines(TWO_STEPS, *tried, reason="leakage") == []
    assert len(lines(TWO_STEPS, *tried, reason="leakage", by="conversation")) == 1


def test_swift_pairs_share_a_prompt_that_is_not_learned() -> None:
    (line,) = lines(TWO_STEPS, calls(call("read", 7)), result(7), answer("No."), form="swift-dpo")
    chosen, rejected = line["messages"], line["rejected_messages"]

    assert chosen[:4] == rejected[:4]
    assert [m.get("loss", True) for m in chosen[2:]] == [False, True, True]
    assert (chosen[-1]["role"], rejected[-1]["role"]) == ("tool_call", "assistant")


def test_a_call_whose_arguments_are_no_object_has_no_place_in_swift() -> None:
    cut_off = ToolCall(id="c00000007", name="read", arguments="{")
    tried = Message(role="assistant", tool_calls=(cut_off,))

    assert lines(TWO_STEPS, tried, form="swift-dpo") == []
    (line,) = lines(TWO_STEPS, tried, form="dpo")
    assert line["rejected"][0]["tool_calls"][0]["function"]["arguments"] == "{"
