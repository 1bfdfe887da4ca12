"""Drafted set-ups of an MCP server run, differ, and go back to their writer with the reason."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from late_teacher import Late

from fastsynth.config import Mcp, Reset
from fastsynth.env.adapters.mcp.domain import McpDomain
from fastsynth.env.adapters.mcp.probe import Found, merged
from fastsynth.env.adapters.mcp.stock import Stock
from fastsynth.errors import NoEndpoint, NothingAccepted
from fastsynth.llm.chat import Ask, NoReply, Reply
from fastsynth.llm.fake import FakeChat
from fastsynth.method.scenarios.drafted import Stocked
from fastsynth.method.scenarios.scenario import Drafts
from fastsynth.method.scenarios.setups import draft_setups
from fastsynth.method.scenarios.state_writer import Commission
from fastsynth.prompts import load_prompts
from fastsynth.sim.inprocess import teacher_chat

sys.path.insert(0, str(Path(__file__).parents[1] / "env"))
from mcp_packages import installed

pytest.importorskip("mcp", reason="the extra mcp is not installed")
pytestmark = pytest.mark.anyio
SERVER = str(Path(__file__).parents[1] / "env" / "mcp_notes_server.py")
NOTES = Mcp(
    command=("python", SERVER), name="notes", reset=Reset(restart=True), pool=2,
    hide=("empty_notes", "hang", "leave", "count_calls"), reads=("show_literal",),
)  # fmt: skip
Twist = Callable[[dict[str, Any]], None]


@pytest.fixture
async def notes() -> AsyncIterator[McpDomain]:
    domain = McpDomain(NOTES, Found())
    yield domain
    await domain.close()


async def drafted(domain: McpDomain, chat: Any, wanted: int = 3) -> Drafts:
    return await draft_setups(
        Commission(
            domain=domain,
            chat=chat,
            prompts=load_prompts(),
            role="writer",
            seed=1,
            wanted=wanted,
        )
    )


class Spoiled:
    """The scripted teacher, with something done to the first so many drafts of each request."""

    def __init__(self, twist: Twist, times: int) -> None:
        self._teacher = teacher_chat()
        self._twist = twist
        self._times = times
        self.asks: list[Ask] = []

    async def ask(self, ask: Ask) -> Reply | NoReply:
        self.asks.append(ask)
        reply = await self._teacher.ask(ask)
        assert isinstance(reply, Reply)
        if ask.attempt >= self._times:
            return reply
        draft = msgspec.json.decode(reply.content)
        self._twist(draft)
        return msgspec.structs.replace(reply, content=msgspec.json.encode(draft).decode())


def say_it_twice(draft: dict[str, Any]) -> None:
    draft["setup"].append(draft["setup"][0])


def call_a_stranger(draft: dict[str, Any]) -> None:
    draft["setup"][0]["name"] = "make_note"


def give_a_number(draft: dict[str, Any]) -> None:
    draft["setup"][0]["arguments"]["title"] = 7


def only_read(draft: dict[str, Any]) -> None:
    draft["setup"] = [{"name": "list_notes", "arguments": {}}]


def wish_for_little(draft: dict[str, Any]) -> None:
    draft["wishes"] = [{"name": "list_notes", "arguments": {}}]


async def test_nine_in_ten_set_ups_are_states_of_their_own() -> None:
    server = Mcp(
        command=("node", installed("server-memory")),
        env={"MEMORY_FILE_PATH": "{dir}/memory.jsonl"},
        state_file="memory.jsonl",
        pool=2,
    )
    domain = McpDomain(server, Found())
    drafts = await drafted(domain, teacher_chat(), 10)
    await domain.close()

    asked = 10 + sum(drafts.refused.values())
    assert len({draft.digest for draft in drafts.kept}) == len(drafts.kept) >= 0.9 * asked
    tools = {call["name"] for draft in drafts.kept for call in draft.state["setup"]}
    assert tools == {"create_entities", "create_relations"}


async def test_the_order_of_replies_is_no_matter(notes: McpDomain) -> None:
    assert await drafted(notes, Late(), 2) == await drafted(notes, teacher_chat(), 2)


async def test_what_varies_is_found_by_the_drafted_calls(notes: McpDomain) -> None:
    drafts = await drafted(notes, teacher_chat(), 1)

    (draft,) = drafts.kept
    assert draft.state["found"]["volatile"] == {"read_clock": {"now": ()}}


async def test_a_person_could_say_what_the_wishes_say(notes: McpDomain) -> None:
    (draft,) = (await drafted(notes, teacher_chat(), 1)).kept
    stock = msgspec.convert(draft.state, Stock)
    domain = Stocked(notes, (stock,))

    scenario = domain.draw(notes.parts, Random(1))

    new = [c.arguments["title"] for c in stock.wishes if c.name == "add_note"]
    assert scenario.facts["title"] == new
    assert len(scenario.state["setup"]) == len(stock.setup)
    assert {"name": "list_notes", "arguments": {}} in scenario.state["battery"]


@pytest.mark.parametrize(
    ("twist", "reason"),
    [
        (say_it_twice, "setup_fails: mcp:notes: setup: add_note: there is a note"),
        (call_a_stranger, "other_form: setup[0]: unknown tool 'make_note'; known: add_note"),
        (give_a_number, "other_form: setup[0] add_note: add_note.title: 7 is not of type"),
        (only_read, "other_form: setup: 0 calls that change anything, need 1 to 40"),
        (wish_for_little, "wishes_fail: no call that works of: add_note, read_clock"),
    ],
)
async def test_a_draft_that_fails_goes_back_with_the_reason(
    notes: McpDomain, twist: Twist, reason: str
) -> None:
    chat = Spoiled(twist, times=1)

    drafts = await drafted(notes, chat, 1)

    assert len(drafts.kept) == 1
    _, again = chat.asks
    said = msgspec.json.decode(again.transcript.encoded())[-1]["content"]
    assert reason in said
    assert "Your draft was" in said


async def test_a_draft_is_sent_back_twice_then_counted(notes: McpDomain) -> None:
    chat = Spoiled(say_it_twice, times=9)

    with pytest.raises(NothingAccepted, match="no draft of 3 could be used, the last: setup_fails"):
        await drafted(notes, chat, 1)

    assert [ask.attempt for ask in chat.asks] == [0, 1, 2] * 3


async def test_an_endpoint_that_stays_away_ends_the_run_so_that_it_can_go_on(
    notes: McpDomain,
) -> None:
    away = FakeChat(lambda _: NoReply(cause="unavailable", detail="connection refused"))

    with pytest.raises(NoEndpoint, match="connection refused; run the same command again"):
        await drafted(notes, away)


def test_what_two_tries_showed_adds_up() -> None:
    one = Found(volatile={"a": {"now": ()}, "b": {"": ("size",)}})
    other = Found(volatile={"b": {"": ("date",)}, "c": {"x": ()}}, left_out=("c",), moving=True)

    both = merged(one, other)

    assert both.volatile == {"a": {"now": ()}, "b": {"": ("size", "date")}}
    assert (both.left_out, both.moving) == (("c",), True)
