"""A conversation being made: what has been kept so far, what comes next, and the row in the end.

When a turn fails its start is restored and another is planned in its place, a bounded number of
times; else the conversation ends at its last good turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from fastsynth.engine.quota import Job
from fastsynth.env.environment import Tool
from fastsynth.env.world import World
from fastsynth.llm.wire import Transcript
from fastsynth.method.advanced import Advanced
from fastsynth.method.agents import Agents, Dropped
from fastsynth.method.attempt import Scene
from fastsynth.method.chain import Solved
from fastsynth.method.memory import Memory
from fastsynth.method.plan import Plan, Turn
from fastsynth.method.planner import Planner, Setting
from fastsynth.method.script import Purpose, Script, Style
from fastsynth.method.tooling import tool_list
from fastsynth.records import Attempt, Message

REPLANS = 3
"""Turns planned anew in one conversation before it ends at its last good turn."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One finished turn."""

    turn: Turn
    advanced: Advanced
    solved: Solved


class Talk:
    def __init__(
        self,
        planner: Planner,
        job: Job,
        setting: Setting,
        plan: Plan,
        world: World,
        tools: Mapping[str, Tool],
        tool_list: bytes,
        system: str,
        style: Style,
    ) -> None:
        self._planner = planner
        self._job = job
        self._setting = setting
        self._upcoming = list(plan.turns)
        self._world = world
        self._style = style
        self._replans = 0
        self.again = 0
        self.plan = plan
        self.tools = tools
        """The visible tools, in the order the model sees them."""
        self.tool_list = tool_list
        self.kept: list[Kept] = []
        self.failed: list[Attempt] = []
        self.last_fault: Dropped | None = None
        self.transcript = Transcript((Message(role="system", content=system),))
        self.seen: list[Any] = []

    @property
    def all_tools(self) -> Mapping[str, Tool]:
        return self._planner.graph.tools

    @property
    def turns(self) -> tuple[Turn, ...]:
        return tuple(kept.turn for kept in self.kept)

    async def next_turn(self) -> Turn | None:
        """The next planned turn, or one planned anew where the plan no longer holds."""
        if len(self.kept) >= len(self.plan.turns):
            return None
        if self._upcoming:
            return self._upcoming.pop(0)
        if self._replans >= REPLANS or self._bound_to_plan():
            return None
        start = await self._world.mark()
        memory = Memory(self._planner.graph, self._setting.scenario)
        for held in self.turns:
            memory.begin_turn()
            memory.close_turn(held)
        self._upcoming = await self._planner.next_turns(
            self._job,
            self._setting,
            self._world,
            memory,
            self.turns,
            list(self.tools),
            self.again,
        )
        await self._world.rewind(start)
        return self._upcoming.pop(0) if self._upcoming else None

    def _bound_to_plan(self) -> bool:
        """Whether what the conversation shows (a tool less, a rule) fits the first plan only."""
        return self.lost_special() and self._job.stratum in ("missing_function", "refusal")

    def tools_at(self, turn: Turn) -> Mapping[str, Tool]:
        """The tools the model sees in a turn: a withheld one joins when it has been added."""
        added = [t.withheld for t in (*self.turns, turn) if t.kind == "missing_function_resolved"]
        return {**self.tools, **{name: self.all_tools[name] for name in added}}

    def script(self, purpose: Purpose, turn: Turn, agents: Agents) -> Script:
        """What a scripted teacher is told at this turn."""
        tools = self._planner.graph.tools
        if purpose in ("advanced", "query"):
            turn = turn.as_asked()
        named = {step.tool for step in turn.as_asked().steps}
        named |= {turn.wish.tool} if turn.wish else set()
        return Script(
            purpose=purpose,
            seed=agents.script_seed(purpose, turn.number, self.again),
            turns=(*self.turns, turn),
            thread=self.plan.thread,
            now=self.plan.now,
            style=self._style,
            about={name: tools[name].description for name in sorted(named)},
        )

    def scene(self, turn: Turn, advanced: Advanced, query: str, agents: Agents) -> Scene:
        """What all attempts at this turn share."""
        tools = self.tools_at(turn)
        told = " ".join(message.content or "" for message in self.transcript.messages)
        transcript = self.transcript.fork()
        transcript.append(Message(role="user", content=query))
        return Scene(
            turn=turn,
            advanced=advanced,
            query=query,
            transcript=transcript,
            tools=tool_list(tools.values()),
            tool_names=frozenset(tools),
            told=told,
            seen=tuple(self.seen),
            script=self.script("step", turn, agents),
        )

    def keep(self, turn: Turn, advanced: Advanced, query: str, solved: Solved) -> None:
        """The turn passed and the world stands after it."""
        self.kept.append(Kept(turn=turn, advanced=advanced, solved=solved))
        self.failed += solved.failed
        self.transcript.append(Message(role="user", content=query))
        for message in solved.messages:
            self.transcript.append(message)
        for call in solved.executed:
            self.seen += [call.arguments, call.value]
        self.again = 0
        if solved.verdict.alternative:
            self._abandon_plan()

    def drop(self, fault: Dropped, attempts: tuple[Attempt, ...] = ()) -> None:
        """The turn failed and the world is back at its start."""
        self.failed += attempts
        self.last_fault = fault
        self.again += 1
        self._abandon_plan()

    def _abandon_plan(self) -> None:
        """Later turns were planned on results that the conversation may not hold."""
        self._upcoming.clear()
        self._replans += 1

    def lost_special(self) -> bool:
        """Whether the conversation ended before the special turn it was to have."""
        return len(self.kept) <= self._planner.due(self._job)
