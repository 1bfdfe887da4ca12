"""Guided iterative chain (paper, section 3.3): try, be checked, be corrected, until provably right.

Blind attempts come first; then the composite tool is described; then the critic's hints join.
The record never holds guidance: what passed under a hint is asked for once more without it.
"""

from __future__ import annotations

import msgspec

from fastsynth.env.world import Mark, World
from fastsynth.method.agents import Agents, Dropped
from fastsynth.method.chain.attempt import Trial, attempt
from fastsynth.method.chain.critic import hint_for
from fastsynth.method.chain.rewrite import rewrite
from fastsynth.method.chain.scene import Scene
from fastsynth.method.chain.verify import Executed, Mode, Verdict
from fastsynth.method.pace import breathe
from fastsynth.records import Attempt, Message


class Effort(msgspec.Struct, frozen=True, kw_only=True):
    """How often a turn is tried: `blind` attempts without help, then `attempts` with."""

    blind: int = 1
    attempts: int = 3
    verdict: Mode = "default"
    must_call: bool = False


class Solved(msgspec.Struct, frozen=True, kw_only=True):
    """A turn that passed. The world stands after it."""

    messages: tuple[Message, ...]
    verdict: Verdict
    level: int
    blind_passes: int
    blind_tries: int
    hinted_reasoning: int
    executed: tuple[Executed, ...]
    failed: tuple[Attempt, ...]


Unsolved = tuple[Dropped, tuple[Attempt, ...]]


async def guided_chain(
    agents: Agents, world: World, scene: Scene, effort: Effort
) -> Solved | Unsolved:
    """Attempts at one turn, hint level by hint level; the first pass wins.

    Blind attempts all run, so that their pass rate is known. If nothing passes the world is back
    at the turn's start, and the last reason is returned with the attempts.
    """
    scene = msgspec.structs.replace(scene, mode=effort.verdict, must_call=effort.must_call)
    start = await world.mark()
    hints: list[str] = []
    trials: list[Trial] = []
    won: tuple[Trial, Mark] | None = None
    for number in range(effort.blind + effort.attempts):
        level = max(0, number - effort.blind + 1)
        if won is not None and level > 0:
            break
        if level >= 2:
            hint = await hint_for(agents, scene, trials[-1])
            if isinstance(hint, Dropped):
                await world.rewind(start)
                return hint, _records(scene, trials)
            hints.append(hint)
        await world.rewind(start)
        trial = await attempt(agents, world, scene, start, number, level, hints)
        if trial.fault is None and won is None:
            won = trial, await world.mark()
        trials.append(trial)
        await breathe()
        if won is None and _agree(trials):
            break
    if won is None:
        await world.rewind(start)
        return _final_fault(trials), _records(scene, trials)
    await world.rewind(won[1])
    return await _solved(agents, scene, won[0], trials)


def _agree(trials: list[Trial]) -> bool:
    """Whether the last failing trial did what an earlier failing one did: the query is to blame."""
    last = trials[-1]
    disputed = ("wrong_state", "missing_result")
    if last.fault is None or last.fault.reason not in disputed or not last.signature:
        return False
    return any(trial.signature == last.signature for trial in trials[:-1] if trial.level <= 1)


def _final_fault(trials: list[Trial]) -> Dropped:
    last = trials[-1].fault
    assert last is not None
    if _agree(trials):
        return Dropped(stage="query", reason="agreeing_failures", detail=last.reason)
    return last


def _records(scene: Scene, trials: list[Trial]) -> tuple[Attempt, ...]:
    solved = any(trial.fault is None for trial in trials)
    return tuple(
        Attempt(
            turn=scene.turn.number,
            level=trial.level,
            reason=trial.fault.reason,
            detail=trial.fault.detail,
            messages=trial.messages,
            query=scene.query,
            solved=solved,
            progress=trial.progress,
        )
        for trial in trials
        if trial.fault is not None
    )


async def _solved(agents: Agents, scene: Scene, winner: Trial, trials: list[Trial]) -> Solved:
    messages, hinted = winner.messages, 0
    if winner.level > 0:
        messages, hinted = await rewrite(agents, scene, winner)
    blind = [trial for trial in trials if trial.level == 0]
    assert winner.verdict is not None
    return Solved(
        messages=messages,
        verdict=winner.verdict,
        level=winner.level,
        blind_passes=sum(1 for trial in blind if trial.fault is None),
        blind_tries=len(blind),
        hinted_reasoning=hinted,
        executed=winner.executed,
        failed=_records(scene, trials),
    )
