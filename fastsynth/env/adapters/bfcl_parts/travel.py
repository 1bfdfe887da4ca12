"""TravelAPI: flights, cards, bookings and insurance behind an access token."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from fastsynth.env.adapters.bfcl_parts.cast import Cast
from fastsynth.env.adapters.bfcl_parts.note import (
    STRINGS,
    Drawn,
    Note,
    Sketch,
    field,
    record,
    table,
)

LOGIN = ("authenticate_travel",)
CLASSES = ("economy", "business", "first")
CURRENCIES = ("RMB", "EUR", "JPY", "GBP", "CAD", "AUD", "INR", "RUB", "BRL", "MXN")
AIRPORTS = {
    "San Francisco": "SFO", "Los Angeles": "LAX", "New York": "JFK", "Chicago": "ORD",
    "Boston": "BOS", "Rivermist": "RMS", "Stonebrook": "SBK", "Maplecrest": "MPC",
    "Silverpine": "SVP", "Shadowridge": "SHD", "Sunset Valley": "SSV", "Oakendale": "OKD",
    "Willowbend": "WLB", "Crescent Hollow": "CRH", "Autumnville": "ATV", "Pinehaven": "PHV",
    "Greenfield": "GFD",
}  # fmt: skip
"""Each of these flies to all that stand after it; the class sells few routes the other way."""
ABROAD = {"New York": ("Tokyo", "Beijing"), "Los Angeles": ("Tokyo",), "San Francisco": ("Rome",),
          "Crescent Hollow": ("Hong Kong",)}  # fmt: skip
RATES = {"RMB": 7, "EUR": 0.8, "JPY": 110, "GBP": 0.7, "CAD": 1.3, "AUD": 1.4, "INR": 70,
         "RUB": 60, "BRL": 3.8, "MXN": 20}  # fmt: skip
_DAY = {"pattern": "^\\d{4}-\\d{2}-\\d{2}$"}
_CLASS = {"enum": list(CLASSES)}
_FLIGHT = {"travel_date": "travel_date", "travel_from": "departure_airport",
           "travel_to": "arrival_airport", "travel_class": "travel_class"}  # fmt: skip
_BOOKING = record(
    card_id="string", travel_date="string", travel_from="string", travel_to="string",
    travel_class="string", travel_cost="number", transaction_id="string",
)  # fmt: skip
_CARD = record(
    card_number="string", expiration_date="string", cardholder_name="string",
    card_verification_number="integer", balance="number",
)  # fmt: skip

NOTES: dict[str, Note] = {
    "authenticate_travel": Note(
        takes={"client_id": "client_id", "client_secret": "client_secret",
               "refresh_token": "refresh_token", "grant_type": "grant_type",
               "user_first_name": "first_name", "user_last_name": "last_name"},
        gives={"access_token": "access_token"}, mutates=True, askable=False,
        limits={"grant_type": {"enum": ["read_write", "read", "write"]}},
    ),
    "book_flight": Note(
        takes={"access_token": "access_token", "card_id": "card_id", **_FLIGHT},
        gives={"booking_id": "booking_id", "transaction_id": "transaction_id"}, mutates=True,
        told=("booking_id",), limits={"travel_date": _DAY, "travel_class": _CLASS},
    ),
    "cancel_booking": Note(
        takes={"access_token": "access_token", "booking_id": "booking_id"}, mutates=True,
        undoes=("book_flight",), told=("cancel_status",),
    ),
    "compute_exchange_rate": Note(
        takes={"base_currency": "home_currency", "target_currency": "billing_currency",
               "value": "foreign_money"},
        gives={"exchanged_value": "dollars"}, told=("exchanged_value",),
        limits={name: {"enum": ["USD", *CURRENCIES]}
                for name in ("base_currency", "target_currency")},
    ),
    "contact_customer_support": Note(
        takes={"booking_id": "booking_id", "message": "support_text"},
        gives={"customer_support_message": "support_reply"}, told=("customer_support_message",),
    ),
    "get_all_credit_cards": Note(
        gives={"credit_card_list{}": "card_id", "credit_card_list{*}.balance": "card_balance",
               "credit_card_list{*}.expiration_date": "card_expiry"},
        ranks={"credit_card_list{*}.balance": ("lowest-balance", "highest-balance")},
        told=("credit_card_list{*}.balance",), result=field("credit_card_list", table(_CARD)),
    ),
    "get_booking_history": Note(
        takes={"access_token": "access_token"},
        gives={"booking_history{}": "booking_id", "booking_history{*}.travel_cost": "flight_cost",
               "booking_history{*}.travel_to": "booked_airport",
               "booking_history{*}.travel_date": "booked_date",
               "booking_history{*}.transaction_id": "transaction_id"},
        ranks={"booking_history{*}.travel_cost": ("cheapest", "most expensive"),
               "booking_history{*}.travel_date": ("earliest", "latest")},
        told=("booking_history{*}.travel_to", "booking_history{*}.travel_cost"),
        result=field("booking_history", table(_BOOKING)),
    ),
    "get_budget_fiscal_year": Note(
        takes={"lastModifiedAfter": "modified_after", "includeRemoved": "include_removed"},
        gives={"budget_fiscal_year": "fiscal_year"}, told=("budget_fiscal_year",),
    ),
    "get_credit_card_balance": Note(
        takes={"access_token": "access_token", "card_id": "card_id"},
        gives={"card_balance": "card_balance"}, told=("card_balance",),
    ),
    "get_flight_cost": Note(
        takes=_FLIGHT, gives={"travel_cost_list[]": "flight_cost"}, told=("travel_cost_list[]",),
        limits={"travel_date": _DAY, "travel_class": _CLASS},
    ),
    "get_nearest_airport_by_city": Note(
        takes={"location": "city"}, gives={"nearest_airport": "airport"},
        told=("nearest_airport",),
        limits={"location": {"enum": [*AIRPORTS, "London", "Paris", "Rome", "Tokyo", "Beijing",
                                      "Hong Kong"]}},
    ),
    "list_all_airports": Note(gives={"[]": "listed_airport"}, told=("[]",), result=STRINGS),
    "purchase_insurance": Note(
        takes={"access_token": "access_token", "insurance_type": "insurance_type",
               "insurance_cost": "insurance_cost", "booking_id": "booking_id",
               "card_id": "card_id"},
        gives={"insurance_id": "insurance_id"}, mutates=True, told=("insurance_id",),
        limits={"insurance_cost": {"minimum": 0, "maximum": 10000}},
    ),
    "register_credit_card": Note(
        takes={"access_token": "access_token", "card_number": "card_number",
               "expiration_date": "expiration_date", "cardholder_name": "cardholder_name",
               "card_verification_number": "card_verification_number"},
        gives={"card_id": "card_id"}, mutates=True, told=("card_id",),
    ),
    "retrieve_invoice": Note(
        takes={"access_token": "access_token", "booking_id": "booking_id",
               "insurance_id": "insurance_id"},
        gives={"invoice.travel_cost": "flight_cost", "invoice.transaction_id": "transaction_id",
               "invoice.travel_to": "booked_airport", "invoice.travel_date": "booked_date"},
        told=("invoice.travel_cost", "invoice.travel_date"), required=("booking_id",),
    ),
    "set_budget_limit": Note(
        takes={"access_token": "access_token", "budget_limit": "budget"},
        gives={"budget_limit": "budget_set"}, mutates=True, told=("budget_limit",),
        limits={"budget_limit": {"minimum": 0, "maximum": 1e6}},
    ),
    "travel_get_login_status": Note(gives={"status": "login_state"}, told=("status",)),
    "verify_traveler_information": Note(
        takes={"first_name": "first_name", "last_name": "last_name",
               "date_of_birth": "date_of_birth", "passport_number": "passport_number"},
        needs=LOGIN, told=("verification_status",), limits={"date_of_birth": _DAY},
    ),
}  # fmt: skip

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
