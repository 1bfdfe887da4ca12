"""MathAPI: arithmetic without state; mostly it works on what other classes return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from fastsynth.env.adapters.bfcl.cast import Cast
from fastsynth.env.adapters.bfcl.note import Drawn, Note, Schema, Sketch

_LIST = {"numbers": {"maxItems": 200}}
_PRECISION = {"minimum": 2, "maximum": 50}
"""`logarithm` with a precision of 10**6 digits runs for over a minute."""
SI = ["km", "m", "cm", "mm", "um", "nm"]
IMPERIAL = ["cm", "in", "m", "ft", "yd", "km", "miles", "kg", "lb", "celsius", "fahrenheit"]
PAIRS = (("km", "miles"), ("miles", "km"), ("cm", "in"), ("m", "ft"), ("ft", "m"), ("m", "yd"),
         ("kg", "lb"), ("lb", "kg"))  # fmt: skip


def _units(names: list[str]) -> dict[str, Schema]:
    return {"unit_in": {"enum": names}, "unit_out": {"enum": names}}


def _plain(**more: Any) -> Note:
    return Note(gives={"result": "computed"}, told=("result",), **more)


def _odd(**more: Any) -> Note:
    """A result that is no sum of money or length, whatever went in."""
    return Note(gives={"result": "measure"}, told=("result",), **more)


_TWO = {"a": "number", "b": "number"}
_MANY = {"numbers[]": "number"}

NOTES: dict[str, Note] = {
    "absolute_value": Note(
        takes={"number": "signed"}, gives={"result": "magnitude"}, told=("result",),
    ),
    "add": _plain(takes=_TWO),
    "divide": _plain(takes={"a": "number", "b": "divisor"}),
    "imperial_si_conversion": Note(
        takes={"value": "length", "unit_in": "unit_from", "unit_out": "unit_to"},
        gives={"result": "converted"}, told=("result",), limits=_units(IMPERIAL),
    ),
    "logarithm": _odd(
        takes={"value": "figure", "base": "log_base", "precision": "digits"},
        limits={"value": {"exclusiveMinimum": 0}, "base": {"exclusiveMinimum": 0},
                "precision": _PRECISION},
    ),
    "max_value": _plain(takes=_MANY, limits=_LIST),
    "mean": _plain(takes=_MANY, limits=_LIST),
    "min_value": _plain(takes=_MANY, limits=_LIST),
    "multiply": _plain(takes={"a": "number", "b": "factor"}),
    "percentage": _odd(takes={"part": "number", "whole": "number"}),
    "power": _odd(
        takes={"base": "figure", "exponent": "exponent"},
        limits={"base": {"minimum": -1e9, "maximum": 1e9},
                "exponent": {"minimum": -20, "maximum": 20}},
    ),
    "round_number": _plain(
        takes={"number": "number", "decimal_places": "places"},
        limits={"decimal_places": {"minimum": 0, "maximum": 12}},
    ),
    "si_unit_conversion": Note(
        takes={"value": "length", "unit_in": "si_from", "unit_out": "si_to"},
        gives={"result": "converted_si"}, told=("result",), limits=_units(SI),
    ),
    "square_root": _odd(
        takes={"number": "figure", "precision": "digits"},
        limits={"number": {"minimum": 0}, "precision": _PRECISION},
    ),
    "standard_deviation": _odd(takes=_MANY, limits=_LIST),
    "subtract": Note(takes=_TWO, gives={"result": "difference"}, told=("result",)),
    "sum_values": _plain(takes=_MANY, limits=_LIST),
}  # fmt: skip

OCCASIONS = (
    "working out the costs of {subject}",
    "checking the numbers for {friend}",
    "averaging a few measurements",
    "filling in a cost sheet",
    "splitting a bill fairly",
    "doing homework with a daughter",
    "comparing offers for {subject}",
    "converting a plan drawn in other units",
    "preparing figures for a meeting",
    "estimating how much is left to spend",
    "double-checking a supplier's sums",
    "turning raw readings into a summary",
)


def draw(cast: Cast, rng: Random) -> Drawn:
    unit_from, unit_to = ("km", "miles") if cast.with_car else rng.choice(PAIRS)
    si_from, si_to = ("km", "m") if cast.with_car else rng.sample(SI[:4], 2)
    facts: dict[str, list[Any]] = {
        "number": [round(rng.uniform(3, 950), rng.choice((0, 1, 2))) for _ in range(5)],
        "signed": [-round(rng.uniform(2, 300), 1)],
        "figure": [float(rng.randint(2, 400)) for _ in range(2)],
        "length": [float(rng.randint(2, 400))],
        "divisor": [float(rng.choice((2, 3, 4, 5, 6, 8, 10, 12)))],
        "factor": [rng.choice((0.05, 0.1, 0.15, 0.2, 1.1, 1.25, 2.0, 3.0, 12.0))],
        "exponent": [float(rng.choice((2, 3)))],
        "log_base": [float(rng.choice((2, 10)))],
        "digits": [rng.choice((4, 5, 6, 8, 10))],
        "places": [rng.choice((0, 1, 2))],
        "unit_from": [unit_from],
        "unit_to": [unit_to],
        "si_from": [si_from],
        "si_to": [si_to],
    }
    return {}, facts


def known(live: Any) -> Mapping[str, Sequence[Any]]:
    return {}


SKETCH = Sketch(
    name="MathAPI",
    document="math_api",
    notes=NOTES,
    policy="",
    occasions=OCCASIONS,
    companions=("TradingBot", "VehicleControlAPI", "TravelAPI", "GorillaFileSystem", "TwitterAPI"),
    draw=draw,
    known=known,
    broader={
        "measure": ("number",),
        "computed": ("number", "figure", "cash_amount", "withdrawal", "insurance_cost", "budget"),
        "difference": ("number", "signed", "cash_amount", "budget"),
        "converted": ("number", "drive_distance"),
        "converted_si": ("number",),
    },
)  # fmt: skip
