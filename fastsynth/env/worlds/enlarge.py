"""A drawn scenario of the bundled worlds, grown to the sizes of years of use: an inbox of hundreds
of threads, a hub's timetable, a full account history. What was there stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import product
from random import Random
from typing import Any

import msgspec

from fastsynth.env.environment import Scenario
from fastsynth.env.worlds import cast
from fastsynth.env.worlds.lines import FILE_ENDS, FILE_WORDS, NOTED, QUESTIONS, TASKS, THINGS
from fastsynth.env.worlds.story import digits, opaque

THREADS, WRITTEN, REMINDERS, FILES = 210, 150, 190, 60
FLIGHTS, HOTELS = 95, 160
ENTRIES, PAYEES = 210, 60
HOTEL_NAMES = (
    "Amber Alder Beacon Birch Cedar Chestnut Coral Cypress Falcon Fern Heron Ivory Juniper Larch "
    "Maple Mercury Opal Orchid Saffron Willow".split(),
    "Arms Gate Grand Hall Hideaway Loft Manor Place Plaza Retreat".split(),
)


def enlarge(parts: Sequence[str], scenario: Scenario, rng: Random) -> Scenario:
    """`scenario` with the state of each of `parts` grown; facts and thread are the same."""
    grow = {"travel": _travel, "wallet": _wallet, "messages": _messages}
    state = dict(scenario.state)
    for part, make in grow.items():
        own = Random(rng.getrandbits(64))
        if part in parts:
            state[part] = make(state[part], own)
    return msgspec.structs.replace(scenario, state=state)


def _messages(config: dict[str, Any], rng: Random) -> dict[str, Any]:
    today = date.fromisoformat(config["now"][:10])
    contacts, threads = dict(config["contacts"]), dict(config["threads"])
    taken = {name for contact in contacts.values() for name in contact["name"].split()}
    for name in _names(rng, taken, THREADS):
        contact_id = opaque(rng, "ct_")
        contacts[contact_id] = {
            "name": name,
            "relation": rng.choice(("family", "friend", "work", "neighbour")),
            "phone": f"+{rng.randint(30, 49)} {digits(rng, 3)} {digits(rng, 6)}",
            "city": rng.choice(cast.HOMES).name,
        }
        last = today - timedelta(days=rng.randint(30, 900))
        threads[opaque(rng, "th_")] = {
            "contact_id": contact_id,
            "name": name,
            "unread": rng.choice((0, 0, 0, 1, 2)),
            "messages": list(_said(rng, name, last, rng.choice((1, 1, 2)))),
        }
    for thread in list(config["threads"])[:2]:
        held = threads[thread]
        first = date.fromisoformat(min(m["sent_at"] for m in held["messages"])[:10])
        older = list(_said(rng, held["name"], first - timedelta(days=1), WRITTEN))
        threads[thread] = {**held, "messages": [*older, *held["messages"]]}
    order = list(threads)
    rng.shuffle(order)
    return {
        **config,
        "contacts": contacts,
        "threads": {thread: threads[thread] for thread in order},
        "reminders": _reminders(config["reminders"], rng, today),
        "files": _files(config["files"], rng, [c["name"] for c in contacts.values()]),
    }


def _names(rng: Random, taken: set[str], count: int) -> list[str]:
    """Full names that share neither first nor last name with a person of the story."""
    pairs = [
        f"{first} {last}"
        for first, last in product(cast.FIRST, cast.LAST)
        if first not in taken and last not in taken
    ]
    return rng.sample(pairs, count)


def _said(rng: Random, sender: str, last: date, count: int) -> Iterator[dict[str, Any]]:
    """Messages up to `last`, oldest first, each on a day of its own."""
    days = sorted(rng.sample(range(max(count, 2) * 3), count), reverse=True)
    for day in days:
        yield {
            "message_id": opaque(rng, "ms_"),
            "sender": sender,
            "sent_at": f"{last - timedelta(days=day)}T{rng.randint(8, 21):02}:"
            f"{rng.randint(0, 59):02}",
            "text": _line(rng),
        }


def _line(rng: Random) -> str:
    return rng.choice((*QUESTIONS, *NOTED)).format(
        thing=rng.choice(THINGS), other=rng.choice(THINGS), number=rng.randint(2, 40)
    )


def _reminders(held: dict[str, Any], rng: Random, today: date) -> dict[str, Any]:
    """Weeks ahead of those there are, so that `next` still means one of them."""
    made = dict(held)
    titles = rng.sample([f"{task} {thing}" for task, thing in product(TASKS, THINGS)], REMINDERS)
    for title, day in zip(
        titles, rng.sample(range(45, 45 + 2 * REMINDERS), REMINDERS), strict=True
    ):
        due = f"{today + timedelta(days=day)}T{rng.choice(('08:30', '12:00', '18:00'))}"
        made[opaque(rng, "rm-")] = {"title": title, "due": due}
    return made


def _files(held: dict[str, Any], rng: Random, names: Sequence[str]) -> dict[str, Any]:
    """Versions of each file there is, and others."""
    made = dict(held)
    stems = [file["name"].rsplit(".", 1) for file in held.values()]
    sizes = iter(rng.sample(range(4100, 99000), 4 * FILES))
    for stem, ending in stems:
        for version in range(2, FILES):
            made[opaque(rng, "fi_")] = {
                "name": f"{stem} {rng.choice(FILE_WORDS)} v{version}.{ending}",
                "size_kb": next(sizes),
                "shared_by": rng.choice(names),
            }
    for thing in rng.sample(THINGS, min(len(THINGS), FILES // 2)):
        made[opaque(rng, "fi_")] = {
            "name": f"{thing} {rng.choice(FILE_WORDS)}.{rng.choice(FILE_ENDS)}",
            "size_kb": next(sizes),
            "shared_by": rng.choice(names),
        }
    return made


def _travel(config: dict[str, Any], rng: Random) -> dict[str, Any]:
    flights, hotels = list(config["flights"]), list(config["hotels"])
    routes = dict.fromkeys((f["origin"], f["destination"], f["date"]) for f in flights)
    for origin, destination, day in list(routes)[:4]:
        model = next(f for f in flights if (f["origin"], f["destination"]) == (origin, destination))
        base, minutes = model["price"], model["duration_minutes"]
        for price in rng.sample(range(4, 900), FLIGHTS):
            flights.append(
                {
                    **model,
                    "flight_id": opaque(rng, "fl_"),
                    "airline": rng.choice(cast.AIRLINES),
                    "date": day,
                    "departs": f"{rng.randint(6, 21):02}:{rng.choice(range(0, 60, 5)):02}",
                    "duration_minutes": minutes + rng.randrange(-20, 240),
                    "stops": rng.choice((0, 1, 1, 2)),
                    "price": round(base) + price / 2 - 0.1,
                    "fare": rng.choice(("LITE", "FLEX", model["fare"])),
                    "seats_left": rng.choice((1, 2, 5, 9)),
                }
            )
    names = [" ".join(pair) for pair in product(*HOTEL_NAMES)]
    for city in list(dict.fromkeys(h["city"] for h in hotels))[:1]:
        pattern = [h for h in hotels if h["city"] == city]
        for name in rng.sample(names, HOTELS):
            hotels.append(_hotel(rng, rng.choice(pattern), name))
    rng.shuffle(flights)
    rng.shuffle(hotels)
    return {**config, "flights": flights, "hotels": hotels}


def _hotel(rng: Random, model: dict[str, Any], name: str) -> dict[str, Any]:
    dearer = float(rng.randint(4, 160))
    return {
        **model,
        "hotel_id": opaque(rng, "ht_"),
        "name": name,
        "district": rng.choice(cast.DISTRICTS),
        "stars": rng.randint(1, 5),
        "rating": rng.randint(40, 69) / 10,
        "rooms": [
            {
                **room,
                "room_id": opaque(rng, "rm_"),
                "price_per_night": room["price_per_night"] + dearer,
            }
            for room in model["rooms"][:1]
        ],
    }


def _wallet(config: dict[str, Any], rng: Random) -> dict[str, Any]:
    today = date.fromisoformat(config["today"])
    oldest = date.fromisoformat(min(entry["date"] for entry in config["entries"]))
    entries = []
    for account_id in list(config["accounts"])[:2]:
        for days in sorted(rng.sample(range(1, 2 * ENTRIES), ENTRIES), reverse=True):
            category = rng.choice(sorted(cast.SHOPS))
            entries.append(
                {
                    "account_id": account_id,
                    "date": (oldest - timedelta(days=days)).isoformat(),
                    "text": rng.choice(cast.SHOPS[category]),
                    "amount": -round(rng.uniform(2, 95), 2),
                    "category": category,
                }
            )
    payees = dict(config["payees"])
    taken = {name for payee in payees.values() for name in payee["name"].split()}
    country = next(iter(payees.values()))["iban"][:2]
    for name in _names(rng, taken, PAYEES):
        payees[opaque(rng, "py_")] = {
            "name": name,
            "iban": country + digits(rng, 20),
            "bank": rng.choice(("Harbour Bank", "Fjord Savings", "Union Mutual")),
        }
    bills = dict(config["bills"])
    for number, biller in enumerate(_billers(rng)):
        bills[opaque(rng, "bl_")] = {
            "biller": biller,
            "amount": round(rng.uniform(200, 900), 2),
            "due_date": (today + timedelta(days=40 + number)).isoformat(),
            "paid": False,
        }
    return {
        **config,
        "entries": [*entries, *config["entries"]],
        "entries_shown": 3 * ENTRIES,
        "payees": payees,
        "bills": bills,
    }


def _billers(rng: Random) -> list[str]:
    """Tenants' accounts of the utilities: a caretaker's list of open bills."""
    last = rng.sample(cast.LAST, 25)
    return [f"{name} flat {number}, {what}" for number, name in enumerate(last, 1)
            for what in ("power", "water", "heating", "internet", "lift", "waste")]  # fmt: skip
