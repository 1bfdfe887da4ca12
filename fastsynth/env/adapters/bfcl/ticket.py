"""TicketAPI: a company's support tickets. Any non-empty user name and password log in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from fastsynth.env.adapters.bfcl.cast import Cast
from fastsynth.env.adapters.bfcl.note import Drawn, Note, Sketch, record, rows, sample

LOGIN = ("ticket_login",)
STATUSES = ["Open", "In Progress", "Resolved", "Closed"]
_TICKET = record(
    id="integer", title="string", description="string", status="string", priority="integer",
    created_by="string",
)  # fmt: skip
_PRIORITY = {"minimum": 1, "maximum": 5}
_UPDATES = {
    "properties": {
        "title": {"type": "string", "description": "New title for the ticket."},
        "description": {"type": "string", "description": "New description for the ticket."},
        "status": {"type": "string", "enum": STATUSES, "description": "New status."},
        "priority": {"type": "integer", **_PRIORITY, "description": "New priority, 5 is highest."},
    },
    "minProperties": 1,
    "additionalProperties": False,
}

NOTES: dict[str, Note] = {
    "close_ticket": Note(
        takes={"ticket_id": "ticket_id"}, mutates=True, told=("status",),
    ),
    "create_ticket": Note(
        takes={"title": "ticket_title", "description": "ticket_description",
               "priority": "ticket_priority"},
        gives={"id": "ticket_id", "title": "ticket_title_seen", "priority": "priority_seen"},
        needs=LOGIN, mutates=True, told=("id", "status"), limits={"priority": _PRIORITY},
    ),
    "edit_ticket": Note(
        takes={"ticket_id": "ticket_id", "updates": "ticket_update"},
        mutates=True, told=("status",), limits={"updates": _UPDATES},
    ),
    "get_ticket": Note(
        takes={"ticket_id": "ticket_id"},
        gives={"title": "ticket_title_seen", "description": "ticket_text",
               "status": "ticket_status_seen", "priority": "priority_seen"},
        told=("status", "priority"), result=_TICKET,
    ),
    "get_user_tickets": Note(
        takes={"status": "ticket_status"},
        gives={"[].id": "ticket_id", "[].title": "ticket_title_seen",
               "[].description": "ticket_text", "[].status": "ticket_status_seen",
               "[].priority": "priority_seen"},
        needs=LOGIN, ranks={"[].priority": ("least urgent", "most urgent")},
        told=("[].title", "[].status"), result=rows(_TICKET),
        limits={"status": {"enum": STATUSES}},
    ),
    "logout": Note(needs=LOGIN, mutates=True, undoes=("ticket_login",), told=("success",)),
    "resolve_ticket": Note(
        takes={"ticket_id": "ticket_id", "resolution": "ticket_resolution"}, mutates=True,
        told=("status",),
    ),
    "ticket_get_login_status": Note(gives={"login_status": "login_state"}, told=("login_status",)),
    "ticket_login": Note(
        takes={"username": "username", "password": "password"}, mutates=True, askable=False,
        undoes=("logout",), told=("success",),
    ),
}  # fmt: skip

OCCASIONS = (
    "chasing a repair before {subject}",
    "clearing the queue before going on leave",
    "reporting trouble that holds up {subject}",
    "taking over tickets from {friend}",
    "preparing the weekly support meeting",
    "getting a refund for damaged goods",
    "following up on a promise by the help desk",
    "answering a complaint from a customer",
    "tidying up tickets that nobody closed",
    "escalating a fault that came back",
    "ordering replacements for {subject}",
    "covering the help desk for an afternoon",
)
TITLES = (
    "Missing {item}",
    "Broken {item}",
    "Wrong delivery of {item}",
    "Invoice for {item} unclear",
    "Request for more {item}",
    "Delay with {item}",
    "Safety question about {item}",
)
DETAILS = (
    "The {item} for {subject} did not arrive on {day}.",
    "Two of the {item} were damaged when {friend} opened the box.",
    "We need the {item} before {day}, please advise.",
    "The supplier billed the {item} twice.",
    "{friend} reports that the {item} stopped working on {day}.",
    "The order of {item} was placed but never confirmed.",
)
FIXES = (
    "Replacement {item} were sent on {day}.",
    "{friend} repaired the {item} on site.",
    "The supplier refunded the full amount.",
    "The {item} were found in the storage room.",
    "A new order for {item} was confirmed for {day}.",
    "The invoice was corrected and paid.",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")


def _say(patterns: Sequence[str], cast: Cast, rng: Random) -> str:
    return rng.choice(patterns).format(
        item=rng.choice(cast.theme.items), subject=cast.theme.subject, day=rng.choice(DAYS),
        friend=rng.choice(cast.friends)[0],
    )  # fmt: skip


def draw(cast: Cast, rng: Random) -> Drawn:
    first = rng.randint(40, 9000)
    titles = list(dict.fromkeys(_say(TITLES, cast, rng) for _ in range(rng.randint(3, 6))))
    queue = [
        {
            "id": first + number * rng.randint(1, 3) + number * 3,
            "title": title,
            "description": _say(DETAILS, cast, rng),
            "status": "Open" if number == 0 else rng.choice(STATUSES[:3]),
            "priority": rng.randint(1, 5),
            "created_by": cast.username if number < 2 or rng.random() < 0.7 else cast.handles[0],
        }
        for number, title in enumerate(titles)
    ]
    config = {
        "ticket_queue": queue,
        "ticket_counter": first + 40,
        "current_user": cast.username if rng.random() < 0.5 else None,
    }
    fresh = [t for t in (_say(TITLES, cast, rng) for _ in range(6)) if t not in titles]
    facts: dict[str, list[Any]] = {
        "ticket_title": list(dict.fromkeys(fresh))[:2] or [f"Question about {cast.theme.subject}"],
        "ticket_description": [_say(DETAILS, cast, rng) for _ in range(2)],
        "ticket_resolution": [_say(FIXES, cast, rng) for _ in range(2)],
        "ticket_priority": sample(rng, range(2, 6), 2, 3),
        "ticket_status": ["Open", "In Progress"],
        "ticket_update": _updates(cast, rng),
        "username": [cast.username],
        "password": [cast.password],
    }
    return config, facts


def _updates(cast: Cast, rng: Random) -> list[dict[str, Any]]:
    return [
        {"priority": rng.randint(1, 5)},
        {"description": _say(DETAILS, cast, rng)},
        {"title": _say(TITLES, cast, rng), "priority": rng.randint(2, 5)},
        {"status": "In Progress"},
    ]


def known(live: Any) -> Mapping[str, Sequence[Any]]:
    return {}


SKETCH = Sketch(
    name="TicketAPI",
    document="ticket_api",
    notes=NOTES,
    policy="Ticket priorities run from 1 to 5, and 5 is the most urgent. Creating and listing "
    "tickets need a login with the user's name and password.",
    occasions=OCCASIONS,
    companions=("MessageAPI", "GorillaFileSystem", "TwitterAPI", "MathAPI"),
    draw=draw,
    known=known,
    opaque=frozenset({"ticket_id"}),
    broader={
        "ticket_text": ("message_text", "note_text", "log_line"),
        "ticket_title_seen": ("message_text", "note_text"),
    },
)
