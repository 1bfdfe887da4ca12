"""Plans keep to a user's rules; refusals are planned around a call that one of them forbids."""

from __future__ import annotations

from functools import lru_cache

import pytest

from fastsynth.engine.quota import Job
from fastsynth.env.law import Call, Governed, Law, Rule
from fastsynth.env.registry import open_domain
from fastsynth.env.world import living
from fastsynth.method.graph.graph import build_graph
from fastsynth.method.plan import Plan
from fastsynth.method.turns.planner import Planner, Shape
from fastsynth.records import canonical

pytestmark = pytest.mark.anyio
SMALL = Rule(
    text="No budget above 300.",
    tools=("set_budget",),
    forbids=lambda call: float(call.arguments["limit"]) > 300,
)


@lru_cache(maxsize=2)
def planner(governed: bool) -> Planner:
    domain = open_domain("world:wallet")
    ruled = Governed(domain, Law("m:rules", [SMALL]), "") if governed else domain
    return Planner(ruled, build_graph(ruled), Shape(turns=(2, 3)), 1)


async def plans(stratum: str, count: int, *, governed: bool = True) -> list[Plan]:
    made = planner(governed)
    found = []
    for number in range(count):
        job = Job(number, stratum, number)
        setting = made.setting(job)
        async with living(made.domain, setting.parts, setting.scenario.state) as world:
            found.append(await made.plan(job, setting, world))
    return found


def forbidden(plan: Plan, *, drafts: bool = False) -> list[str]:
    steps = [s for t in plan.turns for s in (t.draft if drafts else t.steps)]
    calls = [Call(tool=step.tool, arguments=step.arguments) for step in steps]
    return [canonical(call.arguments) for call in calls if call.tool in SMALL.tools
            and SMALL.forbids(call)]  # fmt: skip


async def test_no_plan_holds_a_forbidden_call() -> None:
    free = await plans("base", 40, governed=False)
    kept = await plans("base", 40)

    assert sum(map(len, map(forbidden, free))) > 0
    assert sum(map(len, map(forbidden, kept))) == 0


async def test_a_refusal_asks_for_what_a_rule_forbids_and_its_twin_for_what_none_does() -> None:
    made = await plans("refusal", 24)
    refusals = [plan for plan in made[::2] if plan.turns and plan.turns[-1].kind == "refusal"]
    twins = [plan for plan in made[1::2] if len(plan.turns) >= 2]

    assert len(refusals) >= 3
    for plan in refusals:
        last = plan.turns[-1]
        assert last.rule is not None
        assert (last.rule.text, last.rule.form) == (SMALL.text, "own")
        assert len(forbidden(plan, drafts=True)) == 1
        assert last.steps == ()
        assert last.digest == plan.turns[-2].digest
    for plan in twins:
        assert not forbidden(plan)
        assert plan.rule is None


async def test_without_rules_plans_are_as_they_were() -> None:
    domain = open_domain("world:wallet")
    lawless = Governed(domain, None, "")
    made = Planner(lawless, build_graph(lawless), Shape(turns=(2, 3)), 1)
    job = Job(5, "base", 5)
    setting = made.setting(job)
    async with living(lawless, setting.parts, setting.scenario.state) as world:
        plan = await made.plan(job, setting, world)

    assert plan == (await plans("base", 6, governed=False))[5]
