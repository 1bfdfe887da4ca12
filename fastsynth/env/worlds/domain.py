"""The bundled domain `world`: travel, wallet and messages, alone or together."""

from __future__ import annotations

from collections.abc import Sequence

from fastsynth.env.adapters.objects import ObjectDomain
from fastsynth.env.worlds import messages, travel, wallet
from fastsynth.env.worlds.enlarge import enlarge
from fastsynth.env.worlds.part import WorldPart
from fastsynth.env.worlds.scenario import draw
from fastsynth.errors import config_error

PARTS = ("travel", "wallet", "messages")
OPAQUE = frozenset(
    """flight_id hotel_id room_id seat_no flight_booking room_booking booking_id payment_token
    confirmation_code alert_id account_id card_id payee_id bill_id quote_id receipt_no contact_id
    thread_id message_id draft_id group_id reminder_id file_ref reference delivery_no""".split()
)
BROADER = {
    "flight_booking": ("booking_id",),
    "room_booking": ("booking_id",),
    "total_price": ("amount",),
    "bill_amount": ("amount",),
    "refund_amount": ("amount",),
    "fare_price": ("fare_limit",),
    "file_ref": ("reference",),
    "confirmation_code": ("reference",),
    "receipt_no": ("reference",),
    "contact_city": ("destination_city",),
    "due_date": ("reminder_date",),
}
_KINDS = {"travel": travel.Travel, "wallet": wallet.Wallet, "messages": messages.Messages}
_POLICY = {"travel": travel.POLICY, "wallet": wallet.POLICY, "messages": messages.POLICY}


def world(parts: Sequence[str] | None = None) -> ObjectDomain:
    """The domain with these parts, all where None. Raises ConfigError for an unknown part."""
    wanted = tuple(parts or PARTS)
    unknown = [part for part in wanted if part not in PARTS]
    if unknown:
        raise config_error("environment: world", unknown[0], f"need of {', '.join(PARTS)}")
    return ObjectDomain(
        "world",
        [WorldPart(part, _KINDS[part]) for part in PARTS if part in wanted],
        draw,
        companions={p: tuple(q for q in PARTS if q in wanted and q != p) for p in wanted},
        opaque=OPAQUE,
        policy={part: _POLICY[part] for part in wanted},
        broader=BROADER,
        enlarge=enlarge,
    )
