"""Phrase banks: the template language, strict reading, and the form of the shipped ones."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest
from sim_plans import BANK

from fastsynth.errors import ConfigError
from fastsynth.sim.teacher.bank import HERE, Bank, Phrases, Reference, Template, load

SHIPPED = sorted(HERE.glob("*.yaml"))


def filled(text: str, **values: str) -> str | None:
    return Template(text).fill(values.get)


def test_brackets_are_left_out_where_a_slot_has_no_value() -> None:
    text = "fly from {a} to {b}[[ on {date}]][[ with {bags} bags]]"

    assert filled(text, a="Oslo", b="Rome") == "fly from Oslo to Rome"
    assert filled(text, a="Oslo", b="Rome", date="3 May") == "fly from Oslo to Rome on 3 May"
    assert filled(text, a="Oslo") is None


def test_of_alternatives_one_is_drawn_and_all_come() -> None:
    template = Template("<look at|open> {a} <now|today|please>")
    drawn = {template.one(Random(seed)).fill({"a": "it"}.get) for seed in range(60)}

    assert template.fill({"a": "it"}.get) == "look at it now"
    assert len(drawn) == 6
    assert "open it please" in drawn


def test_result_paths_are_slots() -> None:
    template = Template("Fares: {=flights[].price}[[, {=tags{*}}]].")

    assert template.slots == {"=flights[].price", "=tags{*}"}
    assert template.fill({"=flights[].price": "3 and 4"}.get) == "Fares: 3 and 4."


def test_articles_and_units_fit_what_stands_beside_them() -> None:
    assert filled("a[[ {cabin}]] seat", cabin="economy") == "an economy seat"
    assert filled("a[[ {cabin}]] seat") == "a seat"
    assert filled("pay {x} dollars from my {y}", x="20", y="Visa card") == (
        "pay 20 dollars from my Visa card"
    )
    fare, card = Reference("the fare"), Reference("that card")
    assert filled("pay {x} dollars from my {y}", x=fare, y=card) == "pay the fare from that card"


def test_tools_of_one_name_are_told_apart_by_their_arguments() -> None:
    one, two = Phrases(slots=frozenset("ab")), Phrases(slots=frozenset(["c", "=d"]))
    bank = Bank([("send", one), ("send", two)])

    assert bank.of("send", ["a"]) is one
    assert bank.of("send", ["c"]) is two
    assert bank.of("send", [], ["d"]) is two
    assert bank.of("other").ask == ()


@pytest.mark.parametrize("text", ["t: {asks: [x]}", "t: {ask: 3}", "t: [", "- 1"])
def test_a_bad_bank_names_its_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "bad.yaml").write_text(text)

    with pytest.raises(ConfigError, match=r"bad\.yaml"):
        load(tmp_path)


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_shipped_phrases_are_plain_words(file: Path) -> None:
    text = file.read_text()
    bank = load()

    for tool in re.findall(r"^(\w+):", text, re.MULTILINE):
        assert tool in bank
        phrases = bank.of(tool)
        for template in (*phrases.ask, *phrases.say, *phrases.given, *phrases.tell, *phrases.think):
            words = "".join(item for kind, item in template.parts if kind == "text")
            assert not re.search(r"[\[\]{}]|\w_\w", words), template.text
            assert template.text == template.text.strip()
        for template in (*phrases.ask, *phrases.say, *phrases.given):
            assert "|" not in "".join(i for k, i in template.parts if k == "text"), template.text
            for seed in range(5):
                assert template.one(Random(seed)).slots == template.slots, template.text
        for template in phrases.say:
            assert re.search(r"[.?!]\"?$|\"\{\w+\}\"$", template.text), template.text
        for template in (*phrases.ask, *phrases.given):
            assert not template.text.endswith("."), template.text
            assert not any(slot.startswith("=") for slot in template.slots), template.text


def test_the_bank_of_the_tests_holds_its_tools_and_no_other() -> None:
    assert "search_flights" in BANK
    assert "get_weather" not in BANK


def test_yes_and_no_have_words_of_their_own() -> None:
    text = "You are {=ok?signed in|not signed in}[[{all?, all of it|, without the rest}]]."

    assert filled(text, **{"=ok": "yes", "all": "no"}) == "You are signed in, without the rest."
    assert filled(text, **{"=ok": "no", "all": "true"}) == "You are not signed in, all of it."
    assert filled(text, **{"=ok": "yes"}) == "You are signed in."
    assert filled(text, **{"=ok": "maybe"}) is None


def test_a_list_is_told_entry_by_entry() -> None:
    text = "You owe [*{=bills[].to} {=bills[].sum}*]."
    two = {"=bills[].to#0": "Ana", "=bills[].sum#0": "5", "=bills[].to#1": "Bo"}

    assert filled(text, **two, **{"=bills[].sum#1": "7"}) == "You owe Ana 5 and Bo 7."
    assert filled(text) is None


def test_words_for_a_thing_take_the_place_of_what_names_its_kind() -> None:
    spoken = {"who": Reference("the author"), "sum": Reference("that total")}

    assert Template("the figures for the account {who}").fill(spoken.get) == (
        "the figures for the author"
    )
    assert Template("pour in {sum} gallons").fill(spoken.get) == "pour in that total"
