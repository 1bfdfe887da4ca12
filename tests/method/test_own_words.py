"""Free texts in the writer's words: the trace runs again with them, or stays as it was drawn."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

import msgspec
import pytest
from method_stage import domain, graph, job, planned, planner
from teacher_chat import teacher_chat

from fastsynth.env.world import World
from fastsynth.llm.chat import Ask, Chat, NoReply, Reply
from fastsynth.llm.fake import FakeChat
from fastsynth.method.agents import Agents
from fastsynth.method.plan import Plan, Turn
from fastsynth.method.query.texts import LONGEST, blanks, in_own_words, reworded
from fastsynth.method.wording import user_values
from fastsynth.packed import Packed
from fastsynth.prompts import load_prompts
from fastsynth.records import canonical

pytestmark = pytest.mark.anyio
NAME = "world:messages"
Texts = Callable[[Sequence[str]], Sequence[str]]


def agents(chat: Chat) -> Agents:
    return Agents(chat, load_prompts(), 0, 1, (0,))


def saying(texts: Texts) -> FakeChat:
    """A writer who answers a request for texts with what `texts` makes of the drawn ones."""

    def answer(ask: Ask) -> Reply | NoReply:
        drawn = msgspec.to_builtins(ask.script)["texts"]
        return Reply(content=canonical({"texts": list(texts(drawn))}), model="m")

    return FakeChat(answer)


async def with_blanks(
    stratum: str = "base", count: int = 3
) -> AsyncIterator[tuple[Plan, tuple[str, ...], World]]:
    """Plans that hold free texts, and these."""
    for number in range(60):
        async with planned(job(number, stratum), NAME) as (plan, world):
            state = planner(NAME).setting(job(number, stratum)).scenario
            found = blanks(graph(NAME), plan, state)
            if found and count:
                count -= 1
                yield plan, tuple(blank.value for blank in found), world


async def reworded_by(chat: Chat, plan: Plan, number: int, stratum: str, world: World) -> Plan:
    scenario = planner(NAME).setting(job(number, stratum)).scenario
    return await in_own_words(Packed(plan), agents(chat), graph(NAME), scenario, world)


def arguments(turns: Sequence[Turn]) -> str:
    return canonical([s.arguments for turn in turns for s in (*turn.draft, *turn.steps)])


@pytest.mark.parametrize("stratum", ["base", "missing_parameter", "split", "refusal"])
async def test_the_trace_runs_with_the_new_texts(stratum: str) -> None:
    held = 0
    async for plan, drawn, world in with_blanks(stratum):
        start = await world.digest()
        new = await reworded_by(teacher_chat(), plan, plan.job, stratum, world)

        assert await world.digest() == start
        assert [(t.kind, t.goals) for t in new.turns] == [(t.kind, t.goals) for t in plan.turns]
        if new == plan:
            continue
        held += 1
        assert not [text for text in drawn if f'"{text}"' in arguments(new.turns)]
        for turn in new.turns:
            for step in turn.steps:
                observation = await world.call(step.tool, step.arguments)
                assert observation.value == step.value
            assert await world.digest() == turn.digest
    assert held


async def test_the_user_says_the_new_text() -> None:
    async for plan, _, world in with_blanks(count=1):
        new = await reworded_by(saying(lambda drawn: [f"{d} !" for d in drawn]), plan, plan.job,
                                "base", world)  # fmt: skip

        said = [value for turn in new.turns for _, value in user_values(turn)]
        assert any(str(value).endswith(" !") for value in said)


@pytest.mark.parametrize(
    "texts",
    [
        lambda drawn: [],
        lambda drawn: ["" for _ in drawn],
        lambda drawn: ["x" * (LONGEST + 1) for _ in drawn],
        lambda drawn: ['He said "no" to it' for _ in drawn],
        lambda drawn: ["Dear [insert name], hello" for _ in drawn],
    ],
    ids=["too few", "empty", "too long", "quotes", "placeholder"],
)
async def test_texts_that_cannot_stand_leave_the_drawn_ones(texts: Texts) -> None:
    async for plan, _, world in with_blanks(count=2):
        assert await reworded_by(saying(texts), plan, plan.job, "base", world) == plan


async def test_a_text_that_makes_a_call_fail_leaves_the_plan_as_it_was() -> None:
    async for plan, drawn, world in with_blanks(count=2):
        start = await world.digest()
        bad = dict.fromkeys(drawn, "x" * 5000)

        assert await reworded(graph(NAME), plan, bad, world) == plan
        assert await world.digest() == start


async def test_one_request_words_all_texts_of_a_conversation() -> None:
    async for plan, drawn, world in with_blanks():
        chat = teacher_chat()
        await reworded_by(chat, plan, plan.job, "base", world)

        assert [ask.purpose for ask in chat.asked] == ["texts"]
        prompt = chat.asked[0].transcript.encoded().decode()
        assert all(text in msgspec.json.decode(prompt)[1]["content"] for text in drawn)


async def test_what_the_state_or_a_result_holds_is_no_free_text() -> None:
    async for plan, drawn, _ in with_blanks(count=4):
        state = canonical(planner(NAME).setting(job(plan.job)).scenario.state)
        assert not [text for text in drawn if text in state]
        tools = domain(NAME).tools
        assert all(
            tools[step.tool].mutates
            for turn in plan.turns
            for step in turn.steps
            if set(drawn) & {v for v in step.arguments.values() if isinstance(v, str)}
        )
