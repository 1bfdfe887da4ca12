"""The system message of a conversation, stored in its row exactly as it is sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from fastsynth.method.plan import Plan
from fastsynth.prompts import Prompts

PARALLEL_POLICY = (
    "Make calls that do not depend on each other in one message; never calls that need a result "
    "of one another."
)


def system_message(prompts: Prompts, plan: Plan, policy: Iterable[str]) -> str:
    """What the model is told: the policies that hold, the rule of a refusal, the frozen date."""
    held = list(policy)
    held += [plan.rule.text] if plan.rule and plan.rule.form != "own" else []
    held += [PARALLEL_POLICY] if plan.parallel else []
    now = datetime.fromisoformat(plan.now)
    text, _ = prompts["system"].render(
        policy="\n".join(line for line in held if line),
        now=f"{now:%A}, {now:%Y-%m-%d}, {now:%H:%M} ({plan.now[-6:]})",
        place=plan.place,
    )
    return text
