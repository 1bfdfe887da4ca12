"""Rows and manifest of a made-up run, for card and report."""

from __future__ import annotations

from fastsynth.records import (
    Call,
    Conversation,
    Difficulty,
    Message,
    ToolCall,
    Usage,
    canonical,
)
from fastsynth.store.manifest import Manifest, StratumCount

TOOLS = ("find_flight", "book_flight", "get_balance", "cancel_booking")


def row(
    number: int = 0,
    *,
    turns: int = 2,
    level: int = 0,
    query: str = "Book me the cheapest flight from Porto to Oslo on 5 March, please.",
    teacher: str = "scripted",
) -> Conversation:
    """`turns` turns of two calls each; tool names rotate with `number`."""
    messages = [Message(role="system", content="You are a travel desk. Today is 2 March 2026.")]
    truth = []
    for turn in range(turns):
        first, second = TOOLS[number % 2], TOOLS[1 + (number + turn) % 2]
        messages += _turn(f"{number}{turn}", query, first, second)
        arguments = canonical({"origin": "Porto"})
        truth.append(tuple(Call(name=name, arguments=arguments) for name in (first, second)))
    listed = [
        {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}
        for name in TOOLS
    ]
    return Conversation(
        id=f"row-{number:04d}",
        environment="world:travel+wallet",
        scenario="{}",
        tools=canonical(listed),
        messages=tuple(messages),
        ground_truth=tuple(truth),
        ground_truth_steps=((1, 1),) * turns,
        kinds=("base",) * turns,
        targets=("book_flight",) * turns,
        purposes=("a flight is booked",) * turns,
        hint_levels=(level,) * turns,
        blind_passes=(1 if level == 0 else 0,) * turns,
        blind_tries=(2,) * turns,
        num_turns=turns,
        num_calls=2 * turns,
        difficulty=Difficulty(distance=2, share_user=0.5, share_output=0.3, share_default=0.2),
        teacher=teacher,
        usage=Usage(requests=9, prompt_tokens=9000, completion_tokens=700 + 130 * (number % 9)),
    )


def _turn(tag: str, query: str, first: str, second: str) -> list[Message]:
    found = canonical(
        {"flights": [{"id": f"TP-{tag}", "price": 129.0, "seats": n} for n in range(4)]}
    )
    calls = [
        ToolCall(id=f"call{tag}a", name=first, arguments='{"origin":"Porto","when":"2026-03-05"}'),
        ToolCall(id=f"call{tag}b", name=second, arguments=f'{{"flight_id":"TP-{tag}"}}'),
    ]
    return [
        Message(role="user", content=query),
        Message(
            role="assistant", reasoning="Flights first, then book one.", tool_calls=(calls[0],)
        ),
        Message(role="tool", content=found, tool_call_id=calls[0].id, name=first),
        Message(role="assistant", tool_calls=(calls[1],)),
        Message(role="tool", content='{"booking":"B-7"}', tool_call_id=calls[1].id, name=second),
        Message(role="assistant", content=f"Booked: TP-{tag} for 129.00, booking B-7."),
    ]


def manifest(*teachers: str) -> Manifest:
    return Manifest(
        identity="0" * 32,
        environment="world:travel+wallet",
        teachers=teachers or ("scripted",),
        seed=7,
        wanted=40,
        jobs=61,
        accepted=40,
        rejected=21,
        failed=3,
        stopped_by="done",
        funnel={
            "chain": {"wrong_state": 9, "goal_missing": 2},
            "failed": {"unavailable": 3},
            "filter": {"duplicate": 4},
            "query": {"value_missing": 6},
        },
        strata=(
            StratumCount(stratum="travel/near", target=20, chosen=22, finished=30, accepted=22),
            StratumCount(stratum="travel/far", target=10, chosen=10, finished=19, accepted=10),
            StratumCount(stratum="wallet/near", target=10, chosen=8, finished=15, accepted=8),
        ),
        usage=Usage(
            requests=600, prompt_tokens=1_234_567, completion_tokens=98_765, cached_tokens=900_000
        ),
    )
