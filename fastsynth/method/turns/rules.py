"""Policy rules as predicates that run, stated to the model as one sentence of the system message.

A rule is made around a planned call, so that it forbids just that call; with another bound it
allows it: the two are twins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from fastsynth.env.environment import Tool
from fastsynth.method.deeds import deed
from fastsynth.method.plan import Rule, Step, Turn, User
from fastsynth.method.wording import words

NICE = (1, 2, 5, 10, 20, 25, 50, 100, 150, 200, 250, 300, 400, 500, 750, 1000, 1500, 2000, 2500)


def forbids(rule: Rule, tool: str, arguments: Mapping[str, Any]) -> bool:
    """Whether a call breaks the rule; a user's own is asked elsewhere (`World.forbidden`)."""
    if rule.form == "own" or tool != rule.tool or rule.parameter not in arguments:
        return False
    value = arguments[rule.parameter]
    return bool(value > rule.bound)


def own_rule(tool: str, text: str) -> Rule:
    """A user's rule, as the turn that it forbids knows it."""
    return Rule(tool=tool, parameter="", form="own", bound=None, text=text)


def rule_against(
    tools: Mapping[str, Tool], turn: Turn, before: Sequence[Turn], allow: bool, rng: Random
) -> Rule | None:
    """A rule that forbids an effect of `turn` and nothing of `before`; with `allow`, its twin.

    The twin speaks of the same argument and lets the turn pass. None where no effect has an
    argument that the user sets and a rule could speak of.
    """
    options: list[tuple[Step, str]] = [
        (step, name)
        for goal in turn.goals
        for step in (turn.steps[goal.step],)
        if goal.effect
        for name, value in step.arguments.items()
        if isinstance(step.sources.get(name), User) and _is_number(name, step)
    ]
    rng.shuffle(options)
    for step, name in options:
        pair = _rules(tools[step.tool], step, name, rng)
        if pair is None:
            continue
        forbidding, allowing = pair
        if not any(forbids(forbidding, s.tool, s.arguments) for t in before for s in t.steps):
            return allowing if allow else forbidding
    return None


def _rules(tool: Tool, step: Step, name: str, rng: Random) -> tuple[Rule, Rule] | None:
    """The rule that forbids the call, and its twin that lets it pass; drawn together."""
    value = step.arguments[name]
    below = [bound for bound in NICE if bound < value]
    above = [bound for bound in NICE if bound >= value]
    if not below or not above:
        return None
    wish = deed(tool.description, tool.name)
    low = below[-1 - int(rng.random() * min(2, len(below)))]
    high = above[min(1, len(above) - 1)]

    def rule(bound: int) -> Rule:
        text = f"Rule: do not {wish} with {words(name)} above {bound}."
        return Rule(tool=tool.name, parameter=name, form="at_most", bound=bound, text=text)

    return rule(low), rule(high)


def _is_number(name: str, step: Step) -> bool:
    value = step.arguments[name]
    return isinstance(value, int | float) and not isinstance(value, bool)
