"""What all attempts at one turn are made in: the turn, what was said before, and what is shown."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import msgspec

from fastsynth.languages import ENGLISH
from fastsynth.llm.wire import Transcript
from fastsynth.method.chain.verify import Mode
from fastsynth.method.forms import normal
from fastsynth.method.plan import Turn
from fastsynth.method.query.advanced import Advanced
from fastsynth.method.script import Cue
from fastsynth.method.tongue import both_ways
from fastsynth.records import Message


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
    language: str = ENGLISH
    """ISO 639-1 code of what the user writes in; the answer has to be in it too."""
    recorded: bool = True
    """Whether the attempt may become a row: then it must not tell how the data was made."""

    @property
    def told(self) -> str:
        """All earlier text of the conversation."""
        return " ".join(self._texts(self.transcript.messages[:-1]))

    @property
    def heard(self) -> str:
        """`normal` text of the conversation, the user's message included; each message's is kept
        from one turn to the next."""
        return "".join(map(normal, self._texts(self.transcript.messages)))

    def _texts(self, messages: Sequence[Message]) -> Iterator[str]:
        """What may be looked for is in them as it was said, and in English forms."""
        return (both_ways(message.content or "", self.language) for message in messages)
