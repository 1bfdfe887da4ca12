"""Free texts in the writer's words: bodies of messages, notes, titles, in place of drawn ones.

A plan is made with drawn texts, so that it is executable before anything is paid for. One request
words them all; the trace is then executed again with the new ones. Where it no longer runs, gives
results of another form or has other goals, the drawn texts stay.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fastsynth.env import paths
from fastsynth.env.environment import Scenario
from fastsynth.env.world import World
from fastsynth.languages import ENGLISH, LANGUAGES
from fastsynth.method.agents import Agents, Dropped, Place
from fastsynth.method.graph.graph import ApiGraph
from fastsynth.method.plan import Output, Plan, Step, Turn, User
from fastsynth.method.query.guards import is_artificial
from fastsynth.method.script import Cue, Style, TextsDraft
from fastsynth.method.walk.reference import ambiguous
from fastsynth.method.wording import call_text, first_sentence, hidden_values, words
from fastsynth.packed import Packed
from fastsynth.records import canonical

PROSE = frozenset(
    "text body message content note notes comment subject description summary reason caption memo "
    "feedback review remark resolution title".split()
)
"""Words of the names of parameters that take what a person writes."""
LONGEST = 160
"""Characters: what an answer would still repeat (`goals.LONGEST_TOLD`)."""
MOST = 12
Results = dict[tuple[int, int], Any]


class Blank(msgspec.Struct, frozen=True, kw_only=True):
    """A drawn text that may be worded anew: `value` in `parameter` of `step`."""

    value: str
    parameter: str
    step: Step
    about: str
    """What the tool does."""

    def __str__(self) -> str:
        others = {k: v for k, v in self.step.arguments.items() if k != self.parameter}
        said = call_text("", others).strip("()") or "nothing else"
        where = f"the {words(self.parameter)} for: {self.about} (with {said})"
        return f"{where}. In place of: {self.value}"


async def in_own_words(
    packed: Packed[Plan],
    agents: Agents,
    graph: ApiGraph,
    scenario: Scenario,
    world: World,
    language: str = ENGLISH,
) -> Plan:
    """The plan with its free texts in the writer's words, or as it was. The world stands at the
    plan's start, before and after."""
    plan = packed.open()
    found = blanks(graph, plan, scenario)
    if not found:
        return plan
    secrets, frame = _secrets(plan), msgspec.structs.replace(plan, turns=())
    del plan
    await world.rest()
    new = await _worded(agents, found, frame, secrets, language)
    return await reworded(graph, packed.open(), new, world)


def _writes(language: str) -> str:
    if language == ENGLISH:
        return ""
    return f", who writes all of this in {LANGUAGES[language].name}"


def blanks(graph: ApiGraph, plan: Plan, scenario: Scenario) -> tuple[Blank, ...]:
    """The free texts of a plan, each once: what a writing call takes, the user says, and neither
    the state nor a result holds."""
    held = canonical([scenario.state, *(s.value for t in plan.turns for s in _reads(t))])
    found: dict[str, Blank] = {}
    for step in (s for turn in plan.turns for s in (*turn.draft, *turn.steps)):
        tool = graph.tools[step.tool]
        for name, value in step.arguments.items():
            if not tool.mutates or not isinstance(value, str) or value in found:
                continue
            schema = tool.parameters.get("properties", {}).get(name, {})
            if not _is_prose(name, schema) or not isinstance(step.sources.get(name), User):
                continue
            if value.strip() and canonical(value)[1:-1] not in held:
                about = first_sentence(tool.description)
                found[value] = Blank(value=value, parameter=name, step=step, about=about)
    return tuple(found.values())[:MOST]


def _reads(turn: Turn) -> list[Step]:
    return [step for step in turn.steps if not step.mutates]


def _is_prose(name: str, schema: Mapping[str, Any]) -> bool:
    closed = schema.keys() & {"enum", "const", "pattern", "format"}
    return not closed and not PROSE.isdisjoint(words(name).split())


async def _worded(
    agents: Agents, found: Sequence[Blank], frame: Plan, secrets: Sequence[str], language: str
) -> dict[str, str]:
    """Drawn text -> the writer's, for those that can stand; {} where the reply has no form."""
    variables = {
        "persona": f"{frame.thread.persona}{_writes(language)}",
        "occasion": frame.thread.occasion,
        "now": frame.now,
        "blanks": [str(blank) for blank in found],
    }
    cue = Cue(
        purpose="texts",
        seed=agents.script_seed("texts", 0, 0),
        turns=(),
        thread=frame.thread,
        now=frame.now,
        style=Style(language=language),
        texts=tuple(blank.value for blank in found),
    )
    place = Place(turn=0, attempt=0)
    draft = await agents.draft(TextsDraft, "writer", "texts", variables, place, cue)
    if isinstance(draft, Dropped) or len(draft.texts) != len(found):
        return {}
    new: dict[str, str] = {}
    for blank, written in zip(found, draft.texts, strict=True):
        text = " ".join(written.split())
        fit = 1 < len(text) <= LONGEST and not re.search(r'["“”]', text)
        known = any(secret in text for secret in secrets)
        if fit and not known and not is_artificial(text) and text not in new.values():
            new[blank.value] = text
    return new


def _secrets(plan: Plan) -> list[str]:
    """Texts that only results hold: no wording may give them away."""
    turns = (turn.as_asked() for turn in plan.turns)
    found = (value for turn in turns for value in hidden_values(turn))
    return [value for value in found if isinstance(value, str) and len(value) > 3]


async def reworded(graph: ApiGraph, plan: Plan, new: Mapping[str, str], world: World) -> Plan:
    """The plan with the new texts, executed again; the plan as it was where that fails.

    The world stands at the plan's start, before and after.
    """
    if not new:
        return plan
    start = await world.mark()
    turns = await _replayed(graph, plan, new, world)
    await world.rewind(start)
    return plan if turns is None else msgspec.structs.replace(plan, turns=tuple(turns))


async def _replayed(
    graph: ApiGraph, plan: Plan, new: Mapping[str, str], world: World
) -> list[Turn] | None:
    results: Results = {}
    turns: list[Turn] = []
    for turn in plan.turns:
        before = await world.mark()
        draft = await _run(turn.draft, turn.number, new, results, world, draft=True)
        if turn.draft:
            await world.rewind(before)
        steps = await _run(turn.steps, turn.number, new, results, world)
        if draft is None or steps is None:
            return None
        slot = turn.slot
        if slot is not None and slot.value in new:
            slot = msgspec.structs.replace(slot, value=new[slot.value])
        again = msgspec.structs.replace(
            turn, draft=draft, steps=steps, slot=slot, digest=await world.digest()
        )
        if ambiguous(graph, again.as_asked(), turns):
            return None
        turns.append(again)
    return turns


async def _run(
    steps: Sequence[Step],
    turn: int,
    new: Mapping[str, str],
    results: Results,
    world: World,
    *,
    draft: bool = False,
) -> tuple[Step, ...] | None:
    """The steps executed with the new texts; None where one fails or gives something else."""
    made: list[Step] = []
    for number, step in enumerate(steps):
        arguments = _arguments(step, new, results)
        if arguments is None or (not draft and await world.forbidden(step.tool, arguments)):
            return None
        observation = await world.call(step.tool, arguments)
        if not observation.ok or _form(observation.value) != _form(step.value):
            return None
        results[turn, number] = observation.value
        given = world.log[-1][1]
        made.append(msgspec.structs.replace(step, arguments=given, value=observation.value))
    return tuple(made)


def _arguments(step: Step, new: Mapping[str, str], results: Results) -> dict[str, Any] | None:
    """A step's arguments: the new texts, and what its results' sources hold now."""
    arguments = step.arguments
    for place, source in step.sources.items():
        if isinstance(source, User):
            value = paths.get(place, arguments)
            value = new.get(value, value) if isinstance(value, str) else value
        elif isinstance(source, Output):
            if source.choice is not None and source.choice.value in new:
                return None
            try:
                value = paths.get(source.path, results[source.turn, source.step])
            except KeyError:
                return None
        else:
            continue
        arguments = paths.put(place, arguments, value)
    return dict(arguments)


def _form(value: Any) -> list[tuple[str, str]]:
    """Which places a result has, and of what type."""
    return [(place, type(leaf).__name__) for place, leaf in paths.leaves(value)]
