"""Asks the agents of the method: which prompt, which schema, which script goes with a request.

A reply that does not have the form asked for is a `Dropped` with a reason. What never came
(endpoint gone after all retries) raises `Unanswered`: the job has no outcome yet.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from fastsynth.env.breath import breathe
from fastsynth.llm.chat import AgentRole, Ask, Chat, NoReply, Reply
from fastsynth.llm.wire import Transcript
from fastsynth.method.parse import decoded
from fastsynth.method.script import Cue, Purpose
from fastsynth.prompts import Prompts
from fastsynth.records import Message, Usage, encode
from fastsynth.seeds import number

Draft = TypeVar("Draft")
_FENCE = re.compile(r"```(?:json)?\s*(.*?)```", re.DOTALL)


class Unanswered(Exception):
    """No reply came, for a reason that may pass."""


class Dropped(msgspec.Struct, frozen=True, kw_only=True):
    """Why something was not kept: the phase that said no, and a short countable reason."""

    stage: str
    reason: str
    detail: str = ""


def refused(reason: str, detail: str) -> Dropped:
    """What a check of an attempt says no to."""
    return Dropped(stage="chain", reason=reason, detail=detail)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where in the method a request stands; part of its key."""

    turn: int
    attempt: int
    step: int = 0


class Agents:
    """The agents of one job. Counts what they cost."""

    def __init__(
        self, chat: Chat, prompts: Prompts, job: int, seed: int, chance: tuple[str | int, ...]
    ) -> None:
        self._chat = chat
        self.prompts = prompts
        self.job = job
        self.seed = seed
        self._chance = chance
        self._reasoner: AgentRole = "reasoning"
        self.usage = Usage()
        self.teachers: dict[str, None] = {}

    def student(self) -> Agents:
        """The same job's student: it reasons in the teacher's place, and counts for itself."""
        twin = Agents(self._chat, self.prompts, self.job, self.seed, self._chance)
        twin._reasoner = "student"
        return twin

    async def reason(
        self,
        transcript: Transcript,
        tools: tuple[bytes, ...],
        place: Place,
        script: Cue,
        must_call: bool = False,
    ) -> Reply | Dropped:
        """One step of the reasoning model, with native tool calls."""
        role = self._reasoner
        return await self._ask(role, transcript, place, script, tools, must_call=must_call)

    async def draft(
        self,
        kind: type[Draft],
        role: AgentRole,
        prompt: str,
        variables: dict[str, Any],
        place: Place,
        script: Cue,
        lengths: tuple[tuple[str, int], ...] = (),
    ) -> Draft | Dropped:
        """A structured reply of a writing agent. `lengths`: how many items a list has to have."""
        form = response_format(kind, lengths)
        text = await self.written(role, prompt, variables, place, script, form)
        if isinstance(text, Dropped):
            return text
        try:
            return decoded(text, kind)
        except msgspec.DecodeError as error:
            return Dropped(stage=prompt, reason="malformed_reply", detail=f"{error}: {text[:120]}")

    async def written(
        self,
        role: AgentRole,
        prompt: str,
        variables: dict[str, Any],
        place: Place,
        script: Cue,
        form: bytes,
    ) -> str | Dropped:
        """The text of a reply that was asked for as JSON; `form` is a response_format."""
        system, user = self.prompts[prompt].render(**variables)
        transcript = Transcript(
            (Message(role="system", content=system), Message(role="user", content=user))
        )
        reply = await self._ask(role, transcript, place, script, schema=form)
        if isinstance(reply, Dropped):
            return reply
        found = _FENCE.search(reply.content)
        return (found.group(1) if found else reply.content).strip()

    async def _ask(
        self,
        role: AgentRole,
        transcript: Transcript,
        place: Place,
        script: Cue,
        tools: tuple[bytes, ...] = (),
        schema: bytes = b"",
        must_call: bool = False,
    ) -> Reply | Dropped:
        ask = Ask(
            job=self.job,
            turn=place.turn,
            role=role,
            purpose=script.purpose,
            attempt=place.attempt,
            step=place.step,
            transcript=transcript,
            tools=tools,
            must_call=must_call,
            schema=schema,
            script=script,
        )
        reply = await self._chat.ask(ask)
        await breathe()
        if isinstance(reply, NoReply):
            if reply.transient:
                raise Unanswered(reply.detail)
            stage = "chain" if role == self._reasoner else script.purpose
            return Dropped(stage=stage, reason=reply.cause, detail=reply.detail)
        self.usage = self.usage + reply.usage
        if role != "judge":
            self.teachers[reply.model] = None
        return reply

    def script_seed(self, purpose: Purpose, turn: int, attempt: int) -> int:
        """What a scripted teacher draws its variety from; the same for all steps of an attempt."""
        return number(self.seed, *self._chance, turn, purpose, attempt)


_SCHEMAS: dict[tuple[type, tuple[tuple[str, int], ...]], bytes] = {}


def response_format(kind: type, lengths: tuple[tuple[str, int], ...] = ()) -> bytes:
    """`response_format` for a Struct: strict, all fields required, nothing else allowed.

    Properties stand in the Struct's order, in which servers that constrain decoding write them.
    """
    form = _SCHEMAS.get((kind, lengths))
    if form is None:
        _, components = msgspec.json.schema_components((kind,))
        schema = dict(components[kind.__name__])
        schema["additionalProperties"] = False
        schema["required"] = list(schema["properties"])
        for field, count in lengths:
            bounds = {"minItems": count, "maxItems": count}
            schema["properties"] = schema["properties"] | {
                field: schema["properties"][field] | bounds
            }
        named = {"name": kind.__name__, "strict": True, "schema": schema}
        form = encode({"type": "json_schema", "json_schema": named})
        _SCHEMAS[kind, lengths] = form
    return form
