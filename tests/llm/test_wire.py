"""Requests as bytes: what is sent, what is not, and what forks share."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from fastsynth.config import Endpoint, Sampling
from fastsynth.llm.wire import Transcript, encode_message, encode_request, frame, with_script
from fastsynth.records import Message, ToolCall, encode

CALL = ToolCall(id="abc123XYZ", name="f", arguments='{"a": 1}')


def test_messages_have_no_null_fields_and_no_reasoning() -> None:
    calling = Message(role="assistant", reasoning="hidden", tool_calls=(CALL,))
    result = Message(role="tool", content="[]", tool_call_id="abc123XYZ", name="f")

    assert json.loads(encode_message(calling)) == {
        "role": "assistant",
        "tool_calls": [
            {
                "id": "abc123XYZ",
                "type": "function",
                "function": {"name": "f", "arguments": '{"a": 1}'},
            }
        ],
    }
    assert json.loads(encode_message(result)) == {
        "role": "tool",
        "content": "[]",
        "tool_call_id": "abc123XYZ",
        "name": "f",
    }


def test_a_message_without_text_and_calls_still_has_content() -> None:
    assert json.loads(encode_message(Message(role="assistant"))) == {
        "role": "assistant",
        "content": "",
    }


@given(st.lists(st.text()), st.text(), st.text())
def test_forks_share_the_past_and_not_the_future(past: list[str], left: str, right: str) -> None:
    stem = Transcript(tuple(Message(role="user", content=text) for text in past))
    twin = stem.fork()
    stem.append(Message(role="user", content=left))
    twin.append(Message(role="user", content=right))

    assert [m["content"] for m in json.loads(stem.encoded())] == [*past, left]
    assert [m["content"] for m in json.loads(twin.encoded())] == [*past, right]
    assert [m.content for m in twin.messages] == [*past, right]


def test_a_request_holds_what_was_asked_for() -> None:
    sampling = Sampling(temperature=0.5, max_tokens=9, extra_body={"min_p": 0.1})
    form = frame("m", sampling, Endpoint(parallel_tool_calls=False))
    schema = b'{"type":"json_schema","json_schema":{}}'
    body = encode_request(form, [b'{"role":"user"}'], [b'{"type":"function"}'], schema, 5)

    assert json.loads(bytes(body)) == {
        "model": "m",
        "temperature": 0.5,
        "max_tokens": 9,
        "min_p": 0.1,
        "messages": [{"role": "user"}],
        "tools": [{"type": "function"}],
        "tool_choice": "auto",
        "parallel_tool_calls": False,
        "response_format": {"type": "json_schema", "json_schema": {}},
        "seed": 5,
    }


def test_extra_body_overrides_and_null_leaves_out() -> None:
    extra = {"max_tokens": None, "max_completion_tokens": 7, "tool_choice": "required"}
    form = frame("m", Sampling(extra_body=extra), Endpoint())
    body = json.loads(bytes(encode_request(form, [], [b"{}"])))

    assert body == {
        "model": "m",
        "max_completion_tokens": 7,
        "tool_choice": "required",
        "messages": [],
        "tools": [{}],
    }


def test_the_endpoint_decides_how_structure_is_asked_for() -> None:
    def sent(endpoint: Endpoint) -> object:
        form = frame("m", Sampling(), endpoint)
        body = json.loads(bytes(encode_request(form, [], schema=b'{"a":1}', seed=1)))
        return body.get("response_format"), body.get("seed")

    assert sent(Endpoint()) == ({"a": 1}, 1)
    assert sent(Endpoint(structured="json_object")) == ({"type": "json_object"}, 1)
    assert sent(Endpoint(structured="text", send_seed=False)) == (None, None)


def test_a_script_is_one_more_field() -> None:
    body = encode_request(frame("m", Sampling(), Endpoint()), [b'{"role":"user"}'])
    told = with_script(body, b'{"seed":1}')

    assert json.loads(bytes(told)) == {**json.loads(bytes(body)), "fastsynth": {"seed": 1}}


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_a_body_in_pieces_is_the_body_and_knows_its_size(said: list[str], tools: list[str]) -> None:
    form = frame("m", Sampling(), Endpoint())
    body = encode_request(form, [encode(text) for text in said], [encode(text) for text in tools])
    read = json.loads(bytes(body))

    assert (read["messages"], read.get("tools", [])) == (said, tools)
    assert len(body) == len(bytes(body))


def test_a_call_can_be_required_for_one_request() -> None:
    form = frame("m", Sampling(), Endpoint())
    tools = [b'{"type":"function"}']

    required = json.loads(bytes(encode_request(form, [], tools, must_call=True)))
    free = json.loads(bytes(encode_request(form, [], tools)))

    assert (required["tool_choice"], free["tool_choice"]) == ("required", "auto")
