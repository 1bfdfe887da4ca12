"""The whole client against a real server on loopback, over both transports."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import Any

import anyio
import pytest
from client_setup import Setup, Told, ask
from loopback_server import (
    Loopback,
    completion,
    failing,
    hang,
    json_reply,
    loopback,
    reset,
    reset_inside,
    text_reply,
)

from fastsynth.config import Price
from fastsynth.errors import ConfigError, NoEndpoint
from fastsynth.events import (
    Note,
    ReplyReused,
    RequestDone,
    RequestFailed,
    RequestSent,
    Throttled,
)
from fastsynth.llm import retry
from fastsynth.llm.chat import NoReply, Reply
from fastsynth.llm.client import Settings, open_client
from fastsynth.llm.wire import Transcript
from fastsynth.records import Message, Usage

SCRIPTED = {"data": [{"id": "scripted-teacher"}], "fastsynth": {"teacher": "scripted"}}
both = pytest.mark.parametrize("transport", ["aiohttp", "openai"])


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST", 0.01)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


async def one(server: Loopback, setup: Setup, **endpoint: Any) -> Reply | NoReply:
    async with setup.client(server.url, **endpoint) as client:
        with anyio.fail_after(20):
            reply = await client.ask(ask())
        assert all(lane.in_flight == 0 and lane.waiting == 0 for lane in client.lanes())
        return reply


@both
@pytest.mark.anyio
@pytest.mark.parametrize("size", [100, 3_000_000])
async def test_a_request_of_any_size_arrives_whole_and_again(transport: str, size: int) -> None:
    setup, words = Setup(), "x" * size
    async with loopback() as server, setup.client(server.url, transport=transport) as client:
        server.steps = [failing(500)]
        said = Transcript((Message(role="user", content=words),))
        reply = await client.ask(ask(transcript=said, tools=(b'{"a":1}', b'{"b":2}')))
        sent = [(body["messages"][0]["content"], body["tools"]) for body in server.bodies]

    assert isinstance(reply, Reply)
    assert sent == [(words, [{"a": 1}, {"b": 2}])] * 2


@both
@pytest.mark.anyio
async def test_a_reply_comes_back_whole(transport: str) -> None:
    setup = Setup()
    async with loopback() as server:
        call = {"id": "x", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
        server.default = json_reply(
            completion(content=None, reasoning_content="why", tool_calls=[call])
        )
        reply = await one(server, setup, transport=transport, price=Price(input=1.0, output=2.0))

    assert isinstance(reply, Reply)
    assert (reply.content, reply.reasoning, reply.model) == ("", "why", "served-name")
    assert reply.tool_calls[0].arguments == '{"a": 1}'
    assert len(reply.tool_calls[0].id) == 9
    assert reply.usage == Usage(
        requests=1, prompt_tokens=100, completion_tokens=20, cached_tokens=60, cost_usd=140e-6
    )
    assert [type(event) for event in setup.events] == [RequestSent, RequestDone]
    sent = server.bodies[0]
    assert sent["model"] == "teacher"
    assert sent["max_tokens"] == 64
    assert 0 <= sent["seed"] < 2**31
    assert not {"tools", "tool_choice", "fastsynth"} & set(sent)
    assert "Authorization" not in server.headers[0]


@pytest.mark.anyio
async def test_a_stored_reply_is_used_without_any_server() -> None:
    setup = Setup()
    async with loopback() as server:
        first = await one(server, setup)
        url = server.url
    async with setup.client(url) as client:
        second = await client.ask(ask())

    assert second == first
    assert len(setup.of(ReplyReused)) == 1
    assert len(setup.of(RequestSent)) == 1


@pytest.mark.anyio
async def test_another_address_finds_the_same_stored_reply() -> None:
    setup = Setup()
    async with loopback() as server, loopback() as other:
        first = await one(server, setup)
        second = await one(other, setup, in_flight=3, rpm=10)

    assert second == first
    assert other.bodies == []


@both
@pytest.mark.anyio
@pytest.mark.parametrize(
    ("step", "cause"),
    [
        (reset, "reset"),
        (reset_inside, "reset"),
        (failing(500), "http_500"),
        (failing(502), "http_502"),
        (text_reply("<html>oops</html>"), "html"),
        (text_reply('{"choices": [{"mess', kind="application/json"), "malformed"),
        (json_reply({"choices": []}), "malformed"),
        (json_reply({"error": {"code": 502, "message": "upstream"}}), "http_502"),
    ],
)
async def test_a_passing_fault_is_retried(transport: str, step: Any, cause: str) -> None:
    setup = Setup()
    async with loopback() as server:
        server.steps = [step]
        reply = await one(server, setup, transport=transport)

    assert isinstance(reply, Reply)
    assert [(event.cause, event.again) for event in setup.of(RequestFailed)] == [(cause, True)]
    assert server.bodies[0] == server.bodies[1]


@both
@pytest.mark.anyio
async def test_a_server_that_hangs_costs_one_time_out(transport: str) -> None:
    setup = Setup()
    async with loopback() as server:
        server.steps = [hang]
        reply = await one(server, setup, transport=transport, timeout=1.0)

    assert isinstance(reply, Reply)
    assert [event.cause for event in setup.of(RequestFailed)] == ["timeout"]


@pytest.mark.anyio
async def test_waiting_in_our_own_queue_is_no_time_out() -> None:
    setup = Setup()

    async def slow(request: Any) -> Any:
        await anyio.sleep(0.3)
        return await json_reply(completion())(request)

    async with loopback() as server, setup.client(server.url, in_flight=1, timeout=1.2) as client:
        server.default = slow
        async with anyio.create_task_group() as group:
            for job in range(5):
                group.start_soon(client.ask, ask(job))

    assert setup.of(RequestFailed) == []
    assert len(setup.of(RequestDone)) == 5
    assert server.most_at_once == 1


@both
@pytest.mark.anyio
@pytest.mark.parametrize(
    ("step", "cause", "words"),
    [
        (failing(400, code="context_length_exceeded"), "context_length", "status 400"),
        (failing(400, type="exceed_context_size_error"), "context_length", "status 400"),
        (
            json_reply({"message": "This model's maximum context length is 4096 tokens."}, 400),
            "context_length",
            "4096",
        ),
        (failing(400, code="bad"), "refused", "status 400"),
        (failing(422), "refused", "status 422"),
        (json_reply({"detail": "no such field"}, 400), "refused", "no such field"),
    ],
)
async def test_what_cannot_go_well_is_not_sent_again(
    transport: str, step: Any, cause: str, words: str
) -> None:
    setup = Setup()
    async with loopback() as server:
        server.default = step
        reply = await one(server, setup, transport=transport)

    assert isinstance(reply, NoReply)
    assert (reply.cause, len(server.bodies)) == (cause, 1)
    assert words in reply.detail
    assert setup.replies.kept == {}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("step", "cause"),
    [
        (failing(500), "unavailable"),
        (text_reply("<html>oops</html>"), "unavailable"),
        (json_reply({"choices": []}), "malformed"),
    ],
)
async def test_retries_end_as_unavailable_and_bad_bodies_as_malformed(
    step: Any, cause: str
) -> None:
    async with loopback() as server:
        server.default = step
        reply = await one(server, Setup(), retries=1)

    assert isinstance(reply, NoReply)
    assert (reply.cause, len(server.bodies)) == (cause, 2)


@both
@pytest.mark.anyio
@pytest.mark.parametrize("status", [429, 503, 529])
async def test_retry_after_in_seconds_is_kept(transport: str, status: int) -> None:
    setup = Setup()
    async with loopback() as server:
        server.steps = [failing(status, {"Retry-After": "0.4"})]
        start = anyio.current_time()
        reply = await one(server, setup, transport=transport, retries=0)
        took = anyio.current_time() - start

    assert isinstance(reply, Reply)
    assert took >= 0.4
    told = [(event.limit, event.seconds) for event in setup.of(Throttled)]
    assert told == [(f"http_{status}", pytest.approx(0.4))]


@pytest.mark.anyio
async def test_retry_after_as_a_date_is_read_by_the_servers_clock() -> None:
    setup = Setup()
    early = time.time() - 86_400
    headers = {
        "Date": formatdate(early, usegmt=True),
        "Retry-After": formatdate(early + 1, usegmt=True),
    }
    async with loopback() as server:
        server.steps = [failing(429, headers)]
        start = anyio.current_time()
        reply = await one(server, setup)
        took = anyio.current_time() - start

    assert isinstance(reply, Reply)
    assert took >= 0.9
    assert [event.seconds for event in setup.of(Throttled)] == [pytest.approx(1.0)]


@pytest.mark.anyio
async def test_a_quota_at_zero_pauses_before_the_server_has_to_refuse() -> None:
    setup = Setup()
    headers = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "300ms"}
    async with loopback() as server, setup.client(server.url) as client:
        server.steps = [json_reply(completion(), headers=headers)]
        start = anyio.current_time()
        await client.ask(ask(0))
        await client.ask(ask(1))
        took = anyio.current_time() - start

    assert took >= 0.3
    told = [(event.limit, event.seconds) for event in setup.of(Throttled)]
    assert told == [("quota", pytest.approx(0.3))]


@pytest.mark.anyio
async def test_a_refused_key_stops_the_run_and_never_shows_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FLEET_KEY", "sk-very-secret")
    setup = Setup()
    async with loopback() as server:
        server.default = failing(401, message="bad key sk-very-secret")
        async with setup.client(server.url, key_env="FLEET_KEY") as client:
            await client.check()
            with pytest.raises(NoEndpoint) as stopped:
                await client.ask(ask())

    text = str(stopped.value)
    assert server.url in text
    assert "FLEET_KEY" in text
    assert "very-secret" not in text + repr(setup.events) + repr(client.lanes())
    assert server.headers[0]["Authorization"] == "Bearer sk-very-secret"


@pytest.mark.anyio
async def test_an_unknown_model_is_named_beside_the_known_ones() -> None:
    setup = Setup()
    async with loopback() as server:
        server.default = failing(404)
        async with setup.client(server.url, model="nobody") as client:
            await client.check()
            with pytest.raises(NoEndpoint, match=r"'nobody' not found; known: teacher, other"):
                await client.ask(ask())

    assert "not listed" in setup.of(Note)[0].text


@pytest.mark.anyio
async def test_an_address_of_web_pages_ends_the_run_and_one_page_among_replies_does_not() -> None:
    async with loopback() as server:
        server.steps = [text_reply("<html>busy</html>")]
        async with Setup().client(server.url) as client:
            await client.check()
            await client.ask(ask())
        asked = len(server.bodies)
        server.models = server.default = text_reply("<html>Welcome</html>")
        async with Setup().client(server.url) as client:
            await client.check()
            with pytest.raises(NoEndpoint, match=f"fleet {server.url}: it answers with web pages"):
                await client.ask(ask())

    assert (asked, len(server.bodies)) == (2, 3)


@both
@pytest.mark.anyio
async def test_nobody_there_at_the_start_is_said_so(transport: str) -> None:
    async with loopback() as server:
        url = server.url
    async with Setup().client(url, transport=transport) as client:
        with pytest.raises(NoEndpoint, match=f"endpoint fleet {url}: .*connect"):
            await client.check()


@pytest.mark.anyio
async def test_a_used_up_account_is_not_waited_for() -> None:
    async with loopback() as server:
        server.default = failing(429, code="insufficient_quota")
        with pytest.raises(NoEndpoint, match="used up"):
            await one(server, Setup())

    assert len(server.bodies) == 1


@pytest.mark.anyio
async def test_a_check_without_a_listing_passes_and_with_401_fails() -> None:
    async with loopback() as server:
        server.models = failing(404)
        async with Setup().client(server.url) as client:
            await client.check()
        server.models = failing(401)
        async with Setup().client(server.url) as client:
            with pytest.raises(NoEndpoint, match="OPENAI_API_KEY, which is not set"):
                await client.check()


@pytest.mark.anyio
async def test_without_a_model_the_first_listed_is_taken() -> None:
    setup = Setup()
    async with loopback() as server:
        await one(server, setup, model=None)

    assert server.bodies[0]["model"] == "teacher"
    assert "'teacher', the first listed" in setup.of(Note)[0].text


@pytest.mark.anyio
async def test_a_script_goes_to_a_server_that_says_it_is_scripted() -> None:
    setup = Setup()
    async with loopback() as server:
        server.models = json_reply(SCRIPTED)
        async with setup.client(server.url, kind="scripted", model=None) as client:
            reply = await client.ask(ask(script=Told(purpose="step")))

    assert isinstance(reply, Reply)
    assert reply.model == "scripted"
    assert server.bodies[0]["fastsynth"] == {"purpose": "step"}
    assert [note.level for note in setup.of(Note)] == ["info"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("kind", "models", "notes"),
    [
        ("scripted", {"data": [{"id": "m"}]}, 1),
        ("scripted", {"data": [], "fastsynth": True}, 1),
        ("openai", {**SCRIPTED, "data": [{"id": "m"}]}, 0),
    ],
)
async def test_a_script_goes_to_nobody_else(kind: str, models: Any, notes: int) -> None:
    setup = Setup()
    async with loopback() as server:
        server.models = json_reply(models)
        async with setup.client(server.url, kind=kind, model="m") as client:
            reply = await client.ask(ask(script=Told(purpose="step")))

    assert isinstance(reply, Reply)
    assert reply.model == "served-name"
    assert "fastsynth" not in server.bodies[0]
    assert len([note for note in setup.of(Note) if note.level == "warning"]) == notes


@both
@pytest.mark.anyio
async def test_cancelling_leaves_no_permit_behind(transport: str) -> None:
    setup = Setup()
    async with loopback() as server:
        server.default = hang
        async with setup.client(server.url, in_flight=2, transport=transport) as client:
            with anyio.move_on_after(0.3):
                async with anyio.create_task_group() as group:
                    for job in range(6):
                        group.start_soon(client.ask, ask(job))
                    await anyio.sleep(0.1)
                    assert [(lane.in_flight, lane.waiting) for lane in client.lanes()] == [(2, 4)]
            left = client.lanes()[0]
            server.default = json_reply(completion())
            reply = await client.ask(ask(9))

    assert (left.in_flight, left.waiting) == (0, 0)
    assert isinstance(reply, Reply)


@pytest.mark.anyio
async def test_a_conversation_stays_and_moves_when_its_server_dies() -> None:
    setup = Setup()
    async with loopback() as one_server:
        async with loopback() as two_server:
            urls = (one_server.url, two_server.url)
            async with setup.client(*urls) as client:
                for step in range(4):
                    for job in range(24):
                        await client.ask(ask(job, step=step))
                first = [len(s.bodies) for s in (one_server, two_server)]
                await client.ask(ask(0, step=9))
        async with setup.client(*urls) as client:
            replies = [await client.ask(ask(job, step=5)) for job in range(8)]

    assert first[0] % 4 == 0
    assert first[1] % 4 == 0
    assert all(first)
    assert all(isinstance(reply, Reply) for reply in replies)


@pytest.mark.anyio
async def test_when_all_addresses_stay_gone_the_run_stops() -> None:
    setup = Setup()
    async with loopback() as server:
        url = server.url
    async with setup.client(url, give_up=1.0) as client:
        with pytest.raises(NoEndpoint, match="gone for 1 s"), anyio.fail_after(60):
            await client.ask(ask())

    told = [note.text for note in setup.of(Note) if "no address answers" in note.text]
    assert len(told) == 1
    assert told[0].endswith("the run ends after 1 s of it")


@pytest.mark.anyio
async def test_roles_must_name_endpoints() -> None:
    settings = Settings(endpoints={}, roles={"default": "fleet"})
    with pytest.raises(ConfigError, match=r"\$\.roles\.default: 'fleet'"):
        async with open_client(settings, replies=Setup().replies, bus=Setup().bus):
            pass


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("scheme", "proxy", "said"),
    [
        ("https", None, "is it http:// instead"),
        ("http", "http://127.0.0.1:1", "no connection to the proxy 127.0.0.1:1"),
    ],
)
async def test_what_keeps_a_connection_from_coming_about_is_named(
    scheme: str, proxy: str | None, said: str
) -> None:
    setup = Setup()
    async with loopback() as server:
        url = server.url.replace("http", scheme)
        async with setup.client(url, proxy=proxy) as client:
            with pytest.raises(NoEndpoint, match=said):
                await client.check()
