"""The verdict on an attempt: by state digest and goals, never by a model's opinion.

Also finds the ground truth of an attempt that got there by other calls: that chain, minimised by
deletion. Everything is decided by execution.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec

from fastsynth.env import paths
from fastsynth.env.world import Mark, World
from fastsynth.method.agents import Dropped, refused
from fastsynth.method.forms import alike, normal, scalars, stands_in, without_noise
from fastsynth.method.plan import Goal, Turn
from fastsynth.method.query.guards import distinctive
from fastsynth.records import canonical

_STAND_IN = re.compile(r"(?:your|example|dummy|sample|placeholder)[_ -]\w+|<[^>]*>", re.I)
Mode = Literal["default", "strict", "progress"]


class Executed(msgspec.Struct, frozen=True, kw_only=True):
    """One call of an attempt as it ran."""

    id: str
    tool: str
    arguments: dict[str, Any]
    """After coercion; {} where the call never reached the tool."""
    value: Any = None
    error: str = ""
    interrupted: bool = False
    """Failed before it reached the tool, as planned for the turn."""
    message: int = 0
    """Number of the assistant message that made it: calls of one message see no results of it."""
    moved: bool = False
    """A failed call that left the state changed."""
    forbidden: str = ""
    """Text of the user's rule that the call breaks."""
    stopped: bool = False
    """It never came back: no result of the tool's that a row could hold."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    truth: tuple[Executed, ...]
    """The ground truth: the calls of this attempt that count, in the order they were made."""
    alternative: bool
    extra_calls: int
    recovered: tuple[str, ...]


async def judge(
    turn: Turn,
    world: World,
    start: Mark,
    executed: Sequence[Executed],
    mode: Mode = "default",
) -> Verdict | Dropped:
    """Whether the attempt reached what the trace reaches. The world stands after the attempt.

    `strict` also wants exactly the trace's calls, in its order. `progress` judges like `default`.
    """
    for call in executed:
        if call.forbidden:
            return refused("breaks_rule", f"{call.tool}: {call.forbidden}")
    if any(call.moved for call in executed):
        return refused("failed_call_moved_state", "")
    good = [call for call in executed if not call.error]
    if turn.kind == "no_tool" and executed:
        return refused("needless_call", executed[0].tool)
    if turn.interruptions and not any(call.interrupted for call in executed):
        return refused("not_interrupted", turn.interruptions[0].tool)
    if turn.kind == "parallel" and len({call.message for call in good}) == len(good):
        return refused("not_parallel", "independent calls were made one by one")
    if await world.digest() != turn.digest:
        return refused("wrong_state", "the state after the turn differs from the trace's")
    for goal in turn.goals:
        if not reached(turn, goal, good) or await _unproven(turn, goal, world, start, good):
            step = turn.steps[goal.step]
            return refused("missing_result", f"no result gives what {step.tool} gave")
    if mode == "strict" and (strays := _strays(turn, executed)):
        return refused("other_calls", strays)
    recovered = tuple(call.id for call in executed if call.error)
    wanted = [(step.tool, canonical(step.arguments)) for step in turn.steps]
    made = [(call.tool, canonical(call.arguments)) for call in good]
    if all(made.count(call) >= wanted.count(call) for call in wanted):
        truth = _in_order(turn, good)
        extra = len(made) - len(wanted)
        return Verdict(truth=truth, alternative=False, extra_calls=extra, recovered=recovered)
    chain = await _minimal(turn, world, start, good)
    return Verdict(
        truth=tuple(chain),
        alternative=True,
        extra_calls=len(good) - len(chain),
        recovered=recovered,
    )


def _strays(turn: Turn, executed: Sequence[Executed]) -> str:
    """The first place in which the attempt's calls are not the trace's, or "". Calls that failed
    as the turn planned do not count."""
    wanted = [f"{step.tool}{canonical(step.arguments)}" for step in turn.steps]
    made = [f"{c.tool}{canonical(c.arguments)}" for c in executed if not c.interrupted]
    for number in range(max(len(wanted), len(made))):
        if wanted[number : number + 1] != made[number : number + 1]:
            shown = made[number] if number < len(made) else "none"
            return f"call {number + 1}: {shown[:200]}"
    return ""


def _in_order(turn: Turn, good: Sequence[Executed]) -> tuple[Executed, ...]:
    """The trace's calls in the order in which the attempt made them."""
    left = [(step.tool, canonical(step.arguments)) for step in turn.steps]
    truth: list[Executed] = []
    for call in good:
        key = (call.tool, canonical(call.arguments))
        if key in left:
            left.remove(key)
            truth.append(call)
    return tuple(truth)


def reached(turn: Turn, goal: Goal, good: Sequence[Executed]) -> bool:
    """An effect is in the digest; asked-for values must stand in some result of the attempt."""
    step = turn.steps[goal.step]
    if not goal.paths:
        whole = canonical(step.value)
        return goal.effect or any(canonical(c.value) == whole for c in good if c.tool == step.tool)
    wanted = [paths.get(path, step.value) for path in goal.paths]
    for call in good:
        if call.tool == step.tool and _gives(call.value, goal.paths, wanted):
            return True
    present = {canonical(value): value for call in good for value in scalars(call.value)}
    return all(canonical(value) in present or _near(value, present.values()) for value in wanted)


async def _unproven(
    turn: Turn, goal: Goal, world: World, start: Mark, good: Sequence[Executed]
) -> bool:
    """An effect that ends where the turn began (log in, log out) is proven by its call alone."""
    tool = turn.steps[goal.step].tool
    if not goal.effect or any(call.tool == tool for call in good):
        return False
    return await world.digest_at(start) == turn.digest


def _gives(value: Any, places: Sequence[str], wanted: Sequence[Any]) -> bool:
    try:
        return all(alike(paths.get(p, value), w) for p, w in zip(places, wanted, strict=True))
    except KeyError:
        return False


def _near(value: Any, present: Iterable[Any]) -> bool:
    return isinstance(value, float) and any(alike(value, other) for other in present)


async def _minimal(
    turn: Turn, world: World, start: Mark, good: Sequence[Executed]
) -> list[Executed]:
    """The attempt's calls without those whose deletion changes nothing. Restores the end state."""
    end = await world.mark()
    chain = list(good)
    for call in list(reversed(good)):
        rest = [other for other in chain if other is not call]
        if not _serves_later(call, rest, chain) and await _same_end(turn, world, start, rest):
            chain = rest
    await world.rewind(end)
    return chain


async def _same_end(turn: Turn, world: World, start: Mark, calls: Sequence[Executed]) -> bool:
    await world.rewind(start)
    again: list[Executed] = []
    for call in calls:
        observation = await world.call(call.tool, call.arguments)
        if not observation.ok:
            return False
        again.append(msgspec.structs.replace(call, value=observation.value))
    if await world.digest() != turn.digest:
        return False
    return all(reached(turn, goal, again) for goal in turn.goals)


def _serves_later(call: Executed, rest: Sequence[Executed], chain: Sequence[Executed]) -> bool:
    """Whether a later call uses a value that stands in this call's result and in no other."""
    later = chain[chain.index(call) + 1 :]
    own = {canonical(value) for value in scalars(call.value) if distinctive(value)}
    others = {canonical(value) for other in rest for value in scalars(other.value)}
    used = {canonical(value) for other in later for value in scalars(other.arguments)}
    return bool((own - others) & used)


def ungrounded(turn: Turn, executed: Sequence[Executed], context: str) -> str:
    """A value of a kept call that an output holds but no earlier context does, or "".

    `context` is the normal text of everything before the turn's first call; results join as they
    come. Catches calls that guess what they should have looked up; of calls that the trace has
    not, also numbers and identifiers that stand nowhere, and words for an option of a tool that
    the trace leaves alone (`category: groceries`, where nobody spoke of groceries). A failed call
    that made up a number, an id or a placeholder is none to learn from either.
    """
    planned = {(step.tool, canonical(step.arguments)) for step in turn.steps}
    options = {(step.tool, name) for step in turn.steps for name in step.arguments}
    tools = {step.tool for step in turn.steps}
    seen, fresh, message = context, "", -1
    hidden = {(type(v), v) for step in turn.steps for v in scalars(step.value) if distinctive(v)}
    for call in executed:
        if call.interrupted:
            continue
        if call.message != message:
            seen, fresh, message = seen + fresh, "", call.message
        if call.error:
            made_up = (v for v in scalars(list(call.arguments.values())) if _identifies(v))
            if (value := next((v for v in made_up if not stands_in(v, seen)), None)) is not None:
                return str(value)
            continue
        strange = (call.tool, canonical(call.arguments)) not in planned
        for name, argument in call.arguments.items():
            added = call.tool in tools and (call.tool, name) not in options
            for _, value in paths.leaves(argument):  # the names of a record's fields say nothing
                doubtful = (type(value), value) in hidden or (strange and _identifies(value))
                if (doubtful or (added and _says(value))) and not stands_in(value, seen):
                    return str(value)
        text = canonical(call.value)
        fresh += normal(text)
        if (plain := without_noise(text)) != text:
            fresh += normal(plain)
    return ""


def _identifies(value: Any) -> bool:
    """Values that nobody hits on by chance: larger numbers, and text with digits in it; and what
    stands for a value that is not known."""
    if isinstance(value, str) and not any(map(str.isdigit, value)):
        return _STAND_IN.fullmatch(value) is not None
    return distinctive(value)


def _says(value: Any) -> bool:
    """Values that narrow something down: a word, a number other than nought, a yes."""
    return value not in ("", 0, False, None)
