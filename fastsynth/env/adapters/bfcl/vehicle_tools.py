"""What is known of the tools of VehicleControlAPI."""

from __future__ import annotations

from fastsynth.env.adapters.bfcl.note import Note, Schema, field, table

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
