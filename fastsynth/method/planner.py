"""Phase I for a whole conversation: scenario, thread, and executed turns, before any token is paid.

The plan is made in the living world itself and the world put back to its start, so that the
conversation can be held in it afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from hashlib import blake2b
from random import Random

import msgspec

from fastsynth.engine.quota import Job
from fastsynth.env.environment import Domain, Enlarge, Scenario
from fastsynth.env.law import Law
from fastsynth.env.world import Mark, World
from fastsynth.errors import config_error
from fastsynth.method import kinds
from fastsynth.method.aims import Aims, TurnAim
from fastsynth.method.goals import Cut, cut
from fastsynth.method.graph import ApiGraph
from fastsynth.method.idle import no_tool_turn
from fastsynth.method.memory import Memory
from fastsynth.method.pace import breathe
from fastsynth.method.plan import Plan, Turn
from fastsynth.method.reference import ambiguous
from fastsynth.method.rules import own_rule
from fastsynth.method.special import special_turns
from fastsynth.method.stage import Stage
from fastsynth.method.targets import COVERAGE, Focus, next_targets
from fastsynth.method.walk import Reach, Walk
from fastsynth.method.wording import spoken
from fastsynth.packed import Packed
from fastsynth.records import canonical
from fastsynth.seeds import derive

TARGETS_TRIED = 5
WALKS_TRIED = 3
CALL_WEIGHTS = (0.6, 1.0, 1.2, 1.0, 0.7, 0.5, 0.3, 0.2)
"""Weight of 1, 2, ... calls a turn; mean 3.3 (HardGen: 3.21)."""

ALONE = 0.3
"""Share of turns that may be a single call although more were drawn; a target that a conversation
is made for may be so at its last try."""
WISH_WEIGHTS = (0.5, 0.36, 0.14)
"""Weight of 1, 2 and 3 things asked for in one turn: people want one or two at a time."""
WISHES_OF = {0: WISH_WEIGHTS, 1: (1.0, 0.0, 0.0), 2: (0.5, 0.5, 0.0), 3: WISH_WEIGHTS}
MANY_WISHES = (0.1, 0.4, 0.5)
"""Weights where a turn must have so many calls; 0: where it may have any number."""


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


def is_plain_twin(job: Job) -> bool:
    """Whether the job is the half of a pair in which nothing is missing or forbidden."""
    return job.stratum in kinds.TWINS and job.index % 2 == 1


def twin_of(job: Job) -> str:
    """The name a pair of twins shares; "" for kinds without twins."""
    return f"{job.stream}:{job.index // 2}" if job.stratum in kinds.TWINS else ""


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
        self._tools = sorted(domain.tools)
        self.law: Law | None = getattr(domain, "law", None)

    def setting(self, job: Job) -> Setting:
        """The job's target, the parts around it, and a scenario of its own."""
        index = job.index // 2 if job.stratum in kinds.TWINS else job.index
        target = self.focus.first(self._tools, self.seed, job.stream, index)
        rng = derive(self.seed, *self.chance(job), "scenario")
        home = self.domain.tools[target].part
        near = [part for part in self.domain.companions.get(home, ()) if part != home]
        wanted = rng.choices((0, 1, 2), (0.25, 0.5, 0.25))[0]
        parts = (home, *rng.sample(near, min(wanted, len(near))))
        parts = self._enough(parts, near, self.tools_wanted(job))
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
            if sum(tool.part in parts for tool in self.domain.tools.values()) >= wanted:
                break
            parts = parts if part in parts else (*parts, part)
        return parts

    def tools_wanted(self, job: Job) -> int:
        """How many tools the logs want shown; 0 where none do."""
        rng = derive(self.seed, *self.chance(job), "tools")
        return self.aims.tools(rng) if self.aims else 0

    def aim(self, job: Job, number: int) -> TurnAim | None:
        """What the job's turn should be like; None where no logs say."""
        rng = derive(self.seed, *self.chance(job), "aim", number)
        return self.aims.turn(rng, number == 0) if self.aims else None

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
        special = kinds.position(job.stratum, turns, rng)
        if is_plain_twin(job) and job.stratum in kinds.PAIRS and not job.turns:
            turns = max(least, turns - 1)
        return Outline(turns=turns, special=special)

    def due(self, job: Job) -> int:
        """The number of the turn without which the conversation is not of its kind; -1 for none."""
        special = self.outline(job).special
        if special is None:
            return -1
        return special + (job.stratum in kinds.PAIRS and not is_plain_twin(job))

    def chance(self, job: Job) -> tuple[str | int, ...]:
        """What a job's draws depend on, beside the seed: twins draw alike."""
        return (job.stream, job.index // 2) if job.stratum in kinds.TWINS else (job.number,)

    async def plan(self, job: Job, setting: Setting, world: World) -> Plan:
        """All turns, executed and rolled back; fewer than drawn where the world is exhausted."""
        start = await world.mark()
        scenario = setting.scenario
        memory = Memory(self.graph, scenario)
        turns: list[Turn] = []
        while len(turns) < self.outline(job).turns:
            more = await self.next_turns(job, setting, world, memory, turns, sorted(world.tools))
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
        allowed: Collection[str],
        again: int = 0,
    ) -> list[Turn]:
        """One executed turn after `before`, or the special ones that are due; [] for no way on.

        Leaves world and memory after them. `again` counts how often this turn has been planned
        before, so that it comes out otherwise.
        """
        rng = derive(self.seed, *self.chance(job), "turn", len(before), again)
        if job.stratum == "long_context":
            unfit: Collection[str] = getattr(self.domain, "unfit_large", ())
            allowed = [name for name in allowed if name not in unfit]

        tried = again

        due = job.stratum
        aim = self.aim(job, len(before))

        async def plain(number: int, breaking: bool = False) -> Turn | None:
            nonlocal tried
            tried += 1
            return await self._plain(
                setting, world, memory, before, allowed, tried - 1, rng, number, due, aim, breaking
            )

        stage = Stage(
            graph=self.graph,
            memory=memory,
            world=world,
            before=before,
            allowed=allowed,
            plain_twin=is_plain_twin(job),
            rng=rng,
            plan=plain,
            law=self.law,
        )
        if len(before) == self.outline(job).special:
            return await special_turns(job.stratum, stage)
        if aim is not None and aim.idle:
            return [await no_tool_turn(stage)]
        due = "base"
        turn = await plain(len(before))
        return [turn] if turn is not None else []

    async def _plain(
        self,
        setting: Setting,
        world: World,
        memory: Memory,
        before: Sequence[Turn],
        allowed: Collection[str],
        again: int,
        rng: Random,
        number: int,
        due: str,
        aim: TurnAim | None,
        breaking: bool,
    ) -> Turn | None:
        used = {turn.target for turn in before}
        first = [setting.target] if setting.target in allowed and setting.target not in used else []
        targets = [*first, *next_targets(self.graph, memory, allowed, used, rng, self.focus)]
        targets = [t for t in targets if kinds.suits(due, self.graph.tools[t], self.law)]
        for calls, words in _demands(aim):
            for target in targets[again : again + TARGETS_TRIED]:
                for left in reversed(range(WALKS_TRIED)):
                    reach = self._reach(allowed, due, calls, rng)
                    reach = msgspec.structs.replace(reach, breaking=breaking)
                    lone = due != "base" or bool(calls) or (target in first and not left)
                    least = 1 if lone or rng.random() < ALONE else 2
                    turn = await self._walk(
                        world, memory, before, number, target, reach, rng, calls, words, least
                    )
                    if turn is not None:
                        memory.begin_turn()
                        memory.close_turn(turn)
                        return turn
        return None

    async def _walk(
        self,
        world: World,
        memory: Memory,
        before: Sequence[Turn],
        number: int,
        target: str,
        reach: Reach,
        rng: Random,
        calls: int,
        words: int,
        least: int,
    ) -> Turn | None:
        """`calls`: how many the turn must have; `words`: how few must say it; 0 for what comes.
        `least`: calls it must have where the walk may have as many."""
        await breathe()  # planning is all CPU: let replies be handled in between
        start = await world.mark()
        trial = memory.copy()
        trial.begin_turn()
        walk = Walk(self.graph, world, trial, reach, rng)
        kept: Cut | None = None
        if await walk.to(target):
            kept = cut(self.graph, number, trial.steps, target)
        if kept is not None and len(kept.steps) < min(least, reach.calls):
            kept = None
        if kept is not None and calls and len(kept.steps) != calls:
            kept = None
        if kept is None or (kept.changed and not await self._replays(world, start, kept)):
            await world.rewind(start)
            return None
        turn = Turn(
            number=number,
            kind="base",
            target=target,
            steps=kept.steps,
            goals=kept.goals,
            digest=await world.digest(),
            rule=own_rule(target, walk.broken) if reach.breaking else None,
        )
        if ambiguous(self.graph, turn, before) or (words and spoken(turn) > words):
            await world.rewind(start)
            return None
        return turn

    async def _replays(self, world: World, start: Mark, kept: Cut) -> bool:
        """Whether the cut trace gives the same results from the turn's start."""
        await world.rewind(start)
        for step in kept.steps:
            observation = await world.call(step.tool, step.arguments)
            if not observation.ok or observation.value != step.value:
                return False
        return True

    def _reach(self, allowed: Collection[str], due: str, calls: int, rng: Random) -> Reach:
        single = due in kinds.ONE_GOAL
        wishes = rng.choices((1, 2, 3), WISHES_OF.get(calls, MANY_WISHES))[0]
        return Reach(
            calls=calls or self._calls(rng),
            wishes=1 if single else wishes,
            most_wishes=1 if single else wishes + 1,
            allowed=tuple(sorted(allowed)),
        )

    def _calls(self, rng: Random) -> int:
        low, high = self.shape.calls
        numbers = range(low, high + 1)
        weights = [CALL_WEIGHTS[min(n, len(CALL_WEIGHTS)) - 1] for n in numbers]
        return rng.choices(numbers, weights)[0]


def _demands(aim: TurnAim | None) -> Iterator[tuple[int, int]]:
    """(calls, words) to ask of a turn, each time less, until what comes is taken."""
    if aim is not None:
        yield aim.calls, aim.words
        yield aim.calls, 0
    yield 0, 0


def visible_tools(plan: Plan, planner: Planner, job: Job) -> tuple[str, ...]:
    """The tools a conversation shows, shuffled: the needed ones, near siblings, and others."""
    graph, shape = planner.graph, planner.shape
    rng = derive(planner.seed, *planner.chance(job), "visible")
    needed = {step.tool for turn in plan.turns for step in turn.as_asked().steps}
    needed |= {need for name in tuple(needed) for need in graph.needs[name]}
    withheld = {turn.wish.tool for turn in plan.turns if turn.wish is not None}
    withheld |= {turn.withheld for turn in plan.turns}
    needed -= withheld
    of_parts = [name for name, tool in sorted(graph.tools.items()) if tool.part in plan.parts]
    others = [name for name in of_parts if name not in needed and name not in withheld]
    rng.shuffle(others)
    siblings = {neighbour for name in sorted(needed) for neighbour in graph.network[name]}
    others.sort(key=lambda name: name not in siblings or rng.random() < 0.3)
    wanted = planner.tools_wanted(job) or rng.randint(*shape.tools_visible)
    shown = sorted(needed) + others[: max(0, wanted - len(needed))]
    rng.shuffle(shown)
    return tuple(shown)


def plan_hash(plan: Plan) -> str:
    """Equal for plans with the same calls in the same world parts, whatever the words."""
    calls = [[(step.tool, step.arguments) for step in turn.steps] for turn in plan.turns]
    text = canonical([plan.parts, calls, [turn.kind for turn in plan.turns]])
    return blake2b(text.encode(), digest_size=16).hexdigest()
