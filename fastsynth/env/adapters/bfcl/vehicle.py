"""VehicleControlAPI: one car; starting it takes locked doors and a fully pressed brake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from fastsynth.env.adapters.bfcl.cast import Cast
from fastsynth.env.adapters.bfcl.note import Drawn, Sketch
from fastsynth.env.adapters.bfcl.vehicle_tools import DOORS, NOTES, OPTIONS, TIRES, TRIPS

OCCASIONS = (
    "driving over to help with {subject}",
    "getting the car ready for an early start",
    "setting off on a long drive with {friend}",
    "checking the car before the winter",
    "picking up supplies for {subject}",
    "returning from a weekend away",
    "making sure the car makes it to the next town",
    "taking over a borrowed car",
    "planning stops for a road trip",
    "leaving the car ready for {friend}",
    "heading home after a night shift",
    "worrying about a soft tire",
)
STREETS = ("Birch Lane", "Quarry Road", "Lantern Street", "Mill Row", "Harbor Walk", "Orchard Way")


def draw(cast: Cast, rng: Random) -> Drawn:
    open_doors = rng.sample(DOORS, rng.choice((1, 1, 1, 1, 1, 2, 2, 3)))
    running = rng.random() < 0.3
    towns = list(rng.choice(TRIPS))
    level = round(rng.uniform(3, 27), 1)
    config = {
        "random_seed": rng.randrange(10**6),
        "fuelLevel": level,
        "batteryVoltage": round(rng.uniform(11.8, 13.6), 1),
        "engineState": "running" if running else "stopped",
        "doorStatus": {door: "unlocked" if door in open_doors else "locked" for door in DOORS},
        "acTemperature": round(rng.uniform(16, 27), 1),
        "fanSpeed": rng.randint(1, 9) * 10,
        "acMode": rng.choice(("auto", "cool", "heat")),
        "humidityLevel": round(rng.uniform(28, 68), 1),
        "headLightStatus": rng.choice(("on", "off")),
        "parkingBrakeStatus": "released" if running else rng.choice(("engaged", "released")),
        "brakePedalStatus": "released",
        "brakePedalForce": 0.0,
        "distanceToNextVehicle": float(rng.randint(20, 90)),
        "cruiseStatus": "inactive",
        "destination": "None",
        **{name: round(rng.uniform(27, 36), 1) for name in TIRES},
    }
    braked = config["parkingBrakeStatus"] == "engaged"
    number = rng.randint(2, 240)
    facts: dict[str, list[Any]] = {
        "town": towns,
        "unlock_flag": [False],
        "fuel_amount": [float(rng.randint(3, 14))],
        "liters": [float(rng.randint(10, 60))],
        "gallon_quantity": [float(rng.randint(4, 20))],
        "drive_distance": [float(rng.randint(6, 80) * 10)],
        "address": [f"{number} {rng.choice(STREETS)}, {town}" for town in towns],
        "cabin_temperature": [float(rng.randint(18, 25))],
        "temperature_unit": ["celsius"],
        "fan_speed": [rng.randint(2, 9) * 10],
        "climate_mode": rng.sample(("auto", "cool", "heat", "defrost"), 2),
        "headlight_mode": ["off", "auto"] if config["headLightStatus"] == "on" else ["on"],
        "parking_brake_mode": ["release" if braked else "engage"],
        "pedal_position": [1.0],
        "ignition_mode": ["START"],
        "cruise_speed": [float(rng.randint(7, 15) * 5)],
        "cruise_flag": [True],
        "gap": [float(rng.randint(4, 20) * 5)],
        "log_line": [f"Tires checked before {cast.theme.subject}", f"Trip to {towns[-1]} planned",
                     f"{cast.friends[0][0]} has the spare key"],
        "status_option": list(OPTIONS),
    }  # fmt: skip
    return config, facts


def known(live: Any) -> Mapping[str, Sequence[Any]]:
    return {"door": [door for door, status in live.doorStatus.items() if status == "unlocked"]}


SKETCH = Sketch(
    name="VehicleControlAPI",
    document="vehicle_control",
    notes=NOTES,
    policy="Fuel is in gallons and tire pressure in psi. The engine starts only with all doors "
    "locked and the brake pedal fully pressed. Distances are estimated between zip codes, "
    "and the range check takes the estimate as it is given.",
    occasions=OCCASIONS,
    companions=("MathAPI", "MessageAPI", "TwitterAPI", "TravelAPI"),
    draw=draw,
    known=known,
    opaque=frozenset({"zipcode"}),
    broader={
        "distance_estimate": ("drive_distance", "number", "length"),
        "fuel_level": ("gallon_quantity", "number"),
        "gallons": ("fuel_amount", "number"),
        "liters_result": ("number",),
        "tire_pressure": ("number",),
        "temperature": ("number",),
        "speed": ("number",),
        "count": ("number",),
        "shop_address": ("address", "message_text", "tweet_text", "log_line"),
        "route_notice": ("message_text", "log_line", "tweet_text"),
    },
)
