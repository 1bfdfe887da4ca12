"""Addresses of different speeds that join, leave, hang and die: who is sent what."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import anyio
import pytest
from client_setup import Setup, ask
from loopback_server import failing, hang, json_reply, loopback
from virtual_clock import run_virtual

from fastsynth.errors import NoEndpoint
from fastsynth.events import JobFinished, Note, RequestFailed, SlotTime, Throttled
from fastsynth.llm.chat import NoReply, Reply
from fastsynth.llm.limits import Gate, Limits, Permit
from fastsynth.llm.router import Pool


def fleet(count: int = 4, in_flight: int = 8) -> Pool:
    return Pool("p", [gate(f"p@{n}", in_flight) for n in range(count)])


def gate(label: str, in_flight: int) -> Gate:
    return Gate(label, Limits(in_flight=in_flight))


async def talk(pool: Pool, job: int, seconds: dict[str, float], steps: int = 20) -> Counter[str]:
    """A conversation, at addresses that need that long for a reply."""
    places: Counter[str] = Counter()
    for _ in range(steps):
        permit = await pool.admit(job)
        label = permit.gate.label
        places[label] += 1
        await anyio.sleep(seconds[label])
        permit.gate.served(permit)
        pool.replied(permit.gate, seconds[label])
        pool.release(permit)
    pool.forget(job)
    return places


async def talk_all(pool: Pool, seconds: dict[str, float], jobs: int, alive: int) -> Counter[str]:
    total: Counter[str] = Counter()
    numbers = iter(range(jobs))

    async def worker() -> None:
        for job in numbers:
            total.update(await talk(pool, job, seconds))

    async with anyio.create_task_group() as group:
        for _ in range(alive):
            group.start_soon(worker)
    return total


def test_equal_addresses_share_the_load() -> None:
    seconds = dict.fromkeys(["p@0", "p@1", "p@2", "p@3"], 1.0)

    total = run_virtual(talk_all(fleet(), seconds, 200, 24))

    assert max(total.values()) < 1.15 * min(total.values())


def test_a_slow_address_gets_less_and_does_not_hold_up_the_end() -> None:
    seconds = {"p@0": 1.0, "p@1": 1.0, "p@2": 1.0, "p@3": 8.0}

    async def main() -> tuple[Counter[str], float]:
        total = await talk_all(fleet(), seconds, 200, 24)
        return total, anyio.current_time()

    total, ended = run_virtual(main())

    assert total["p@3"] < 0.4 * total["p@0"]
    assert ended < 4000 / 24 * 2


def test_an_address_that_joins_is_used_by_new_conversations() -> None:
    seconds = {"p@0": 1.0, "p@new": 1.0}

    async def main() -> tuple[str, str]:
        pool = fleet(1, 100)
        old = [await pool.admit(job) for job in range(8)]
        pool.join(gate("p@new", 100))
        return old[0].gate.label, (await pool.admit(99)).gate.label

    assert run_virtual(main()) == tuple(seconds)


def test_an_address_that_leaves_is_sent_nothing_more_and_its_queue_goes_on_elsewhere() -> None:
    got: list[Permit] = []

    async def main() -> None:
        pool = fleet(2, 1)
        gone, stays = pool.gates
        held = [await pool.admit(0), await pool.admit(1)]

        async def wait(job: int) -> None:
            got.append(await pool.admit(job))
            pool.release(got[-1])

        async with anyio.create_task_group() as group:
            for job in range(2, 8):
                group.start_soon(wait, job)
            await anyio.sleep(1)
            pool.leave(gone)
            for permit in held:
                pool.release(permit)
        assert {permit.gate for permit in got} == {stays}

    run_virtual(main())

    assert len(got) == 6


async def test_time_outs_open_the_breaker_and_conversations_move() -> None:
    setup = Setup()
    replies: list[object] = []
    async with loopback() as dead, loopback() as well:
        dead.default = hang
        async with setup.client(dead.url, well.url, timeout=1.0, retries=30, in_flight=8) as client:

            async def converse(job: int) -> None:
                replies.append(await client.ask(ask(job)))

            async with anyio.create_task_group() as group:
                for job in range(16):
                    group.start_soon(converse, job)

    assert all(isinstance(reply, Reply) for reply in replies)
    assert any(event.limit == "no_connection" for event in setup.of(Throttled))
    assert len(dead.bodies) < len(well.bodies)


async def test_what_a_cut_off_request_can_have_cost_is_told() -> None:
    setup = Setup()
    async with loopback() as server:
        server.default = hang
        async with setup.client(server.url, timeout=0.05, retries=0) as client:
            timed_out = await client.ask(ask())
            with anyio.move_on_after(0.02):
                await client.ask(ask(1))

    failed = setup.of(RequestFailed)
    size = 64 + len(str(server.bodies[0]).encode()) // 2
    assert isinstance(timed_out, NoReply)
    assert [event.cause for event in failed] == ["timeout", "cancelled"]
    assert all(event.tokens_at_most > size for event in failed)


async def test_a_finished_job_is_forgotten() -> None:
    setup = Setup()
    async with loopback() as one, loopback() as two, setup.client(one.url, two.url) as client:
        await client.ask(ask(5))
        pool = next(iter(client._services.values())).pool
        known = set(pool._ranks)
        setup.bus.emit(JobFinished(job=5, stratum="base", outcome="accepted"))

    assert known == {5}
    assert pool._ranks == {}


async def test_addresses_join_and_leave_as_the_file_says(tmp_path: Path) -> None:
    setup = Setup()
    listed = tmp_path / "fleet.txt"
    async with loopback() as first, loopback() as second, loopback() as stranger:
        stranger.models = json_reply({"data": [{"id": "another"}]})
        listed.write_text(f"{first.url}  # the old one\n")
        async with (
            setup.client(urls_file=str(listed)) as client,
            anyio.create_task_group() as group,
        ):
            group.start_soon(client.attend)
            await client.ask(ask(0))
            listed.write_text(f"{second.url}\n{stranger.url}\n")
            with anyio.fail_after(10):
                while not second.listings or len(client.lanes()) > 1:  # noqa: ASYNC110
                    await anyio.sleep(0.05)
            await client.ask(ask(1))
            notes = [note.text for note in setup.of(Note)]
            setup.events.clear()
            second.default = hang
            group.start_soon(client.ask, ask(2))
            with anyio.fail_after(20):
                while not second.polled:  # noqa: ASYNC110
                    await anyio.sleep(0.05)
            client.tell()
            told = {event.endpoint for event in setup.of(SlotTime)}
            group.cancel_scope.cancel()

    assert told == {f"fleet@{second.url.split('/')[2]}"}
    assert first.polled == stranger.polled == 0
    assert [len(server.bodies) for server in (first, second, stranger)] == [1, 2, 0]
    assert any("no model 'teacher'" in text for text in notes)


async def test_a_file_that_names_nobody_changes_nothing(tmp_path: Path) -> None:
    setup = Setup()
    listed = tmp_path / "fleet.txt"
    async with loopback() as server:
        listed.write_text(server.url)
        async with (
            setup.client(urls_file=str(listed)) as client,
            anyio.create_task_group() as group,
        ):
            group.start_soon(client.attend)
            listed.write_text("# all gone\n")
            with anyio.fail_after(10):
                while not setup.of(Note):  # noqa: ASYNC110
                    await anyio.sleep(0.05)
            reply = await client.ask(ask())
            group.cancel_scope.cancel()

    assert isinstance(reply, Reply)
    assert "stay as they are" in setup.of(Note)[0].text


async def test_an_address_that_refuses_its_key_is_left_and_the_last_one_ends_the_run() -> None:
    setup = Setup()
    async with loopback() as good, loopback() as bad, setup.client(good.url, bad.url) as client:
        await client.check()
        bad.default = failing(401, message="key expired")
        async with anyio.create_task_group() as group:
            for job in range(12):
                group.start_soon(client.ask, ask(job))
        lanes = [lane.endpoint for lane in client.lanes()]
        good.default = failing(404, message="no such model")
        with pytest.raises(NoEndpoint, match="no such model"):
            await client.ask(ask(99))
    warned = [note.text for note in setup.of(Note) if note.level == "warning"]

    assert lanes == [f"fleet@{good.url.split('/')[2]}"]
    assert len(good.bodies) == 13
    assert bad.bodies
    assert ["key expired" in text and "1 other address" in text for text in warned] == [True]


async def test_who_was_put_out_joins_again_when_the_file_is_written_anew(tmp_path: Path) -> None:
    setup = Setup()
    listed = tmp_path / "fleet.txt"
    async with loopback() as one, loopback() as two:
        listed.write_text(f"{one.url}\n{two.url}\n")
        async with (
            setup.client(urls_file=str(listed)) as client,
            anyio.create_task_group() as group,
        ):
            await client.check()
            two.steps = [failing(404)] * 50
            async with anyio.create_task_group() as asking:
                for job in range(12):
                    asking.start_soon(client.ask, ask(job))
            gone = len(client.lanes())
            two.steps.clear()
            group.start_soon(client.attend)
            listed.write_text(f"{one.url}\n{two.url}\n# mended\n")
            with anyio.fail_after(10):
                while len(client.lanes()) < 2:  # noqa: ASYNC110
                    await anyio.sleep(0.05)
            group.cancel_scope.cancel()

    assert gone == 1
    assert any(note.text.endswith(" joins") for note in setup.of(Note))
