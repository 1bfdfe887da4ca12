"""Asks an agent for states of a user's tools: a few in one request, a few requests at once.

A request depends on seed and number only, never on what another brought.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import ceil
from typing import Any

import anyio
import msgspec

from fastsynth.config import GraphOptions
from fastsynth.env.environment import Domain, Thread
from fastsynth.errors import NoEndpoint
from fastsynth.llm.chat import AgentRole, Chat
from fastsynth.method.agents import Agents, Dropped, Place, Unanswered
from fastsynth.method.discovery.chart import Chart, drawn_on
from fastsynth.method.parse import decoded
from fastsynth.method.scenarios.shapes import Shape
from fastsynth.method.script import Brief, Cue, Style
from fastsynth.prompts import Prompts
from fastsynth.records import canonical, encode
from fastsynth.seeds import derive

FIRST_JOB = 1 << 40
"""Number of the first request among jobs: above those of any conversation."""
AT_ONCE = 16
BATCH, BATCH_TOKENS = 5, 700
"""Most states in one request, and about how many tokens of them."""
SIZES = ("about as many records as in the example", "a few records more", "fewer records")
_LETTERS = "ABCDEFGHIJKLMNOPRSTUVWXYZ"


def unknown(domain: Domain) -> Chart:
    """A domain of whose tools nothing had to be found."""
    return drawn_on(domain, GraphOptions(), None)


class Commission(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be drafted, for what, and by whom."""

    domain: Domain
    """The user's own, as it was opened."""
    over: Callable[[Domain], Chart] = unknown
    """What is known of its tools, upon a domain that has the same ones."""
    chat: Chat
    prompts: Prompts
    role: AgentRole
    seed: int
    wanted: int


def named(domain: Domain) -> list[list[str]]:
    """The sets of texts that the tools' schemas name."""
    found = []
    for tool in domain.tools.values():
        for schema in tool.parameters.get("properties", {}).values():
            words = schema.get("enum") or schema.get("items", {}).get("enum") or []
            if words and all(isinstance(word, str) for word in words):
                found.append(list(words))
    return found


class Writer:
    """Asks for states, a few in one request, a few requests at once."""

    def __init__(self, commission: Commission, shape: Shape, example: Any) -> None:
        self._commission = commission
        self._shape = shape
        self._example = example
        size = max(1, len(canonical(example)) // 3)
        self._batch = max(1, min(BATCH, BATCH_TOKENS // size))
        self._number = 0
        """Requests so far."""

    async def round(self, missing: int, complaint: str) -> list[list[Any] | Dropped]:
        """Replies, in order of their requests."""
        first, last = self._number, self._number + ceil(missing / self._batch)
        self._number = last
        replies: dict[int, list[Any] | Dropped] = {}
        lost: list[str] = []
        numbers = iter(range(first, last))

        async def work() -> None:
            for number in numbers:
                try:
                    replies[number] = await self._ask(number, complaint)
                except Unanswered as error:
                    lost.append(str(error))

        async with anyio.create_task_group() as group:
            for _ in range(min(AT_ONCE, last - first)):
                group.start_soon(work)
        if lost:
            raise NoEndpoint(f"drafting scenarios: {lost[0]}; run the same command again to go on")
        return [replies[number] for number in range(first, last)]

    async def _ask(self, number: int, complaint: str) -> list[Any] | Dropped:
        asked = self._commission
        chance = ("scenario", number)
        agents = Agents(asked.chat, asked.prompts, FIRST_JOB + number, asked.seed, chance)
        variables = {
            "tools": [f"{t.name}: {t.description}" for t in asked.domain.tools.values()],
            "example": msgspec.json.format(canonical(self._example), indent=1),
            "rules": self._shape.rules(),
            "ideas": [idea(asked.seed, number, place) for place in range(self._batch)],
            "complaint": complaint,
        }
        script = Cue(
            purpose="scenario",
            seed=agents.script_seed("scenario", 0, 0),
            turns=(),
            thread=Thread(persona="", occasion=""),
            now="",
            style=Style(),
            brief=Brief(
                example=canonical(self._example),
                named=tuple(tuple(words) for words in named(asked.domain)),
                count=self._batch,
            ),
        )
        place, form = Place(turn=0, attempt=0), self._response()
        text = await agents.written(asked.role, "scenario", variables, place, script, form)
        return text if isinstance(text, Dropped) else _states(text)

    def _response(self) -> bytes:
        states = {"type": "array", "items": portable(self._shape.schema)}
        schema = {
            "type": "object",
            "properties": {"states": states},
            "required": ["states"],
            "additionalProperties": False,
        }
        form = {"name": "states", "strict": False, "schema": schema}
        return encode({"type": "json_schema", "json_schema": form})


def idea(seed: int, number: int, place: int = 0) -> str:
    """What keeps drafts apart that know nothing of each other."""
    rng = derive(seed, "scenario idea", number, place)
    letters = ", ".join(rng.sample(_LETTERS, 3))
    return f"names that begin with {letters}; {rng.choice(SIZES)}"


def portable(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Without what some servers' grammars refuse (llguidance: propertyNames); a draft is held
    against the whole schema all the same."""
    kept = {name: inner for name, inner in schema.items() if name != "propertyNames"}
    for name in ("items", "additionalProperties"):
        if isinstance(kept.get(name), dict):
            kept[name] = portable(kept[name])
    if "properties" in kept:
        kept["properties"] = {name: portable(field) for name, field in kept["properties"].items()}
    if "anyOf" in kept:
        kept["anyOf"] = [portable(inner) for inner in kept["anyOf"]]
    return kept


def _states(text: str) -> list[Any] | Dropped:
    try:
        found = decoded(text, object)
    except msgspec.DecodeError as error:
        return refused("malformed_reply", f"{error}; cut off? raise sampling.writer.max_tokens")
    states = found.get("states") if isinstance(found, dict) else found
    return states if isinstance(states, list) else refused("malformed_reply", text[:120])


def refused(reason: str, detail: str) -> Dropped:
    return Dropped(stage="scenario", reason=reason, detail=detail)
