"""A small made-up world for servers that keep knowledge: who is there, and what is said of them.

Drawn from a seed; half of it is known to the server from the start, half is news.
"""

from __future__ import annotations

from random import Random

import msgspec

_FIRST = (
    "Ada Amir Bea Chen Dana Emil Farah Greta Hugo Ines Jonas Kaya Leo Mina Nadia Omar Petra "
    "Quinn Rosa Samir Tilda Uma Viktor Wanda Yusuf Zoe".split()
)
_LAST = (
    "Abara Bergmann Castillo Dvorak Eriksen Fontaine Greco Haddad Ivanova Jansen Kowalski "
    "Lindqvist Moreau Novak Okafor Petrov Rossi Sato Tanaka Varga".split()
)
_NAMED = {
    "project": (
        "Northwind Redesign", "Harbor Migration", "Atlas Billing", "Lighthouse App",
        "Orchard Survey", "Quartz Rollout", "Meadow Archive", "Falcon Audit",
    ),
    "company": (
        "Brightwater Foods", "Cobalt Print", "Delta Outfitters", "Evergreen Tiles",
        "Fenwick Logistics", "Hollis Robotics", "Juniper Health", "Larkspur Books",
    ),
    "city": ("Porto", "Ghent", "Tampere", "Graz", "Bergen", "Valencia", "Gdansk", "Trieste"),
}  # fmt: skip
_TEXTS = {
    "person": (
        "speaks fluent Portuguese", "prefers email over phone calls", "works four days a week",
        "is allergic to peanuts", "joined in March 2024", "drinks tea rather than coffee",
        "cycles to the office", "is on leave in August", "mentors two interns",
        "likes meetings before ten", "plays the cello", "is learning Korean",
    ),
    "project": (
        "is due at the end of June", "has a budget of 40000 euros", "is two weeks behind schedule",
        "uses a shared calendar", "needs a security review", "was approved in January",
        "has weekly check-ins on Tuesday", "is written in Kotlin", "moves to phase two in May",
    ),
    "company": (
        "has 120 employees", "renewed its contract in 2025", "ships to eleven countries",
        "wants invoices in English", "was founded in 1987", "asks for monthly reports",
        "pays within thirty days", "is looking for a new supplier",
    ),
    "city": (
        "has direct trains to the capital", "hosts a film festival in October",
        "is rainy in November", "has an airport ten kilometres out", "is known for its tiles",
        "has a good coworking space near the station",
    ),
}  # fmt: skip
_LINKS = (
    ("person", "works_on", "project"), ("person", "leads", "project"),
    ("person", "works_at", "company"), ("person", "lives_in", "city"),
    ("project", "commissioned_by", "company"), ("company", "based_in", "city"),
    ("person", "reports_to", "person"), ("person", "mentors", "person"),
)  # fmt: skip


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    kind: str
    texts: tuple[str, ...]
    """What the server knows of it from the start (or, of a new one, what there is to say)."""
    news: tuple[str, ...]
    """What it does not know yet."""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    source: str
    relation: str
    target: str


class Story(msgspec.Struct, frozen=True, kw_only=True):
    old: tuple[Thing, ...]
    new: tuple[Thing, ...]
    old_links: tuple[Link, ...]
    new_links: tuple[Link, ...]


def tell(rng: Random) -> Story:
    """Eight to eleven things, five of them or more known, and links between them."""
    people = [f"{a} {b}" for a, b in zip(rng.sample(_FIRST, 5), rng.sample(_LAST, 5), strict=True)]
    things = [_thing(name, "person", rng) for name in people]
    for kind, names in _NAMED.items():
        things += [_thing(name, kind, rng) for name in rng.sample(names, rng.randint(1, 2))]
    rng.shuffle(things)
    count = max(5, len(things) - rng.randint(3, 4))
    old, new = things[:count], things[count:]
    links = [link for link in _links(things) if rng.random() < 0.5]
    rng.shuffle(links)
    known = {thing.name for thing in old}
    possible = [link for link in links if link.source in known and link.target in known]
    before = possible[: max(3, len(possible) // 2)]
    return Story(
        old=tuple(old),
        new=tuple(new),
        old_links=tuple(before),
        new_links=tuple(link for link in possible if link not in before),
    )


def _thing(name: str, kind: str, rng: Random) -> Thing:
    texts = rng.sample(_TEXTS[kind], 5)
    count = rng.randint(1, 2)
    return Thing(name=name, kind=kind, texts=tuple(texts[:count]), news=tuple(texts[count:]))


def _links(things: list[Thing]) -> list[Link]:
    return [
        Link(source=one.name, relation=relation, target=other.name)
        for kind, relation, wanted in _LINKS
        for one in things
        for other in things
        if one.kind == kind and other.kind == wanted and one.name != other.name
    ]
