"""What all jobs of a run share: opened by the composition root, used by every conversation."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from fastsynth.engine.novelty import Plans
from fastsynth.env.environment import Domain
from fastsynth.events import Bus, Note
from fastsynth.languages import ENGLISH
from fastsynth.llm.chat import Chat
from fastsynth.method.chain.chain import Effort
from fastsynth.method.conversation.decontaminate import NONE, Benchmarks
from fastsynth.method.conversation.student import Exam
from fastsynth.method.turns.planner import Planner
from fastsynth.prompts import Prompts


class Studio(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that all jobs of a run share."""

    domain: Domain
    planner: Planner
    chat: Chat
    prompts: Prompts
    effort: Effort
    identity: str
    bus: Bus
    policy: str = ""
    """The user's own, stated in every system message."""
    texts: bool = False
    """Whether the writer words free texts; else they stay as they were drawn."""
    languages: Mapping[str, float] = msgspec.field(default_factory=lambda: {ENGLISH: 1.0})
    """ISO 639-1 code -> weight: what users write in."""
    judges: int = 0
    plans: Plans = msgspec.field(default_factory=Plans)
    benchmarks: Benchmarks = NONE
    near: bool = True
    """Whether near-duplicates are looked for."""
    exam: Exam | None = None
    """What a student is asked of every accepted conversation; None: no student is."""
    told: set[str] = msgspec.field(default_factory=set)

    def tell(self, about: str, text: str) -> None:
        """A warning to the user, once about each thing."""
        if about not in self.told:
            self.told.add(about)
            self.bus.emit(Note(text=text, level="warning"))
