"""Replies in chunks: the same Reply as in one piece, or malformed; when the first token came."""

from __future__ import annotations

import itertools
from typing import Any

import anyio
import pytest
from client_setup import Setup, ask
from hypothesis import given
from hypothesis import strategies as st
from loopback_server import loopback, text_reply

from fastsynth.events import RequestDone, RequestFailed
from fastsynth.llm import retry
from fastsynth.llm.chat import Reply
from fastsynth.llm.completion import decode_completion
from fastsynth.llm.streaming import Merging
from fastsynth.sim import api
from fastsynth.sim.batching import Shape
from fastsynth.sim.faults import Fault, Faults
from fastsynth.sim.server import Options, serving

both = pytest.mark.parametrize("transport", ["aiohttp", "openai"])
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=120)
calls = st.builds(
    api.Function,
    name=st.sampled_from(["f", "get_it"]),
    arguments=st.sampled_from(["{}", '{"a": "é"}']),
)
SAID = api.Spoken(
    content="The cheapest connection leaves at nine and arrives at noon, with one change.",
    reasoning="Look at what there is, then take the cheapest.",
    calls=(api.Function("book", '{"connection": "c_17", "seats": 2}'), api.Function("pay", "{}")),
)
TOKENS = api.Tokens(prompt=1000, completion=70, cached=900)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST", 0.01)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def events(spoken: api.Spoken = SAID) -> list[bytes]:
    chunks = [b"data: " + api.encode(chunk) + b"\n\n" for chunk in api.chunks(1, spoken, TOKENS)]
    return [*chunks, b"data: [DONE]\n\n"]


def merged(pieces: list[bytes]) -> Merging:
    async def main() -> Merging:
        merging = Merging()
        for piece in pieces:
            merging.feed(piece)
        merging.end()
        return merging

    return anyio.run(main)


def decoded(body: bytes) -> Reply:
    return decode_completion(body, lambda index: f"id{index}")


@given(
    spoken=st.builds(
        api.Spoken,
        content=texts,
        reasoning=texts,
        calls=st.lists(calls, max_size=3).map(tuple),
    ),
    size=st.integers(1, 90),
)
def test_chunks_cut_anywhere_make_the_reply_that_came_whole(spoken: api.Spoken, size: int) -> None:
    stream = b": a comment\r\n\r\n" + b"".join(events(spoken)).replace(b"\n", b"\r\n")
    merging = merged([stream[at : at + size] for at in range(0, len(stream), size)])

    if not merging.broken:
        whole = decoded(api.encode(api.completion(1, spoken, TOKENS)))
        assert decoded(merging.body()) == whole
    else:
        assert "one chunk twice" in merging.broken


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda e: e[:-1], "without [DONE]"),
        (lambda e: e[: len(e) // 2], "without [DONE]"),
        (lambda e: [b"".join(e)[:-700]], "without [DONE]"),
        (lambda e: [*e[:3], b"data: {oops\n\n", *e[3:]], "chunk of 5 bytes"),
        (lambda e: [*e[:2], *e[1:]], "one chunk twice"),
        (lambda e: [*e[:8], e[7], *e[8:]], "one tool call twice"),
        (lambda e: [*e[:-3], e[-3], *e[-3:]], "ended twice"),
    ],
)
def test_a_spoiled_stream_says_what_is_wrong_with_it(spoil: Any, said: str) -> None:
    assert said in merged(spoil(events())).broken


def test_short_pieces_may_repeat() -> None:
    chunk = {"choices": [{"index": 0, "delta": {"content": "0"}}]}
    ruler = {"choices": [{"index": 0, "delta": {"content": "--------"}}]}
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    stream = [b"data: " + api.encode(c) + b"\n\n" for c in (chunk, chunk, ruler, ruler, end)]
    merging = merged([*stream, b"data: [DONE]\n\n"])

    assert merging.broken == ""
    assert decoded(merging.body()).content == "00----------------"


def test_calls_without_an_index_are_told_apart_by_their_ids() -> None:
    def call(**fields: Any) -> bytes:
        chunk = {"choices": [{"delta": {"tool_calls": [fields]}}]}
        return b"data: " + api.encode(chunk) + b"\n\n"

    merging = merged(
        [
            call(id="a", function={"name": "f", "arguments": '{"x"'}),
            call(function={"arguments": ": 1}"}),
            call(id="b", function={"name": "g", "arguments": "{}"}),
            b"data: [DONE]\n",
        ]
    )

    found = decoded(merging.body()).tool_calls
    assert [(c.name, c.arguments) for c in found] == [("f", '{"x": 1}'), ("g", "{}")]


async def one(url: str, setup: Setup, **endpoint: Any) -> Reply:
    async with setup.client(url, **endpoint) as client:
        with anyio.fail_after(20):
            reply = await client.ask(ask())
    assert isinstance(reply, Reply)
    return reply


@both
@pytest.mark.anyio
async def test_a_streamed_reply_is_stored_as_the_plain_one(transport: str) -> None:
    streamed, plain = Setup(), Setup()
    async with serving(Options()) as port:
        url = f"http://127.0.0.1:{port}/v1"
        await one(url, streamed, transport=transport, stream="always")
    async with serving(Options()) as port:
        await one(f"http://127.0.0.1:{port}/v1", plain, transport=transport)

    assert streamed.replies.kept == plain.replies.kept


@both
@pytest.mark.anyio
@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("truncated", "malformed"),
        ("duplicate_chunk", "malformed"),
        ("no_choices", "malformed"),
        ("html", "html"),
        ("reset_inside", "reset"),
        ("too_many_requests", "http_429"),
        ("internal_error", "http_500"),
    ],
)
async def test_a_fault_of_a_stream_has_its_owner(transport: str, fault: Fault, cause: str) -> None:
    plans = (Faults(seed=seed, rates={fault: 0.5}, retry_after=0.1) for seed in itertools.count())
    faults = next(f for f in plans if (f.draw(0), f.draw(1)) == (fault, None))
    setup = Setup()
    async with serving(Options(faults=faults)) as port:
        url = f"http://127.0.0.1:{port}/v1"
        reply = await one(url, setup, transport=transport, stream="always")

    assert [(e.cause, e.again) for e in setup.of(RequestFailed)] == [(cause, True)]
    assert reply.content


@pytest.mark.anyio
async def test_an_error_inside_a_stream_is_the_servers_error() -> None:
    setup = Setup()
    error = 'data: {"error": {"code": 502, "message": "upstream"}}\n\ndata: [DONE]\n\n'
    async with loopback() as server:
        server.steps = [text_reply(error, kind="text/event-stream")]
        await one(server.url, setup, stream="always")

    assert [event.cause for event in setup.of(RequestFailed)] == ["http_502"]
    assert server.bodies[0]["stream"] is True
    assert server.bodies[0]["stream_options"] == {"include_usage": True}


@pytest.mark.anyio
async def test_the_first_tokens_time_is_known_of_a_stream_alone() -> None:
    shape = Shape(slots=4, sequence_rate=100, decode_rate=1000)
    setup = Setup()
    async with serving(Options(batching=shape)) as port:
        url = f"http://127.0.0.1:{port}/v1"
        await one(url, setup, stream="auto")
        setup.replies.kept.clear()
        await one(url, setup, stream="auto", in_flight=4)
        setup.replies.kept.clear()
        await one(url, setup)

    auto, fixed, plain = setup.of(RequestDone)
    assert 0 < auto.first_token < 0.9 * auto.seconds
    assert fixed.first_token is None
    assert plain.first_token is None
