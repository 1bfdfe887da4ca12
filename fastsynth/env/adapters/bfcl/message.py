"""MessageAPI: a workspace messenger; receivers are ids that only a lookup gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from fastsynth.env.adapters.bfcl.cast import FIRST, Cast
from fastsynth.env.adapters.bfcl.note import Drawn, Note, Sketch, field, rows, sample, table

LOGIN = ("message_login",)

NOTES: dict[str, Note] = {
    "add_contact": Note(
        takes={"user_name": "new_contact"}, gives={"user_id": "user_id"}, mutates=True,
        told=("user_id",),
    ),
    "delete_message": Note(
        takes={"receiver_id": "receiver_id"}, needs=LOGIN, mutates=True,
        undoes=("send_message",), told=("deleted_status",),
    ),
    "get_message_stats": Note(
        gives={"stats.received_count": "count", "stats.total_contacts": "count"}, needs=LOGIN,
        told=("stats.received_count", "stats.total_contacts"),
    ),
    "get_user_id": Note(
        takes={"user": "contact_name"}, gives={"user_id": "user_id"}, told=("user_id",),
    ),
    "list_users": Note(gives={"user_list[]": "contact_name"}, told=("user_list[]",)),
    "message_get_login_status": Note(gives={"login_status": "login_state"}, told=("login_status",)),
    "message_login": Note(
        takes={"user_id": "own_user_id"}, mutates=True, askable=False, told=("login_status",),
    ),
    "search_messages": Note(
        takes={"keyword": "message_word"},
        gives={"results[].receiver_id": "receiver_id", "results[].message": "sent_text"},
        needs=LOGIN, told=("results[].message",),
    ),
    "send_message": Note(
        takes={"receiver_id": "user_id", "message": "message_text"},
        gives={"message_id.new_id": "message_id"}, needs=LOGIN, mutates=True,
        told=("message_id.new_id",),
        result={"type": "object", "properties": {
            "sent_status": {"type": "boolean"},
            "message_id": {"type": "object", "properties": {"new_id": {"type": "integer"}}},
            "message": {"type": "string"}}},
    ),
    "view_messages_sent": Note(
        gives={"messages{}": "receiver_id", "messages{*}[]": "sent_text"}, needs=LOGIN,
        told=("messages{*}[]",),
        result=field("messages", table(rows({"type": "string"}))),
    ),
}  # fmt: skip

OCCASIONS = (
    "getting everyone ready for {subject}",
    "following up with {friend}",
    "catching up on the team's messages after leave",
    "sorting out who brings what",
    "clearing up a misunderstanding at work",
    "welcoming someone new to the workspace",
    "keeping {friend} posted about {subject}",
    "cleaning up before handing over the account",
    "confirming times with the team",
    "passing on news about {subject}",
    "looking for something that was agreed last week",
    "letting a colleague know of a delay",
)

LINES = (
    "The {item} for {subject} arrive on {day}.",
    "Can you bring the {item} on {day}?",
    "I will be {minutes} minutes late on {day}.",
    "Please confirm the {item} by {day}.",
    "We are short of {item}, any ideas?",
    "{friend} will take over the {item}.",
    "Thanks for your help with {subject}!",
    "The meeting about {subject} moves to {day}.",
    "Who ordered the {item}?",
    "The quote for the {item} came in at {price} dollars.",
    "Let us meet at {hour} on {day} to talk about the {item}.",
    "The list for {subject} is ready, have a look when you can.",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def line(cast: Cast, rng: Random) -> str:
    """One sentence about the theme, such as colleagues write."""
    return rng.choice(LINES).format(
        item=rng.choice(cast.theme.items), subject=cast.theme.subject, day=rng.choice(DAYS),
        minutes=rng.randint(1, 9) * 5, friend=rng.choice(cast.friends)[0],
        price=rng.randint(20, 900), hour=f"{rng.randint(8, 18)}:{rng.choice(('00', '15', '30'))}",
    )  # fmt: skip


def lines(cast: Cast, rng: Random, count: int) -> list[str]:
    return list(dict.fromkeys(line(cast, rng) for _ in range(count)))


def draw(cast: Cast, rng: Random) -> Drawn:
    names = [first for first, _ in cast.friends[: rng.randint(4, 6)]]
    everyone = [cast.first, *names]
    rng.shuffle(everyone)
    ids = {name: f"USR{number:03d}" for number, name in enumerate(everyone, 1)}
    others = [ids[name] for name in names]
    inbox = [{rng.choice(others): text} for text in lines(cast, rng, rng.randint(4, 8))]
    written = [text for entry in inbox for text in entry.values()]
    config = {
        "random_seed": rng.randrange(10**6),
        "user_count": len(ids),
        "user_map": ids,
        "inbox": inbox,
        "message_count": len(inbox),
        "current_user": ids[cast.first] if rng.random() < 0.5 else None,
    }
    times = {word: sum(word in text for text in written) for word in cast.theme.items}
    words = sorted((word for word in times if times[word]), key=lambda word: times[word])
    strangers = [name for name in FIRST if name not in ids]
    facts: dict[str, list[Any]] = {
        "contact_name": names[:3],
        "own_user_id": [ids[cast.first]],
        "new_contact": sample(rng, strangers, 2, 2),
        "message_word": words[:2] or [written[0].split()[1]],
        "message_text": lines(cast, rng, 4),
    }
    return config, facts


def known(live: Any) -> Mapping[str, Sequence[Any]]:
    return {"contact_name": [n for n, user in live.user_map.items() if user != live.current_user]}


SKETCH = Sketch(
    name="MessageAPI",
    document="message_api",
    notes=NOTES,
    policy="The messenger addresses people by user id, which is looked up by name. Reading, "
    "sending and deleting messages need a login with the user's own id.",
    occasions=OCCASIONS,
    companions=("TravelAPI", "TradingBot", "GorillaFileSystem", "VehicleControlAPI", "TicketAPI"),
    draw=draw,
    known=known,
    opaque=frozenset({"user_id", "receiver_id", "message_id"}),
    broader={
        "receiver_id": ("user_id",),
        "count": ("number",),
        "sent_text": ("note_text", "ticket_description", "log_line"),
    },
)
