"""Draws the messages part: contacts, what they have written, drafts, files and reminders."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from fastsynth.env.worlds.story import Person, Story, digits, opaque

Facts = dict[str, list[Any]]
_SMALL_TALK = (
    "Are you around this weekend?",
    "Thanks again for the other day!",
    "I found your umbrella, it is safe with me.",
    "Could you call me back when you have a minute?",
    "The photos turned out great, by the way.",
    "Lunch next week, same place?",
    "Did you see the news about the tram line?",
)
_OTHER_DRAFTS = ("Happy belated birthday!", "Sorry I missed your call.", "Let's catch up soon.")
_OTHER_FILES = ("holiday photos.zip", "recipe collection.docx", "meeting notes.pdf")
_OTHER_REMINDERS = ("water the plants", "call the dentist", "return the library books")


def draw_messages(story: Story, rng: Random) -> tuple[dict[str, Any], Facts]:
    """(configuration of `worlds.messages.Messages`, what the user can say)."""
    contacts = {
        opaque(rng, "ct_"): {
            "name": person.name,
            "relation": person.relation,
            "phone": f"+{rng.randint(30, 49)} {digits(rng, 3)} {digits(rng, 6)}",
            "city": person.city,
        }
        for person in story.people
    }
    ids = list(contacts)
    occasion = story.occasion
    config = {
        "now": story.now,
        "salt": opaque(rng, "", 10),
        "contacts": contacts,
        "threads": _threads(story, rng, ids),
        "drafts": _drafts(rng, ids),
        "files": _files(story, rng),
        "reminders": _reminders(story, rng),
    }
    facts: Facts = {
        "person_name": [person.name for person in story.people],
        "relation": list(dict.fromkeys(person.relation for person in story.people)),
        "message_text": list(occasion.texts),
        "reply_text": list(occasion.replies),
        "search_words": list(occasion.words),
        "file_words": [occasion.file.rsplit(".", 1)[0]],
        "group_name": [occasion.group],
        "reminder_title": list(occasion.reminders),
        "reminder_date": _days_before(story),
        "clock_time": rng.sample(["08:00", "12:30", "17:45", "19:15", "20:30"], 2),
    }
    return config, facts


def _threads(story: Story, rng: Random, ids: list[str]) -> dict[str, Any]:
    chatter = iter(rng.sample(_SMALL_TALK, 6))
    threads: dict[str, Any] = {}
    for number, (person, contact_id) in enumerate(zip(story.people[:4], ids, strict=False)):
        texts = list(story.occasion.inbound) if number == 0 else [next(chatter)]
        if number in (0, 1):
            texts.insert(rng.randrange(len(texts) + 1), next(chatter))
        threads[opaque(rng, "th_")] = {
            "contact_id": contact_id,
            "name": person.name,
            "unread": rng.randint(0, len(texts)) if number else len(texts),
            "messages": _written(story, rng, person, texts, number),
        }
    return threads


def _written(
    story: Story, rng: Random, person: Person, texts: list[str], ago: int
) -> list[dict[str, Any]]:
    """Messages on different days, oldest first, none of them today."""
    days = sorted(rng.sample(range(1, 7), len(texts)), reverse=True)
    return [
        {
            "message_id": opaque(rng, "ms_"),
            "sender": person.name,
            "sent_at": f"{story.today - timedelta(days=day + 7 * ago)}T"
            f"{rng.randint(8, 21):02}:{rng.randint(0, 59):02}",
            "text": text,
        }
        for text, day in zip(texts, days, strict=True)
    ]


def _drafts(rng: Random, ids: list[str]) -> dict[str, Any]:
    texts = rng.sample(_OTHER_DRAFTS, rng.choice((1, 1, 2)))
    return {
        opaque(rng, "dr-"): {"contact_id": contact_id, "text": text, "attachments": []}
        for contact_id, text in zip(ids[1:], texts, strict=False)
    }


def _files(story: Story, rng: Random) -> dict[str, Any]:
    names = [story.occasion.file, *rng.sample(_OTHER_FILES, 2)]
    people = rng.sample(story.people[:4], 3)
    return {
        opaque(rng, "fi_"): {"name": name, "size_kb": size, "shared_by": person.name}
        for name, person, size in zip(names, people, rng.sample(range(40, 4000), 3), strict=True)
    }


def _reminders(story: Story, rng: Random) -> dict[str, Any]:
    titles = rng.sample(_OTHER_REMINDERS, 2)
    days = rng.sample(range(1, 12), 2)
    return {
        opaque(rng, "rm-"): {
            "title": title,
            "due": f"{story.today + timedelta(days=day)}T{rng.choice(('08:30', '18:00'))}",
        }
        for title, day in zip(titles, days, strict=True)
    }


def _days_before(story: Story) -> list[str]:
    """Days between tomorrow and the trip, then the trip's first day."""
    depart = date.fromisoformat(story.depart)
    ahead = max(1, (depart - story.today).days)
    days = {story.today + timedelta(days=max(1, ahead - back)) for back in (1, 3)}
    return [day.isoformat() for day in sorted({*days, depart})]
