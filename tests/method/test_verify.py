"""The verdict under mutation: what is dropped, repeated or changed does not pass as it was."""

from __future__ import annotations

from collections import Counter
from random import Random

import msgspec
import pytest
from method_stage import job, planned

from fastsynth.env.world import World
from fastsynth.method.agents import Dropped
from fastsynth.method.chain.verify import Executed, Verdict, judge, ungrounded
from fastsynth.method.forms import normal
from fastsynth.method.plan import Goal, Step, Turn, User

pytestmark = pytest.mark.anyio


async def perform(world: World, calls: list[tuple[str, dict[str, object]]]) -> list[Executed]:
    """Runs calls one a message, as an attempt does."""
    executed: list[Executed] = []
    for number, (tool, arguments) in enumerate(calls):
        before = await world.mark()
        observation = await world.call(tool, arguments)
        if not observation.ok:
            await world.rewind(before)
        executed.append(
            Executed(
                id=f"c{number}",
                tool=tool,
                arguments=world.log[-1][1] if observation.ok else arguments,
                value=observation.value,
                error="" if observation.ok else observation.message,
                message=number,
            )
        )
    return executed


def calls_of(turn: Turn) -> list[tuple[str, dict[str, object]]]:
    return [(step.tool, dict(step.arguments)) for step in turn.steps]


async def verdict_of(world: World, turn: Turn, calls: list[tuple[str, dict[str, object]]]) -> str:
    """`same`, `alternative`, or the reason of a refusal. The world is put back."""
    start = await world.mark()
    executed = await perform(world, calls)
    verdict = await judge(turn, world, start, executed)
    said = normal(" ".join(str(v) for s in turn.steps for k, v in s.arguments.items()
                           if type(s.sources.get(k)).__name__ == "User"))  # fmt: skip
    guessed = ungrounded(turn, executed, said)
    await world.rewind(start)
    if isinstance(verdict, Dropped):
        return verdict.reason
    if guessed:
        return "ungrounded_value"
    return "alternative" if verdict.alternative else "same"


@pytest.mark.parametrize("name", ["world", "bfcl"])
async def test_the_trace_itself_passes_as_itself(name: str) -> None:
    for number in range(20):
        async with planned(job(number), name) as (plan, world):
            for turn in plan.turns:
                start = await world.mark()
                executed = await perform(world, calls_of(turn))
                verdict = await judge(turn, world, start, executed)

                assert isinstance(verdict, Verdict)
                assert not verdict.alternative
                assert verdict.extra_calls == 0
                assert [c.tool for c in verdict.truth] == [s.tool for s in turn.steps]


@pytest.mark.parametrize("name", ["world", "bfcl"])
async def test_dropping_any_call_is_caught(name: str) -> None:
    """Or leaves a shorter chain that is right: then the row's truth is that chain, marked."""
    verdicts: Counter[str] = Counter()
    for number in range(30):
        async with planned(job(number), name) as (plan, world):
            for turn in plan.turns:
                calls = calls_of(turn)
                for gone in range(len(calls)):
                    rest = calls[:gone] + calls[gone + 1 :]
                    verdicts[await verdict_of(world, turn, rest)] += 1
                await perform(world, calls)

    assert verdicts["same"] == 0
    assert verdicts["alternative"] <= 0.05 * verdicts.total(), verdicts


@pytest.mark.parametrize("name", ["world", "bfcl"])
async def test_repeating_an_effect_is_caught_and_repeating_a_read_is_counted(name: str) -> None:
    for number in range(15):
        async with planned(job(number), name) as (plan, world):
            for turn in plan.turns:
                calls = calls_of(turn)
                for twice, step in enumerate(turn.steps):
                    more = [*calls[: twice + 1], calls[twice], *calls[twice + 1 :]]
                    start = await world.mark()
                    executed = await perform(world, more)
                    extra = await judge(turn, world, start, executed)
                    await world.rewind(start)

                    if isinstance(extra, Verdict):  # a read, or an effect that is there already
                        assert extra.extra_calls + len(extra.recovered) == 1
                    else:
                        assert step.mutates
                await perform(world, calls)


@pytest.mark.parametrize("name", ["world", "bfcl"])
async def test_a_changed_argument_is_caught(name: str) -> None:
    rng = Random(7)
    verdicts: Counter[str] = Counter()
    for number in range(30):
        async with planned(job(number), name) as (plan, world):
            for turn in plan.turns:
                calls = calls_of(turn)
                for at, (tool, arguments) in enumerate(calls):
                    changed = _changed(arguments, rng)
                    if changed is not None and turn.steps[at].mutates:
                        mutated = [*calls[:at], (tool, changed), *calls[at + 1 :]]
                        verdicts[await verdict_of(world, turn, mutated)] += 1
                await perform(world, calls)

    assert verdicts["same"] == 0
    # BFCL's travel log-in takes any name: another one ends in the same state by another chain.
    assert verdicts["alternative"] <= 0.05 * verdicts.total(), verdicts
    assert verdicts.total() > 20


def _changed(arguments: dict[str, object], rng: Random) -> dict[str, object] | None:
    names = [k for k, v in arguments.items() if isinstance(v, str | int | float)]
    names = [k for k in names if not isinstance(arguments[k], bool)]
    if not names:
        return None
    name = rng.choice(names)
    value = arguments[name]
    other = value + "x" if isinstance(value, str) else value + 1  # type: ignore[operator]
    return {**arguments, name: other}


async def test_a_failed_call_that_moved_the_state_is_refused() -> None:
    async with planned(job(0)) as (plan, world):
        turn = plan.turns[0]
        start = await world.mark()
        executed = await perform(world, calls_of(turn))
        moved = msgspec.structs.replace(executed[0], error="broken", moved=True)
        verdict = await judge(turn, world, start, [moved, *executed])

        assert isinstance(verdict, Dropped)
        assert verdict.reason == "failed_call_moved_state"


async def test_an_effect_that_ends_where_it_began_needs_its_call() -> None:
    """A log-in and a log-out leave no trace in the state: doing nothing would pass."""
    async with planned(job(0)) as (plan, world):
        turn = next(turn for turn in plan.turns if any(goal.effect for goal in turn.goals))
        for before in plan.turns[: turn.number]:
            await perform(world, calls_of(before))
        start = await world.mark()
        idle = msgspec.structs.replace(turn, digest=await world.digest())

        verdict = await judge(idle, world, start, [])

        assert isinstance(verdict, Dropped)
        assert verdict.reason == "missing_result"


async def test_calls_of_one_message_see_no_results_of_it() -> None:
    """A value that a call of the same message looked up was guessed."""
    async with planned(job(0, "base")) as (_, _):
        pass
    for number in range(20):
        async with planned(job(number)) as (plan, world):
            for turn in plan.turns:
                calls = calls_of(turn)
                executed = await perform(world, calls)
                together = [msgspec.structs.replace(c, message=0) for c in executed]
                apart = ungrounded(turn, executed, normal(str(calls)))
                assert apart == ""
                feeds = any(
                    type(s).__name__ == "Output" and s.turn == turn.number and s.choice is None
                    for step in turn.steps
                    for s in step.sources.values()
                )
                if feeds and ungrounded(turn, executed, "") == "":
                    assert ungrounded(turn, together, "") != ""
                    return
    pytest.skip("no turn fed by an undoubted value in these jobs")


def test_an_option_that_nobody_spoke_of_is_a_guess() -> None:
    statement = Step(
        value={"spent": 0.0},
        tool="get_statement",
        arguments={"account": "Away"},
        sources={"account": User()},
    )
    turn = Turn(
        number=0,
        kind="base",
        target="get_statement",
        steps=(statement,),
        goals=(Goal(step=0, effect=False, paths=("spent",)),),
        digest="",
    )

    def guessed(said: str, **more: object) -> str:
        call = Executed(
            id="c0", tool="get_statement", arguments={"account": "Away", **more}, value={}
        )
        return ungrounded(turn, [call], normal(said))

    assert guessed("What was spent from Away?") == ""
    assert guessed("What was spent from Away?", category="groceries") == "groceries"
    assert guessed("What was spent from Away on groceries?", category="groceries") == ""
    assert guessed("What was spent from Away?", limit=10) == "10"
    assert guessed("What was spent from Away?", limit=0, category="") == ""


def test_a_failed_call_may_not_make_up_what_it_should_look_up() -> None:
    pay = Step(tool="pay", arguments={"id": "bl_1"}, sources={}, value={})
    turn = Turn(number=0, kind="base", target="pay", steps=(pay,), goals=(), digest="")

    def guessed(interrupted: bool = False, **arguments: object) -> str:
        call = Executed(
            id="c0", tool="pay", arguments=arguments, error="not found", interrupted=interrupted
        )
        return ungrounded(turn, [call], normal("Pay bill 4711 of Ada."))

    assert guessed(id="12345") == "12345"
    assert guessed(id="your_bill_id") == "your_bill_id"
    assert guessed(id="4711") == ""
    assert guessed(user="Ada") == ""
    assert guessed(id="12345", interrupted=True) == ""
