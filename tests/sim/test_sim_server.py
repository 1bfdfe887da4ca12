"""The simulated endpoint over real HTTP on loopback."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from itertools import pairwise
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

import aiohttp
import anyio
import msgspec
import pytest
from sim_plans import plan_one, script

from fastsynth.errors import ConfigError
from fastsynth.sim import faults
from fastsynth.sim.batching import Shape
from fastsynth.sim.embedded import start_embedded
from fastsynth.sim.faults import Fault, Faults
from fastsynth.sim.server import Options, serving

pytestmark = pytest.mark.anyio
BANK = Path(__file__).parent / "bank"
TOOLS = [{"type": "function", "function": {"name": "search_flights", "parameters": {}}}]


@asynccontextmanager
async def client(**options: Any) -> AsyncIterator[aiohttp.ClientSession]:
    async with (
        serving(Options(phrases=BANK, **options)) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):
        yield session


def body(purpose: str = "step", **more: Any) -> dict[str, Any]:
    played = msgspec.to_builtins(script(plan_one(), 0, purpose))  # type: ignore[arg-type]
    messages = [{"role": "system", "content": "s" * 400}, {"role": "user", "content": "Book it."}]
    return {"model": "scripted", "messages": messages, "tools": TOOLS, "fastsynth": played} | more


async def ask(session: aiohttp.ClientSession, **more: Any) -> dict[str, Any]:
    async with session.post("/v1/chat/completions", json=body(**more)) as response:
        assert response.status == 200, await response.text()
        return msgspec.json.decode(await response.read())  # type: ignore[no-any-return]


def faulty(fault: Fault, **more: Any) -> Faults:
    return Faults(rates={fault: 1.0}, hang_seconds=0.05, drip_seconds=0.1, **more)


async def test_models_say_that_the_teacher_is_scripted() -> None:
    async with client() as session, session.get("/v1/models") as response:
        listed = await response.json()

    assert listed["fastsynth"] == {"teacher": "scripted"}
    assert [model["id"] for model in listed["data"]] == ["scripted"]


async def test_a_step_is_a_native_tool_call_with_reasoning_and_usage() -> None:
    async with client() as session:
        reply = await ask(session)

    message = reply["choices"][0]["message"]
    assert message["tool_calls"][0]["function"]["name"] == "search_flights"
    assert message["reasoning_content"]
    assert reply["choices"][0]["finish_reason"] == "tool_calls"
    assert reply["usage"]["prompt_tokens"] > 100


async def test_the_same_request_brings_the_same_reply_in_any_order() -> None:
    async with client() as session:
        first = [await ask(session, purpose=p) for p in ("step", "query")]
        second = [await ask(session, purpose=p) for p in ("query", "step")]

    calls = [reply["choices"][0]["message"]["tool_calls"][0] for reply in (first[0], second[1])]
    assert calls[0]["function"] == calls[1]["function"]
    assert first[1]["choices"] == second[0]["choices"]


async def test_a_repeated_prefix_counts_as_cached() -> None:
    async with client() as session:
        cold, warm = await ask(session), await ask(session)
        async with session.get("/metrics") as response:
            text = await response.text()

    assert cold["usage"]["prompt_tokens_details"]["cached_tokens"] == 0
    assert warm["usage"]["prompt_tokens_details"]["cached_tokens"] == warm["usage"]["prompt_tokens"]
    for name in ("num_requests_running", "num_requests_waiting", "kv_cache_usage_perc"):
        assert f"vllm:{name}{{" in text
    assert 'prefix_cache_hits_total{model_name="scripted"} 0' not in text


async def test_streamed_chunks_join_to_the_plain_reply() -> None:
    async with client() as session:
        plain = await ask(session)
        async with session.post("/v1/chat/completions", json=body(stream=True)) as response:
            lines = [line async for line in response.content if line.startswith(b"data: ")]

    chunks = [msgspec.json.decode(line[6:]) for line in lines[:-1]]
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
    calls = [call for delta in deltas for call in delta.get("tool_calls", [])]
    arguments = "".join(call["function"]["arguments"] for call in calls)
    message = plain["choices"][0]["message"]
    assert lines[-1] == b"data: [DONE]\n"
    assert arguments == message["tool_calls"][0]["function"]["arguments"]
    assert "".join(d.get("reasoning_content", "") for d in deltas) == message["reasoning_content"]
    assert chunks[-1]["usage"]["completion_tokens"] == plain["usage"]["completion_tokens"]


async def test_a_request_without_script_gets_an_honest_answer() -> None:
    async with client() as session:
        reply = await ask(session, fastsynth=None)

    assert "scripted teacher" in reply["choices"][0]["message"]["content"]


@pytest.mark.parametrize(
    "sent", [b"", b"{", b"[]", b'{"messages": 3}', b'{"messages": [], "fastsynth": {"x": 1}}']
)
async def test_a_bad_body_is_a_400_and_no_crash(sent: bytes) -> None:
    async with client() as session:
        async with session.post("/v1/chat/completions", data=sent) as response:
            status, text = response.status, await response.json()
        again = await ask(session)

    assert status == 400
    assert text["error"]["message"]
    assert again["choices"]


@pytest.mark.parametrize(("fault", "status"), list(faults.STATUS.items()))
async def test_status_faults_are_their_status(fault: Fault, status: int) -> None:
    async with (
        client(faults=faulty(fault, retry_after=2.0)) as session,
        session.post("/v1/chat/completions", json=body()) as response,
    ):
        found, headers = response.status, response.headers

    assert found == status
    assert headers.get("Retry-After") == ("2" if status in (429, 503, 529) else None)


async def test_retry_after_can_be_a_date() -> None:
    limits = faulty("too_many_requests", retry_after=30, retry_after_form="date")
    async with (
        client(faults=limits) as session,
        session.post("/v1/chat/completions", json=body()) as response,
    ):
        value = response.headers["Retry-After"]

    assert parsedate_to_datetime(value).tzinfo is not None


@pytest.mark.parametrize("fault", ["reset_before", "reset_inside", "hang"])
@pytest.mark.parametrize("stream", [False, True])
async def test_resets_break_the_connection(fault: Fault, stream: bool) -> None:
    async with client(faults=faulty(fault)) as session:
        with pytest.raises((aiohttp.ClientError, ConnectionError)):
            async with session.post("/v1/chat/completions", json=body(stream=stream)) as response:
                await response.read()


async def test_a_drip_is_slow_and_whole() -> None:
    async with client(faults=faulty("drip")) as session:
        start = anyio.current_time()
        reply = await ask(session)

    assert anyio.current_time() - start >= 0.09
    assert reply["choices"][0]["message"]["tool_calls"]


async def _faulted(fault: Fault) -> bytes:
    async with (
        client(faults=faulty(fault)) as session,
        session.post("/v1/chat/completions", json=body()) as response,
    ):
        return await response.read()


async def test_truncated_json_does_not_parse() -> None:
    with pytest.raises(msgspec.DecodeError):
        msgspec.json.decode(await _faulted("truncated"))


async def test_an_html_page_is_no_json() -> None:
    assert (await _faulted("html")).startswith(b"<html>")


async def test_shapes_of_malformed_replies() -> None:
    empty = msgspec.json.decode(await _faulted("no_choices"))
    null = msgspec.json.decode(await _faulted("null_content"))
    no_object = msgspec.json.decode(await _faulted("arguments_not_object"))
    finish = msgspec.json.decode(await _faulted("wrong_finish"))

    assert empty["choices"] == []
    assert null["choices"][0]["message"] == {"role": "assistant", "content": None}
    calls = no_object["choices"][0]["message"]["tool_calls"]
    assert not isinstance(msgspec.json.decode(calls[0]["function"]["arguments"]), dict)
    assert finish["choices"][0]["finish_reason"] == "stop"
    assert finish["choices"][0]["message"]["tool_calls"]


async def test_a_duplicated_chunk_comes_twice() -> None:
    async with (
        client(faults=faulty("duplicate_chunk")) as session,
        session.post("/v1/chat/completions", json=body(stream=True)) as response,
    ):
        lines = [line async for line in response.content if line.startswith(b"data: ")]

    assert any(one == two for one, two in pairwise(lines))


def test_faults_come_at_their_rates_from_the_seed() -> None:
    some = Faults(seed=3, rates={"html": 0.1, "overloaded": 0.2}, healthy_first=10)
    drawn = [some.draw(number) for number in range(4_000)]

    assert drawn[:10] == [None] * 10
    assert 320 < drawn.count("html") < 480
    assert 700 < drawn.count("overloaded") < 900
    assert drawn == [some.draw(number) for number in range(4_000)]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("rates: {bang: 0.1}", "bang"),
        ("rates: {html: 2}", "html"),
        ("rates: {html: 0.6, hang: 0.6}", "1.2"),
        ("rate: {}", "rate"),
        ("rates: [", "yaml"),
    ],
)
def test_a_bad_fault_file_names_file_and_place(tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "faults.yaml"
    file.write_text(text)

    with pytest.raises(ConfigError) as caught:
        faults.load(file)

    assert str(caught.value).startswith(str(file))
    assert named in str(caught.value)


async def test_slots_make_requests_wait_their_turn() -> None:
    shape = Shape(slots=1, decode_rate=20, sequence_rate=20)
    stand = ("running", 1), ("waiting", 3)
    wanted = [f'vllm:num_requests_{name}{{model_name="scripted"}} {n}' for name, n in stand]
    text = ""
    async with client(batching=shape) as session, anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(ask, session)
        with anyio.move_on_after(20):
            while not all(line in text for line in wanted):
                async with session.get("/metrics") as response:
                    text = await response.text()
        group.cancel_scope.cancel()

    assert [line for line in wanted if line not in text] == []


async def test_a_cancelled_request_frees_its_slot() -> None:
    shape = Shape(slots=1, decode_rate=20, sequence_rate=20)
    async with client(batching=shape) as session:
        with anyio.move_on_after(0.1):
            await ask(session)
        text = ""
        with anyio.move_on_after(20):
            while 'vllm:num_requests_running{model_name="scripted"} 0' not in text:
                async with session.get("/metrics") as response:
                    text = await response.text()

    assert 'vllm:num_requests_running{model_name="scripted"} 0' in text


async def test_the_embedded_server_answers_and_ends_with_its_block() -> None:
    async with start_embedded() as url, aiohttp.ClientSession() as session:
        async with session.get(f"{url}/models") as response:
            listed = await response.json()
        inside = url

    assert listed["fastsynth"] == {"teacher": "scripted"}
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(f"{inside}/models")


PARENT = """
import anyio
from fastsynth.sim.embedded import start_embedded
async def main():
    async with start_embedded() as url:
        print(url, flush=True)
        await anyio.sleep(60)
anyio.run(main)
"""


async def test_the_embedded_server_dies_with_a_killed_parent() -> None:
    async with await anyio.open_process([sys.executable, "-c", PARENT], stderr=None) as parent:
        assert parent.stdout is not None
        url = (await parent.stdout.receive()).decode().strip()
        parent.kill()

    gone = False
    async with aiohttp.ClientSession() as session:
        for _ in range(400):
            try:
                await session.get(f"{url}/models")
            except aiohttp.ClientConnectionError:
                gone = True
                break
            await anyio.sleep(0.05)

    assert gone


def test_a_server_whose_starter_left_before_it_was_ready_ends_without_a_word() -> None:
    command = [sys.executable, "-m", "fastsynth.sim.server"]
    with Popen(command, stdin=PIPE, stdout=PIPE, stderr=PIPE) as left:
        assert left.stdout is not None
        assert left.stderr is not None
        left.stdout.close()
        said = left.stderr.read()

    assert (said, left.returncode) == (b"", 0)
