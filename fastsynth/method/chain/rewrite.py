"""Hinted reasoning written once more without the hint (METHOD, hint levels).

A chain of thought from hindsight is the main danger of the method: what a step says under
guidance is replaced by what the model says when it only sees the conversation so far.
"""

from __future__ import annotations

import msgspec

from fastsynth.llm.chat import Reply
from fastsynth.method.agents import Agents, Dropped, Place
from fastsynth.method.chain.attempt import Trial
from fastsynth.method.chain.checks import leaks
from fastsynth.method.chain.scene import Scene
from fastsynth.method.parse import arguments_of, spoken
from fastsynth.records import Message


async def rewrite(agents: Agents, scene: Scene, trial: Trial) -> tuple[tuple[Message, ...], int]:
    """The steps asked for once more without hints, the calls so far given (METHOD, hint levels).

    Keeps the new reasoning where the same step comes; else the hinted text stays and is counted.
    """
    transcript = scene.transcript.fork()
    script = msgspec.structs.replace(
        scene.script,
        purpose="rewrite",
        seed=agents.script_seed("rewrite", scene.turn.number, trial.number),
    )
    messages: list[Message] = []
    hinted = 0
    for message in trial.messages:
        kept = message
        if message.role == "assistant":
            place = Place(turn=scene.turn.number, attempt=trial.number, step=len(messages))
            reply = await agents.reason(transcript, scene.tools, place, script)
            fresh = None if isinstance(reply, Dropped) else reply.reasoning.strip()
            if fresh and not isinstance(reply, Dropped) and _same_step(scene, message, reply):
                kept = msgspec.structs.replace(message, reasoning=fresh)
            else:
                hinted += 1
        messages.append(kept)
        transcript.append(kept)
    leaked = leaks(scene, messages)
    return (trial.messages, _assistant_steps(trial)) if leaked else (tuple(messages), hinted)


def _same_step(scene: Scene, message: Message, reply: Reply) -> bool:
    """Whether a reply makes the same calls, or is a plain answer where the message is one."""
    again = spoken(reply, scene.tool_names)
    return [(c.name, arguments_of(c)) for c in again.calls] == [
        (c.name, arguments_of(c)) for c in message.tool_calls
    ]


def _assistant_steps(trial: Trial) -> int:
    return sum(1 for message in trial.messages if message.role == "assistant")
