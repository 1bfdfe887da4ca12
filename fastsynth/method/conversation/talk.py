"""A conversation being made: what has been kept so far, what comes next, and the row in the end.

When a turn fails its start is restored and another is planned in its place, a bounded number of
times; else the conversation ends at its last good turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from fastsynth.engine.quota import Job
from fastsynth.env import paths
from fastsynth.env.environment import Tool
from fastsynth.env.world import World
from fastsynth.llm.wire import Transcript
from fastsynth.method.agents import Agents, Dropped
from fastsynth.method.chain.chain import Solved
from fastsynth.method.chain.scene import Scene
from fastsynth.method.plan import Plan, Step, Turn
from fastsynth.method.query.advanced import Advanced
from fastsynth.method.script import Cue, Purpose, Style
from fastsynth.method.tooling import tool_list
from fastsynth.method.turns.planner import Planner, Setting
from fastsynth.method.walk.memory import Memory
from fastsynth.packed import Packed
from fastsynth.records import Attempt, Message, encode

REPLANS = 3
"""Turns planned anew in one conversation before it ends at its last good turn."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One finished turn. The messages of `solved` are in the transcript, not here."""

    turn: Turn
    advanced: Advanced
    solved: Solved
    steps: tuple[int, ...]
    """True calls per assistant message, messages without any left out."""


class Talk:
    def __init__(
        self,
        planner: Planner,
        job: Job,
        setting: Setting,
        plan: Plan,
        world: World,
        tools: Mapping[str, Tool],
        system: str,
        style: Style,
        claimed: str,
    ) -> None:
        """`claimed`: the hash by which the plan is known."""
        self._planner = planner
        self._job = job
        self._setting = setting
        self._upcoming = [Packed(turn) for turn in plan.turns]
        self._world = world
        self._style = style
        self._replans = 0
        self.again = 0
        self._wanted = len(plan.turns)
        self._thread, self._now = plan.thread, plan.now
        self.plan_hash = claimed
        self.tools = tools
        """The visible tools, in the order the model sees them."""
        self._kept: list[Packed[Kept]] = []
        self._shown: list[Packed[list[Any]]] = []
        """Arguments and results of each kept turn: read at each attempt, so apart from the rest."""
        self._told: list[msgspec.Raw] = []
        """The kept turns as a scripted teacher is told them."""
        self._latest: tuple[Turn, msgspec.Raw] | None = None
        self._added: dict[str, int] = {}
        """Withheld tool -> the turn it was added at."""
        self._failed: list[Packed[Attempt]] = []
        self.last_fault: Dropped | None = None
        self.transcript = Transcript((Message(role="system", content=system),))
        self.language = style.language

    def __len__(self) -> int:
        """Turns kept."""
        return len(self._kept)

    @property
    def kept(self) -> list[Kept]:
        return [packed.open() for packed in self._kept]

    @property
    def failed(self) -> tuple[Attempt, ...]:
        return tuple(packed.open() for packed in self._failed)

    @property
    def all_tools(self) -> Mapping[str, Tool]:
        return self._planner.graph.tools

    @property
    def last(self) -> Turn:
        """The last turn kept."""
        return self._kept[-1].open().turn

    async def next_turn(self) -> Turn | None:
        """The next planned turn, or one planned anew where the plan no longer holds."""
        if len(self) >= self._wanted:
            return None
        if self._upcoming:
            return self._upcoming.pop(0).open()
        if self._replans >= REPLANS or self._bound_to_plan():
            return None
        start = await self._world.mark()
        memory = Memory(self._planner.graph, self._setting.scenario)
        turns = tuple(kept.turn for kept in self.kept)
        for held in turns:
            memory.begin_turn()
            memory.close_turn(held)
        found = await self._planner.next_turns(
            self._job,
            self._setting,
            self._world,
            memory,
            turns,
            frozenset(self.tools),
            self.again,
        )
        await self._world.rewind(start)
        self._upcoming = [Packed(turn) for turn in found[1:]]
        return found[0] if found else None

    def _bound_to_plan(self) -> bool:
        """Whether what the conversation shows (a tool less, a rule) fits the first plan only."""
        return self.lost_special() and self._job.stratum in ("missing_function", "refusal")

    def tools_at(self, turn: Turn) -> Mapping[str, Tool]:
        """The tools the model sees in a turn: a withheld one joins when it has been added."""
        earlier = [name for name, since in self._added.items() if since < turn.number]
        added = {name: self.all_tools[name] for name in (*earlier, *_added(turn))}
        return {**self.tools, **added} if added else self.tools

    def script(self, purpose: Purpose, turn: Turn, agents: Agents) -> Cue:
        """What a scripted teacher is told at this turn."""
        tools = self._planner.graph.tools
        if purpose in ("advanced", "query"):
            turn = turn.as_asked()
        named = {step.tool for step in turn.as_asked().steps}
        named |= {turn.wish.tool} if turn.wish else set()
        return Cue(
            purpose=purpose,
            seed=agents.script_seed(purpose, turn.number, self.again),
            turns=(*self._told[: turn.number], self._encoded(turn)),
            thread=self._thread,
            now=self._now,
            style=self._style_at(turn),
            about={name: tools[name].description for name in sorted(named)},
        )

    def _encoded(self, turn: Turn) -> msgspec.Raw:
        """The turn as it is told. The last one is kept, since several are asked about it."""
        if self._latest is None or self._latest[0] is not turn:
            self._latest = turn, msgspec.Raw(encode(turn))
        return self._latest[1]

    def _style_at(self, turn: Turn) -> Style:
        """The conversation's style, with as many words as the logs want of this turn."""
        aim = self._planner.aim(self._job, turn.number)
        if aim is None:
            return self._style
        words = aim.words if turn.steps else aim.idle_words
        return msgspec.structs.replace(self._style, words=words)

    def recalled(self, turn: Turn) -> Step | None:
        """The step whose result a turn with `recall` asks for again."""
        if turn.recall is None:
            return None
        return self._kept[turn.recall.turn].open().turn.steps[turn.recall.step]

    def scene(self, turn: Turn, advanced: Advanced, query: str, agents: Agents) -> Scene:
        """What all attempts at this turn share."""
        transcript = self.transcript.fork()
        transcript.append(Message(role="user", content=query))
        return self._scene(turn, advanced, transcript, self.script("step", turn, agents))

    def scene_again(
        self, kept: Kept, agents: Agents, transcript: Transcript, seen: Sequence[Any]
    ) -> Scene:
        """A kept turn as a student meets it, after what it has itself said, called and seen.
        `transcript` ends with the user's message."""
        script = self.script("student", kept.turn, agents)
        scene = self._scene(kept.turn, kept.advanced, transcript, script)
        return msgspec.structs.replace(scene, seen=lambda: list(seen), recorded=False)

    def _scene(self, turn: Turn, advanced: Advanced, transcript: Transcript, script: Cue) -> Scene:
        tools, recalled = self.tools_at(turn), self.recalled(turn)
        return Scene(
            turn=turn,
            advanced=advanced,
            query=transcript.messages[-1].content or "",
            transcript=transcript,
            tools=tool_list(tools.values()),
            tool_names=tools.keys(),
            seen=self._seen,
            recalled=paths.get(turn.recall.path, recalled.value)
            if recalled is not None and turn.recall is not None
            else None,
            script=script,
            language=self.language,
        )

    def keep(self, turn: Turn, advanced: Advanced, query: str, solved: Solved) -> None:
        """The turn passed and the world stands after it."""
        bare = msgspec.structs.replace(solved, messages=(), failed=())
        kept = Kept(turn=turn, advanced=advanced, solved=bare, steps=_true_steps(solved))
        self._kept.append(Packed(kept))
        self._shown.append(
            Packed([held for call in solved.executed for held in (call.arguments, call.value)])
        )
        self._told.append(self._encoded(turn))
        self._latest = None
        self._added |= dict.fromkeys(_added(turn), turn.number)
        self._failed += map(Packed, solved.failed)
        self.transcript.append(Message(role="user", content=query))
        for message in solved.messages:
            self.transcript.append(message)
        self.again = 0
        if solved.verdict.alternative:
            self._abandon_plan()

    def drop(self, fault: Dropped, attempts: tuple[Attempt, ...] = ()) -> None:
        """The turn failed and the world is back at its start."""
        self._failed += map(Packed, attempts)
        self.last_fault = fault
        self.again += 1
        self._abandon_plan()

    def _abandon_plan(self) -> None:
        """Later turns were planned on results that the conversation may not hold."""
        self._upcoming.clear()
        self._replans += 1

    def lost_special(self) -> bool:
        """Whether the conversation ended before the special turn it was to have."""
        return len(self) <= self._planner.due(self._job)

    def _seen(self) -> list[Any]:
        return [held for packed in self._shown for held in packed.open()]


def _added(turn: Turn) -> tuple[str, ...]:
    return (turn.withheld,) if turn.kind == "missing_function_resolved" else ()


def _true_steps(solved: Solved) -> tuple[int, ...]:
    true = {call.id for call in solved.verdict.truth}
    counts = (
        sum(1 for call in message.tool_calls if call.id in true)
        for message in solved.messages
        if message.role == "assistant"
    )
    return tuple(count for count in counts if count)
