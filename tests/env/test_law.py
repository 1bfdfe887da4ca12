"""Rules are predicates on calls; what they see is the live state, and a broken one names itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from fastsynth.env.law import Call, Governed, Law, Rule, load_law
from fastsynth.env.registry import open_domain
from fastsynth.env.world import World, living
from fastsynth.errors import ConfigError

EXAMPLES = Path(__file__).parents[2] / "examples"
NO_BIG_ONES = Rule(
    text="Nothing above 5.", tools=("pay", "lend"), forbids=lambda call: call.arguments["n"] > 5
)
NEVER_TWICE = Rule(
    text="One payment only.",
    tools=("pay",),
    forbids=lambda call: any(tool == "pay" for tool, _ in call.before),
)


def test_the_first_rule_that_is_broken_counts() -> None:
    law = Law("m:rules", [NO_BIG_ONES, NEVER_TWICE])
    before = [("pay", {"n": 1})]

    assert law.broken(Call(tool="pay", arguments={"n": 9}, before=before)) == 0
    assert law.broken(Call(tool="pay", arguments={"n": 2}, before=before)) == 1
    assert law.broken(Call(tool="lend", arguments={"n": 2}, before=before)) is None
    assert law.broken(Call(tool="look", arguments={"n": 9})) is None


def test_a_predicate_that_raises_ends_the_run_with_its_place() -> None:
    law = Law("m:rules", [NEVER_TWICE, NO_BIG_ONES])

    with pytest.raises(ConfigError) as raised:
        law.broken(Call(tool="lend", arguments={"m": 1}))

    assert str(raised.value).startswith("$.system.rules[1]: 'Nothing above 5.' raises KeyError")
    assert "lend({'m': 1})" in str(raised.value)


@pytest.fixture
async def desk(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """The clinic under its house rules, in a worker process."""
    monkeypatch.chdir(EXAMPLES)
    clinic = Governed(open_domain("python:clinic"), load_law("clinic_rules:rules"), "")
    async with living(clinic, clinic.parts, clinic.draw(clinic.parts, Random(1)).state) as world:
        yield world
    await clinic.close()


def booking(patient_id: str) -> dict[str, str]:
    return {
        "patient_id": patient_id, "dentist": "Dr. Abara", "day": "2026-03-05", "slot": "14:00",
        "treatment": "filling",
    }  # fmt: skip


@pytest.mark.anyio
async def test_a_rule_sees_the_state_as_it_stands_just_now(desk: World) -> None:
    start = await desk.mark()
    owing = await desk.forbidden("book_appointment", booking("P-131"))
    await desk.call("take_payment", {"patient_id": "P-131", "amount": 40})
    paid = await desk.forbidden("book_appointment", booking("P-131"))
    await desk.rewind(start)

    assert owing == "Book nothing for a patient who owes more than 100 dollars."
    assert paid == ""
    assert await desk.forbidden("book_appointment", booking("P-131")) == owing


@pytest.mark.anyio
async def test_what_is_no_call_breaks_no_rule(desk: World) -> None:
    assert await desk.forbidden("book_appointment", {"patient_id": 7}) == ""
    assert await desk.forbidden("no_such_tool", {}) == ""


def test_a_rule_for_a_tool_that_is_not_there_is_named() -> None:
    domain = open_domain("world:wallet")

    with pytest.raises(ConfigError, match=r"\$\.system\.rules\[1\]\.tools: 'pay', need one of: "):
        Governed(domain, Law("m:rules", [Rule(**EMPTY), NEVER_TWICE]), "")


EMPTY = {"text": "Nothing.", "tools": (), "forbids": bool}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rules = 3", "need a list of fastsynth.Rule"),
        ("def rules():\n    return ['no']", "need a list of fastsynth.Rule"),
        ("def rules():\n    raise ValueError('not today')", "ValueError('not today')"),
        ("", "need a list of fastsynth.Rule"),
    ],
)
def test_what_is_no_list_of_rules_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    name = f"law_{abs(hash(text)):x}"
    (tmp_path / f"{name}.py").write_text(text)

    with pytest.raises(ConfigError) as raised:
        load_law(f"{name}:rules")

    assert str(raised.value).startswith("$.system.rules: ")
    assert says in str(raised.value)
