"""Scenarios of the bundled worlds: one thread (who, why, with whom, where, when) for all parts.

The thread and each part's own generator are drawn in a fixed order, so equal generators give equal
scenarios, whichever parts are asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

import msgspec

from fastsynth.env.environment import Scenario, Thread
from fastsynth.env.worlds import cast
from fastsynth.env.worlds.draw_messages import draw_messages
from fastsynth.env.worlds.draw_travel import draw_travel
from fastsynth.env.worlds.draw_wallet import draw_wallet
from fastsynth.env.worlds.story import Person, Story

RELATIONS = ("family", "friend", "work", "neighbour")


def draw(parts: Sequence[str], rng: Random) -> Scenario:
    """A scenario of its own; `state` and `facts` hold what `parts` need."""
    story = draw_story(rng)
    state: dict[str, Any] = {}
    facts: dict[str, list[Any]] = {}
    for name, make in (
        ("travel", draw_travel),
        ("wallet", draw_wallet),
        ("messages", draw_messages),
    ):
        own = Random(rng.getrandbits(64))
        if name in parts:
            state[name], said = make(story, own)
            facts.update(said)
    first = (story.friend.name, story.away.name, story.home.name)
    entities = (*first, story.depart, story.back, story.me.name)
    return Scenario(
        state=state,
        facts=facts,
        thread=Thread(persona=story.persona, occasion=story.clause, entities=entities),
        now=story.now,
        place=story.home.name,
    )


def draw_story(rng: Random) -> Story:
    occasion = rng.choice(cast.occasions())
    home = rng.choice(cast.HOMES)
    away, other = rng.sample([city for city in cast.AWAY if city.name != home.name], 2)
    today = _winter_day(rng)
    depart = today + timedelta(days=rng.choice((1, 5, 9, 14, 18, 23, 30, 41)))
    back = depart + timedelta(days=rng.randint(*occasion.days))
    mine, stranger, *names = _names(rng, 8)
    me = Person(name=mine, relation="me", city=home.name)
    circle = occasion.relation, rng.choice([r for r in RELATIONS if r != occasion.relation])
    relations = [circle[0], circle[1], circle[0], circle[1], circle[1], circle[0]]
    where = [away.name, home.name, other.name, home.name, rng.choice(cast.HOMES).name, home.name]
    people = [
        Person(name=name, relation=relation, city=city)
        for name, relation, city in zip(names, relations, where, strict=True)
    ]
    fill = {
        "city": away.name,
        "their": rng.choice(("her", "his", "their")),
        "friend": people[0].name.split()[0],
    }
    clock = f"{rng.randint(8, 19):02}:{rng.choice((0, 10, 15, 30, 40, 45)):02}"
    return Story(
        persona=rng.choice(cast.PERSONAS),
        clause=occasion.clause.format(**fill),
        occasion=_filled(occasion, fill),
        me=me,
        people=tuple(people),
        stranger=stranger,
        home=home,
        away=away,
        other=other,
        now=f"{today.isoformat()}T{clock}{home.offset}",
        today=today,
        depart=depart.isoformat(),
        back=back.isoformat(),
    )


def _filled(occasion: cast.Occasion, fill: dict[str, str]) -> cast.Occasion:
    def told(lines: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(line.format(**fill) for line in lines)

    return msgspec.structs.replace(
        occasion,
        texts=told(occasion.texts),
        replies=told(occasion.replies),
        inbound=told(occasion.inbound),
    )


def _winter_day(rng: Random) -> date:
    """A day on which the standard offsets of the homes hold."""
    first, days = rng.choice(((date(2026, 1, 5), 75), (date(2026, 11, 2), 40)))
    return first + timedelta(days=rng.randrange(days))


def _names(rng: Random, count: int) -> list[str]:
    firsts, lasts = rng.sample(cast.FIRST, count), rng.sample(cast.LAST, count)
    return [f"{first} {last}" for first, last in zip(firsts, lasts, strict=True)]
