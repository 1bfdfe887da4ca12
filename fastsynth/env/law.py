"""A user's rules for the assistant: stated to the model as text, and run as predicates on calls.

`system: {rules: python:my_tools:rules}` names a list of `Rule`, or a function that returns one.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

import msgspec

from fastsynth.env.adapters.found import imported, quiet
from fastsynth.env.environment import Domain, Scenario
from fastsynth.errors import ConfigError, boundary, config_error

PLACE = "$.system.rules"


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call that is about to be made, and where."""

    tool: str
    arguments: Mapping[str, Any]
    before: Sequence[tuple[str, Mapping[str, Any]]] = ()
    """(tool, arguments) of the calls made so far in the conversation."""
    state: Any = None
    """For `python:` environments the live object, or the module whose functions are the tools;
    to be looked at only. None elsewhere."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What the assistant must not do, in words and as a predicate."""

    text: str
    """One sentence, as the system message states it."""
    tools: tuple[str, ...]
    """The tools it speaks of: it is asked about no others."""
    forbids: Callable[[Call], bool]
    """Whether the call breaks it. Has to depend on the call alone."""


class Law:
    """All rules of a run."""

    def __init__(self, target: str, rules: Sequence[Rule]) -> None:
        self.target = target
        self.rules = tuple(rules)
        self.tools = frozenset(tool for rule in rules for tool in rule.tools)
        """The tools that any rule speaks of."""

    def broken(self, call: Call) -> int | None:
        """Number of the first rule that the call breaks. Raises ConfigError where one raises."""
        for number, rule in enumerate(self.rules):
            if call.tool not in rule.tools:
                continue
            with boundary() as caught, quiet():
                if rule.forbids(call):
                    return number
            if caught.error is not None:
                what = f"{call.tool}({dict(call.arguments)})"
                raise ConfigError(
                    f"{PLACE}[{number}]: {rule.text!r} raises {caught.error!r} on {what}"
                ) from caught.error
        return None


def load_law(target: str) -> Law:
    """The rules of `module:attribute`. Raises ConfigError."""
    name, _, attribute = target.partition(":")
    imported(name)
    found = getattr(importlib.import_module(name), attribute, None)
    if callable(found):
        with boundary() as caught, quiet():
            found = found()
        if caught.error is not None:
            raise ConfigError(f"{PLACE}: python:{target}: {caught.error!r}") from caught.error
    if not isinstance(found, list | tuple) or not all(isinstance(one, Rule) for one in found):
        raise config_error(PLACE, f"python:{target}", "need a list of fastsynth.Rule")
    return Law(target, found)


class Governed:
    """A domain under rules, at a fixed time; all else is the domain's."""

    def __init__(self, domain: Domain, law: Law | None, clock: str) -> None:
        """Raises ConfigError where a rule speaks of a tool that is not there."""
        self._domain = domain
        self._clock = clock
        self.law = law
        for number, rule in enumerate(law.rules if law else ()):
            for tool in rule.tools:
                if tool not in domain.tools:
                    known = ", ".join(sorted(domain.tools))
                    raise config_error(f"{PLACE}[{number}].tools", tool, f"need one of: {known}")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._domain, name)

    def draw(self, parts: Sequence[str], rng: Random) -> Scenario:
        drawn = self._domain.draw(parts, rng)
        return msgspec.structs.replace(drawn, now=self._clock) if self._clock else drawn
