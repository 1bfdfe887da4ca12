"""Where an attempt stands: which ground-truth calls have been made, and what comes next.

Tolerates failed calls and needless ones. Arguments that come from results of this turn are taken
from the results as they came, not as they were planned.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import msgspec

from fastsynth.env import paths
from fastsynth.method.plan import Output, Turn
from fastsynth.sim.api import ChatMessage

_FAILED = re.compile(r"\W*(error|exception|traceback|unknown tool|invalid)\b", re.IGNORECASE)
_TRIES = 2


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """One call of the attempt; `arguments` is None where they were no JSON object."""

    name: str
    arguments: dict[str, Any] | None
    content: str | None
    """What came back, None where nothing did."""


class Standing:
    """The present turn, seen from the messages after its user message."""

    def __init__(
        self, turn: Turn, made: Sequence[Made], wrong: tuple[int, dict[str, Any]] | None = None
    ) -> None:
        self.turn = turn
        self.made = made
        self.done: set[int] = set()
        self.results: dict[int, Any] = {}
        self.wrong_spent = False
        self.malformed = any(call.arguments is None for call in made)
        self._wrong = wrong
        self._failures: dict[int, int] = {}
        for call in made:
            self._take(call)

    def next(self, skip: int | None = None) -> int | None:
        """The first ground-truth step that is not done; None when all are."""
        for number in range(len(self.turn.steps)):
            if number not in self.done and number != skip:
                return number
        return None

    def independent(self, number: int) -> list[int]:
        """`number` and the undone steps right after it that need nothing of it or each other."""
        together = [number]
        steps, own = self.turn.steps, self.turn.number
        for later in range(number + 1, len(steps)):
            needed = {
                kind.step
                for kind in steps[later].sources.values()
                if isinstance(kind, Output) and kind.turn == own
            }
            moves = steps[later].mutates or any(steps[n].mutates for n in together)
            if later in self.done or moves or not needed <= self.done:
                break
            together.append(later)
        return together

    def failed_last(self) -> bool:
        """Whether the last call made failed."""
        last = self.made[-1] if self.made else None
        return last is not None and _failed(last.content, parsed(last.content), None)

    def arguments(self, number: int) -> dict[str, Any]:
        """A step's arguments, with values of this turn's results as they really came."""
        step = self.turn.steps[number]
        changed: dict[str, Any] | None = None
        for place, kind in step.sources.items():
            if not isinstance(kind, Output) or kind.turn != self.turn.number:
                continue
            value = self.results.get(kind.step, self.turn.steps[kind.step].value)
            if value is self.turn.steps[kind.step].value:
                continue
            found = paths.find(kind.path, value)
            if found:
                changed = changed or deepcopy(step.arguments)
                put(changed, place, found[0][1])
        return step.arguments if changed is None else changed

    def value(self, number: int) -> Any:
        """A step's result as it came, or as planned where it has not."""
        return self.results.get(number, self.turn.steps[number].value)

    def _take(self, call: Made) -> None:
        for number, step in enumerate(self.turn.steps):
            if number in self.done or step.tool != call.name or call.arguments is None:
                continue
            truth = self.arguments(number)
            result = call.content if isinstance(step.value, str) else parsed(call.content)
            failed = _failed(call.content, result, step.value)
            if call.arguments == truth:
                self._failures[number] = self._failures.get(number, 0) + failed
                if not failed or self._failures[number] >= _TRIES:
                    self.done.add(number)
                if not failed and same_kind(result, step.value) and result != step.value:
                    self.results[number] = result
                return
            if self._wrong == (number, call.arguments):
                self.wrong_spent = True
                if not failed:
                    self.done.add(number)
                return


def made_calls(messages: Sequence[ChatMessage]) -> list[Made]:
    """The calls after the last user message, each with what came back."""
    start = next((n for n in range(len(messages), 0, -1) if messages[n - 1].role == "user"), 0)
    recent = messages[start:]
    back = {message.tool_call_id: message.text for message in recent if message.role == "tool"}
    return [
        Made(
            name=call.function.name,
            arguments=_object(call.function.arguments),
            content=back.get(call.id),
        )
        for message in recent
        for call in message.tool_calls or ()
    ]


def put(arguments: Any, place: str, value: Any) -> None:
    """Sets the value at an argument path such as `numbers[1]` or `passenger.name`."""
    steps = paths.parse(place)
    for _, which in steps[:-1]:
        arguments = arguments[which]
    arguments[steps[-1][1]] = value


def parsed(content: str | None) -> Any:
    try:
        return msgspec.json.decode(content or "null")
    except msgspec.DecodeError:
        return content


def same_kind(result: Any, planned: Any) -> bool:
    return type(result) is type(planned)


def _object(text: str) -> dict[str, Any] | None:
    value = parsed(text)
    return value if isinstance(value, dict) else None


def _failed(content: str | None, result: Any, planned: Any) -> bool:
    if content is None or result == planned:
        return False
    if isinstance(result, dict):
        return "error" in result and not (isinstance(planned, dict) and "error" in planned)
    return isinstance(result, str) and _FAILED.match(result) is not None
