"""What a user's scenario function gives is held to its types, in one line."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from fastsynth.env.adapters.contract import tool_of
from fastsynth.env.adapters.facts import drawn_by
from fastsynth.env.adapters.python import PythonDomain
from fastsynth.env.environment import Scenario, Thread
from fastsynth.errors import ConfigError


def visit(city: str) -> str:
    return city


TOOLS = {"visit": tool_of(visit, "shop")}
THREAD = Thread(persona="a nurse", occasion="before the weekend")


def whole(**said: Any) -> Callable[[Random], Scenario]:
    fields = {"state": {}, "thread": THREAD, "now": "2026-03-02T09:00+01:00", **said}
    return lambda _: Scenario(**fields)


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda _: [{}], r"scenario of shop: \[{}\], need a dict or a Scenario"),
        (lambda _: None, "scenario of shop: None, need a dict or a Scenario"),
        (lambda _: {"cities": object()}, "scenario of shop: .*, need JSON values"),
        (whole(state=[]), r"scenario of shop: state: \[\], need a dict"),
        (whole(facts=None), "scenario of shop: facts: None, need a dict of lists"),
        (whole(facts={"city": "Ghent"}), r"facts\['city'\]: 'Ghent', need a list of values"),
        (whole(thread=None), "scenario of shop: thread: None, need a Thread"),
        (whole(now="tomorrow"), "scenario of shop: now: 'tomorrow', need ISO 8601"),
        (whole(now=7), "scenario of shop: now: 7, need ISO 8601"),
    ],
)
def test_what_a_scenario_may_not_be_is_named(draw: Callable[[Random], Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        drawn_by(draw, "shop", TOOLS, Random(1))


@pytest.mark.parametrize("given", [{}, {"towns": []}])
def test_an_empty_state_is_one(given: dict[str, Any]) -> None:
    assert drawn_by(lambda _: given, "shop", TOOLS, Random(1)).state == {"shop": given}


def test_variables_a_module_does_not_have_are_refused_before_a_run(sample_tools: str) -> None:
    domain = PythonDomain("sample_shapes", scenarios="scenario_of_shapes:scenario")

    with pytest.raises(ConfigError, match="scenario of sample_shapes: 'sizes', need variables: "):
        domain.draw(domain.parts, Random(1))
