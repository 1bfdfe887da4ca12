"""The tools a conversation shows: the needed ones, and distractors to choose among.

Near siblings of the needed ones come first; a withheld tool is not among them.
"""

from __future__ import annotations

from fastsynth.engine.quota import Job
from fastsynth.method.plan import Plan
from fastsynth.method.turns.planner import Planner
from fastsynth.seeds import derive


def visible_tools(plan: Plan, planner: Planner, job: Job) -> tuple[str, ...]:
    """The tools a conversation shows, shuffled: the needed ones, near siblings, and others."""
    graph, shape = planner.graph, planner.shape
    rng = derive(planner.seed, *planner.chance(job), "visible")
    needed = {step.tool for turn in plan.turns for step in turn.as_asked().steps}
    needed |= {need for name in tuple(needed) for need in graph.needs[name]}
    withheld = {turn.wish.tool for turn in plan.turns if turn.wish is not None}
    withheld |= {turn.withheld for turn in plan.turns}
    needed -= withheld
    of_parts = [name for name, tool in sorted(graph.tools.items()) if tool.part in plan.parts]
    others = [name for name in of_parts if name not in needed and name not in withheld]
    rng.shuffle(others)
    siblings = {neighbour for name in sorted(needed) for neighbour in graph.network[name]}
    others.sort(key=lambda name: name not in siblings or rng.random() < 0.3)
    wanted = planner.tools_wanted(job) or rng.randint(*shape.tools_visible)
    shown = sorted(needed) + others[: max(0, wanted - len(needed))]
    rng.shuffle(shown)
    return tuple(shown)
