"""Phase I: what every plan promises, over many jobs of real domains."""

from __future__ import annotations

import msgspec
import pytest
from method_stage import domain, graph, job, planned, planner, plans

from fastsynth.env import paths
from fastsynth.method.conversation.distractors import visible_tools
from fastsynth.method.kinds import NO_CALLS, is_plain_twin, suits
from fastsynth.method.plan import Output, Plan, User, plan_hash
from fastsynth.records import canonical

pytestmark = pytest.mark.anyio
DOMAINS = ("world", "bfcl")
KINDS = ("missing_parameter", "missing_function", "refusal", "parallel", "error_recovery",
         "merged", "split", "no_tool")  # fmt: skip


@pytest.mark.parametrize("name", DOMAINS)
async def test_a_plan_replays_from_the_start_with_the_same_results_and_states(name: str) -> None:
    for number in range(25):
        async with planned(job(number), name) as (plan, world):
            for turn in plan.turns:
                for step in turn.steps:
                    observation = await world.call(step.tool, step.arguments)

                    assert observation.ok, observation.message
                    assert observation.value == step.value
                assert await world.digest() == turn.digest


@pytest.mark.parametrize("name", DOMAINS)
async def test_planning_leaves_the_world_as_it_was(name: str) -> None:
    made = planner(name)
    for number in range(10):
        async with planned(job(number), name) as (_, world):
            after = await world.digest()
        setting = made.setting(job(number))
        async with planned(job(number), name) as (_, _), _fresh(name, setting) as untouched:
            assert after == await untouched.digest()


def _fresh(name: str, setting):  # type: ignore[no-untyped-def]
    from fastsynth.env.world import living

    return living(domain(name), setting.parts, setting.scenario.state)


@pytest.mark.parametrize("name", DOMAINS)
async def test_every_output_source_names_the_place_its_value_stands_in(name: str) -> None:
    for plan in await plans(40, name=name):
        turns = {turn.number: turn for turn in plan.turns}
        for turn in plan.turns:
            for step in turn.steps:
                for place, source in step.sources.items():
                    if isinstance(source, Output):
                        told = paths.get(source.path, turns[source.turn].steps[source.step].value)

                        assert told == paths.get(place, step.arguments)


@pytest.mark.parametrize("name", DOMAINS)
async def test_every_scalar_argument_has_a_source(name: str) -> None:
    for plan in await plans(40, name=name):
        for turn in plan.turns:
            for step in turn.steps:
                places = {place for place, _ in paths.leaves(step.arguments)}

                assert {p for p in places if p} <= set(step.sources) | {""}


@pytest.mark.parametrize("name", DOMAINS)
async def test_opaque_values_come_from_outputs_or_were_told_before(name: str) -> None:
    known = graph(name)
    for plan in await plans(40, name=name):
        told: set[str] = set()
        for turn in plan.turns:
            for step in turn.steps:
                takes = known.profiles[step.tool].takes
                for place, source in step.sources.items():
                    if takes.get(place) in known.opaque and isinstance(source, User):
                        assert canonical(step.arguments[place]) in told
            told |= {
                canonical(paths.get(path, turn.steps[goal.step].value))
                for goal in turn.goals
                for path in goal.paths
            }


async def test_no_turn_does_and_undoes() -> None:
    tools = domain().tools
    for plan in await plans(60):
        for turn in plan.turns:
            called = {step.tool for step in turn.steps}

            assert not any(set(tools[name].undoes) & called for name in called)


async def test_every_step_serves_a_goal() -> None:
    """Cut to the backward slice: a step is a goal, feeds a later step, or opens a session."""
    known = graph()
    for plan in await plans(60):
        for turn in plan.turns:
            goals = {goal.step for goal in turn.goals}
            fed = {
                source.step
                for step in turn.steps
                for source in step.sources.values()
                if isinstance(source, Output) and source.turn == turn.number
            }
            for number, step in enumerate(turn.steps):
                opens = any(step.tool in known.needs[later.tool] for later in turn.steps[number:])

                assert number in goals or number in fed or opens


@pytest.mark.parametrize("name", DOMAINS)
async def test_no_read_repeats_a_result_of_the_conversation(name: str) -> None:
    for plan in await plans(40, name=name):
        seen: set[str] = set()
        for turn in plan.turns:
            for step in turn.steps:
                result = canonical(step.value)

                assert step.mutates or result not in seen
                seen.add(result)


async def test_the_same_job_gives_the_same_plan_and_another_job_another() -> None:
    once, again = await plans(20), await plans(20)

    assert list(map(plan_hash, once)) == list(map(plan_hash, again))
    assert len(set(map(plan_hash, once))) == 20


async def test_a_refusal_has_a_tool_that_a_rule_can_forbid() -> None:
    made = planner("bfcl")
    tools = made.domain.tools.values()
    able = {tool.part for tool in tools if suits("refusal", tool, made.graph)}
    drawn = [set(made.setting(job(number, "refusal")).parts) for number in range(60)]

    assert 0 < len(able) < len(made.domain.parts)
    assert all(parts & able for parts in drawn)


@pytest.mark.parametrize("stratum", KINDS)
async def test_a_kind_has_its_special_turn_where_the_outline_says(stratum: str) -> None:
    made = planner()
    found = 0
    for number in range(0, 24, 2):
        one = job(number, stratum)
        async with planned(one) as (plan, _):
            kinds = [turn.kind for turn in plan.turns]
        special = made.outline(one).special
        if special is not None and special < len(kinds):
            found += kinds[special] == stratum

    assert found >= 4


@pytest.mark.parametrize("stratum", sorted(NO_CALLS))
async def test_turns_without_calls_keep_the_state_they_find(stratum: str) -> None:
    for plan in await plans(16, stratum):
        for before, turn in zip(plan.turns, plan.turns[1:], strict=False):
            if turn.kind in NO_CALLS:
                assert turn.digest == before.digest
                assert turn.steps == ()


async def _pair(stratum: str, pair: int) -> tuple[Plan, Plan]:
    found = []
    for index in (2 * pair, 2 * pair + 1):
        async with planned(job(index, stratum)) as (plan, _):
            found.append(plan)
    return found[0], found[1]


@pytest.mark.parametrize("stratum", ["missing_parameter", "missing_function", "refusal"])
async def test_twins_are_alike_up_to_the_decisive_turn(stratum: str) -> None:
    compared = 0
    for pair in range(8):
        special, plain = await _pair(stratum, pair)
        assert is_plain_twin(job(2 * pair + 1, stratum))
        at = next((n for n, t in enumerate(special.turns) if t.kind == stratum), None)
        if at is None or at >= len(plain.turns):
            continue
        compared += 1
        asked = special.turns[at].as_asked()

        assert special.thread == plain.thread
        assert special.turns[:at] == plain.turns[:at]
        assert [(s.tool, s.arguments) for s in asked.steps] == [
            (s.tool, s.arguments) for s in plain.turns[at].steps
        ]

    assert compared >= 3


async def test_the_withheld_tool_is_not_shown_and_the_needed_ones_are() -> None:
    made = planner()
    for number in range(0, 16, 2):
        one = job(number, "missing_function")
        async with planned(one) as (plan, _):
            shown = visible_tools(plan, made, one)
        withheld = {turn.withheld for turn in plan.turns if turn.withheld}
        needed = {step.tool for turn in plan.turns for step in turn.steps} - withheld

        assert not withheld & set(shown)
        assert needed <= set(shown)
        assert len(shown) == len(set(shown))


async def test_a_plan_survives_the_wire() -> None:
    for plan in await plans(5):
        assert msgspec.json.decode(msgspec.json.encode(plan), type=Plan) == plan
