"""What is known of the tools of TravelAPI, and the tables its answers come from."""

from __future__ import annotations

from fastsynth.env.adapters.bfcl.note import STRINGS, Note, field, record, table

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
