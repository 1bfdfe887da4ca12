"""Replies as servers send them: decoded strictly, stored and read back the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsynth.llm.chat import Reply
from fastsynth.llm.completion import (
    ErrorInBody,
    Malformed,
    decode_completion,
    decode_reply,
    encode_reply,
    split_thinking,
)
from fastsynth.records import ToolCall, Usage


def decode(message: dict[str, Any], **fields: Any) -> Reply:
    choice = {"message": {"role": "assistant", **message}, "finish_reason": "stop"}
    body = json.dumps({"choices": [choice], **fields}).encode()
    return decode_completion(body, lambda index: f"call{index:05}")


def arguments(value: Any) -> str:
    call = {"id": "x", "type": "function", "function": {"name": "f", "arguments": value}}
    return decode({"content": None, "tool_calls": [call]}).tool_calls[0].arguments


def test_null_content_is_empty_text() -> None:
    assert decode({"content": None}) == Reply(finish="stop", usage=Usage(requests=1))


def test_content_in_parts_is_joined() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert decode({"content": parts}).content == "ab"


@pytest.mark.parametrize("text", ['"celsius"', "false", '{"a": ', "", '{"b":1, "a":2}'])
def test_arguments_stay_the_text_they_were(text: str) -> None:
    assert arguments(text) == text


def test_arguments_sent_as_an_object_become_text_and_none_means_no_arguments() -> None:
    assert arguments({"b": 1, "a": [2]}) == '{"a":[2],"b":1}'
    assert arguments(None) == "{}"


def test_call_ids_are_ours() -> None:
    call = {"id": "theirs", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    reply = decode({"content": None, "tool_calls": [call, call]})

    assert [call.id for call in reply.tool_calls] == ["call00000", "call00001"]


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_comes_from_either_field(field: str) -> None:
    reply = decode({"content": "answer", field: "why"})
    assert (reply.content, reply.reasoning) == ("answer", "why")


@pytest.mark.parametrize(
    ("text", "content", "reasoning"),
    [
        ("<think>\nwhy\n</think>\n\nanswer", "answer", "why"),
        ("why\n</think>\nanswer", "answer", "why"),
        ("<think>cut off", "", "cut off"),
        ("say <think>x</think> aloud", "say <think>x</think> aloud", ""),
        ("plain", "plain", ""),
    ],
)
def test_a_leading_think_block_is_reasoning(text: str, content: str, reasoning: str) -> None:
    assert split_thinking(text) == (content, reasoning)
    reply = decode({"content": text})
    assert (reply.content, reply.reasoning) == (content, reasoning)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"choices": [{"message": {"con',
        b'{"choices": []}',
        b'{"choices": null}',
        b"[]",
        b'{"choices": [{"message": {"content": 5}}]}',
        b'{"choices": [{"message": {"content": "x"}, "finish_reason": "abort"}]}',
        b'{"choices": [{"message": {"content": "\xff"}}]}',
        b'{"choices": [{"message": {"content": "x", "further": ' + b"[" * 5000,
    ],
)
def test_a_body_that_is_no_completion_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        decode_completion(body, str)


def test_an_error_in_a_200_keeps_its_status() -> None:
    with pytest.raises(ErrorInBody) as found:
        decode_completion(b'{"error": {"code": 429, "message": "slow down"}}', str)

    assert found.value.status == 429


def test_usage_is_read_wherever_cached_tokens_stand() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "prompt_cache_hit_tokens": 4}
    assert decode({"content": "a"}, usage=usage).usage.cached_tokens == 4
    assert decode({"content": "a"}, usage=None).usage == Usage(requests=1)


replies = st.builds(
    Reply,
    content=st.text(),
    reasoning=st.text(),
    tool_calls=st.lists(st.builds(ToolCall, id=st.text(), name=st.text(), arguments=st.text())).map(
        tuple
    ),
    finish=st.text(),
    model=st.text(),
    usage=st.builds(
        Usage,
        requests=st.integers(0, 9),
        prompt_tokens=st.integers(0, 2**40),
        completion_tokens=st.integers(0, 2**40),
        cost_usd=st.none() | st.floats(allow_nan=False),
    ),
)


@given(replies)
def test_a_stored_reply_comes_back_the_same(reply: Reply) -> None:
    assert decode_reply(encode_reply(reply)) == reply


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_a_reply_or_malformed(body: bytes) -> None:
    with pytest.raises((Malformed, ErrorInBody)):
        decode_completion(body, str)
