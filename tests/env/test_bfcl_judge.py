"""BFCL's own checker over conversations in our scenarios."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from bfcl_explorer import explore

from fastsynth import seeds
from fastsynth.env.adapters.bfcl.domain import BfclDomain
from fastsynth.env.environment import Observation
from fastsynth.env.world import living
from fastsynth.records import Call, Conversation, Difficulty, Message, ToolCall, Usage, canonical

DOMAIN = BfclDomain()
Executed = tuple[str, dict[str, Any], Observation]


def _load() -> ModuleType:
    place = Path(__file__).parents[1] / "judges" / "bfcl.py"
    spec = importlib.util.spec_from_file_location("bfcl_judge", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


judge = _load().judge


def row(parts: tuple[str, ...], state: Any, turns: list[list[Executed]]) -> Conversation:
    """A true conversation of these calls: one call a step, every turn answered in words."""
    messages: list[Message] = []
    for number, turn in enumerate(turns):
        messages.append(Message(role="user", content="Please do it."))
        for step, (name, arguments, seen) in enumerate(turn):
            call = ToolCall(id=f"{number:04d}{step:05d}", name=name, arguments=canonical(arguments))
            messages.append(Message(role="assistant", tool_calls=(call,)))
            messages.append(
                Message(role="tool", content=canonical(seen.value), tool_call_id=call.id)
            )
        messages.append(Message(role="assistant", content="Done."))
    truth = tuple(
        tuple(Call(name=name, arguments=canonical(arguments)) for name, arguments, _ in turn)
        for turn in turns
    )
    return Conversation(
        id="x", environment=f"bfcl:{'+'.join(parts)}", scenario=canonical(state), tools="[]",
        messages=tuple(messages), ground_truth=truth,
        ground_truth_steps=tuple((1,) * len(turn) for turn in turns),
        kinds=("base",) * len(turns), targets=("",) * len(turns), purposes=("",) * len(turns),
        hint_levels=(0,) * len(turns), blind_passes=(0,) * len(turns),
        blind_tries=(0,) * len(turns), num_turns=len(turns),
        num_calls=sum(map(len, turns)), difficulty=Difficulty(), teacher="scripted", usage=Usage(),
    )  # fmt: skip


async def by_hand() -> Conversation:
    """Look up a price and buy; then tell a colleague: two classes, values flowing, two turns."""
    parts = ("TradingBot", "MessageAPI")
    scenario = DOMAIN.draw(parts, seeds.derive("by hand"))
    said = scenario.facts
    turns: list[list[Executed]] = [[], []]
    async with living(DOMAIN, parts, scenario.state) as world:

        async def call(turn: int, name: str, /, **arguments: Any) -> Any:
            seen = await world.call(name, arguments)
            assert seen.ok, seen.message
            turns[turn].append((name, world.log[-1][1], seen))
            return seen.value

        await call(0, "trading_login", username=said["username"][0], password=said["password"][0])
        symbol = (await call(0, "get_symbol_by_name", name=said["company"][0]))["symbol"]
        price = (await call(0, "get_stock_info", symbol=symbol))["price"]
        order = {"order_type": "Buy", "symbol": symbol, "price": price, "amount": 2}
        await call(0, "place_order", **order)
        await call(1, "message_login", user_id=said["own_user_id"][0])
        receiver = (await call(1, "get_user_id", user=said["contact_name"][0]))["user_id"]
        text = 'Bought it, "finally".\nIt\'s two shares.'
        await call(1, "send_message", receiver_id=receiver, message=text)
    return row(parts, scenario.state, turns)


def without_call(true: Conversation, number: int) -> Conversation:
    """The same row, its `number`-th recorded call never made; the truth stays."""
    asking = [m for m in true.messages if m.tool_calls]
    left = tuple(m for m in true.messages if m is not asking[number])
    return msgspec.structs.replace(true, messages=left)


@pytest.mark.anyio
async def test_the_judge_accepts_a_true_conversation() -> None:
    true = await by_hand()

    assert judge(true) == {"valid": True}
    assert judge(true) == {"valid": True}, "a verdict left something behind"


@pytest.mark.anyio
async def test_the_judge_rejects_it_with_any_one_call_deleted() -> None:
    true = await by_hand()

    for number in range(true.num_calls):
        assert not judge(without_call(true, number))["valid"]


@pytest.mark.anyio
async def test_a_call_where_none_is_right_is_rejected() -> None:
    true = await by_hand()
    silent = msgspec.structs.replace(true, ground_truth=(true.ground_truth[0], ()))

    assert not judge(silent)["valid"]


@pytest.mark.anyio
@pytest.mark.parametrize("part", DOMAIN.parts)
async def test_whatever_a_walk_did_replays_in_the_judge(part: str) -> None:
    parts = (part, *DOMAIN.companions[part][:2])
    walk = await explore(DOMAIN, parts, 3, rounds=1)
    scenario = DOMAIN.draw(parts, seeds.derive(3, "scenario"))
    third = len(walk.log) // 3
    turns = [walk.log[:third], walk.log[third : 2 * third], walk.log[2 * third :]]

    verdict = judge(row(parts, json.loads(canonical(scenario.state)), turns))

    assert verdict["valid"], verdict.get("error_message")
