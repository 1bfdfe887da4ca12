"""Results that are too long: cut text, refused structure, the same in every replay."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest

from fastsynth.config import Config, Mcp, Served, Tools
from fastsynth.config.identity import environment_identity, identity_of
from fastsynth.env.adapters.results import within
from fastsynth.env.environment import Observation
from fastsynth.env.registry import Options, domain_of_row, open_domain
from fastsynth.env.world import living
from fastsynth.errors import ConfigError


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        (Observation(value="word"), Observation(value="word")),
        (Observation(value="é" * 12), Observation(value="é" * 12)),
        (Observation(value=["é" * 8]), Observation(value=["é" * 8])),
        (
            Observation(value="0123456789abcd"),
            Observation(value="0123456789ab\n[cut after 12 of 14 characters]"),
        ),
        (
            Observation(value={"a": "0123456789"}),
            Observation(
                error="tool",
                message="the result has 18 characters, more than 12: ask for less at a time",
            ),
        ),
        (
            Observation(error="tool", message="x" * 13),
            Observation(error="tool", message="x" * 12 + "\n[cut after 12 of 13 characters]"),
        ),
    ],
)
def test_a_long_text_is_cut_and_anything_else_is_an_error(
    given: Observation, passed: Observation
) -> None:
    assert within(given, 12) == passed


@pytest.mark.anyio
async def test_a_row_says_how_its_results_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent)
    target = "python:hidden_tools:Odd"
    options = Options(workers=1, result_limit=40, volatile={"drop": ("receipt",)})
    domain = open_domain(target, options=options)
    state = domain.draw(domain.parts, Random(1)).state
    title = state["hidden_tools"]["titles"][0]
    other, parts = domain_of_row(target, state=state)
    seen: list[Any] = []
    for one in (domain, other):
        async with living(one, parts, state) as world:
            seen += [
                await world.call("say", {"count": 50}),
                await world.call("drop", {"title": title}),
            ]
        await one.close()

    assert seen[:2] == seen[2:]
    assert seen[0].value == "o" * 40 + "\n[cut after 40 of 50 characters]"
    assert seen[1].value == {"dropped": title, "receipt": None}


def test_a_volatile_path_of_no_tool_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent)

    with pytest.raises(ConfigError, match=r"\$.tools.volatile.absent: .* need one of the tools"):
        open_domain("python:hidden_tools:Board", options=Options(volatile={"absent": ("a",)}))


def test_runs_from_before_there_was_a_limit_keep_their_identity() -> None:
    served = Config(environment=Served(mcp=Mcp(command=("node", "server.js"))))
    plain, limited = (
        identity_of(Config(tools=Tools(result_limit=most)), "", {}) for most in (50_000, 9)
    )

    assert "result_limit" not in environment_identity(served)
    assert plain == identity_of(Config(), "", {}) != limited
