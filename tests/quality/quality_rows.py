"""A made-up row of two turns, its values and words under control."""

from __future__ import annotations

from typing import Any

from fastsynth.records import (
    Call,
    Conversation,
    Difficulty,
    Message,
    ToolCall,
    Usage,
    canonical,
)

SCHEMAS: dict[str, dict[str, Any]] = {
    "find_flights": {"origin": {"type": "string"}, "destination": {"type": "string"}},
    "hold_flight": {"flight_id": {"type": "string"}, "seats": {"type": "integer"}},
    "cancel_hold": {"hold_id": {"type": "string"}, "why": {"enum": ["price", "plans"]}},
    "list_cards": {},
    "sign_in": {"pin": {"type": "string"}},
}
Made = tuple[str, dict[str, Any], Any]
"""(tool, arguments, result)"""

FIND: Made = (
    "find_flights",
    {"origin": "Porto", "destination": "Oslo"},
    {"flights": [{"id": "fl_77x", "price": 90}, {"id": "fl_12k", "price": 120}]},
)
HOLD: Made = ("hold_flight", {"flight_id": "fl_77x", "seats": 2}, {"hold_id": "ho_5512"})
CANCEL: Made = ("cancel_hold", {"hold_id": "ho_5512", "why": "plans"}, {"done": True})
CARDS: Made = ("list_cards", {}, {"cards": ["cd_1"]})
SIGN_IN: Made = ("sign_in", {"pin": "4711"}, {"ok": True})

ASKED = "Find flights from Porto to Oslo, hold the cheapest for two people."
UNDONE = "Our plans changed: cancel that hold again, please."


def row(
    *turns: tuple[str, list[Made]],
    identity: str = "row-0",
    sources: list[list[dict[str, Any]]] | None = None,
    **columns: Any,
) -> Conversation:
    """Each turn: what the user says, and the calls that are right."""
    messages = [Message(role="system", content="You are a travel desk.")]
    for number, (query, calls) in enumerate(turns):
        messages.append(Message(role="user", content=query))
        for step, (name, arguments, result) in enumerate(calls):
            call = ToolCall(id=f"{number:04d}{step:05d}", name=name, arguments=canonical(arguments))
            messages.append(Message(role="assistant", tool_calls=(call,)))
            messages.append(Message(role="tool", content=canonical(result), tool_call_id=call.id))
        messages.append(Message(role="assistant", content="Done."))
    count = len(turns)
    made: dict[str, Any] = {
        "id": identity,
        "environment": "world:travel",
        "scenario": canonical({"of": identity}),
        "tools": tool_list(),
        "messages": tuple(messages),
        "ground_truth": tuple(
            tuple(Call(name=name, arguments=canonical(arguments)) for name, arguments, _ in calls)
            for _, calls in turns
        ),
        "ground_truth_steps": tuple((1,) * len(calls) for _, calls in turns),
        "kinds": ("base",) * count,
        "targets": tuple(calls[-1][0] if calls else "" for _, calls in turns),
        "purposes": ("",) * count,
        "hint_levels": (0,) * count,
        "blind_passes": (1,) * count,
        "blind_tries": (2,) * count,
        "num_turns": count,
        "num_calls": sum(len(calls) for _, calls in turns),
        "difficulty": Difficulty(),
        "teacher": "scripted",
        "usage": Usage(),
        "hinted_reasoning": (0,) * count,
        "provenance": canonical(sources or []),
    }
    return Conversation(**(made | columns))


def tool_list() -> str:
    return canonical(
        [
            {
                "type": "function",
                "function": {
                    "name": name,
                    "description": name.replace("_", " "),
                    "parameters": {"type": "object", "properties": properties},
                },
            }
            for name, properties in SCHEMAS.items()
        ]
    )
