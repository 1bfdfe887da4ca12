"""A plain turn: targets tried in turn, walked to in the living world, cut to what the goals need.

What comes is executed, replayed where the cut left something out, and clear in what it refers to.
Which targets there are is `targets`'; the steps on the way are `walk`'s.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice

import msgspec

from fastsynth.env.world import Mark, World
from fastsynth.method.kinds import CHOOSY, ONE_GOAL, suits
from fastsynth.method.pace import breathe
from fastsynth.method.plan import Turn
from fastsynth.method.turns.rules import own_rule
from fastsynth.method.walk.aims import TurnAim
from fastsynth.method.walk.goals import Cut, cut
from fastsynth.method.walk.reference import ambiguous
from fastsynth.method.walk.stage import Stage
from fastsynth.method.walk.targets import next_targets
from fastsynth.method.walk.walk import Reach, Walk
from fastsynth.method.wording import worded

TARGETS_TRIED = 5
TARGETS_MATCHED = 12
"""Where logs say what the turn is to be like: few targets can be told in few words."""
WALKS_TRIED = 3
CALL_WEIGHTS = (0.6, 1.0, 1.2, 1.0, 0.7, 0.5, 0.3, 0.2)
"""Weight of 1, 2, ... calls a turn; mean 3.3 (HardGen: 3.21)."""

ALONE = 0.3
"""Share of turns that may be a single call although more were drawn; a target that a conversation
is made for may be so at its last try."""
WISH_WEIGHTS = (0.5, 0.36, 0.14)
"""Weight of 1, 2 and 3 things asked for in one turn: people want one or two at a time."""
WISHES_OF = {0: WISH_WEIGHTS, 1: (1.0, 0.0, 0.0), 2: (0.5, 0.5, 0.0), 3: WISH_WEIGHTS}
MANY_WISHES = (0.1, 0.4, 0.5)
"""Weights where a turn must have so many calls; 0: where it may have any number."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What one walk has to bring."""

    number: int
    target: str
    reach: Reach
    calls: int
    """How many the turn must have; 0 for what comes."""
    words: int
    """How few must say it; 0 for what comes."""
    least: int
    """Calls it must have where the walk may have as many."""


async def plain_turn(stage: Stage, number: int, breaking: bool = False) -> Turn | None:
    """Plans and executes a turn under a number, memory and world standing after it.

    With `breaking`, one whose last call a user's rule forbids. None for no way on.
    """
    brief, rng = stage.brief, stage.rng
    own, tried = _targets(stage)
    for calls, words in _demands(brief.aim):
        for target in tried if words else tried[:TARGETS_TRIED]:
            for left in reversed(range(WALKS_TRIED)):
                reach = _reach(stage, calls, breaking)
                lone = brief.kind != "base" or bool(calls) or (target == own and not left)
                wanted = Wanted(
                    number=number,
                    target=target,
                    reach=reach,
                    calls=calls,
                    words=words,
                    least=1 if lone or rng.random() < ALONE else 2,
                )
                turn = await _walked(stage, wanted)
                if turn is not None:
                    stage.memory.begin_turn()
                    stage.memory.close_turn(turn)
                    return turn
    return None


def _targets(stage: Stage) -> tuple[str, list[str]]:
    """The conversation's own target, "" where it had its turn or is not there, and all those to
    try, the own one first."""
    brief, graph = stage.brief, stage.graph
    again = next(brief.tries)
    used = {turn.target for turn in stage.before}
    own = brief.target if brief.target in stage.allowed and brief.target not in used else ""
    last = again + (TARGETS_TRIED if brief.aim is None else TARGETS_MATCHED)
    most = None if brief.kind in CHOOSY else last
    draw = partial(next_targets, graph, stage.memory, stage.allowed, most=most)
    found = ([own] if own else []) + draw(used, stage.rng, brief.focus)
    if not found:  # so few tools that each had its turn
        found = draw((), stage.rng, brief.focus)
    fit = (t for t in found if suits(brief.kind, graph.tools[t], graph, stage.law))
    return own, list(islice(fit, again, last))


def _demands(aim: TurnAim | None) -> Iterator[tuple[int, int]]:
    """(calls, words) to ask of a turn, each time less, until what comes is taken."""
    if aim is not None:
        yield aim.calls, aim.words
        yield aim.calls, aim.words + aim.words // 2
        yield aim.calls, 0
    yield 0, 0


def _reach(stage: Stage, calls: int, breaking: bool) -> Reach:
    single = stage.brief.kind in ONE_GOAL
    wishes = stage.rng.choices((1, 2, 3), WISHES_OF.get(calls, MANY_WISHES))[0]
    return Reach(
        calls=calls or _calls(stage),
        wishes=1 if single else wishes,
        most_wishes=1 if single else wishes + 1,
        allowed=stage.allowed,
        breaking=breaking,
    )


def _calls(stage: Stage) -> int:
    low, high = stage.brief.calls
    numbers = range(low, high + 1)
    weights = [CALL_WEIGHTS[min(n, len(CALL_WEIGHTS)) - 1] for n in numbers]
    return stage.rng.choices(numbers, weights)[0]


async def _walked(stage: Stage, wanted: Wanted) -> Turn | None:
    """The turn that one walk brings, the world after it; else None, the world as it was."""
    await breathe()  # planning is all CPU: let replies be handled in between
    graph, world = stage.graph, stage.world
    start = await world.mark()
    trial = stage.memory.copy()
    trial.begin_turn()
    walk = Walk(graph, world, trial, wanted.reach, stage.rng)
    arrived = await walk.to(wanted.target)
    kept = cut(graph, wanted.number, trial.steps, wanted.target) if arrived else None
    if kept is None or not _enough(kept, wanted) or not await _stands(world, start, kept):
        await world.rewind(start)
        return None
    turn = Turn(
        number=wanted.number,
        kind="base",
        target=wanted.target,
        steps=kept.steps,
        goals=kept.goals,
        digest=await world.digest(),
        rule=own_rule(wanted.target, walk.broken) if wanted.reach.breaking else None,
    )
    if ambiguous(graph, turn, stage.before) or (wanted.words and worded(turn) > wanted.words):
        await world.rewind(start)
        return None
    return turn


def _enough(kept: Cut, wanted: Wanted) -> bool:
    """Whether the turn has as many calls as it must."""
    calls = len(kept.steps)
    return calls >= min(wanted.least, wanted.reach.calls) and wanted.calls in (0, calls)


async def _stands(world: World, start: Mark, kept: Cut) -> bool:
    """Whether the cut trace, where it is not the whole, gives the same results from the start."""
    if not kept.changed:
        return True
    await world.rewind(start)
    for step in kept.steps:
        observation = await world.call(step.tool, step.arguments)
        if not observation.ok or observation.value != step.value:
            return False
    return True
