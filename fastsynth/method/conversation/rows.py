"""The accepted conversation as a row: everything needed to replay it, and how it was made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import Any, Literal

from fastsynth.method.agents import Agents
from fastsynth.method.chain.verify import Mode
from fastsynth.method.conversation.due import dues
from fastsynth.method.conversation.talk import Kept, Talk
from fastsynth.method.plan import Default, Output, Provenance, User
from fastsynth.method.tooling import tool_text
from fastsynth.method.walk.goals import longest_chain
from fastsynth.records import (
    Call,
    Conversation,
    Difficulty,
    Message,
    ToolsAdded,
    Vote,
    canonical,
    encode,
)


def row(
    talk: Talk,
    agents: Agents,
    environment: str,
    scenario: dict[str, Any],
    identity: str,
    state_check: Literal["full", "observed"],
    twin: str,
    votes: tuple[Vote, ...] = (),
    mode: Mode = "default",
    rules: str = "",
) -> Conversation:
    kept = talk.kept
    return Conversation(
        id=row_id(identity, agents.job),
        environment=environment,
        scenario=encode(scenario).decode(),
        tools=tool_text(talk.tools.values()),
        messages=talk.transcript.messages,
        ground_truth=tuple(_truth(turn) for turn in kept),
        ground_truth_steps=tuple(turn.steps for turn in kept),
        kinds=tuple(turn.turn.kind for turn in kept),
        targets=tuple(turn.turn.target for turn in kept),
        purposes=tuple(turn.advanced.purpose for turn in kept),
        hint_levels=tuple(turn.solved.level for turn in kept),
        blind_passes=tuple(turn.solved.blind_passes for turn in kept),
        blind_tries=tuple(turn.solved.blind_tries for turn in kept),
        num_turns=len(kept),
        num_calls=sum(len(turn.solved.verdict.truth) for turn in kept),
        difficulty=_difficulty(kept),
        teacher="+".join(sorted(agents.teachers)),
        usage=agents.usage,
        goals=encode([turn.turn.goals for turn in kept]).decode(),
        provenance=encode([_provenance(turn) for turn in kept]).decode(),
        digests=tuple(turn.turn.digest for turn in kept),
        state_check=state_check,
        hinted_reasoning=tuple(turn.solved.hinted_reasoning for turn in kept),
        interrupted_calls=tuple(
            call.id for turn in kept for call in turn.solved.executed if call.interrupted
        ),
        tools_added=tuple(
            ToolsAdded(turn=k.turn.number, tools=tool_text([talk.all_tools[k.turn.withheld]]))
            for k in kept
            if k.turn.kind == "missing_function_resolved"
        ),
        twin=twin,
        errors_recovered=tuple(i for turn in kept for i in turn.solved.verdict.recovered),
        votes=votes,
        language=talk.language,
        checks=encode(dues(kept, mode, talk.language, rules)).decode(),
    )


def row_id(identity: str, job: int) -> str:
    """Stable: the same config, seed and job give the same id."""
    return f"{identity[:12]}-{job:07d}"


def content_hash(messages: tuple[Message, ...]) -> str:
    """Over what is said and called, without ids: equal for conversations that say the same."""
    plain = [
        (m.role, m.content, m.reasoning, [(c.name, c.arguments) for c in m.tool_calls])
        for m in messages
    ]
    return blake2b(encode(plain), digest_size=16).hexdigest()


def _truth(kept: Kept) -> tuple[Call, ...]:
    return tuple(
        Call(name=call.tool, arguments=canonical(call.arguments))
        for call in kept.solved.verdict.truth
    )


def _provenance(kept: Kept) -> list[dict[str, Provenance]]:
    """Per true call, in order; {} for calls of an alternative chain that the trace had not."""
    left = [(step.tool, canonical(step.arguments), step.sources) for step in kept.turn.steps]
    found: list[dict[str, Provenance]] = []
    for call in kept.solved.verdict.truth:
        key = (call.tool, canonical(call.arguments))
        match = next((entry for entry in left if entry[:2] == key), None)
        if match is not None:
            left.remove(match)
        found.append(dict(match[2]) if match else {})
    return found


def _difficulty(kept: list[Kept]) -> Difficulty:
    sources = Counter(
        type(source) for turn in kept for call in _provenance(turn) for source in call.values()
    )
    total = sum(sources.values()) or 1
    return Difficulty(
        distance=max((longest_chain(k.turn.number, k.turn.steps) for k in kept), default=0),
        share_user=round(sources[User] / total, 4),
        share_output=round(sources[Output] / total, 4),
        share_default=round(sources[Default] / total, 4),
        extra_calls=sum(k.solved.verdict.extra_calls for k in kept),
        recovered_calls=sum(len(k.solved.verdict.recovered) for k in kept),
        alternative=any(k.solved.verdict.alternative for k in kept),
    )


def turns_of(messages: Sequence[Message]) -> Iterator[list[Message]]:
    """The messages of each turn, from the user's on; what stands before the first is left out."""
    turn: list[Message] = []
    for message in messages:
        if message.role == "user":
            if turn:
                yield turn
            turn = [message]
        elif turn:
            turn.append(message)
    if turn:
        yield turn
