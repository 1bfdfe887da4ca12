"""What a conversation has produced and said so far, by concept: where arguments come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from fastsynth.env import paths
from fastsynth.env.environment import Scenario, Tool
from fastsynth.method.graph.graph import ApiGraph
from fastsynth.method.plan import Choice, Step, Turn, User
from fastsynth.method.walk.choice import Elements, element
from fastsynth.records import canonical

MOST_ELEMENTS = 24
LONGEST = 2000
"""Characters of a text that could still be an argument: nobody passes on a whole file."""
MANY = 60
"""Elements of a result from which those remembered are spread over all of it."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A value that stands in a result."""

    value: Any
    concept: str
    turn: int
    step: int
    path: str
    tool: str


class Memory:
    """Values produced by executed steps, and values the user has said or was told."""

    def __init__(self, graph: ApiGraph, scenario: Scenario) -> None:
        self._graph = graph
        self.scenario = scenario
        self.turns: list[list[Step]] = []
        self.items: dict[str, list[Item]] = {}
        self.said: dict[str, list[Any]] = {}
        self.entities = frozenset(map(canonical, scenario.thread.entities))
        """What the conversation is about, as JSON text."""
        self._facts: dict[str, dict[str, Any]] = {}
        """Concept -> the scenario's facts under their JSON text."""
        self._elements: dict[tuple[int, str], Elements] = {}
        self._texts: dict[int, tuple[Step, str]] = {}

    def copy(self) -> Memory:
        twin = Memory(self._graph, self.scenario)
        twin._facts, twin._elements, twin._texts = self._facts, self._elements, self._texts
        twin.turns = [list(steps) for steps in self.turns]
        twin.items = {concept: list(items) for concept, items in self.items.items()}
        twin.said = {concept: list(values) for concept, values in self.said.items()}
        return twin

    def has_result(self, value: Any) -> bool:
        """Whether the conversation holds this very result already: a call for it tells nothing."""
        same = canonical(value)
        return any(self._text(step) == same for steps in self.turns for step in steps)

    def has_run(self, tool: Tool, arguments: Mapping[str, Any]) -> bool:
        """Whether this very call ran in this turn or, where it only reads, has run with nothing
        moving the state since: then it gives what is known."""
        for steps in reversed(self.turns):
            for step in reversed(steps):
                if step.tool == tool.name and step.arguments == arguments:
                    return True
                if step.mutates and steps is not self.turns[-1]:
                    return False
            if tool.mutates:
                return False
        return False

    def _text(self, step: Step) -> str:
        found = self._texts.get(id(step))
        if found is None:
            found = self._texts[id(step)] = step, canonical(step.value)
        return found[1]

    def become(self, other: Memory) -> None:
        """Takes over what `other` holds, which stays as it is."""
        twin = other.copy()
        self.turns, self.items, self.said = twin.turns, twin.items, twin.said

    def has_any(self, concepts: Iterable[str]) -> bool:
        """Whether a result has a value of one of these concepts."""
        return any(self.items.get(concept) for concept in concepts)

    def holds(self, value: Any) -> bool:
        """Whether a call, a result or something said holds `value`."""
        same = canonical(value)
        return any(same == canonical(v) for values in self.said.values() for v in values) or any(
            same == canonical(v)
            for steps in self.turns
            for step in steps
            for _, v in paths.leaves([step.arguments, step.value])
        )

    def choices(self, step: Step, path: str) -> list[Choice | None]:
        """Every way to single out the element at `path`; [None] where no choice is needed."""
        own = element(path)
        if own is None:
            return [None]
        pattern = paths.pattern(own)
        found = self._elements.get((id(step), pattern))
        if found is None:
            found = self._elements[id(step), pattern] = Elements(self._graph, step, pattern)
        return found.choices(own, path)

    def begin_turn(self) -> None:
        self.turns.append([])

    @property
    def steps(self) -> list[Step]:
        """The steps of the present turn."""
        return self.turns[-1]

    def add(self, step: Step) -> None:
        turn, number = len(self.turns) - 1, len(self.steps)
        self.steps.append(step)
        for pattern, concept in self._graph.profiles[step.tool].gives.items():
            meanings = (concept, *self._graph.broader.get(concept, ()))
            found = paths.find(pattern, step.value)
            for path, value in (
                found[:MOST_ELEMENTS] if len(found) < MANY else self._spread(step, found)
            ):
                if is_value(value) and not (type(value) is str and len(value) > LONGEST):
                    item = Item(
                        value=value,
                        concept=concept,
                        turn=turn,
                        step=number,
                        path=path,
                        tool=step.tool,
                    )
                    for meaning in meanings:
                        self.items.setdefault(meaning, []).append(item)

    def _spread(self, step: Step, found: Sequence[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
        """Some from everywhere, and what a superlative names: the wanted one may stand anywhere."""
        extreme: set[str] = set()
        for field in self._graph.tools[step.tool].ranks:
            values = [(value, path) for path, value in paths.find(field, step.value)]
            extreme |= {element(end(values)[1]) or "" for end in (min, max) if values}
        every = len(found) // (MOST_ELEMENTS // 2)
        for number, (path, value) in enumerate(found):
            if number % every == 0 or element(path) in extreme:
                yield path, value

    def close_turn(self, turn: Turn) -> None:
        """Replaces the present turn by its final cut, and hears what the answer will tell."""
        self.items = {
            concept: [item for item in items if item.turn != turn.number]
            for concept, items in self.items.items()
        }
        self.turns[-1] = []
        for step in turn.steps:
            self.add(step)
            takes = self._graph.profiles[step.tool].takes
            for parameter, source in step.sources.items():
                concept = takes.get(parameter)
                if isinstance(source, User) and concept and parameter in step.arguments:
                    self._say(concept, step.arguments[parameter])
        for goal in turn.goals:
            step = turn.steps[goal.step]
            gives = self._graph.profiles[step.tool].gives
            for path in goal.paths:
                concept = gives.get(paths.pattern(path))
                if concept:
                    self._say(concept, paths.get(path, step.value))

    def _say(self, concept: str, value: Any) -> None:
        values = self.said.setdefault(concept, [])
        if value not in values:
            values.append(value)

    def told(self, concept: str, value: Any) -> bool:
        return value in self.said.get(concept, ())

    def sayable(self, concept: str, known: Mapping[str, Sequence[Any]]) -> Mapping[str, Any]:
        """What the user could say for `concept` (facts, then live values) under its JSON text."""
        if concept in self._graph.opaque:
            return {}
        facts = self._facts.get(concept)
        if facts is None:
            facts = {canonical(value): value for value in self.scenario.facts.get(concept, ())}
            self._facts[concept] = facts
        live = known.get(concept)
        return {**facts, **{canonical(value): value for value in live}} if live else facts


def is_value(value: Any) -> bool:
    """Whether something can serve as an argument at all: no empty text, no null."""
    return value is not None and value != "" and value != [] and value != {}
