"""Drafted states are held against the example's form, run, and differ; who answers when is no
matter."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from late_teacher import Late

from fastsynth.config import GraphOptions
from fastsynth.env.environment import Domain
from fastsynth.env.registry import open_domain
from fastsynth.errors import ConfigError, NoEndpoint, NothingAccepted
from fastsynth.llm.chat import Ask, NoReply, Reply
from fastsynth.llm.fake import FakeChat
from fastsynth.method.discovery.chart import chart, drawn_on
from fastsynth.method.scenarios.scenario import Drafts, draft_scenarios
from fastsynth.method.scenarios.state_writer import Commission
from fastsynth.prompts import load_prompts
from fastsynth.sim.inprocess import teacher_chat

pytestmark = pytest.mark.anyio
EXAMPLES = Path(__file__).parents[2] / "examples"
Twist = Callable[[dict[str, Any]], None]


@pytest.fixture
async def clinic(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Domain]:
    monkeypatch.chdir(EXAMPLES)
    domain = open_domain("python:clinic")
    yield domain
    await domain.close()


async def drafted(domain: Domain, chat: Any, wanted: int = 6) -> Drafts:
    found = (await chart(domain, GraphOptions(), 1)).found
    return await draft_scenarios(
        Commission(
            domain=domain,
            over=lambda other: drawn_on(other, GraphOptions(), found),
            chat=chat,
            prompts=load_prompts(),
            role="writer",
            seed=1,
            wanted=wanted,
        )
    )


class Spoiled:
    """The scripted teacher, with something done to every state it drafts."""

    def __init__(self, twist: Twist) -> None:
        self._teacher = teacher_chat()
        self._twist = twist
        self.prompts: list[str] = []

    async def ask(self, ask: Ask) -> Reply | NoReply:
        self.prompts.append(ask.transcript.encoded().decode())
        reply = await self._teacher.ask(ask)
        assert isinstance(reply, Reply)
        states = msgspec.json.decode(reply.content)["states"]
        for state in states:
            self._twist(state)
        content = msgspec.json.encode({"states": states}).decode()
        return msgspec.structs.replace(reply, content=content)


def hide_patients(state: dict[str, Any]) -> None:
    for appointment in state["APPOINTMENTS"].values():
        appointment["patient_id"] = "P-000"


def say_prices_in_words(state: dict[str, Any]) -> None:
    state["PRICES"]["cleaning"] = "sixty"


def be_the_example(state: dict[str, Any]) -> None:
    names = ("Ada Novak", "Omar Haddad", "Rosa Lindqvist", "Leo Castillo", "Mina Kowalski")
    for name, patient in zip(names, state["PATIENTS"].values(), strict=False):
        patient["patient_name"] = name


async def test_states_run_and_differ_and_hold_other_people(clinic: Domain) -> None:
    drafts = await drafted(clinic, teacher_chat(), 20)

    assert len({draft.digest for draft in drafts.kept}) == 20
    people = [
        frozenset(p["patient_name"] for p in draft.state["PATIENTS"].values())
        for draft in drafts.kept
    ]
    assert len(set(people)) == 20
    assert "Ada Novak" not in frozenset().union(*people)


async def test_the_order_of_replies_is_no_matter(clinic: Domain) -> None:
    assert await drafted(clinic, Late()) == await drafted(clinic, teacher_chat())


@pytest.mark.parametrize(
    ("twist", "reason"),
    [
        (hide_patients, "other_form: APPOINTMENTS{*}.patient_id: 'P-000' is not among PATIENTS{}"),
        (say_prices_in_words, "other_form: PRICES.cleaning"),
        (be_the_example, "alike: Ada Novak"),
    ],
)
async def test_drafts_that_do_not_fit_are_refused_with_the_reason(
    clinic: Domain, twist: Twist, reason: str
) -> None:
    with pytest.raises(NothingAccepted, match=r"no draft of \d+ could be used") as raised:
        await drafted(clinic, Spoiled(twist), 1)

    assert reason in str(raised.value)


async def test_a_complaint_goes_with_the_next_request(clinic: Domain) -> None:
    chat = Spoiled(hide_patients)

    with pytest.raises(NothingAccepted):
        await drafted(clinic, chat, 1)

    first, second, *_ = chat.prompts
    assert "Earlier drafts were refused" not in first
    assert "is not among PATIENTS{}" in second


async def test_an_endpoint_that_stays_away_ends_the_run_so_that_it_can_go_on(
    clinic: Domain,
) -> None:
    away = FakeChat(lambda _: NoReply(cause="unavailable", detail="connection refused"))

    with pytest.raises(NoEndpoint, match="connection refused; run the same command again"):
        await drafted(clinic, away)


async def test_tools_without_an_example_state_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    text = "class Desk:\n    def greet(self) -> str:\n        'Greet.'\n        return 'hello'\n"
    (tmp_path / "stateless_desk.py").write_text(text)
    monkeypatch.chdir(tmp_path)
    domain = open_domain("python:stateless_desk:Desk")

    with pytest.raises(ConfigError, match="need an example state"):
        await drafted(domain, teacher_chat())
    await domain.close()
