"""What the wallet tools take and return, with the meaning of every value."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

from msgspec import Meta

from fastsynth.env.adapters.contract import Means

Category = Literal["groceries", "travel", "eating out", "housing", "gifts", "transport"]

AccountId = Annotated[str, Means("account_id"), "Id of an account."]
AccountName = Annotated[str, Means("account_name"), "Name of an account, as the owner calls it."]
CardId = Annotated[str, Means("card_id"), "Id of a card, from the list of cards."]
PayeeId = Annotated[str, Means("payee_id"), "Id of a saved payee."]
BillId = Annotated[str, Means("bill_id"), "Id of an open bill."]
QuoteId = Annotated[str, Means("quote_id"), "Id of a locked exchange quote."]
Currency = Annotated[
    str, Means("currency"), Meta(pattern=r"^[A-Z]{3}$"), "Currency code of three letters, as EUR."
]
Amount = Annotated[
    float, Means("amount"), Meta(ge=0.01, le=100000), "Amount in the account's currency."
]
Receipt = Annotated[str, Means("receipt_no")]


class Account(TypedDict):
    account_id: AccountId
    name: str
    currency: str
    balance: float


class Accounts(TypedDict):
    accounts: list[Account]


class Entry(TypedDict):
    date: str
    text: str
    amount: float
    category: str


class Statement(TypedDict):
    account: str
    closing_balance: float
    spent: float
    entries: list[Entry]


class Card(TypedDict):
    card_id: CardId
    label: str
    last4: str
    status: str
    daily_limit: float


class Cards(TypedDict):
    cards: list[Card]


class CardStatus(TypedDict):
    card: str
    status: str


class CardLimit(TypedDict):
    card: str
    daily_limit: float


class Payee(TypedDict):
    payee_id: PayeeId
    name: str
    bank: str
    account_ending: str


class PayeeAdded(TypedDict):
    payee_id: PayeeId
    name: str
    bank: str


class Transfer(TypedDict):
    receipt_no: Receipt
    to: str
    amount: float
    new_balance: float


class Move(TypedDict):
    receipt_no: Receipt
    from_balance: float
    to_balance: float


class Rate(TypedDict):
    rate: float
    valid_on: str


class Quote(TypedDict):
    quote_id: QuoteId
    rate: float
    fee: float
    receives: float


class Exchanged(TypedDict):
    receipt_no: Receipt
    received: float
    currency: str
    new_balance: float


class Bill(TypedDict):
    bill_id: BillId
    biller: Annotated[str, Means("biller")]
    amount: Annotated[float, Means("bill_amount")]
    due_date: Annotated[str, Means("due_date")]


class Bills(TypedDict):
    bills: list[Bill]


class BillPaid(TypedDict):
    receipt_no: Receipt
    biller: str
    amount: float
    new_balance: float


class Budget(TypedDict):
    category: str
    limit: float
    spent: float
    left: float


class PaymentToken(TypedDict):
    payment_token: Annotated[str, Means("payment_token")]
    card: str
    amount: float


class Unlocked(TypedDict):
    owner: str
