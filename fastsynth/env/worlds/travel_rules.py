"""Fares, cabins and seats of the travel world: the rules that refusals name."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import msgspec

from fastsynth.env.worlds.part import Refused

if TYPE_CHECKING:
    from fastsynth.env.worlds.travel_shapes import Seat

CABINS = {"economy": 1.0, "premium": 1.6, "business": 2.9}


class Fare(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    changeable: bool
    hours: int
    """Hours before departure from which no change is allowed."""
    fee: float
    refund: float
    """Share of the paid amount that a cancellation returns."""
    bags: int
    cabin_kg: int

    @property
    def changes(self) -> str:
        if not self.changeable:
            return "no changes"
        fee = "free of charge" if self.fee == 0 else f"for a fee of {self.fee:.0f}"
        return f"changes {fee} until {self.hours} h before departure"

    @property
    def refunds(self) -> str:
        return f"{self.refund:.0%} of the paid amount" if self.refund else "no refund"


FARES = {
    fare.name: fare
    for fare in (
        Fare(name="LITE", changeable=False, hours=0, fee=0, refund=0, bags=0, cabin_kg=8),
        Fare(name="FLEX-LITE", changeable=True, hours=24, fee=45, refund=0, bags=0, cabin_kg=8),
        Fare(name="CLASSIC", changeable=True, hours=6, fee=25, refund=0.5, bags=1, cabin_kg=8),
        Fare(name="FLEX", changeable=True, hours=2, fee=0, refund=1.0, bags=2, cabin_kg=12),
    )
}


def refund_of(fare: Fare, paid: float) -> tuple[float, str]:
    return paid * fare.refund, f"{fare.name}: {fare.refunds}"


def days_between(first: str, last: str) -> int:
    """Nights from one day to another; refuses what is no day."""
    try:
        return (date.fromisoformat(last) - date.fromisoformat(first)).days
    except ValueError as error:
        raise Refused(f"{first} to {last}: need days of the calendar, YYYY-MM-DD") from error


def free_seats(drawn: int) -> list[Seat]:
    """The five free seats of a flight; `drawn` decides rows and prices."""
    rows = [3 + drawn % 3, 9 + drawn % 4, 15 + drawn % 5, 22 + drawn % 3, 28 + drawn % 4]
    extra = [29.0 + drawn % 7, 18.0, 0.0, 9.0 + drawn % 5, 4.0]
    letters = "ACDFB"
    places = ["window", "aisle", "aisle", "window", "middle"]
    return [
        {"seat_no": f"{row}{letter}", "position": place, "row": row, "extra_price": price}
        for row, letter, place, price in zip(rows, letters, places, extra, strict=True)
    ]
