"""Users' own Python tools as a domain: `python:my_tools:make`, run in worker processes.

A call that overruns its time, ends its process, raises or returns what its schema forbids is a tool
error with a message that says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Literal

import msgspec

from fastsynth.config.environments import RESULT_LIMIT
from fastsynth.env.adapters.facts import OPAQUE, drawn_by
from fastsynth.env.adapters.found import (
    Found,
    check_settable,
    chosen,
    find,
    imported,
    initial_of,
    notes_of,
)
from fastsynth.env.adapters.masks import said_of
from fastsynth.env.adapters.patience import START
from fastsynth.env.adapters.pool import Pool
from fastsynth.env.adapters.python_session import FreshEnvironment, PythonEnvironment
from fastsynth.env.environment import Environment, Observation, Scenario, Tool
from fastsynth.env.schemas import validator
from fastsynth.errors import config_error


class PythonDomain:
    """The tools of one class, factory or module; one part, named after the module.

    `scenarios` names a function `module:function` that draws instead of the module's own.
    """

    state_check: Literal["full", "observed"] = "full"
    quickly_fresh = True
    """Whether a fresh session costs milliseconds."""
    masks = True
    """A scenario can say what is masked."""
    bounded = True
    """Arguments are drawn by all that schemas say: nobody made its values for its tools."""

    def __init__(
        self,
        target: str,
        *,
        time_limit: float = 10.0,
        start_limit: float = START,
        workers: int = 2,
        scenarios: str = "",
        hide: Sequence[str] = (),
        only: Sequence[str] = (),
        most: int = RESULT_LIMIT,
        volatile: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        """`hide` and `only` name tools or functions; where `only` is empty all are meant. `most`:
        characters of a result; `volatile`: tool -> result paths that are masked."""
        self.name = f"python:{target}"
        self._found: Found = find(target, start_limit)
        self.part = self._found.module
        self.parts = (self.part,)
        self.tools: Mapping[str, Tool] = chosen(self._found, hide, only)
        self.companions: Mapping[str, tuple[str, ...]] = {}
        self.opaque = frozenset(_opaque(self.tools))
        self.policy: Mapping[str, str] = {self.part: ""}
        self._drawn = drawing(scenarios) if scenarios else self._found.scenario
        self._initial = initial_of(self._found, start_limit)
        own = self._found.make is None and not self._found.loads
        self.example: Any = self._initial if own else None
        """The tools' own initial state, where a scenario may set it as it is."""
        self._validators = {
            name: validator(tool.result) for name, tool in self.tools.items() if tool.result
        }
        self._said = said_of(self.tools, most, volatile or {})
        self._pool = Pool(target, workers=workers, time_limit=time_limit, start_limit=start_limit)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of these tools before a run."""
        return notes_of(self._found)

    def draw(self, parts: Sequence[str], rng: Random) -> Scenario:
        drawn = drawn_by(self._drawn, self.part, self.tools, rng, self._initial)
        check_settable(self._found, drawn.state[self.part])
        if not self._said:
            return drawn
        return msgspec.structs.replace(drawn, state={**drawn.state, **self._said})

    async def open(self, parts: Sequence[str]) -> Environment:
        if tuple(parts) != self.parts:
            raise config_error(f"parts of {self.name}", list(parts), f"need {list(self.parts)}")
        return PythonEnvironment(self, self._pool.place())

    async def open_fresh(self, parts: Sequence[str]) -> Environment:
        """Like `open`, in a process where no tool ran before. Waits for one that is free."""
        return FreshEnvironment(self, await self._pool.lease(), self._pool.hand_back)

    async def close(self) -> None:
        await self._pool.close()

    def checked(self, name: str, observation: Observation) -> Observation:
        """A result that the tool's own schema forbids is the tool's error."""
        validator = self._validators.get(name)
        if not observation.ok or validator is None or validator.is_valid(observation.value):
            return observation
        error = next(iter(validator.iter_errors(observation.value)))
        place = ".".join(map(str, error.instance_path)) or "the result"
        message = f"{name} returned what its type forbids: {place}: {error.message}"
        return Observation(error="tool", message=message)


def _opaque(tools: Mapping[str, Tool]) -> list[str]:
    """Declared concepts that are given by a tool and look like ids."""
    given = {concept for tool in tools.values() for concept in tool.gives.values()}
    return [concept for concept in given if concept.rsplit("_", 1)[-1] in OPAQUE]


def drawing(target: str) -> Any:
    """The function `module:function` that draws scenarios. Raises ConfigError."""
    module, _, attribute = target.partition(":")
    found = getattr(imported(module), attribute, None)
    if not callable(found):
        raise config_error(f"scenarios: python:{target}", attribute, "need a function(rng)")
    return found
