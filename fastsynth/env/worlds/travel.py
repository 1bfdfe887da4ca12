"""Trips: flights, fares, seats, hotels and bookings, with rules that say no by name.

Searching is free to all; bookings need a signed-in account, and are paid with a saved method or
with a one-time token of the wallet where that is part of the same world.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from msgspec import Meta

from fastsynth.env.adapters.contract import Means, tool
from fastsynth.env.adapters.shelf import Shelf
from fastsynth.env.worlds import travel_shapes as shapes
from fastsynth.env.worlds.part import Refused, code, fingerprint, mint, money
from fastsynth.env.worlds.travel_rules import CABINS, FARES, days_between, free_seats, refund_of

SIGN_IN = ("sign_in_to_travel",)
POLICY = (
    "Flights and hotels can be searched by anyone; everything about bookings, payment methods and"
    " points needs the traveller to be signed in to the travel account with e-mail and PIN."
    " A booking is held until it is paid. Say which fare or hotel rule applies when something is"
    " refused."
)


class Travel:
    """One traveller's account and the market around it. `config` as `scenario.travel` draws it."""

    def __init__(self, config: dict[str, Any], others: Mapping[str, Any]) -> None:
        self.others = others
        catalogue: dict[str, Any] = {
            "flights": {f["flight_id"]: f for f in config.get("flights", ())},
            "hotels": {h["hotel_id"]: h for h in config.get("hotels", ())},
        }
        self.market = fingerprint(catalogue)
        self.catalogue = Shelf(catalogue)
        self.now: str = config.get("now", "2026-03-02T09:00+00:00")
        self.account: dict[str, Any] = config.get("account", {})
        self.methods: list[dict[str, Any]] = config.get("methods", [])
        self.flights: dict[str, dict[str, Any]] = config.get("flight_bookings", {})
        self.stays: dict[str, dict[str, Any]] = config.get("room_bookings", {})
        self.alerts: dict[str, dict[str, Any]] = {}

    def known(self) -> Mapping[str, Sequence[Any]]:
        cities = {h["city"] for h in self.catalogue["hotels"].values()}
        return {"destination_city": sorted(cities)}

    @tool(mutates=True, askable=False, told=("name",))
    def sign_in_to_travel(
        self,
        email: Annotated[str, Means("travel_email"), "E-mail address of the travel account."],
        pin: Annotated[str, Means("travel_pin"), "Four-digit PIN of the travel account."],
    ) -> shapes.SignedIn:
        """Sign the traveller in to the travel account. Needed once before anything about
        bookings, payment methods or points."""
        if self.account.get("signed_in"):
            raise Refused(f"{self.account['email']} is already signed in")
        if (email, pin) != (self.account.get("email"), self.account.get("pin")):
            raise Refused(f"e-mail {email} and this PIN do not match an account")
        self.account["signed_in"] = True
        return {"name": self.account["name"], "tier": self.account["tier"]}

    @tool(
        mutates=False,
        ranks={
            "flights[].price": ("cheapest", "most expensive"),
            "flights[].departs": ("earliest", "latest"),
            "flights[].duration_minutes": ("fastest", "slowest"),
        },
        told=("flights[].airline", "flights[].departs", "flights[].price"),
    )
    def search_flights(
        self, origin: shapes.Origin, destination: shapes.Destination, date: shapes.DepartDate
    ) -> shapes.Flights:
        """Find flights from one city to another on a given day, with times and fares."""
        return {"flights": self._found(origin, destination, date)}

    @tool(
        mutates=False,
        ranks={
            "flights[].price": ("cheapest", "most expensive"),
            "flights[].departs": ("earliest", "latest"),
            "flights[].duration_minutes": ("fastest", "slowest"),
        },
        told=("flights[].airline", "flights[].departs", "flights[].price"),
    )
    def search_return_flights(
        self, flight_id: shapes.FlightId, date: shapes.ReturnDate
    ) -> shapes.Flights:
        """Find flights back along the route of a given outbound flight, on the day of return."""
        out = self._flight(flight_id)
        if date < out["date"]:
            raise Refused(f"return date {date} is before the outbound flight on {out['date']}")
        return {"flights": self._found(out["destination"], out["origin"], date)}

    @tool(mutates=False, told=("changes", "refunds", "checked_bags"))
    def get_fare_rules(self, flight_id: shapes.FlightId) -> shapes.FareRules:
        """Show what the fare of a flight allows: changes, refunds and baggage."""
        rule = FARES[self._flight(flight_id)["fare"]]
        return {
            "fare": rule.name,
            "changes": rule.changes,
            "refunds": rule.refunds,
            "cabin_bag_kg": rule.cabin_kg,
            "checked_bags": rule.bags,
            "change_fee": rule.fee,
        }

    @tool(mutates=True, needs=SIGN_IN, told=("total_price", "hold_until"))
    def hold_flight(
        self,
        flight_id: shapes.FlightId,
        traveller: shapes.Traveller,
        cabin: Annotated[shapes.Cabin, "Cabin to travel in."] = "economy",
    ) -> shapes.FlightHold:
        """Reserve a seat on a flight for one traveller. The booking is held, unpaid, for a day."""
        self._signed_in()
        flight = self._flight(flight_id)
        if flight["seats_left"] < 1:
            raise Refused(f"{flight['airline']} sells no more seats on {flight['departs']}")
        if any(
            b["flight_id"] == flight_id and b["traveller"] == traveller
            for b in self.flights.values()
        ):
            raise Refused(f"the rule ONE-SEAT allows {traveller} one booking per flight")
        booking = mint(self.flights, "FB", self.market, flight_id, traveller, cabin)
        price = money(flight["price"] * CABINS[cabin])
        self.flights[booking] = {
            "flight_id": flight_id,
            "traveller": traveller,
            "cabin": cabin,
            "status": "held",
            "price": price,
            "paid": 0.0,
            "seat": "",
            "bags": 0,
        }
        until = datetime.fromisoformat(self.now) + timedelta(days=1)
        return {
            "booking_id": booking,
            "status": "held",
            "traveller": traveller,
            "total_price": price,
            "hold_until": until.isoformat(timespec="minutes"),
        }

    @tool(
        mutates=False,
        needs=SIGN_IN,
        ranks={
            "seats[].extra_price": ("cheapest", "most expensive"),
            "seats[].row": ("frontmost", "rearmost"),
        },
        told=("seats[].position", "seats[].extra_price"),
    )
    def get_seat_map(self, booking_id: shapes.FlightBooking) -> shapes.Seats:
        """List the free seats of a booked flight with their position and extra price."""
        self._signed_in()
        booking = self._booked_flight(booking_id)
        return {"cabin": booking["cabin"], "seats": self._free_seats(booking)}

    @tool(mutates=True, needs=SIGN_IN, told=("seat_no", "total_price"))
    def choose_seat(
        self, booking_id: shapes.FlightBooking, seat_no: shapes.SeatNo
    ) -> shapes.SeatChosen:
        """Assign a seat to a flight booking; an earlier choice is given up."""
        self._signed_in()
        booking = self._booked_flight(booking_id)
        seat = next((s for s in self._free_seats(booking) if s["seat_no"] == seat_no), None)
        if seat is None:
            raise Refused(f"seat {seat_no} is not free on this flight")
        if self._fare(booking).name == "LITE" and seat["extra_price"] == 0:
            raise Refused("the fare rule LITE gives free seats at check-in only; pick a paid seat")
        if booking["status"] == "paid" and seat["extra_price"] > 0:
            raise Refused("the rule PAID-SEATS sells seats at extra price before payment only")
        booking["price"] = money(booking["price"] + seat["extra_price"])
        booking["seat"] = seat_no
        return {"booking_id": booking_id, "seat_no": seat_no, "total_price": booking["price"]}

    @tool(mutates=True, needs=SIGN_IN, told=("bags", "total_price"))
    def add_bags(
        self,
        booking_id: shapes.FlightBooking,
        bags: Annotated[int, Meta(ge=1, le=3), "How many checked bags to add."],
    ) -> shapes.BagsAdded:
        """Add checked bags to an unpaid flight booking."""
        self._signed_in()
        booking = self._booked_flight(booking_id)
        if booking["status"] != "held":
            raise Refused("the rule BAGS-FIRST adds bags to unpaid bookings only")
        if booking["bags"] + bags > 3:
            raise Refused(f"the rule MAX-3 allows 3 bags; {booking['bags']} are booked already")
        free = max(0, self._fare(booking).bags - booking["bags"])
        booking["bags"] += bags
        booking["price"] = money(booking["price"] + 35.0 * max(0, bags - free))
        return {"booking_id": booking_id, "bags": booking["bags"], "total_price": booking["price"]}

    @tool(mutates=True, needs=SIGN_IN, told=("confirmation_code", "amount_paid"))
    def pay_booking(
        self, booking_id: shapes.AnyBooking, payment_token: shapes.PaymentToken
    ) -> shapes.Paid:
        """Pay what is open on a held flight or hotel booking and confirm it."""
        self._signed_in()
        booking = self._booking(booking_id)
        if booking["status"] != "held":
            raise Refused(f"this booking is {booking['status']}; only held bookings can be paid")
        amount = money(booking["price"] - booking["paid"])
        paid_with = self._charge(payment_token, amount)
        booking["status"], booking["paid"] = "paid", booking["price"]
        confirmation = code(7, self.market, booking_id, "confirmation")
        booking["confirmation"] = confirmation
        return {"confirmation_code": confirmation, "amount_paid": amount, "paid_with": paid_with}

    @tool(mutates=True, needs=SIGN_IN, told=("new_departure", "change_fee", "total_price"))
    def change_flight(
        self, booking_id: shapes.FlightBooking, flight_id: shapes.FlightId
    ) -> shapes.FlightChanged:
        """Move a flight booking to another flight on the same route, as far as its fare allows."""
        self._signed_in()
        booking, new = self._booked_flight(booking_id), self._flight(flight_id)
        old, rule = self._flight(booking["flight_id"]), self._fare(booking)
        if not rule.changeable:
            raise Refused(f"the fare rule {rule.name} allows no changes")
        if self._hours_to(old) < rule.hours:
            raise Refused(
                f"the fare rule {rule.name} allows no changes within {rule.hours} h of departure"
            )
        if (old["origin"], old["destination"]) != (new["origin"], new["destination"]):
            route = f"{old['origin']} to {old['destination']}"
            raise Refused(f"the rule SAME-ROUTE changes flights from {route} only")
        if old["flight_id"] == flight_id:
            raise Refused("this booking is on that flight already")
        difference = max(0.0, (new["price"] - old["price"]) * CABINS[booking["cabin"]])
        fee = rule.fee if booking["status"] == "paid" else 0.0
        booking.update(flight_id=flight_id, seat="", status="held")
        booking["price"] = money(booking["price"] + difference + fee)
        return {
            "booking_id": booking_id,
            "change_fee": fee,
            "new_departure": f"{new['date']}T{new['departs']}",
            "total_price": booking["price"],
        }

    @tool(
        mutates=True,
        needs=SIGN_IN,
        undoes=("hold_flight", "book_room", "pay_booking", "change_flight", "choose_seat"),
        told=("refund", "rule"),
    )
    def cancel_booking(self, booking_id: shapes.AnyBooking) -> shapes.Cancelled:
        """Cancel a flight or hotel booking and refund what its rule gives back."""
        self._signed_in()
        booking = self._booking(booking_id)
        if booking["status"] == "cancelled":
            raise Refused("this booking was cancelled before")
        if booking_id in self.flights:
            refund, rule = refund_of(self._fare(booking), booking["paid"])
        elif booking["refundable"]:
            refund, rule = booking["paid"], "FREE-CANCEL: paid amount is returned in full"
        else:
            refund, rule = 0.0, "NON-REFUND: nothing is returned"
        booking["status"] = "cancelled"
        return {"status": "cancelled", "refund": money(refund), "rule": rule}

    @tool(
        mutates=False,
        ranks={
            "hotels[].price_from": ("cheapest", "most expensive"),
            "hotels[].rating": ("lowest-rated", "best-rated"),
        },
        told=("hotels[].name", "hotels[].price_from", "hotels[].rating"),
    )
    def search_hotels(
        self,
        city: Annotated[str, Means("destination_city"), "City to stay in."],
        min_stars: Annotated[int, Meta(ge=1, le=5), "Fewest stars to show."] = 1,
    ) -> shapes.Hotels:
        """Find hotels in a city with their rating and lowest price per night."""
        found = [
            h
            for h in self.catalogue["hotels"].values()
            if h["city"] == city and h["stars"] >= min_stars
        ]
        if not found:
            raise Refused(f"no hotel with {min_stars} or more stars in {city}")
        return {"hotels": [_offer(hotel) for hotel in found]}

    @tool(
        mutates=False,
        ranks={"rooms[].price_per_night": ("cheapest", "most expensive")},
        told=("rooms[].kind", "rooms[].price_per_night"),
    )
    def get_room_offers(self, hotel_id: shapes.HotelId) -> shapes.Rooms:
        """List the room offers of a hotel with price per night and whether they can be refunded."""
        hotel = self.catalogue["hotels"].get(hotel_id)
        if hotel is None:
            raise Refused(f"no hotel with id {hotel_id}")
        return {"hotel": hotel["name"], "rooms": hotel["rooms"]}

    @tool(mutates=True, needs=SIGN_IN, told=("hotel", "nights", "total_price"))
    def book_room(
        self,
        room_id: shapes.RoomId,
        check_in: shapes.CheckIn,
        check_out: shapes.CheckOut,
        guests: Annotated[int, Meta(ge=1, le=4), "Number of guests."] = 1,
    ) -> shapes.RoomHold:
        """Reserve a room of a hotel for some nights. The reservation is held until it is paid."""
        self._signed_in()
        hotel, room = self._room(room_id)
        nights = days_between(check_in, check_out)
        if nights < 1 or check_in < self.now[:10]:
            raise Refused(f"stay {check_in} to {check_out}: need a later day out, from today on")
        if guests > room["sleeps"]:
            raise Refused(f"the rule SLEEPS-{room['sleeps']} of this room refuses {guests} guests")
        booking = mint(self.stays, "RB", self.market, room_id, check_in, check_out, guests)
        price = money(nights * room["price_per_night"])
        self.stays[booking] = {
            "room_id": room_id,
            "hotel": hotel["name"],
            "check_in": check_in,
            "check_out": check_out,
            "guests": guests,
            "status": "held",
            "price": price,
            "paid": 0.0,
            "refundable": room["refundable"],
        }
        return {
            "booking_id": booking,
            "hotel": hotel["name"],
            "nights": nights,
            "status": "held",
            "total_price": price,
        }

    @tool(
        mutates=False,
        needs=SIGN_IN,
        ranks={
            "flights[].date": ("next", "last"),
            "stays[].check_in": ("next", "last"),
        },
        told=("flights[].route", "flights[].date", "stays[].hotel", "stays[].check_in"),
    )
    def list_trips(self) -> shapes.Trips:
        """List the traveller's flight bookings and hotel reservations, cancelled ones left out."""
        self._signed_in()
        flights = []
        for booking_id, booking in self.flights.items():
            flight = self._flight(booking["flight_id"])
            if booking["status"] != "cancelled":
                flights.append(_trip(booking_id, booking, flight))
        stays = [_stay(i, b) for i, b in self.stays.items() if b["status"] != "cancelled"]
        return {"flights": flights, "stays": stays}

    @tool(mutates=False, needs=SIGN_IN, told=("methods[].label",))
    def list_payment_methods(self) -> shapes.Methods:
        """List the payment methods saved in the travel account, each with a token to pay with."""
        self._signed_in()
        return {
            "methods": [
                {"label": m["label"], "payment_token": m["payment_token"]} for m in self.methods
            ]
        }

    @tool(mutates=False, needs=SIGN_IN, told=("points", "tier"))
    def get_points_balance(self) -> shapes.Loyalty:
        """Show the traveller's loyalty tier, points and what they are worth."""
        self._signed_in()
        points = self.account["points"]
        return {
            "member_no": self.account["member_no"],
            "tier": self.account["tier"],
            "points": points,
            "points_value": money(points / 100),
        }

    @tool(mutates=True, needs=SIGN_IN, told=("discount", "total_price", "points_left"))
    def redeem_points(
        self,
        booking_id: shapes.AnyBooking,
        points: Annotated[int, Means("points"), Meta(ge=100, le=50000), "Points to spend."],
    ) -> shapes.Redeemed:
        """Spend loyalty points on a held booking; 100 points take 1.00 off its price."""
        self._signed_in()
        booking = self._booking(booking_id)
        if booking["status"] != "held":
            raise Refused("the rule POINTS-FIRST takes points on held bookings only")
        if points > self.account["points"]:
            raise Refused(f"{points} points asked for; the account has {self.account['points']}")
        discount = money(points / 100)
        if discount > booking["price"] - booking["paid"]:
            raise Refused(f"{points} points are worth more than the {booking['price']} to pay")
        self.account["points"] -= points
        booking["price"] = money(booking["price"] - discount)
        left = self.account["points"]
        return {"points_left": left, "discount": discount, "total_price": booking["price"]}

    @tool(mutates=True, told=("cheapest_now",))
    def set_price_alert(
        self,
        origin: shapes.Origin,
        destination: shapes.Destination,
        max_price: Annotated[float, Means("fare_limit"), Meta(ge=1, le=10000), "Highest fare."],
    ) -> shapes.Alert:
        """Watch a route and tell the traveller when a fare falls to a price or below."""
        fares = [
            f["price"]
            for f in self.catalogue["flights"].values()
            if (f["origin"], f["destination"]) == (origin, destination)
        ]
        if not fares:
            raise Refused(f"no airline flies from {origin} to {destination}")
        alert = mint(self.alerts, "PA", self.market, origin, destination, max_price)
        self.alerts[alert] = {"origin": origin, "destination": destination, "max": max_price}
        return {"alert_id": alert, "cheapest_now": min(fares)}

    def _signed_in(self) -> None:
        if not self.account.get("signed_in"):
            raise Refused("the rule SIGN-IN asks for a signed-in travel account; none is signed in")

    def _flight(self, flight_id: str) -> dict[str, Any]:
        found: dict[str, Any] | None = self.catalogue["flights"].get(flight_id)
        if found is None:
            raise Refused(f"no flight with id {flight_id}")
        return found

    def _found(self, origin: str, destination: str, day: str) -> list[shapes.Flight]:
        if origin == destination:
            raise Refused(f"origin and destination are both {origin}")
        fields = shapes.Flight.__required_keys__
        found = [
            {name: flight[name] for name in flight if name in fields}
            for flight in self.catalogue["flights"].values()
            if (flight["origin"], flight["destination"], flight["date"])
            == (origin, destination, day)
        ]
        if not found:
            raise Refused(f"no flights from {origin} to {destination} on {day}")
        return found  # type: ignore[return-value]

    def _booked_flight(self, booking_id: str) -> dict[str, Any]:
        booking = self.flights.get(booking_id)
        if booking is None or booking["status"] == "cancelled":
            raise Refused(f"no active flight booking with id {booking_id}")
        return booking

    def _booking(self, booking_id: str) -> dict[str, Any]:
        booking = self.flights.get(booking_id) or self.stays.get(booking_id)
        if booking is None:
            raise Refused(f"no booking with id {booking_id}")
        return booking

    def _room(self, room_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
        for hotel in self.catalogue["hotels"].values():
            for room in hotel["rooms"]:
                if room["room_id"] == room_id:
                    return hotel, room
        raise Refused(f"no room offer with id {room_id}")

    def _fare(self, booking: dict[str, Any]) -> Any:
        return FARES[self._flight(booking["flight_id"])["fare"]]

    def _hours_to(self, flight: dict[str, Any]) -> float:
        now = datetime.fromisoformat(self.now)
        leaves = datetime.fromisoformat(f"{flight['date']}T{flight['departs']}")
        return (leaves.replace(tzinfo=now.tzinfo) - now).total_seconds() / 3600

    def _free_seats(self, booking: dict[str, Any]) -> list[shapes.Seat]:
        drawn = sum(map(ord, booking["flight_id"]))
        return [seat for seat in free_seats(drawn) if seat["seat_no"] != booking["seat"]]

    def _charge(self, token: str, amount: float) -> str:
        for method in self.methods:
            if method["payment_token"] == token:
                if amount > method["limit"]:
                    raise Refused(f"{method['label']} has a limit of {method['limit']}")
                return str(method["label"])
        wallet = self.others.get("wallet")
        if wallet is None:
            raise Refused(f"payment token {token} is not valid")
        return str(wallet.capture(token, amount))


def _offer(hotel: dict[str, Any]) -> shapes.Hotel:
    return {
        "hotel_id": hotel["hotel_id"],
        "name": hotel["name"],
        "district": hotel["district"],
        "stars": hotel["stars"],
        "rating": hotel["rating"],
        "price_from": min(room["price_per_night"] for room in hotel["rooms"]),
    }


def _trip(booking_id: str, booking: dict[str, Any], flight: dict[str, Any]) -> shapes.TripFlight:
    return {
        "booking_id": booking_id,
        "route": f"{flight['origin']} to {flight['destination']}",
        "date": flight["date"],
        "departs": flight["departs"],
        "traveller": booking["traveller"],
        "fare": flight["fare"],
        "status": booking["status"],
        "total_price": booking["price"],
    }


def _stay(booking_id: str, booking: dict[str, Any]) -> shapes.TripStay:
    return {
        "booking_id": booking_id,
        "hotel": booking["hotel"],
        "check_in": booking["check_in"],
        "check_out": booking["check_out"],
        "status": booking["status"],
        "total_price": booking["price"],
    }


def has_code(travel: Any, reference: str) -> bool:
    """Whether `reference` confirms a booking of this traveller."""
    bookings = [*travel.flights.values(), *travel.stays.values()]
    return any(booking.get("confirmation") == reference for booking in bookings)
