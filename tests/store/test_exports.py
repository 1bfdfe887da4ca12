"""Lines for trainers: what is learned beside which tools, and each format's own shape."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from store_sample import conversations

from fastsynth.records import Conversation, Message, ToolCall, ToolsAdded
from fastsynth.store.exports.formats import LESSONS, REASONING, Format, Reasoning
from fastsynth.store.exports.lesson import By, lessons


def tool(name: str) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {"id": {"type": "string"}}}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


def call(name: str, number: int) -> ToolCall:
    return ToolCall(id=f"call{number:05}", name=name, arguments='{"id":"x"}')


def result(number: int, content: str = '{"ok":true}') -> Message:
    return Message(role="tool", content=content, tool_call_id=f"call{number:05}", name="read")


def row(*messages: Message, **further: Any) -> Conversation:
    turns = sum(message.role == "user" for message in messages)
    values: dict[str, Any] = {
        "id": "a-1",
        "environment": "world",
        "scenario": "{}",
        "tools": json.dumps([tool("read")]),
        "messages": (Message(role="system", content="Be exact."), *messages),
        "ground_truth": ((),) * turns,
        "ground_truth_steps": ((),) * turns,
        "kinds": ("base",) * turns,
        "targets": ("",) * turns,
        "purposes": ("",) * turns,
        "hint_levels": (0,) * turns,
        "blind_passes": (0,) * turns,
        "blind_tries": (0,) * turns,
        "num_turns": turns,
        "num_calls": 0,
        "difficulty": {},
        "teacher": "scripted",
        "usage": {},
    }
    return Conversation(**{**values, **further})


def user(text: str) -> Message:
    return Message(role="user", content=text)


def calls(*made: ToolCall) -> Message:
    return Message(role="assistant", reasoning="Look it up.", tool_calls=made)


def answer(text: str) -> Message:
    return Message(role="assistant", content=text, reasoning="Say it.")


PARALLEL = row(
    user("Read both."),
    calls(call("read", 1), call("read", 2)),
    result(1),
    result(2, "no JSON"),
    answer("Both read."),
)
GROWN = row(
    user("Delete it."),
    answer("I have no tool for that."),
    user("Now you have."),
    calls(call("delete", 1)),
    result(1),
    answer("Deleted."),
    tools_added=(ToolsAdded(turn=1, tools=json.dumps([tool("delete")])),),
)
STUMBLED = row(
    user("Read it."),
    calls(call("read", 1)),
    result(1, '{"error":"no such id"}'),
    calls(call("read", 2)),
    result(2),
    answer("Read."),
    errors_recovered=("call00001",),
)


def lines(
    form: Format,
    conversation: Conversation,
    by: By = "conversation",
    reasoning: Reasoning | None = None,
) -> list[Any]:
    kept = reasoning or REASONING[form][0]
    written = [LESSONS[form](lesson, kept, by) for lesson in lessons(conversation, by)]
    return json.loads(json.dumps([line for some in written for line in some]))


def test_openai_lines_hold_arguments_as_text_and_no_key_its_service_refuses() -> None:
    (line,) = lines("openai", PARALLEL)

    assert set(line) == {"messages", "tools"}
    assert line["messages"][2] == {
        "role": "assistant",
        "content": "",
        "tool_calls": [
            {
                "id": f"call{n:05}",
                "type": "function",
                "function": {"name": "read", "arguments": '{"id":"x"}'},
            }
            for n in (1, 2)
        ],
    }
    assert line["messages"][3] == {
        "role": "tool",
        "content": '{"ok":true}',
        "tool_call_id": "call00001",
    }
    assert line["messages"][5] == {"role": "assistant", "content": "Both read."}


def test_an_answer_that_a_later_tool_makes_wrong_is_learned_beside_its_own_tools_only() -> None:
    before, after = lines("openai", GROWN)

    assert [tool["function"]["name"] for tool in before["tools"]] == ["read"]
    assert before["messages"][-1] == {"role": "assistant", "content": "I have no tool for that."}
    assert [tool["function"]["name"] for tool in after["tools"]] == ["read", "delete"]
    assert [m.get("weight", 1) for m in after["messages"] if m["role"] == "assistant"] == [0, 1, 1]


def test_a_call_that_failed_by_its_own_fault_is_context_and_an_injected_failure_is_learned() -> (
    None
):
    injected = row(
        *STUMBLED.messages[1:],
        errors_recovered=("call00001",),
        interrupted_calls=("call00001",),
    )
    learned = [
        [m.get("loss", True) for m in line["messages"] if m["role"] in ("assistant", "tool_call")]
        for line in (*lines("swift", STUMBLED), *lines("swift", injected))
    ]

    assert learned == [[False, False, True, True, True], [True] * 5]


def test_a_call_that_was_made_to_fail_and_not_made_again_was_wrong_itself() -> None:
    other = ToolCall(id="call00001", name="read", arguments='{"id":"another"}')
    messages = [
        calls(other) if message.tool_calls[:1] == (call("read", 1),) else message
        for message in STUMBLED.messages[1:]
    ]
    failed = {"errors_recovered": ("call00001",), "interrupted_calls": ("call00001",)}
    (line,) = lines("openai", row(*messages, **failed))

    assert [m.get("weight", 1) for m in line["messages"] if m["role"] == "assistant"] == [0, 1, 1]


def test_trl_puts_into_the_prompt_what_is_not_learned() -> None:
    for conversation in (PARALLEL, GROWN, STUMBLED):
        for line in lines("trl", conversation):
            assert line["prompt"][-1]["role"] in ("user", "tool")
            assert line["completion"][0]["role"] == "assistant"
            assert line["completion"][-1]["role"] == "assistant"
            assert isinstance(line["tools"], str)
    (stumbled,) = lines("trl", STUMBLED)

    assert stumbled["prompt"][-1]["content"] == '{"error":"no such id"}'
    call = stumbled["completion"][0]["tool_calls"][0]["function"]
    assert call == {"name": "read", "arguments": {"id": "x"}}
    assert stumbled["completion"][0]["reasoning_content"] == "Look it up."


def test_sharegpt_alternates_and_joins_parallel_results() -> None:
    (line,) = lines("sharegpt", PARALLEL)

    assert [said["from"] for said in line["conversations"]] == [
        "human",
        "function_call",
        "observation",
        "gpt",
    ]
    assert line["system"] == "Be exact."
    thought, _, called = line["conversations"][1]["value"].partition("</think>\n\n")
    assert thought == "<think>\nLook it up.\n"
    assert json.loads(called) == [{"name": "read", "arguments": {"id": "x"}}] * 2
    assert json.loads(line["conversations"][2]["value"]) == [{"ok": True}, "no JSON"]
    assert [tool["name"] for tool in json.loads(line["tools"])] == ["read"]


def test_sharegpt_leaves_out_what_it_cannot_mask() -> None:
    assert lines("sharegpt", STUMBLED) == []
    assert len(lines("sharegpt", GROWN)) == 1
    assert len(lines("sharegpt", STUMBLED, "step")) == 2


def test_swift_has_a_message_for_each_call_and_thought_before_them() -> None:
    (line,) = lines("swift", PARALLEL)
    roles = [message["role"] for message in line["messages"]]

    assert roles == [
        *("system", "user", "assistant", "tool_call", "tool_call"),
        *("tool_response", "tool_response", "assistant"),
    ]
    assert line["messages"][2]["content"] == "<think>\nLook it up.\n</think>\n\n"
    bare = lines("swift", PARALLEL, reasoning="none")[0]["messages"]
    assert [message["role"] for message in bare][2] == "tool_call"


def test_a_line_by_step_ends_with_the_one_message_that_is_learned() -> None:
    by_step = lines("openai", STUMBLED, "step")

    assert [len(line["messages"]) for line in by_step] == [5, 7]
    for line in by_step:
        learned = [
            place
            for place, message in enumerate(line["messages"])
            if message["role"] == "assistant" and message.get("weight", 1)
        ]
        assert learned == [len(line["messages"]) - 1]


def test_reasoning_goes_where_it_is_asked_for() -> None:
    last = {
        kept: lines("trl", PARALLEL, reasoning=kept)[0]["completion"][-1]
        for kept in REASONING["trl"]
    }

    assert last["none"] == {"role": "assistant", "content": "Both read."}
    assert last["field"]["reasoning_content"] == "Say it."
    assert last["think"]["content"] == "<think>\nSay it.\n</think>\n\nBoth read."


@settings(max_examples=40, deadline=None)
@given(conversations)
def test_every_message_is_learned_at_most_once(conversation: Conversation) -> None:
    whole = [*lessons(row(*conversation.messages), "conversation")]
    steps = [*lessons(row(*conversation.messages), "step")]

    assert sum(sum(lesson.learned) for lesson in whole) == len(steps)
    assert all(lesson.learned[-1] and sum(lesson.learned) == 1 for lesson in steps)
