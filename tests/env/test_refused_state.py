"""A state that the user's own code refuses is one line and exit code 2."""

from __future__ import annotations

import pytest

from fastsynth.env.adapters.facts import facts_of
from fastsynth.env.adapters.python import PythonDomain
from fastsynth.env.environment import Tool
from fastsynth.errors import StateRefused


async def _digest(target: str) -> str:
    domain = PythonDomain(target, time_limit=5.0, workers=1)
    try:
        environment = await domain.open(domain.parts)
        await environment.reset({})
        return await environment.digest()
    finally:
        await domain.close()


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("kind", "why"),
    [
        (
            "Unmakeable",
            "making an initial state: RuntimeError('no licence') at refusing_tools.py:10",
        ),
        ("Uncopyable", "state: a _thread.lock, need values that can be copied"),
    ],
)
async def test_a_state_that_is_refused_says_why(sample_tools: str, kind: str, why: str) -> None:
    with pytest.raises(StateRefused) as caught:
        await _digest(f"refusing_tools:{kind}")

    assert str(caught.value) == f"python:refusing_tools:{kind}: {why}"
    assert caught.value.exit_code == 2


def tool(name: str, takes: list[str], gives: list[str]) -> Tool:
    moment = {"type": "string", "format": "date-time"}
    return Tool(
        name=name,
        description=name,
        part="studio",
        parameters={"properties": dict.fromkeys(takes, moment), "required": takes},
        result={"type": "object", "properties": {name: {"type": "string"} for name in gives}},
    )


def test_what_only_comes_back_once_it_was_said_is_made_up() -> None:
    booked = ["session_id", "starts_at"]
    tools = {
        "book": tool("book", ["starts_at"], booked),
        "move": tool("move", ["session_id", "starts_at"], booked),
        "show": tool("show", ["session_id"], booked),
    }

    assert facts_of(tools, {})["starts_at"]
    assert not facts_of({**tools, "next": tool("next", [], ["starts_at"])}, {})
