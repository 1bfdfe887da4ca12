"""Mutation tests of the verifier: accepted rows with one thing changed, and who notices.

A mutated row is judged twice: `replay` as `fastsynth verify` does (recorded results and states),
and `verdict` as if the changed turn had been an attempt (its calls run anew; state, goals,
grounding, answer). What survives is told by class. `unchanged` is the control: none may be caught.
Usage: `fastsynth bench mutations [--json FILE] [-- --rows N --environment world]`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import anyio
import msgspec

from fastsynth.engine.quota import Job
from fastsynth.env.environment import Domain
from fastsynth.env.registry import domain_of_row
from fastsynth.env.world import World, check_arguments, living
from fastsynth.method.agents import Dropped
from fastsynth.method.chain.answer import goal_fault
from fastsynth.method.chain.chain import Effort
from fastsynth.method.chain.claims import Ground, claim_fault
from fastsynth.method.chain.verify import Executed, Verdict, judge, ungrounded
from fastsynth.method.conversation.rows import turns_of
from fastsynth.method.forms import normal
from fastsynth.method.plan import Goal, Interruption, Step, Turn
from fastsynth.records import Accepted, Call, Conversation, Message, ToolCall, canonical
from fastsynth.replay import Verifier
from fastsynth.seeds import derive
from fastsynth.sim.inprocess import studio, teacher_chat
from fastsynth.sim.teacher.mistakes import Mistakes
from fastsynth.synthesis import synthesize

STRATA = ("base", "base", "base", "parallel", "merged", "error_recovery")
NUMBER = re.compile(r"(?<![\w.,:/-])\d[\d,]*(?:\.\d+)?(?![\w:/-])")
AGAIN = "again0000"
"""Id of a duplicated call."""
Row = dict[str, Any]
replace = msgspec.structs.replace


class Acted(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded call: where it and its result stand in its turn's messages."""

    message: int
    place: int
    result: int
    call: ToolCall


class Changed(msgspec.Struct, frozen=True, kw_only=True):
    """A row's turn after a mutation, and the ground truth that goes with it."""

    messages: list[Message]
    truth: tuple[Call, ...]


def acts(messages: Sequence[Message]) -> list[Acted]:
    results = {m.tool_call_id: n for n, m in enumerate(messages) if m.role == "tool"}
    return [
        Acted(message=n, place=k, result=results[call.id], call=call)
        for n, message in enumerate(messages)
        for k, call in enumerate(message.tool_calls)
    ]


def truth_at(truth: Sequence[Call], call: ToolCall) -> int | None:
    wanted = msgspec.json.decode(call.arguments or "{}")
    for n, one in enumerate(truth):
        if one.name == call.name and msgspec.json.decode(one.arguments) == wanted:
            return n
    return None


def put(messages: list[Message], act: Acted, call: ToolCall) -> None:
    calls = list(messages[act.message].tool_calls)
    calls[act.place] = call
    messages[act.message] = replace(messages[act.message], tool_calls=tuple(calls))
    messages[act.result] = replace(messages[act.result], tool_call_id=call.id, name=call.name)


def unchanged(turn: Changed, rng: Random, row: Conversation, domain: Domain) -> Changed | None:
    return turn


def drop(turn: Changed, rng: Random, row: Conversation, domain: Domain) -> Changed | None:
    act, at = _one(turn, rng, row)
    messages = list(turn.messages)
    left = tuple(c for c in messages[act.message].tool_calls if c.id != act.call.id)
    messages[act.message] = replace(messages[act.message], tool_calls=left)
    gone = {act.result} | (set() if left else {act.message})
    kept = [message for n, message in enumerate(messages) if n not in gone]
    return Changed(messages=kept, truth=(*turn.truth[:at], *turn.truth[at + 1 :]))


def duplicate(turn: Changed, rng: Random, row: Conversation, domain: Domain) -> Changed | None:
    act, at = _one(turn, rng, row)
    again = replace(act.call, id=AGAIN)
    said = Message(role="assistant", tool_calls=(again,))
    result = replace(turn.messages[act.result], tool_call_id=again.id)
    last = max(a.result for a in acts(turn.messages) if a.message == act.message)
    messages = [*turn.messages[: last + 1], said, result, *turn.messages[last + 1 :]]
    return Changed(messages=messages, truth=(*turn.truth[: at + 1], *turn.truth[at:]))


def reorder(turn: Changed, rng: Random, row: Conversation, domain: Domain) -> Changed | None:
    found = [a for a in acts(turn.messages) if truth_at(turn.truth, a.call) is not None]
    if len(found) < 2:
        return None
    n = rng.randrange(len(found) - 1)
    one, two = found[n], found[n + 1]
    messages = list(turn.messages)
    contents = messages[one.result].content, messages[two.result].content
    put(messages, one, two.call)
    put(messages, two, one.call)
    messages[one.result] = replace(messages[one.result], content=contents[1])
    messages[two.result] = replace(messages[two.result], content=contents[0])
    truth = list(turn.truth)
    a, b = truth_at(truth, one.call), truth_at(truth, two.call)
    assert a is not None
    assert b is not None
    truth[a], truth[b] = truth[b], truth[a]
    return Changed(messages=messages, truth=tuple(truth))


def retarget(turn: Changed, rng: Random, row: Conversation, domain: Domain) -> Changed | None:
    """Another tool of the row that takes the same arguments, by its schema."""
    act, at = _one(turn, rng, row)
    arguments = msgspec.json.decode(act.call.arguments or "{}")
    shown = [tool["function"]["name"] for tool in json.loads(row.tools)]
    fitting = [
        name
        for name in shown
        if name != act.call.name and not check_arguments(domain.tools[name], arguments)
    ]
    if not fitting:
        return None
    return _with(turn, act, at, replace(act.call, name=rng.choice(fitting)))


def argument(turn: Changed, rng: Random, row: Conversation, domain: Domain) -> Changed | None:
    """One scalar argument another value of its type, still as the schema wants it."""
    act, at = _one(turn, rng, row)
    arguments = msgspec.json.decode(act.call.arguments or "{}")
    options = []
    for name, value in arguments.items():
        for other in _others(value, domain.tools[act.call.name].parameters, name):
            changed = {**arguments, name: other}
            if not check_arguments(domain.tools[act.call.name], changed):
                options.append(changed)
    if not options:
        return None
    return _with(turn, act, at, replace(act.call, arguments=canonical(rng.choice(options))))


def swap_results(turn: Changed, rng: Random, row: Conversation, domain: Domain) -> Changed | None:
    places = [a.result for a in acts(turn.messages)]
    pairs = [
        (a, b)
        for n, a in enumerate(places)
        for b in places[n + 1 :]
        if turn.messages[a].content != turn.messages[b].content
    ]
    if not pairs:
        return None
    a, b = rng.choice(pairs)
    messages = list(turn.messages)
    messages[a], messages[b] = (
        replace(messages[a], content=messages[b].content),
        replace(messages[b], content=messages[a].content),
    )
    return replace(turn, messages=messages)


def answer_number(turn: Changed, rng: Random, row: Conversation, domain: Domain) -> Changed | None:
    answer = turn.messages[-1].content or ""
    found = list(NUMBER.finditer(answer))
    if not found:
        return None
    one = rng.choice(found)
    value = float(one.group().replace(",", ""))
    other = f"{value + rng.choice((1, 3, 10, 100)):.10g}"
    changed = answer[: one.start()] + other + answer[one.end() :]
    return replace(
        turn, messages=[*turn.messages[:-1], replace(turn.messages[-1], content=changed)]
    )


ALTERNATIVES = {
    "drop": "all it gave stands elsewhere: the shorter chain becomes the truth, marked",
    "duplicate": "a chain of its own with the same effect and goals, marked",
    "reorder": "a chain of its own with the same effect and goals, marked",
    "retarget": "another tool gives the same: becomes the truth, marked",
    "argument": "with another argument the tool does and gives the same: becomes the truth, marked",
}
Mutation = Callable[[Changed, Random, Conversation, Domain], Changed | None]
MUTATIONS: tuple[Mutation, ...] = (
    unchanged,
    drop,
    duplicate,
    reorder,
    retarget,
    argument,
    swap_results,
    answer_number,
)


def _one(turn: Changed, rng: Random, row: Conversation) -> tuple[Acted, int]:
    """A recorded call of the ground truth, one that really ran."""
    ran = [a for a in acts(turn.messages) if a.call.id not in row.interrupted_calls]
    found = [(a, truth_at(turn.truth, a.call)) for a in ran]
    return rng.choice([(act, at) for act, at in found if at is not None])


def _with(turn: Changed, act: Acted, at: int, call: ToolCall) -> Changed:
    messages = list(turn.messages)
    put(messages, act, call)
    arguments = canonical(msgspec.json.decode(call.arguments or "{}"))
    truth = (*turn.truth[:at], Call(name=call.name, arguments=arguments), *turn.truth[at + 1 :])
    return Changed(messages=messages, truth=truth)


def _others(value: Any, parameters: dict[str, Any], name: str) -> list[Any]:
    schema = parameters.get("properties", {}).get(name, {})
    if schema.get("enum"):
        return [other for other in schema["enum"] if other != value]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, value * 2 or 2]
    return [value + "x", value[:-1]] if isinstance(value, str) and len(value) > 1 else []


async def planned_turn(row: Conversation, number: int, world: World) -> Turn:
    """The turn that the row's ground truth stands for; the world is put to its start."""
    steps: list[Step] = []
    for n in range(number + 1):
        if n == number:
            start = await world.mark()
        for call in row.ground_truth[n]:
            observation = await world.call(call.name, msgspec.json.decode(call.arguments))
            if n == number:
                given = world.log[-1][1]
                steps.append(
                    Step(tool=call.name, arguments=given, sources={}, value=observation.value)
                )
    await world.rewind(start)
    goals = msgspec.json.decode(row.goals, type=list[list[Goal]])[number]
    return Turn(
        number=number,
        kind=row.kinds[number],
        target=row.targets[number],
        steps=tuple(steps),
        goals=tuple(goals),
        digest=row.digests[number],
    )


async def run_calls(
    world: World, messages: Sequence[Message], interrupted: Sequence[str]
) -> list[Executed]:
    """The calls of a turn as an attempt would have run them."""
    executed: list[Executed] = []
    for act in acts(messages):
        arguments = msgspec.json.decode(act.call.arguments or "{}")
        broken = act.call.id in interrupted
        before = await world.mark()
        seen = None if broken else await world.call(act.call.name, arguments)
        ok = seen is not None and seen.ok
        if not ok:
            await world.rewind(before)
        executed.append(
            Executed(
                id=act.call.id,
                tool=act.call.name,
                arguments=world.log[-1][1] if ok else arguments,
                value=seen.value if seen is not None else None,
                error="" if ok else (seen.message if seen is not None else "interrupted"),
                interrupted=broken,
                message=act.message,
            )
        )
    return executed


async def verdict(
    row: Conversation, number: int, changed: Changed, domain: Domain, parts: Sequence[str]
) -> Dropped | Verdict:
    """The method's word on the turn as it now is."""
    state = msgspec.json.decode(row.scenario)
    turns = list(turns_of(row.messages))
    async with living(domain, parts, state) as world:
        turn = await planned_turn(row, number, world)
        if any(c.id in row.interrupted_calls for m in turns[number] for c in m.tool_calls):
            turn = replace(turn, interruptions=(Interruption(tool="", message=""),))
        start = await world.mark()
        executed = await run_calls(world, changed.messages, row.interrupted_calls)
        found = await judge(turn, world, start, executed)
    if isinstance(found, Dropped):
        return found
    earlier = [message for told in turns[:number] for message in told]
    heard = [row.messages[0], *earlier, turns[number][0]]
    told = " ".join(message.content or "" for message in heard)
    guessed = ungrounded(turn, executed, normal(told))
    if guessed:
        return Dropped(stage="chain", reason="ungrounded_value", detail=guessed)
    context: list[Any] = [[call.arguments, call.value] for call in executed]
    context += [call.arguments for message in earlier for call in message.tool_calls]
    ground = Ground(
        before=heard,
        seen=context,
        called=[call.tool for call in executed if not call.error],
        effect=any(goal.effect for goal in turn.goals),
    )
    answer = changed.messages[-1].content or ""
    return goal_fault(turn, answer) or claim_fault(answer, ground) or found


def survivor_class(
    name: str, row: Conversation, found: Verdict, changed: Changed, domain: Domain
) -> str:
    """What kind of change it was that the verdict let pass."""
    if name == "swap_results":
        return "results are compared by replay, not by the verdict"
    if name == "answer_number":
        return "the number stands elsewhere in results or conversation, or counts to 20"
    if found.alternative:
        return ALTERNATIVES[name]
    if len(found.recovered) > len(set(found.recovered) & set(row.errors_recovered)):
        return "the changed call fails and changes nothing: flagged as recovered"
    if name == "reorder":
        return "order of independent calls"
    if name == "duplicate":
        calls = [call for message in changed.messages for call in message.tool_calls]
        again = next(call for call in calls if call.id == AGAIN)
        if domain.tools[again.name].mutates:
            return "an effect that is there already: counted as extra"
        return "a read made twice: counted as extra"
    return "" if name == "unchanged" else "a call that no goal needs: counted as extra"


async def accepted(environment: str, wanted: int, seed: int) -> list[Conversation]:
    """Rows whose truth is the trace: goals name steps of it, which alternative rows do not keep."""
    made = studio(environment, teacher_chat(Mistakes()), Effort(), seed)
    rows: list[Conversation] = []
    number = 0
    while len(rows) < wanted:
        outcome = await synthesize(Job(number, STRATA[number % len(STRATA)], number), made)
        if isinstance(outcome, Accepted) and not outcome.conversation.difficulty.alternative:
            rows.append(outcome.conversation)
        number += 1
    return rows


async def measure(environment: str, wanted: int, seed: int) -> list[Row]:
    rows = await accepted(environment, wanted, seed)
    verifier = Verifier()
    clean = sum([not await verifier.check(row) for row in rows])
    found: list[Row] = []
    for mutation in MUTATIONS:
        start = time.perf_counter()
        tally = await _apply(mutation, rows, verifier, seed)
        found.append(
            {
                "benchmark": "mutations",
                "subject": mutation.__name__,
                "environment": environment,
                "rows": len(rows),
                "rows_clean": clean,
                **tally,
                "seconds": round(time.perf_counter() - start, 2),
            }
        )
    await verifier.close()
    return found


async def _apply(
    mutation: Mutation, rows: Sequence[Conversation], verifier: Verifier, seed: int
) -> Row:
    """One mutant of every row that has a place for it."""
    name = mutation.__name__
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    survivors: Counter[str] = Counter()
    for n, row in enumerate(rows):
        rng = derive(seed, n, name)
        turns = list(turns_of(row.messages))
        number = rng.choice([k for k, truth in enumerate(row.ground_truth) if truth])
        domain, parts = domain_of_row(row.environment)
        whole = Changed(messages=turns[number], truth=row.ground_truth[number])
        changed = mutation(whole, rng, row, domain)
        if changed is None:
            continue
        by_replay = bool(await verifier.check(mutant(row, number, turns, changed)))
        judged = await verdict(row, number, changed, domain, parts)
        counts.update({"mutants": 1, "replay": by_replay})
        if isinstance(judged, Dropped):
            counts.update(("verdict", "caught"))
            reasons[judged.reason] += 1
            continue
        text = survivor_class(name, row, judged, changed, domain)
        passed[text] += 1
        counts["caught"] += by_replay
        survivors[text] += not by_replay
    return {
        "mutants": counts["mutants"],
        "caught": counts["caught"],
        "survived": counts["mutants"] - counts["caught"],
        "survivors": dict((+survivors).most_common()),
        "caught_by_replay": counts["replay"],
        "caught_by_verdict": counts["verdict"],
        "verdict_reasons": dict(reasons.most_common()),
        "passed_the_verdict": dict(passed.most_common()),
    }


def mutant(
    row: Conversation, number: int, turns: Sequence[list[Message]], changed: Changed
) -> Conversation:
    """The row with one turn changed, ground truth and messages alike."""
    head = row.messages[: len(row.messages) - sum(map(len, turns))]
    body = [m for k, turn in enumerate(turns) for m in (changed.messages if k == number else turn)]
    truth = list(row.ground_truth)
    truth[number] = changed.truth
    return replace(row, messages=(*head, *body), ground_truth=tuple(truth))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200, help="accepted rows of each environment")
    parser.add_argument("--environment", action="append", help="default: world and bfcl")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the rows there as well")
    given = parser.parse_args()
    lines = []
    for environment in given.environment or ("world", "bfcl"):
        for row in anyio.run(measure, environment, given.rows, given.seed):
            lines.append(json.dumps(row) + "\n")
            sys.stdout.write(lines[-1])
            sys.stdout.flush()
    if given.json:
        given.json.write_text("".join(lines))


if __name__ == "__main__":
    main()
