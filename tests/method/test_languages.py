"""Conversations in other languages than English are checked alike, figures and dates included."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
import pytest
from german_chat import german_chat
from method_stage import job, planner
from teacher_chat import studio, teacher_chat

from fastsynth.languages import LANGUAGES
from fastsynth.llm.fake import FakeChat
from fastsynth.method.forms import normal, numbers, stands_in
from fastsynth.method.tongue import in_english_forms, other_language
from fastsynth.records import Accepted, Outcome, Rejected
from fastsynth.replay import Verifier
from fastsynth.scoring import Scorer
from fastsynth.synthesis import synthesize

pytestmark = pytest.mark.anyio
SAID = {
    "de": "Ich brauche am 5. März 2026 um 14 Uhr ein Zimmer in Oslo für 1.234,56 €",
    "en": "I need a room in Oslo on 5 March 2026 at 14:00 for 1,234.56 €",
    "es": "Necesito una habitación en Oslo el 5 de marzo de 2026 a las 14:00 por 1.234,56 €",
    "fr": "Il me faut une chambre à Oslo le 5 mars 2026 à 14h00 pour 1 234,56 €",
    "it": "Ho bisogno di una stanza a Oslo il 5 marzo 2026 alle 14:00 per 1.234,56 €",
    "ja": "2026年3月5日の午後2時にOsloで部屋が必要です。1234.56ユーロです",
    "ko": "2026년 3월 5일 오후 2시에 Oslo에서 방이 필요해요. 1234.56유로입니다",
    "nl": "Ik wil op 5 maart 2026 om 14 uur een kamer in Oslo voor 1.234,56 €",
    "pt": "Preciso de um quarto em Oslo no dia 5 de março de 2026 às 14:00 por 1.234,56 €",
    "ru": "Мне нужна комната в Oslo 5 марта 2026 в 14 часов за 1234,56 €",
    "zh": "我需要2026年3月5日下午2点在Oslo的房间，1234.56欧元",
}


@pytest.mark.parametrize("code", LANGUAGES)
def test_dates_times_figures_and_names_are_found_in_every_language(code: str) -> None:
    plain = in_english_forms(SAID[code], code)
    text = normal(plain)

    assert all(stands_in(value, text) for value in ("2026-03-05", "14:00", "Oslo"))
    assert 1234.56 in numbers(plain)


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_text_is_known_to_be_in_its_language_and_in_no_other(code: str) -> None:
    told = {other: other_language(SAID[code], other) for other in LANGUAGES}

    assert [other for other, found in told.items() if not found] == [code]
    assert set(told.values()) == {"", LANGUAGES[code].name}


@pytest.mark.parametrize(
    "text", ["OK 123", "Oslo, Rome, FL-204", 'Bitte an Ann: "See you on the 5th"']
)
def test_names_codes_and_what_is_quoted_are_in_no_language(text: str) -> None:
    assert other_language(text, "de") == ""


@pytest.mark.parametrize(
    "text",
    ['Marked 3 messages in the thread "Jonas Mensah".', "The booking FL-204 is now confirmed."],
)
def test_a_short_answer_in_english_is_seen_beside_names(text: str) -> None:
    assert other_language(text, "de") == "English"
    assert other_language(text, "zh") == "English"


def test_values_without_spaces_around_them_are_found() -> None:
    assert stands_in("北京", normal("请预订去北京的航班"))
    assert not stands_in("北京", normal("请预订去南京的航班"))


async def outcomes(chat: FakeChat, stratum: str) -> AsyncIterator[Outcome]:
    made = msgspec.structs.replace(studio(planner(), chat), languages={"de": 1.0})
    for number in range(6):
        yield await synthesize(job(number, stratum), made)


@pytest.mark.parametrize("stratum", ["base", "missing_parameter", "missing_function", "refusal"])
async def test_german_conversations_pass_replay_and_earn_their_reward(stratum: str) -> None:
    rows = [
        outcome.conversation
        async for outcome in outcomes(german_chat(), stratum)
        if isinstance(outcome, Accepted)
    ]
    async with Scorer() as scorer:
        for row in rows:
            assert row.language == "de"
            assert await Verifier().check(row) == []
            assert (await scorer.reward(row, row.messages)).score == 1.0

    assert len(rows) >= 2


@pytest.mark.parametrize(
    ("chat", "stage"),
    [(german_chat(asks_in_english=True), "query"), (german_chat(answers_in_english=True), "chain")],
)
async def test_who_falls_back_into_english_is_refused(chat: FakeChat, stage: str) -> None:
    async for outcome in outcomes(chat, "base"):
        if isinstance(outcome, Rejected) and outcome.stage not in ("walk", "filter"):
            assert (outcome.stage, outcome.reason) == (stage, "wrong_language")
            return
    raise AssertionError("nothing was refused")


async def test_which_language_is_drawn_changes_nothing_of_what_is_asked_and_called() -> None:
    def facts(outcome: Outcome) -> object:
        return outcome.plan_hash if isinstance(outcome, Accepted) else None

    plain = studio(planner(), teacher_chat())
    mixed = msgspec.structs.replace(plain, languages={"en": 1.0, "de": 3.0})
    german = msgspec.structs.replace(mixed, chat=german_chat())
    english = [await synthesize(job(number), plain) for number in range(8)]
    spoken = {
        number: language
        for language, made in (("en", mixed), ("de", german))
        for number in range(8)
        if isinstance(outcome := await synthesize(job(number), made), Accepted)
        and outcome.conversation.language == language
        and facts(outcome) == facts(english[number])
    }

    assert set(spoken.values()) == {"en", "de"}
