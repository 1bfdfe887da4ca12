"""VehicleControlAPI: one car; starting it takes locked doors and a fully pressed brake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from fastsynth.env.adapters.bfcl_parts.cast import Cast
from fastsynth.env.adapters.bfcl_parts.note import Drawn, Note, Schema, Sketch, field, table

DOORS = ["driver", "passenger", "rear_left", "rear_right"]
OPTIONS = ["fuel", "battery", "doors", "climate", "headlights", "parkingBrake", "brakePedal",
           "engine"]  # fmt: skip
TRIPS = (
    ("San Francisco", "Rivermist", "Stonebrook"), ("San Francisco", "Silverpine"),
    ("Rivermist", "Stonebrook"), ("Maplecrest", "Silverpine"), ("Shadowridge", "Sunset Valley"),
    ("Oakendale", "Willowbend"), ("Crescent Hollow", "Autumnville"), ("Silverpine", "Oakendale"),
)  # fmt: skip
"""Towns between which the class knows the distance, in both directions."""
TIRES = ("frontLeftTirePressure", "frontRightTirePressure", "rearLeftTirePressure",
         "rearRightTirePressure")  # fmt: skip


def _numbers(*names: str) -> Schema:
    return {name: {"type": "number"} for name in names}


_STATUS: Schema = {
    "type": "object",
    "properties": {
        **_numbers("fuelLevel", "batteryVoltage", "currentACTemperature", "humidityLevel",
                   "parkingBrakeForce", "slopeAngle", "brakePedalForce"),
        "fanSpeed": {"type": "integer"},
        "doorStatus": table({"type": "string"}),
        **{name: {"type": "string"} for name in (
            "climateMode", "headlightStatus", "parkingBrakeStatus", "brakePedalStatus",
            "engineState")},
    },
}  # fmt: skip
_TIRE_STATUS: Schema = {
    "type": "object",
    "properties": {
        **_numbers(*TIRES),
        "healthy_tire_pressure": {"type": "boolean"},
        "car_info": {"type": "object"},
    },
}

NOTES: dict[str, Note] = {
    "activateParkingBrake": Note(
        takes={"mode": "parking_brake_mode"},
        gives={"parkingBrakeStatus": "car_state", "_parkingBrakeForce": "force"},
        mutates=True, told=("parkingBrakeStatus",),
        limits={"mode": {"enum": ["engage", "release"]}},
    ),
    "adjustClimateControl": Note(
        takes={"temperature": "cabin_temperature", "unit": "temperature_unit",
               "fanSpeed": "fan_speed", "mode": "climate_mode"},
        gives={"currentACTemperature": "temperature", "humidityLevel": "humidity"},
        mutates=True, told=("currentACTemperature", "climateMode"),
        limits={"temperature": {"minimum": -30, "maximum": 110},
                "unit": {"enum": ["celsius", "fahrenheit"]},
                "fanSpeed": {"minimum": 0, "maximum": 100},
                "mode": {"enum": ["auto", "cool", "heat", "defrost"]}},
        result={"type": "object", "properties": {
            **_numbers("currentACTemperature", "humidityLevel"),
            "climateMode": {"type": "string"}}},
    ),
    "check_tire_pressure": Note(
        gives=dict.fromkeys(TIRES, "tire_pressure") | {"healthy_tire_pressure": "health"},
        told=(*TIRES, "healthy_tire_pressure"), result=_TIRE_STATUS,
    ),
    "displayCarStatus": Note(
        takes={"option": "status_option"},
        gives={"fuelLevel": "fuel_level", "batteryVoltage": "voltage",
               "currentACTemperature": "temperature", "humidityLevel": "humidity",
               "fanSpeed": "fan_speed_seen", "brakePedalForce": "force",
               "parkingBrakeForce": "force", "slopeAngle": "angle",
               "doorStatus{*}": "door_state", "headlightStatus": "car_state",
               "engineState": "car_state", "parkingBrakeStatus": "car_state",
               "brakePedalStatus": "car_state"},
        limits={"option": {"enum": OPTIONS}}, result=_STATUS,
    ),
    "display_log": Note(
        takes={"messages[]": "log_line"}, gives={"log[]": "logged_line"}, told=("log[]",),
        limits={"messages": {"minItems": 1}},
    ),
    "estimate_distance": Note(
        takes={"cityA": "zipcode", "cityB": "zipcode"}, gives={"distance": "distance_estimate"},
        told=("distance",),
        result=field("distance", {"type": "number"}),
    ),
    "estimate_drive_feasibility_by_mileage": Note(
        takes={"distance": "drive_distance"}, gives={"canDrive": "feasible"}, told=("canDrive",),
        limits={"distance": {"minimum": 0, "maximum": 100000}},
    ),
    "fillFuelTank": Note(
        takes={"fuelAmount": "fuel_amount"}, gives={"fuelLevel": "fuel_level"}, mutates=True,
        told=("fuelLevel",), limits={"fuelAmount": {"minimum": 0, "maximum": 50}},
    ),
    "find_nearest_tire_shop": Note(gives={"shopLocation": "shop_address"}, told=("shopLocation",)),
    "gallon_to_liter": Note(
        takes={"gallon": "gallon_quantity"}, gives={"liter": "liters_result"}, told=("liter",),
    ),
    "get_current_speed": Note(
        gives={"currentSpeed": "speed"}, mutates=True, told=("currentSpeed",),
    ),
    "get_outside_temperature_from_google": Note(
        gives={"outsideTemperature": "temperature"}, mutates=True, told=("outsideTemperature",),
    ),
    "get_outside_temperature_from_weather_com": Note(
        gives={"outsideTemperature": "temperature"}, askable=False,
    ),
    "get_zipcode_based_on_city": Note(
        takes={"city": "town"}, gives={"zipcode": "zipcode"}, told=("zipcode",),
    ),
    "liter_to_gallon": Note(
        takes={"liter": "liters"}, gives={"gallon": "gallons"}, told=("gallon",),
    ),
    "lockDoors": Note(
        takes={"unlock": "unlock_flag", "door[]": "door"},
        gives={"lockStatus": "car_state", "remainingUnlockedDoors": "count"}, mutates=True,
        told=("lockStatus",),
        limits={"door": {"items": {"type": "string", "enum": DOORS}, "minItems": 1,
                         "maxItems": 4, "uniqueItems": True}},
    ),
    "pressBrakePedal": Note(
        takes={"pedalPosition": "pedal_position"}, gives={"brakePedalForce": "force"},
        mutates=True, undoes=("releaseBrakePedal",), told=("brakePedalStatus",),
        limits={"pedalPosition": {"minimum": 0, "maximum": 1}},
    ),
    "releaseBrakePedal": Note(
        gives={"brakePedalStatus": "car_state"}, mutates=True, undoes=("pressBrakePedal",),
        told=("brakePedalStatus",),
    ),
    "setCruiseControl": Note(
        takes={"speed": "cruise_speed", "activate": "cruise_flag",
               "distanceToNextVehicle": "gap"},
        gives={"currentSpeed": "speed", "cruiseStatus": "car_state"}, needs=("startEngine",),
        mutates=True, told=("cruiseStatus", "currentSpeed"),
        limits={"speed": {"minimum": 0, "maximum": 120, "multipleOf": 5},
                "distanceToNextVehicle": {"minimum": 0, "maximum": 1000}},
    ),
    "setHeadlights": Note(
        takes={"mode": "headlight_mode"}, gives={"headlightStatus": "car_state"}, mutates=True,
        told=("headlightStatus",), limits={"mode": {"enum": ["on", "off", "auto"]}},
    ),
    "set_navigation": Note(
        takes={"destination": "address"}, gives={"status": "route_notice"}, mutates=True,
        told=("status",),
    ),
    "startEngine": Note(
        takes={"ignitionMode": "ignition_mode"},
        gives={"fuelLevel": "fuel_level", "batteryVoltage": "voltage", "engineState": "car_state"},
        needs=("lockDoors", "pressBrakePedal"), mutates=True,
        told=("engineState", "fuelLevel", "batteryVoltage"),
        limits={"ignitionMode": {"enum": ["START", "STOP"]}},
    ),
}  # fmt: skip

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
