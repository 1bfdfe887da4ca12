"""The scripted teacher as a `Chat` in this process: whole conversations without a server."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from fastsynth.env.registry import open_domain
from fastsynth.events import Bus
from fastsynth.llm.chat import Ask, Chat, NoReply, Reply
from fastsynth.llm.fake import FakeChat
from fastsynth.llm.keys import call_id
from fastsynth.method.chain.chain import Effort
from fastsynth.method.conversation.studio import Studio
from fastsynth.method.graph.graph import build_graph
from fastsynth.method.script import Script
from fastsynth.method.turns.planner import Planner, Shape
from fastsynth.prompts import load_prompts
from fastsynth.records import ToolCall, Usage, encode
from fastsynth.sim.api import ChatMessage, ToolFunction
from fastsynth.sim.teacher import bank
from fastsynth.sim.teacher.mistakes import NONE, Mistakes
from fastsynth.sim.teacher.teacher import Teacher


class _Tool(msgspec.Struct):
    function: ToolFunction


def teacher_chat(mistakes: Mistakes = NONE, student: Mapping[str, float] | None = None) -> FakeChat:
    """Answers like the simulated endpoint does, call ids included. Keeps every `Ask`."""
    teacher = Teacher(bank.load(bank.HERE), mistakes, student)

    def answer(ask: Ask) -> Reply | NoReply:
        script = msgspec.json.decode(encode(ask.script), type=Script)
        messages = msgspec.json.decode(ask.transcript.encoded(), type=list[ChatMessage])
        tools = [msgspec.json.decode(tool, type=_Tool).function for tool in ask.tools]
        said = teacher.speak(script, messages, tools)
        seed = repr((ask.job, ask.turn, ask.purpose, ask.attempt, ask.step)).encode()
        calls = tuple(
            ToolCall(id=call_id(seed, number), name=call.name, arguments=call.arguments)
            for number, call in enumerate(said.calls)
        )
        return Reply(
            content=said.content or "",
            reasoning=said.reasoning or "",
            tool_calls=calls,
            model="scripted",
            usage=Usage(requests=1),
        )

    return FakeChat(answer)


def studio(environment: str, chat: Chat, effort: Effort, seed: int = 1) -> Studio:
    """What `synthesis.synthesize` needs, around any chat; keeps nothing on disk."""
    domain = open_domain(environment)
    return Studio(
        domain=domain,
        planner=Planner(domain, build_graph(domain), Shape(), seed),
        chat=chat,
        prompts=load_prompts(),
        effort=effort,
        identity="0" * 32,
        bus=Bus(),
    )
