"""What the travel tools take and return, with the meaning of every value."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

from msgspec import Meta

from fastsynth.env.adapters.contract import Means

DAY = r"^\d{4}-\d{2}-\d{2}$"
Cabin = Literal["economy", "premium", "business"]

FlightId = Annotated[str, Means("flight_id"), "Id of a flight, from a flight search."]
HotelId = Annotated[str, Means("hotel_id"), "Id of a hotel, from a hotel search."]
RoomId = Annotated[str, Means("room_id"), "Id of a room offer of a hotel."]
SeatNo = Annotated[str, Means("seat_no"), "Seat number, from the seat map of the booking."]
FlightBooking = Annotated[str, Means("flight_booking"), "Id of a flight booking."]
RoomBooking = Annotated[str, Means("room_booking"), "Id of a hotel reservation."]
AnyBooking = Annotated[str, Means("booking_id"), "Id of a flight booking or hotel reservation."]
PaymentToken = Annotated[
    str,
    Means("payment_token"),
    "Token of a saved payment method, or a one-time payment token from the wallet.",
]
Origin = Annotated[str, Means("origin_city"), "City of departure."]
Destination = Annotated[str, Means("destination_city"), "City of arrival."]
DepartDate = Annotated[
    str, Means("depart_date"), Meta(pattern=DAY), "Day of departure, YYYY-MM-DD."
]
ReturnDate = Annotated[str, Means("return_date"), Meta(pattern=DAY), "Day of return, YYYY-MM-DD."]
CheckIn = Annotated[str, Means("depart_date"), Meta(pattern=DAY), "Arrival day, YYYY-MM-DD."]
CheckOut = Annotated[str, Means("return_date"), Meta(pattern=DAY), "Leaving day, YYYY-MM-DD."]
Traveller = Annotated[str, Means("traveller_name"), "Full name of the traveller."]
Price = Annotated[float, Means("total_price")]


class Flight(TypedDict):
    flight_id: FlightId
    airline: Annotated[str, Means("airline")]
    origin: str
    destination: str
    date: str
    departs: str
    duration_minutes: int
    stops: int
    price: Annotated[float, Means("fare_price"), "Fare for one traveller in economy."]
    fare: str


class Flights(TypedDict):
    flights: list[Flight]


class FareRules(TypedDict):
    fare: str
    changes: str
    refunds: str
    cabin_bag_kg: int
    checked_bags: int
    change_fee: float


class FlightHold(TypedDict):
    booking_id: FlightBooking
    status: str
    traveller: str
    total_price: Price
    hold_until: str


class Seat(TypedDict):
    seat_no: SeatNo
    position: str
    row: int
    extra_price: float


class Seats(TypedDict):
    cabin: str
    seats: list[Seat]


class SeatChosen(TypedDict):
    booking_id: str
    seat_no: str
    total_price: float


class BagsAdded(TypedDict):
    booking_id: str
    bags: int
    total_price: float


class Paid(TypedDict):
    confirmation_code: Annotated[str, Means("confirmation_code")]
    amount_paid: Annotated[float, Means("amount")]
    paid_with: str


class FlightChanged(TypedDict):
    booking_id: str
    change_fee: float
    new_departure: str
    total_price: float


class Cancelled(TypedDict):
    status: str
    refund: Annotated[float, Means("refund_amount")]
    rule: str


class Hotel(TypedDict):
    hotel_id: HotelId
    name: Annotated[str, Means("hotel_name")]
    district: str
    stars: int
    rating: float
    price_from: Annotated[float, Means("room_price")]


class Hotels(TypedDict):
    hotels: list[Hotel]


class Room(TypedDict):
    room_id: RoomId
    kind: str
    sleeps: int
    price_per_night: Annotated[float, Means("room_price")]
    refundable: bool


class Rooms(TypedDict):
    hotel: str
    rooms: list[Room]


class RoomHold(TypedDict):
    booking_id: RoomBooking
    hotel: str
    nights: int
    status: str
    total_price: Price


class TripFlight(TypedDict):
    booking_id: FlightBooking
    route: str
    date: str
    departs: str
    traveller: str
    fare: str
    status: str
    total_price: Price


class TripStay(TypedDict):
    booking_id: RoomBooking
    hotel: Annotated[str, Means("hotel_name")]
    check_in: str
    check_out: str
    status: str
    total_price: Price


class Trips(TypedDict):
    flights: list[TripFlight]
    stays: list[TripStay]


class Method(TypedDict):
    label: str
    payment_token: PaymentToken


class Methods(TypedDict):
    methods: list[Method]


class Loyalty(TypedDict):
    member_no: str
    tier: str
    points: Annotated[int, Means("points_balance")]
    points_value: float


class Redeemed(TypedDict):
    points_left: int
    discount: float
    total_price: float


class Alert(TypedDict):
    alert_id: Annotated[str, Means("alert_id")]
    cheapest_now: float


class SignedIn(TypedDict):
    name: str
    tier: str
