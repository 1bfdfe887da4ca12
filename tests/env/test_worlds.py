from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

import jsonschema_rs
import pytest

from fastsynth.env import paths
from fastsynth.env.environment import Observation, Scenario, Tool
from fastsynth.env.registry import domain_of_row, open_domain
from fastsynth.env.world import check_arguments, living, row_environment, tools_of
from fastsynth.env.worlds import cast
from fastsynth.env.worlds.domain import BROADER, OPAQUE, PARTS, world
from fastsynth.errors import ConfigError
from fastsynth.records import canonical

ALL = world()
DOUBTED = world()
for _part in vars(DOUBTED)["_by_name"].values():
    _part.steady = False


class Explorer:
    """Calls tools with what scenario, state and earlier results offer, and forgets nothing."""

    def __init__(self, scenario: Scenario, rng: Random) -> None:
        self.values = {concept: list(given) for concept, given in scenario.facts.items()}
        self.rng = rng

    def learn(self, tool: Tool, value: Any) -> None:
        for pattern, concept in tool.gives.items():
            for _, found in paths.find(pattern, value):
                for meaning in (concept, *BROADER.get(concept, ())):
                    self.values.setdefault(meaning, []).append(found)

    def arguments(self, tool: Tool) -> dict[str, Any] | None:
        chosen = dict(self._chosen(tool))
        missing = set(tool.parameters["required"]) - set(chosen)
        return None if missing else chosen

    def _chosen(self, tool: Tool) -> Iterator[tuple[str, Any]]:
        for name, schema in tool.parameters["properties"].items():
            if f"{name}[]" in tool.takes:
                held = sorted(set(self.values.get(tool.takes[f"{name}[]"], ())))
                if len(held) >= 2:
                    yield name, self.rng.sample(held, 2)
            elif name in tool.takes:
                if held := self.values.get(tool.takes[name]):
                    yield name, self.rng.choice(held)
            elif "enum" in schema:
                yield name, self.rng.choice(schema["enum"])
            elif schema.get("type") == "integer":
                yield name, self.rng.randint(schema["minimum"], schema["minimum"] + 1)


async def explored(
    parts: Sequence[str], seed: int, rounds: int = 5
) -> tuple[set[str], list[tuple[str, str]], list[tuple[str, Any, Observation]]]:
    """(tools that ran, refusals, all calls) of some rounds through all tools."""
    scenario = ALL.draw(parts, Random(seed))
    rng = Random(seed + 1)
    ran: set[str] = set()
    refusals: list[tuple[str, str]] = []
    calls: list[tuple[str, Any, Observation]] = []
    async with living(ALL, parts, scenario.state) as live:
        explorer = Explorer(scenario, rng)
        for _ in range(rounds):
            names = list(live.tools)
            rng.shuffle(names)
            for name in names:
                tool = live.tools[name]
                arguments = explorer.arguments(tool)
                if arguments is None:
                    continue
                seen = await live.call(name, arguments)
                calls.append((name, arguments, seen))
                if seen.ok:
                    ran.add(name)
                    explorer.learn(tool, seen.value)
                    check_result(tool, seen.value)
                else:
                    refusals.append((name, seen.message))
    return ran, refusals, calls


def check_result(tool: Tool, value: Any) -> None:
    validator = jsonschema_rs.Draft202012Validator(tool.result)
    assert validator.is_valid(value), (tool.name, [e.message for e in validator.iter_errors(value)])


@pytest.mark.anyio
async def test_every_tool_runs_in_some_scenario_and_gives_what_it_declares() -> None:
    ran: set[str] = set()
    for seed in range(12):
        ran |= (await explored(PARTS, seed))[0]

    assert ran == set(ALL.tools)


@pytest.mark.anyio
@pytest.mark.parametrize("part", PARTS)
async def test_every_world_stands_alone(part: str) -> None:
    ran: set[str] = set()
    for seed in range(14):
        ran |= (await explored((part,), seed))[0]

    assert ran == set(tools_of(ALL, [part]))


@pytest.mark.anyio
async def test_refusals_name_the_rule_or_the_value() -> None:
    refusals = [r for seed in range(6) for r in (await explored(PARTS, seed))[1]]
    rules = {word for _, text in refusals for word in text.split() if word.isupper()}

    assert {"SIGN-IN", "UNLOCK", "LITE", "NO-OVERDRAFT", "FROZEN"} <= rules
    assert all(len(text) > 15 and "Error" not in text for _, text in refusals)


def test_an_argument_that_a_tool_has_not_is_named_with_those_it_has() -> None:
    assert check_arguments(ALL.tools["list_cards"], {"type": "object"}) == (
        "list_cards: no argument 'type'; it takes: none, call it with {}"
    )
    assert "no argument 'nam'; it takes: name;" in check_arguments(
        ALL.tools["find_payee"], {"nam": "Ada"}
    )


def test_a_value_that_an_enumeration_has_not_is_answered_with_all_it_has() -> None:
    reaction = ALL.tools["react_to_message"]
    allowed = reaction.parameters["properties"]["reaction"]["enum"]
    complaint = check_arguments(reaction, {"message_id": "ms_x", "reaction": "shrug"})

    assert len(allowed) > 2
    assert complaint == (
        'react_to_message.reaction: "shrug" is not one of '
        + ", ".join(f'"{value}"' for value in allowed)
    )


@pytest.mark.anyio
async def test_the_fare_rule_that_forbids_a_change_is_named() -> None:
    flights = [
        {"flight_id": i, "airline": "Cormorant", "origin": "Graz", "destination": "Oslo",
         "date": "2026-03-03", "departs": departs, "duration_minutes": 130, "stops": 0,
         "price": 100.0, "fare": "FLEX-LITE", "seats_left": 3}
        for i, departs in (("fl_a", "07:00"), ("fl_b", "19:00"))
    ]  # fmt: skip
    booking = {"flight_id": "fl_a", "traveller": "Ann", "cabin": "economy", "status": "paid",
               "price": 100.0, "paid": 100.0, "seat": "", "bags": 0}  # fmt: skip
    state = {
        "now": "2026-03-02T09:00+01:00",
        "account": {"signed_in": True},
        "flights": flights,
        "flight_bookings": {"FB1": booking},
    }
    async with living(ALL, ["travel"], {"travel": state}) as live:
        seen = await live.call("change_flight", {"booking_id": "FB1", "flight_id": "fl_b"})

    assert seen.message == "the fare rule FLEX-LITE allows no changes within 24 h of departure"


@pytest.mark.anyio
async def test_reads_leave_the_state_alone_and_snapshots_bring_it_back() -> None:
    scenario = ALL.draw(PARTS, Random(3))
    async with living(ALL, PARTS, scenario.state) as live:
        start = await live.digest()
        explorer = Explorer(scenario, Random(4))
        mark = await live.mark()
        for name in ("unlock_wallet", "sign_in_to_travel"):
            await live.call(name, explorer.arguments(live.tools[name]))
        inside = await live.digest()
        for name, tool in live.tools.items():
            if not tool.mutates and (arguments := explorer.arguments(tool)) is not None:
                await live.call(name, arguments)
        assert await live.digest() == inside
        await live.rewind(mark)

        assert await live.digest() == start


@pytest.mark.anyio
async def test_parts_whose_promises_are_not_believed_keep_them_all_the_same() -> None:
    for seed in range(4):
        _, _, calls = await explored(PARTS, seed, rounds=3)
        scenario = ALL.draw(PARTS, Random(seed))
        async with (
            living(ALL, PARTS, scenario.state) as live,
            living(DOUBTED, PARTS, scenario.state) as doubted,
        ):
            for name, arguments, seen in calls:
                before = await doubted.digest()
                assert await live.call(name, arguments) == seen
                assert await doubted.call(name, arguments) == seen
                after = await doubted.digest()
                assert await live.digest() == after
                assert before == after or live.tools[name].mutates


@pytest.mark.anyio
async def test_replaying_the_calls_of_a_world_gives_its_digest() -> None:
    _, _, first = await explored(PARTS, 21, rounds=3)
    scenario = ALL.draw(PARTS, Random(21))
    digests = []
    for _ in range(2):
        async with living(ALL, PARTS, scenario.state) as live:
            seen = [(await live.call(name, arguments)) for name, arguments, _ in first]
            digests.append(await live.digest())
        assert seen == [observation for *_, observation in first]

    assert digests[0] == digests[1]


@pytest.mark.anyio
async def test_a_booking_is_paid_from_the_wallet_and_attached_to_a_message() -> None:
    scenario = ALL.draw(PARTS, Random(8))
    facts = scenario.facts
    scenario.state["travel"]["account"]["signed_in"] = True
    scenario.state["wallet"]["owner"]["unlocked"] = True
    for account in scenario.state["wallet"]["accounts"].values():
        account["balance"] = 9000.0
    async with living(ALL, PARTS, scenario.state) as live:

        async def call(tool: str, /, **arguments: Any) -> Any:
            seen = await live.call(tool, arguments)
            assert seen.ok, seen.message
            return seen.value

        hotels = await call("search_hotels", city=facts["destination_city"][0])
        rooms = await call("get_room_offers", hotel_id=hotels["hotels"][0]["hotel_id"])
        room = min(rooms["rooms"], key=lambda r: r["price_per_night"])
        held = await call(
            "book_room",
            room_id=room["room_id"],
            check_in=facts["depart_date"][0],
            check_out=facts["return_date"][0],
        )
        cards = (await call("list_cards"))["cards"]
        card = next(c for c in cards if c["status"] == "active")
        await call("set_card_limit", card_id=card["card_id"], daily_limit=5000.0)
        price = held["total_price"]
        token = await call("create_payment_token", card_id=card["card_id"], amount=price)
        paid = await call(
            "pay_booking", booking_id=held["booking_id"], payment_token=token["payment_token"]
        )
        person = await call("find_contact", name=facts["person_name"][0])
        draft = await call("create_draft", contact_id=person["contact_id"], text="It is booked.")
        attached = await call(
            "attach_to_draft", draft_id=draft["draft_id"], reference=paid["confirmation_code"]
        )
        again = await live.call(
            "pay_booking",
            {"booking_id": held["booking_id"], "payment_token": token["payment_token"]},
        )

    assert paid["amount_paid"] == price
    assert attached["attachment_count"] == 1
    assert again.error == "tool"


def test_equal_seeds_give_equal_scenarios_and_jobs_differ() -> None:
    def text(seed: int) -> str:
        return canonical(ALL.draw(PARTS, Random(seed)).state)

    drawn = [text(seed) for seed in range(200)]

    assert drawn[:20] == [text(seed) for seed in range(20)]
    assert len(set(drawn)) >= 198


def test_a_part_is_drawn_the_same_alone_and_in_company() -> None:
    together = ALL.draw(PARTS, Random(11))
    alone = ALL.draw(["wallet"], Random(11))

    assert alone.state == {"wallet": together.state["wallet"]}
    assert alone.thread == together.thread


def test_threads_are_many_and_name_the_destination() -> None:
    scenarios = [ALL.draw(PARTS, Random(seed)) for seed in range(300)]
    threads = {(s.thread.persona, s.thread.occasion) for s in scenarios}

    assert len(threads) > 280
    assert len(cast.occasions()) >= 30
    assert len(cast.PERSONAS) >= 30
    assert all(s.facts["destination_city"][0] in s.thread.occasion for s in scenarios)
    signed_in = [s.state["travel"]["account"]["signed_in"] for s in scenarios]
    assert 0.35 < sum(signed_in) / len(signed_in) < 0.65


def test_facts_hold_no_opaque_concept_and_no_opaque_value() -> None:
    for seed in range(20):
        scenario = ALL.draw(PARTS, Random(seed))

        assert not set(scenario.facts) & OPAQUE


def test_declarations_point_at_what_is_there() -> None:
    for tool in ALL.tools.values():
        fields = set(_patterns(tool.result))
        named = (*tool.told, *tool.ranks, *tool.gives)

        assert set(named) <= fields, (tool.name, set(named) - fields)
        assert set(tool.needs) | set(tool.undoes) <= set(ALL.tools)
        assert 1 <= len(tool.told) <= 4, tool.name
        assert tool.description.endswith("."), tool.name


def _patterns(schema: Mapping[str, Any], at: str = "") -> Iterator[str]:
    for name, inner in schema.get("properties", {}).items():
        yield from _patterns(inner, paths.join(at, name))
    if schema.get("type") == "array":
        yield from _patterns(schema["items"], at + "[]")
    if schema.get("type") not in ("object", "array"):
        yield at


def test_every_required_value_can_be_had_from_someone() -> None:
    scenario = ALL.draw(PARTS, Random(1))
    given = {c for tool in ALL.tools.values() for c in tool.gives.values()}
    given |= {wide for narrow in given for wide in BROADER.get(narrow, ())}

    for tool in ALL.tools.values():
        for concept in tool.takes.values():
            assert concept in given or (concept in scenario.facts and concept not in OPAQUE)


@pytest.mark.parametrize("spec", ["world", "world:travel+wallet", "world:messages"])
def test_a_row_opens_the_domain_it_came_from(spec: str) -> None:
    domain = open_domain(spec)
    again, parts = domain_of_row(row_environment(domain, domain.parts))

    assert again.tools.keys() == domain.tools.keys()
    assert parts == domain.parts


@pytest.mark.parametrize("spec", ["world:tavel", "mcp:memory", "python:", "other"])
def test_an_environment_that_cannot_be_opened_is_a_config_error(spec: Any) -> None:
    with pytest.raises(ConfigError):
        open_domain(spec)
