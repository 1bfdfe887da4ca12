"""A user's module with a tool that waits for an answer that never comes."""

from __future__ import annotations

import time

CITIES = {"Porto": "c-301", "Lyon": "c-317", "Graz": "c-322"}


def find_city(city_name: str) -> dict:  # type: ignore[type-arg]
    """Find a city by name."""
    return {"city_id": CITIES[city_name]}


def fetch_forecast(city_id: str) -> dict:  # type: ignore[type-arg]
    """Fetch the forecast of a city."""
    while True:
        time.sleep(60)


def scenario(rng):  # type: ignore[no-untyped-def]
    names = rng.sample(sorted(CITIES), 2)
    return {"CITIES": {name: CITIES[name] for name in names}}
