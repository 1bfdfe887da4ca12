"""Phase I for a whole conversation: scenario, thread, and executed turns, before any token is paid.

The plan is made in the living world itself and the world put back to its start, so that the
conversation can be held in it afterwards.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import count
from random import Random

import msgspec

from fastsynth.engine.quota import Job
from fastsynth.env.environment import Domain, Enlarge, Scenario
from fastsynth.env.law import Law
from fastsynth.env.world import World
from fastsynth.errors import config_error
from fastsynth.method.graph.graph import ApiGraph
from fastsynth.method.kinds import PAIRS, TWINS, is_plain_twin, position, suits
from fastsynth.method.plan import Plan, Turn
from fastsynth.method.turns.idle import no_tool_turn
from fastsynth.method.turns.plain import plain_turn
from fastsynth.method.turns.special import special_turns
from fastsynth.method.walk.aims import Aims, TurnAim
from fastsynth.method.walk.memory import Memory
from fastsynth.method.walk.stage import Brief, Stage
from fastsynth.method.walk.targets import COVERAGE, Focus
from fastsynth.packed import Packed
from fastsynth.seeds import derive


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes of conversations, both ends included."""

    turns: tuple[int, int] = (2, 5)
    calls: tuple[int, int] = (1, 8)
    tools_visible: tuple[int, int] = (8, 40)


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """Where a job plays: parts of the domain, and its own scenario."""

    parts: tuple[str, ...]
    target: str
    packed: Packed[Scenario]
    """Read when planning begins and when a row is written, and not in between."""

    @property
    def scenario(self) -> Scenario:
        return self.packed.open()


class Outline(msgspec.Struct, frozen=True, kw_only=True):
    turns: int
    special: int | None
    """Number of the special turn; None where the conversation has none."""


class Planner:
    def __init__(
        self,
        domain: Domain,
        graph: ApiGraph,
        shape: Shape,
        seed: int,
        aims: Aims | None = None,
        focus: Focus = COVERAGE,
    ) -> None:
        """`aims`: logs that conversations are drawn alike, in place of `shape`. `focus`: what is to
        be learnt from which tool."""
        self.domain = domain
        self.graph = graph
        self.shape = shape
        self.seed = seed
        self.aims = aims
        self.focus = focus
        self._tools = tuple(sorted(domain.tools))
        self._shown = Counter(tool.part for tool in domain.tools.values())
        """Part -> how many tools it has."""
        self.law: Law | None = getattr(domain, "law", None)

    def setting(self, job: Job) -> Setting:
        """The job's target, the parts around it, and a scenario of its own."""
        index = job.index // 2 if job.stratum in TWINS else job.index
        target = self.focus.first(self._tools, self.seed, job.stream, index)
        rng = derive(self.seed, *self.chance(job), "scenario")
        home = self.domain.tools[target].part
        near = [part for part in self.domain.companions.get(home, ()) if part != home]
        wanted = rng.choices((0, 1, 2), (0.25, 0.5, 0.25))[0]
        parts = (home, *rng.sample(near, min(wanted, len(near))))
        parts = self._enough(parts, near, self.tools_wanted(job))
        if job.stratum == "refusal":
            parts = self._with_room(parts, near, rng)
        ordered = tuple(part for part in self.domain.parts if part in parts)
        scenario = self.domain.draw(ordered, rng)
        if job.stratum == "long_context":
            scenario = self.room()(ordered, scenario, rng)
        return Setting(parts=ordered, target=target, packed=Packed(scenario))

    def room(self) -> Enlarge:
        """How scenarios grow to long contexts. Raises ConfigError where the domain has no way."""
        enlarge: Enlarge | None = getattr(self.domain, "enlarge", None)
        if enlarge is None:
            place, name = "$.kinds.long_context", self.domain.name
            raise config_error(place, name, "need the environment world or bfcl for this kind")
        return enlarge

    def _enough(self, parts: tuple[str, ...], near: list[str], wanted: int) -> tuple[str, ...]:
        """`parts` and as many more of `near` as it takes to show `wanted` tools."""
        for part in near:
            if sum(self._shown[part] for part in parts) >= wanted:
                break
            parts = parts if part in parts else (*parts, part)
        return parts

    def _with_room(self, parts: tuple[str, ...], near: list[str], rng: Random) -> tuple[str, ...]:
        """`parts` and, where none of them has a tool that a rule can forbid, one of `near` that
        has."""
        tools = self.domain.tools.values()
        fit = {tool.part for tool in tools if suits("refusal", tool, self.graph, self.law)}
        further = [part for part in near if part in fit]
        return parts if fit & set(parts) or not further else (*parts, rng.choice(further))

    def tools_wanted(self, job: Job) -> int:
        """How many tools the logs want shown; 0 where none do."""
        if self.aims is None:
            return 0
        return self.aims.tools(derive(self.seed, *self.chance(job), "tools"))

    def aim(self, job: Job, number: int) -> TurnAim | None:
        """What the job's turn should be like; None where no logs say."""
        if self.aims is None:
            return None
        rng = derive(self.seed, *self.chance(job), "aim", number)
        return self.aims.turn(rng, number == 0)

    def fewest(self, job: Job) -> int:
        """Turns without which the job brings no conversation."""
        return job.turns or self.shape.turns[0]

    def outline(self, job: Job) -> Outline:
        """How many turns the job's conversation gets, and which of them is special."""
        rng = derive(self.seed, *self.chance(job), "shape")
        least, most = self.shape.turns
        turns = job.turns
        if not turns:
            turns = rng.randint(max(least, 2) if job.stratum != "base" else least, most)
        special = position(job.stratum, turns, rng)
        if is_plain_twin(job) and job.stratum in PAIRS and not job.turns:
            turns = max(least, turns - 1)
        return Outline(turns=turns, special=special)

    def due(self, job: Job) -> int:
        """The number of the turn without which the conversation is not of its kind; -1 for none."""
        special = self.outline(job).special
        if special is None:
            return -1
        return special + (job.stratum in PAIRS and not is_plain_twin(job))

    def chance(self, job: Job) -> tuple[str | int, ...]:
        """What a job's draws depend on, beside the seed: twins draw alike."""
        return (job.stream, job.index // 2) if job.stratum in TWINS else (job.number,)

    async def plan(self, job: Job, setting: Setting, world: World) -> Plan:
        """All turns, executed and rolled back; fewer than drawn where the world is exhausted."""
        start = await world.mark()
        scenario = setting.scenario
        memory = Memory(self.graph, scenario)
        turns: list[Turn] = []
        wanted = self.outline(job).turns
        allowed = frozenset(world.tools)
        while len(turns) < wanted:
            more = await self.next_turns(job, setting, world, memory, turns, allowed)
            if not more:
                break
            turns += more
        await world.rewind(start)
        parallel = job.stratum == "parallel"
        if parallel:
            turns = [msgspec.structs.replace(turn, parallel=True) for turn in turns]
        return Plan(
            job=job.number,
            stratum=job.stratum,
            parts=setting.parts,
            thread=scenario.thread,
            now=scenario.now,
            place=scenario.place,
            turns=tuple(turns),
            rule=next((turn.rule for turn in turns if turn.rule is not None), None),
            parallel=parallel,
        )

    async def next_turns(
        self,
        job: Job,
        setting: Setting,
        world: World,
        memory: Memory,
        before: Sequence[Turn],
        allowed: frozenset[str],
        again: int = 0,
    ) -> list[Turn]:
        """One executed turn after `before`, or the special ones that are due; [] for no way on.

        Leaves world and memory after them. `again` counts how often this turn has been planned
        before, so that it comes out otherwise.
        """
        rng = derive(self.seed, *self.chance(job), "turn", len(before), again)
        if job.stratum == "long_context":
            allowed = allowed.difference(getattr(self.domain, "unfit_large", ()))
        special = len(before) == self.outline(job).special
        aim = self.aim(job, len(before))
        brief = Brief(
            target=setting.target,
            kind=job.stratum if special else "base",
            calls=self.shape.calls,
            focus=self.focus,
            aim=aim,
            tries=count(again),
        )
        stage = Stage(
            graph=self.graph,
            memory=memory,
            world=world,
            before=before,
            allowed=allowed,
            plain_twin=is_plain_twin(job),
            rng=rng,
            brief=brief,
            law=self.law,
        )
        if special:
            return await special_turns(job.stratum, stage)
        if aim is not None and aim.idle:
            return [await no_tool_turn(stage)]
        turn = await plain_turn(stage, len(before))
        return [turn] if turn is not None else []
