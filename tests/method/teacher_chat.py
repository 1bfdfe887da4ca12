"""A studio around any `Chat`; the scripted teacher's is `sim.inprocess.teacher_chat`."""

from __future__ import annotations

from fastsynth.events import Bus
from fastsynth.llm.fake import FakeChat
from fastsynth.method.chain.chain import Effort
from fastsynth.method.conversation.studio import Studio
from fastsynth.method.turns.planner import Planner
from fastsynth.prompts import load_prompts
from fastsynth.sim.inprocess import teacher_chat

__all__ = ["studio", "teacher_chat"]


def studio(
    planner: Planner, chat: FakeChat, effort: Effort | None = None, judges: int = 0
) -> Studio:
    return Studio(
        domain=planner.domain,
        planner=planner,
        chat=chat,
        prompts=load_prompts(),
        effort=effort or Effort(),
        identity="0" * 32,
        bus=Bus(),
        judges=judges,
    )
