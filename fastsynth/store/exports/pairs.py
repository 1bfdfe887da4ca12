"""Preference pairs as lines of JSON: one prompt, what was chosen after it, and what was rejected.

By step, a pair is cut to the first message in which the two make other calls: what both did before
is prompt, so that neither a tool's results nor what follows from the mistake weighs in.
TRL: docs/source/dataset_formats, preference. ms-swift: Custom dataset, DPO.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from fastsynth.records import Conversation, Message, encode
from fastsynth.store.exports.formats import (
    Format,
    Line,
    Reasoning,
    as_text,
    chat_messages,
    object_arguments,
    swift_messages,
)
from fastsynth.store.exports.lesson import By, Tools, same_arguments, tools_at
from fastsynth.store.preferences import Preference

PAIRS: frozenset[Format] = frozenset({"dpo", "swift-dpo"})
ANYWHERE = frozenset({"leakage"})
"""Reasons that lie in any of the messages, not in the first that differs."""


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    tools: Tools
    prompt: tuple[Message, ...]
    chosen: tuple[Message, ...]
    rejected: tuple[Message, ...]
    """Both end with a message of the assistant."""


def pairs_of(row: Conversation, preferences: Iterable[Preference], by: By) -> Iterator[Pair]:
    """Of one row; pairs that are cut to the same words come once."""
    seen: set[bytes] = set()
    for preference in preferences:
        rejected = _to_last_word(preference.rejected)
        if not rejected or (by == "step" and preference.reason in ANYWHERE):
            continue
        pair = Pair(
            tools=tools_at(row, preference.turn),
            prompt=preference.prefix,
            chosen=preference.chosen,
            rejected=rejected,
        )
        if by == "step":
            pair = _cut(pair)
        chosen, other = _words(pair.chosen), _words(pair.rejected)
        said = encode([len(pair.prompt), chosen, other])
        if chosen != other and said not in seen:
            seen.add(said)
            yield pair


def has_place(pair: Pair, form: Format) -> bool:
    """Whether the form can hold the pair: ms-swift reads the arguments of every call."""
    calls = (call for message in pair.rejected for call in message.tool_calls)
    return form != "swift-dpo" or all(isinstance(object_arguments(call), dict) for call in calls)


def write_pair(pair: Pair, form: Format, reasoning: Reasoning) -> Line:
    tools = as_text(pair.tools)
    if form == "dpo":
        sides = {"prompt": pair.prompt, "chosen": pair.chosen, "rejected": pair.rejected}
        lines = {name: chat_messages(messages, reasoning) for name, messages in sides.items()}
        return {**lines, "tools": tools}
    return {
        "tools": tools,
        "messages": _swift(pair.prompt, pair.chosen, reasoning),
        "rejected_messages": _swift(pair.prompt, pair.rejected, reasoning),
    }


def _swift(prompt: Sequence[Message], said: Sequence[Message], reasoning: Reasoning) -> list[Line]:
    learned = [False] * len(prompt) + [message.role == "assistant" for message in said]
    return swift_messages((*prompt, *said), learned, reasoning)


def _cut(pair: Pair) -> Pair:
    """To the first message of the assistant in which they differ, by calls or as an answer."""
    other = [message for message in pair.rejected if message.role == "assistant"]
    step = -1
    for place, message in enumerate(pair.chosen):
        if message.role != "assistant":
            continue
        step += 1
        last = step == len(other) - 1 or place == len(pair.chosen) - 1
        if last or _calls(message) != _calls(other[step]):
            return Pair(
                tools=pair.tools,
                prompt=pair.prompt + pair.chosen[:place],
                chosen=(message,),
                rejected=(other[step],),
            )
    return pair


def _calls(message: Message) -> list[tuple[str, str]]:
    return [(call.name, same_arguments(call.arguments)) for call in message.tool_calls]


def _to_last_word(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Without results at the end, to which nothing was said any more."""
    spoken = [place for place, message in enumerate(messages) if message.role == "assistant"]
    return messages[: spoken[-1] + 1] if spoken else ()


def _words(messages: Iterable[Message]) -> list[object]:
    return [(m.role, m.content, m.reasoning, _calls(m)) for m in messages]
