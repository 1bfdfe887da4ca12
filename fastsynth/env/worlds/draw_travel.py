"""Draws the travel part: flights and hotels around the trip, an account, bookings that exist."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from fastsynth.env.worlds import cast
from fastsynth.env.worlds.story import Story, digits, opaque
from fastsynth.env.worlds.travel_rules import FARES

Facts = dict[str, list[Any]]


def draw_travel(story: Story, rng: Random) -> tuple[dict[str, Any], Facts]:
    """(configuration of `worlds.travel.Travel`, what the user can say)."""
    home, away, other = story.home.name, story.away.name, story.other.name
    day_after = (date.fromisoformat(story.depart) + timedelta(days=1)).isoformat()
    flights = [
        *_flights(rng, home, away, story.depart, 4),
        *_flights(rng, home, away, day_after, 3),
        *_flights(rng, home, other, story.depart, 3),
        *_flights(rng, away, home, story.back, 4),
        *_flights(rng, other, home, story.back, 2),
    ]
    hotels = [*_hotels(rng, away, 4), *_hotels(rng, other, 3)]
    first, last = story.me.name.lower().split()
    email = f"{first}.{last}@{rng.choice(('mailbox', 'postfach', 'letterbox'))}.example"
    points = rng.randrange(1500, 24000, 10)
    account = {
        "email": email,
        "pin": digits(rng, 4),
        "signed_in": rng.random() < 0.5,
        "name": story.me.name,
        "tier": rng.choice(("blue", "silver", "gold")),
        "points": points,
        "member_no": digits(rng, 9),
    }
    labels = rng.sample(cast.SAVED, 2)
    config = {
        "now": story.now,
        "account": account,
        "methods": [
            {
                "label": f"{label} {digits(rng, 4)}",
                "payment_token": opaque(rng, "pm_", 8),
                "limit": 9000.0,
            }
            for label in labels
        ],
        "flights": flights,
        "hotels": hotels,
        "flight_bookings": _booked_flight(story, rng, flights),
        "room_bookings": _booked_room(story, rng, hotels),
    }
    spend = [100 * rng.randint(1, points // 200) for _ in range(2)]
    facts: Facts = {
        "origin_city": [home],
        "destination_city": [away, other],
        "depart_date": [story.depart, day_after],
        "return_date": [story.back],
        "traveller_name": [story.me.name, story.people[5].name],
        "travel_email": [email],
        "travel_pin": [account["pin"]],
        "fare_limit": sorted({float(rng.randrange(60, 260, 10)) for _ in range(3)}),
        "points": sorted(set(spend)),
    }
    return config, facts


def _flights(
    rng: Random, origin: str, destination: str, day: str, count: int
) -> list[dict[str, Any]]:
    """Flights of one day: different airlines, times and fares, dearer where they allow more."""
    airlines = rng.sample(cast.AIRLINES, count)
    hours = sorted(rng.sample(range(6, 21), count))
    base = rng.uniform(70, 260)
    fares = [*rng.sample(list(FARES), min(4, count))]
    prices = rng.sample(range(0, 90, 6), count)
    duration = rng.randint(85, 420)
    found = []
    for airline, hour, fare, extra in zip(airlines, hours, fares, prices, strict=True):
        minute = rng.choice((0, 5, 10, 20, 25, 35, 40, 50, 55))
        minutes = duration + rng.randrange(0, 40)
        price = base + extra + 30 * list(FARES).index(fare)
        found.append(
            {
                "flight_id": opaque(rng, "fl_"),
                "airline": airline,
                "origin": origin,
                "destination": destination,
                "date": day,
                "departs": f"{hour:02}:{minute:02}",
                "duration_minutes": minutes,
                "stops": rng.choice((0, 0, 1)),
                "price": round(price) - 0.1,
                "fare": fare,
                "seats_left": rng.choice((0, 2, 5, 9, 9, 9)),
            }
        )
    return found


def _hotels(rng: Random, city: str, count: int) -> list[dict[str, Any]]:
    names = rng.sample(cast.HOTELS, count)
    ratings = rng.sample(range(70, 98), count)
    return [
        {
            "hotel_id": opaque(rng, "ht_"),
            "name": name,
            "city": city,
            "district": rng.choice(cast.DISTRICTS),
            "stars": rng.randint(2, 5),
            "rating": rating / 10,
            "rooms": _rooms(rng),
        }
        for name, rating in zip(names, ratings, strict=True)
    ]


def _rooms(rng: Random) -> list[dict[str, Any]]:
    price = rng.randint(55, 140)
    kinds = (("single", 1, 0), ("double", 2, 25), ("family", 4, 62))
    shown = kinds if rng.random() < 0.6 else kinds[1:]
    return [
        {
            "room_id": opaque(rng, "rm_"),
            "kind": kind,
            "sleeps": sleeps,
            "price_per_night": float(price + extra + rng.randint(0, 9)),
            "refundable": rng.random() < 0.5,
        }
        for kind, sleeps, extra in shown
    ]


def _booked_flight(story: Story, rng: Random, flights: list[dict[str, Any]]) -> dict[str, Any]:
    """In most scenarios a flight of the outbound day is booked already, paid or not."""
    flight = rng.choice(flights[:4])
    paid = rng.random() < 0.35
    if rng.random() < 0.12:
        return {}
    booking = {
        "flight_id": flight["flight_id"],
        "traveller": story.me.name,
        "cabin": "economy",
        "status": "paid" if paid else "held",
        "price": flight["price"],
        "paid": flight["price"] if paid else 0.0,
        "seat": "",
        "bags": 0,
    }
    return {opaque(rng, "FB").upper(): booking}


def _booked_room(story: Story, rng: Random, hotels: list[dict[str, Any]]) -> dict[str, Any]:
    hotel = rng.choice(hotels[:4])
    room = rng.choice(hotel["rooms"])
    nights = (date.fromisoformat(story.back) - date.fromisoformat(story.depart)).days
    price = nights * room["price_per_night"]
    paid = rng.random() < 0.4
    if rng.random() < 0.4:
        return {}
    booking = {
        "room_id": room["room_id"],
        "hotel": hotel["name"],
        "check_in": story.depart,
        "check_out": story.back,
        "guests": 1,
        "status": "paid" if paid else "held",
        "price": price,
        "paid": price if paid else 0.0,
        "refundable": room["refundable"],
    }
    return {opaque(rng, "RB").upper(): booking}
