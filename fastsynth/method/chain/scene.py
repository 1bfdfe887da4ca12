"""What all attempts at one turn are made in: the turn, what was said before, and what is shown."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import msgspec

from fastsynth.llm.wire import Transcript
from fastsynth.method.chain.verify import Mode
from fastsynth.method.forms import normal
from fastsynth.method.plan import Turn
from fastsynth.method.query.advanced import Advanced
from fastsynth.method.script import Cue


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """What all attempts at one turn share. `transcript` ends with the user's message."""

    turn: Turn
    advanced: Advanced
    query: str
    transcript: Transcript
    tools: tuple[bytes, ...]
    tool_names: Collection[str]
    seen: Callable[[], list[Any]]
    """Arguments and results of earlier turns."""
    recalled: Any = None
    """For a turn with `recall`: the value that is asked for again."""
    script: Cue
    mode: Mode = "default"
    must_call: bool = False
    """Whether guided attempts have to call until the turn's end is reached, or as many calls came
    back as the trace has."""
    recorded: bool = True
    """Whether the attempt may become a row: then it must not tell how the data was made."""

    @property
    def told(self) -> str:
        """All earlier text of the conversation."""
        return " ".join(message.content or "" for message in self.transcript.messages[:-1])

    @property
    def heard(self) -> str:
        """`normal` text of the conversation, the user's message included; each message's is kept
        from one turn to the next."""
        return "".join(normal(message.content or "") for message in self.transcript.messages)
