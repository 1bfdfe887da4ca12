"""The tooling agent (paper, section 3.2): folds a trace into one composite "advanced tool"."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from fastsynth.env.environment import Tool
from fastsynth.method.agents import Agents, Dropped, Place
from fastsynth.method.forms import normal, stands_in
from fastsynth.method.plan import Turn
from fastsynth.method.query.guards import distinctive
from fastsynth.method.script import AdvancedDraft, Cue
from fastsynth.method.wording import goal_text, hidden_values, step_text, user_values


class Advanced(msgspec.Struct, frozen=True, kw_only=True):
    """T_adv: what the turn amounts to, with the steps and intermediate values hidden."""

    name: str = ""
    description: str = ""
    purpose: str = ""


async def compose(
    agents: Agents, turn: Turn, tools: Mapping[str, Tool], script: Cue, again: int
) -> Advanced | Dropped:
    """One composite tool for the turn, or why there is none: no token of a query is spent then."""
    variables = {
        "calls": [step_text(step) for step in turn.steps],
        "goals": [goal_text(tools, turn, goal) for goal in turn.goals],
        "inputs": [f"{name}: {value}" for name, value in user_values(turn)],
    }
    place = Place(turn=turn.number, attempt=again)
    draft = await agents.draft(AdvancedDraft, "writer", "advanced", variables, place, script)
    if isinstance(draft, Dropped):
        return draft
    if not draft.purposeful and (len(turn.goals) > 1 or not draft.name.strip()):
        return Dropped(stage="advanced", reason="purposeless", detail=draft.purpose)
    if not (draft.purpose.strip() and draft.name.strip() and draft.description.strip()):
        return Dropped(stage="advanced", reason="empty_field", detail=str(draft))
    hidden = [value for value in hidden_values(turn) if distinctive(value)]
    shown = normal(f"{draft.purpose} {draft.description}") if hidden else ""
    for value in hidden:
        if stands_in(value, shown):
            return Dropped(stage="advanced", reason="hidden_value", detail=str(value))
    return Advanced(name=draft.name, description=draft.description, purpose=draft.purpose)
