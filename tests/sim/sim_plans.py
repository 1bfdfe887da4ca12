"""Plans made by hand, requests for them, and a way to read the conversations aloud.

`PYTHONPATH=tests/sim python tests/sim/sim_plans.py 5` prints five of them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from fastsynth.env.environment import Thread
from fastsynth.method.plan import Choice, Default, Goal, Output, Step, Turn, User
from fastsynth.method.script import AdvancedDraft, Purpose, QueryDraft, Script, Style
from fastsynth.records import canonical
from fastsynth.sim.api import ChatMessage, FunctionCall, Spoken, ToolFunction
from fastsynth.sim.teacher import bank
from fastsynth.sim.teacher.mistakes import NONE, Mistakes
from fastsynth.sim.teacher.teacher import Teacher

BANK = bank.load(Path(__file__).parent / "bank")
THREAD = Thread(
    persona="a nurse who works nights",
    occasion="planning her sister's wedding weekend in Porto",
    entities=("Oslo", "Porto"),
)
ABOUT = {
    "search_flights": "Search flights between two cities on a day.",
    "book_flight": "Books a seat on a flight.",
    "pay_booking": "Pay for a booking with a card.",
    "get_weather": "Gets the weather forecast of a city. Needs no log-in.",
    "send_parcel": "Send a parcel to an address.",
    "list_cards": "Lists your cards.",
}
TOOLS = [ToolFunction(name=name, description=text) for name, text in ABOUT.items()]
STYLES = [
    Style(),
    Style(register="casual", mentions_occasion=True, dates="short"),
    Style(register="formal", length="long", detail="trailing", dates="iso"),
    Style(register="terse", length="short"),
]
USER = User()

FLIGHTS = {
    "flights": [
        {"flight_id": "FL-8KQ2", "airline": "Nordair", "price": 310.0},
        {"flight_id": "FL-3ZT9", "airline": "Lusofly", "price": 189.5},
    ]
}
SEARCH = Step(
    tool="search_flights",
    arguments={"origin": "Oslo", "destination": "Porto", "date": "2026-05-03"},
    sources={"origin": USER, "destination": USER, "date": USER},
    value=FLIGHTS,
)


def booking(by: str = "lowest") -> Step:
    at, choice = {
        "lowest": (1, Choice(by="lowest", field="flights[].price", words="cheapest")),
        "named": (
            0,
            Choice(by="named", field="flights[].airline", words="Nordair", value="Nordair"),
        ),
    }[by]
    flight = FLIGHTS["flights"][at]
    return Step(
        tool="book_flight",
        arguments={"flight_id": flight["flight_id"], "cabin": "economy", "adults": 1},
        sources={
            "flight_id": Output(turn=0, step=0, path=f"flights[{at}].flight_id", choice=choice),
            "cabin": USER,
            "adults": Default(),
        },
        value={
            "booking_id": "BK-77A1",
            "confirmation": "QX7LM2",
            "total": flight["price"],
            "ok": True,
        },
        mutates=True,
    )


def payment(turn: int, step: int) -> Step:
    return Step(
        tool="pay_booking",
        arguments={"booking_id": "BK-77A1", "card": "Visa", "limit": 250},
        sources={
            "booking_id": Output(turn=turn, step=step, path="booking_id"),
            "card": USER,
            "limit": USER,
        },
        value={"amount": 189.5, "receipt": "RC-5512"},
        mutates=True,
    )


WEATHER = Step(
    tool="get_weather",
    arguments={"city": "Porto", "departureDate": "2026-05-03", "metric": True},
    sources={"city": USER, "departureDate": USER, "metric": USER},
    value={"forecast": {"high": 21, "low": 12, "summary": "light rain"}},
)
PARCEL = Step(
    tool="send_parcel",
    arguments={"address": {"street": "Rua das Flores 12", "city": "Porto"}, "weights": [2, 3.5]},
    sources={"address.street": USER, "address.city": USER, "weights[0]": USER, "weights[1]": USER},
    value="parcel 4471 accepted",
    mutates=True,
)


def turn(number: int, steps: tuple[Step, ...], goals: tuple[Goal, ...], **more: Any) -> Turn:
    return Turn(
        number=number,
        kind=more.pop("kind", "base"),
        target=steps[-1].tool if steps else "",
        steps=steps,
        goals=goals,
        digest="d",
        **more,
    )


def plan_one() -> tuple[Turn, ...]:
    """Book the cheapest, pay for it, thank, ask for the code again, wish for what is not there."""
    wish = msgspec.structs.replace(PARCEL, value=None)
    return (
        turn(0, (SEARCH, booking()), (Goal(step=1, effect=True, paths=("confirmation", "total")),)),
        turn(1, (payment(0, 1),), (Goal(step=0, effect=True, paths=("amount",)),)),
        turn(2, (), (), kind="no_tool", variant="chat"),
        turn(
            3,
            (),
            (),
            kind="no_tool",
            variant="history",
            recall=Output(turn=0, step=1, path="confirmation"),
        ),
        turn(4, (), (), kind="no_tool", variant="unavailable", wish=wish),
    )


def plan_two() -> tuple[Turn, ...]:
    """Search, book and pay in one turn; then two tools that have no phrases."""
    return (
        turn(
            0,
            (SEARCH, booking("named"), payment(0, 1)),
            (
                Goal(step=0, effect=False, paths=("flights[0].price", "flights[1].price")),
                Goal(step=1, effect=True, paths=("confirmation",)),
                Goal(step=2, effect=True),
            ),
        ),
        turn(
            1,
            (WEATHER,),
            (Goal(step=0, effect=False, paths=("forecast.high", "forecast.summary")),),
        ),
        turn(2, (PARCEL,), (Goal(step=0, effect=True, paths=("",)),)),
    )


def script(
    turns: tuple[Turn, ...], number: int, purpose: Purpose, seed: int = 1, **more: Any
) -> Script:
    return Script(
        purpose=purpose,
        seed=seed,
        turns=turns[: number + 1],
        thread=THREAD,
        now="2026-03-02T09:00+01:00",
        style=more.pop("style", STYLES[seed % len(STYLES)]),
        about=ABOUT,
        **more,
    )


def teacher(mistakes: Mistakes = NONE) -> Teacher:
    return Teacher(BANK, mistakes)


def query(who: Teacher, turns: tuple[Turn, ...], number: int, seed: int, **more: Any) -> QueryDraft:
    spoken = who.speak(script(turns, number, "query", seed, **more), [], [])
    return msgspec.json.decode(spoken.content or "", type=QueryDraft)


def advanced(who: Teacher, turns: tuple[Turn, ...], number: int, seed: int) -> AdvancedDraft:
    spoken = who.speak(script(turns, number, "advanced", seed), [], [])
    return msgspec.json.decode(spoken.content or "", type=AdvancedDraft)


def rollout(
    who: Teacher, turns: tuple[Turn, ...], number: int, seed: int, text: str = "?", **more: Any
) -> Iterator[Spoken]:
    """The replies of one attempt; results are those of the trace, an error for any other call."""
    messages = [ChatMessage("system", "s"), ChatMessage("user", text)]
    truth = {(step.tool, canonical(step.arguments)): step.value for step in turns[number].steps}
    for _ in range(12):
        spoken = who.speak(script(turns, number, "step", seed, **more), messages, TOOLS)
        yield spoken
        if not spoken.calls:
            return
        made = [FunctionCall(f"c{len(messages)}", call) for call in spoken.calls]
        messages.append(ChatMessage("assistant", spoken.content, made))
        for call in made:
            key = (call.function.name, call.function.arguments)
            try:
                given = canonical(msgspec.json.decode(call.function.arguments))
                value = truth.get((key[0], given), {"error": "no such thing"})
            except msgspec.DecodeError:
                value = {"error": "arguments: need a JSON object"}
            messages.append(ChatMessage("tool", canonical(value), None, call.id))


def read_aloud(seed: int, who: Teacher | None = None) -> str:
    who = who or teacher()
    lines = [f"=== {seed}"]
    for turns in (plan_one(), plan_two()):
        for number in range(len(turns)):
            made = advanced(who, turns, number, seed)
            lines.append(f"--- {made.name}: {made.purpose} | {made.description}")
            draft = query(who, turns, number, seed)
            lines += [f"USER  {draft.query}", f"      asks {draft.asks}"]
            for spoken in rollout(who, turns, number, seed):
                lines.append(f"  ({spoken.reasoning})")
                lines += [f"  -> {call.name}({call.arguments})" for call in spoken.calls]
                if spoken.content:
                    lines.append(f"BOT   {spoken.content}")
    return "\n".join(lines)


if __name__ == "__main__":
    for number in range(int(sys.argv[1])):
        sys.stdout.write(read_aloud(number) + "\n")
