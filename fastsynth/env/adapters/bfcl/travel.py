"""TravelAPI: flights, cards, bookings and insurance behind an access token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from fastsynth.env.adapters.bfcl.cast import Cast
from fastsynth.env.adapters.bfcl.note import Drawn, Sketch
from fastsynth.env.adapters.bfcl.travel_tools import (
    ABROAD,
    AIRPORTS,
    CLASSES,
    CURRENCIES,
    NOTES,
    RATES,
)

OCCASIONS = (
    "flying out early for {subject}",
    "visiting {friend} for a long weekend",
    "booking a trip the family has put off for years",
    "travelling to a job interview",
    "meeting a supplier for {subject}",
    "bringing an elderly parent home",
    "using up leave before the year ends",
    "combining a conference with a few free days",
    "replacing a trip that was called off",
    "travelling to a wedding on a tight budget",
    "scouting a place for {subject}",
    "getting to a reunion with old classmates",
)


def draw(cast: Cast, rng: Random) -> Drawn:
    cities = list(AIRPORTS)
    home = rng.randrange(len(cities) - 3)
    trip = [cities[n] for n in sorted(rng.sample(range(home + 1, len(cities)), 2))]
    if cities[home] in ABROAD and rng.random() < 0.3:
        trip[-1] = rng.choice(ABROAD[cities[home]])
    today = date(cast.year, cast.month, cast.day)
    cards = {
        str(rng.randint(10**11, 10**12 - 1)): _card(cast, rng) for _ in range(rng.randint(1, 3))
    }
    config: dict[str, Any] = {
        "credit_card_list": cards,
        "booking_record": _bookings(rng, list(cards), today),
        "user_first_name": cast.first,
        "user_last_name": cast.last,
        "random_seed": rng.randrange(10**6),
    }
    if rng.random() < 0.5:
        config |= {"access_token": str(rng.randint(10**5, 10**6 - 1)), "token_type": "Bearer",
                   "token_expires_in": 2, "token_scope": "read_write"}  # fmt: skip
    currency = rng.choice(CURRENCIES)
    leave = today + timedelta(days=rng.randint(9, 120))
    facts: dict[str, list[Any]] = {
        "city": [*trip, cities[home]],
        "departure_airport": [AIRPORTS[cities[home]]],
        "travel_date": [(leave + timedelta(days=n)).isoformat() for n in (0, rng.randint(2, 6))],
        "travel_class": rng.sample(CLASSES, 2),
        "home_currency": [currency],
        "billing_currency": ["USD"],
        "foreign_money": [float(round(rng.randint(12, 60) * 50 * RATES[currency], -1))],
        "budget": [float(rng.randint(10, 60) * 50)],
        "insurance_type": rng.sample(("travel", "cancellation", "luggage", "medical"), 2),
        "insurance_cost": [float(rng.randint(6, 50) * 5)],
        "support_text": _requests(cast, rng),
        "card_number": ["".join(str(rng.randint(0, 9)) for _ in range(16))],
        "expiration_date": [f"{rng.randint(1, 12):02d}/{cast.year + rng.randint(2, 5)}"],
        "cardholder_name": [f"{cast.first} {cast.last}"],
        "card_verification_number": [rng.randint(100, 999)],
        "first_name": [cast.first],
        "last_name": [cast.last],
        "date_of_birth": [
            f"{rng.randint(1951, 2001)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}"
        ],
        "passport_number": [f"US{rng.randint(10**6, 10**7 - 1)}"],
        "client_id": [f"client-{rng.randint(1000, 9999)}"],
        "client_secret": [f"{cast.theme.slug.replace('_', '-')}-{rng.randint(10000, 99999)}"],
        "refresh_token": [f"rt-{rng.randint(10**6, 10**7 - 1)}"],
        "grant_type": ["read_write"],
        "modified_after": [f"{cast.year - 2}-0{rng.randint(1, 9)}-01T00:00:00"],
        "include_removed": ["true"],
    }
    return config, facts


def _card(cast: Cast, rng: Random) -> dict[str, Any]:
    return {
        "card_number": "".join(str(rng.randint(0, 9)) for _ in range(16)),
        "expiration_date": f"{rng.randint(1, 12):02d}/{cast.year + rng.randint(1, 4)}",
        "cardholder_name": f"{cast.first} {cast.last}",
        "card_verification_number": rng.randint(100, 999),
        "balance": round(rng.uniform(13000, 42000), 2),
    }


def _bookings(rng: Random, cards: list[str], today: date) -> dict[str, Any]:
    codes = list(AIRPORTS.values())
    made: dict[str, Any] = {}
    for _ in range(rng.randint(1, 3)):
        start, end = sorted(rng.sample(range(len(codes)), 2))
        made[str(rng.randint(10**6, 10**7 - 1))] = {
            "card_id": rng.choice(cards),
            "travel_date": (today + timedelta(days=rng.randint(5, 90))).isoformat(),
            "travel_from": codes[start],
            "travel_to": codes[end],
            "travel_class": rng.choice(CLASSES),
            "travel_cost": float(rng.randint(20, 120) * 10),
            "transaction_id": str(rng.randint(10**7, 10**8 - 1)),
        }
    return made


def _requests(cast: Cast, rng: Random) -> list[str]:
    friend = cast.friends[0][0]
    item = rng.choice(cast.theme.items)
    return rng.sample(
        (
            "Please move me to an aisle seat.",
            f"I need to bring {item} as extra luggage, is that possible?",
            f"Could you seat me next to {friend}?",
            "I have not received my confirmation yet.",
            "Please add a vegetarian meal.",
            "What is the latest time I can check in?",
            "The name on my ticket is misspelled.",
            "Is there an earlier connection on the same day?",
        ),
        3,
    )


def known(live: Any) -> Mapping[str, Sequence[Any]]:
    return {}


SKETCH = Sketch(
    name="TravelAPI",
    document="travel_booking",
    notes=NOTES,
    policy="Fares, card balances and budgets are in US dollars. Bookings, cards and budgets need "
    "an access token, which comes from authenticating with the user's client credentials. Travel "
    "dates are written YYYY-MM-DD and cabins are economy, business or first.",
    occasions=OCCASIONS,
    companions=("MessageAPI", "MathAPI", "TwitterAPI", "TicketAPI", "VehicleControlAPI"),
    draw=draw,
    known=known,
    opaque=frozenset({"access_token", "booking_id", "card_id", "transaction_id", "insurance_id",
                      "arrival_airport"}),
    broader={
        "airport": ("departure_airport", "arrival_airport"),
        "flight_cost": ("number", "budget"),
        "card_balance": ("number",),
        "dollars": ("number", "budget", "insurance_cost"),
        "support_reply": ("message_text", "note_text", "comment_text", "ticket_description"),
    },
    # A memo of the last quote that nothing reads: booking asks for the fare again.
    ignored=frozenset({"_flight_cost_lookup"}),
)  # fmt: skip
