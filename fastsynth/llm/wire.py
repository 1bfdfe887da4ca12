"""What goes over the wire: messages encoded once, replies decoded strictly.

The only module that knows the shape of `/v1/chat/completions`.
"""

from __future__ import annotations

from fastsynth.records import Message


class Transcript:
    """Messages, each encoded when it is appended and never again.

    `fork` shares what is there; appending to either side afterwards leaves the other alone.
    Reasoning is not sent back to the server.
    """

    def __init__(self, messages: tuple[Message, ...] = ()) -> None:
        self._messages: list[Message] = []
        self._encoded: list[bytes] = []
        for message in messages:
            self.append(message)

    @property
    def messages(self) -> tuple[Message, ...]:
        return tuple(self._messages)

    def __len__(self) -> int:
        return len(self._messages)

    def append(self, message: Message) -> None:
        self._messages.append(message)
        self._encoded.append(encode_message(message))

    def fork(self) -> Transcript:
        twin = Transcript()
        twin._messages = self._messages.copy()
        twin._encoded = self._encoded.copy()
        return twin

    def encoded(self) -> bytes:
        """JSON array of the messages."""
        return b"[" + b",".join(self._encoded) + b"]"


def encode_message(message: Message) -> bytes:
    """One message as the API takes it: no null fields, tool calls in `function` form."""
    raise NotImplementedError
