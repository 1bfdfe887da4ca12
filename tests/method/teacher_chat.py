"""A `Chat` that is the scripted teacher in this process: whole conversations without a server."""

from __future__ import annotations

import msgspec

from fastsynth.events import Bus
from fastsynth.llm.chat import Ask, NoReply, Reply
from fastsynth.llm.fake import FakeChat
from fastsynth.llm.keys import call_id
from fastsynth.method.chain import Effort
from fastsynth.method.planner import Planner
from fastsynth.method.script import Script
from fastsynth.prompts import load_prompts
from fastsynth.records import ToolCall, Usage
from fastsynth.sim import bank
from fastsynth.sim.api import ChatMessage, ToolFunction
from fastsynth.sim.mistakes import NONE, Mistakes
from fastsynth.sim.teacher import Teacher
from fastsynth.synthesis import Studio


class _Tool(msgspec.Struct):
    function: ToolFunction


_BANK = bank.load(bank.HERE)


def teacher_chat(mistakes: Mistakes = NONE) -> FakeChat:
    teacher = Teacher(_BANK, mistakes)

    def answer(ask: Ask) -> Reply | NoReply:
        script = msgspec.json.decode(ask.script, type=Script)
        messages = msgspec.json.decode(ask.transcript.encoded(), type=list[ChatMessage])
        tools = msgspec.json.decode(ask.tools or b"[]", type=list[_Tool])
        said = teacher.speak(script, messages, [tool.function for tool in tools])
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


def studio(planner: Planner, chat: FakeChat, effort: Effort | None = None) -> Studio:
    return Studio(
        domain=planner.domain,
        planner=planner,
        chat=chat,
        prompts=load_prompts(),
        effort=effort or Effort(),
        identity="0" * 32,
        bus=Bus(),
    )
