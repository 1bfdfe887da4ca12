"""Everyday texts by the name of what holds them: a first draft for a user to replace."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastsynth.env.adapters.samples import samples

_BY_NAME: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"e_?mail", ("ines@mail.example", "omar@mail.example", "kaya@post.example")),
    (r"phone|mobile|fax", ("555-0114", "555-0139", "555-0162", "555-0187")),
    (r"url|link|website|homepage", ("https://site.example/a", "https://shop.example/b")),
    (r"(zip|postal)_?(code)?|postcode", ("10115", "4000", "75011", "20095")),
    (r"street|address", ("12 Mill Lane", "3 Harbour Road", "48 Station Street", "7 Elm Court")),
    (r"city|town|place|location|destination|origin", ("Porto", "Ghent", "Graz", "Bergen")),
    (r"country", ("Portugal", "Belgium", "Austria", "Norway")),
    (r"language", ("English", "French", "Portuguese", "German")),
    (r"currency", ("EUR", "USD", "GBP", "CHF")),
    (r"colou?r", ("red", "blue", "green", "grey")),
    (r"tag|label|keyword|topic", ("urgent", "family", "travel", "follow-up")),
    (r"file|path|filename", ("notes.txt", "report.pdf", "plan.md", "list.csv")),
    (r"day|date|on|until|since|due|deadline", ("2026-03-09", "2026-03-12", "2026-04-02")),
    (r"time|at|hour", ("09:00", "11:30", "14:15", "16:45")),
    (r"title|subject|headline", ("Weekly review", "Trip to Porto", "Spring offer", "New hours")),
    (r"company|organi[sz]ation|firm|supplier", ("Cobalt Print", "Delta Outfitters", "Fenwick")),
    (
        r"note|message|text|comment|body|content|description|reason|memo|remark",
        ("please call back in the afternoon", "it arrived with a scratch", "no rush, next week"),
    ),
    (
        r"name|person|user|customer|client|guest|patient|contact|owner|author|recipient|assignee",
        ("Ines Rossi", "Omar Haddad", "Kaya Lindqvist", "Viktor Novak"),
    ),
)


def drafted(name: str, schema: Mapping[str, Any], said: Mapping[str, Sequence[Any]]) -> list[Any]:
    """Values for a parameter, made up where `said`, by name, has none; [] where that fails too."""

    def known(field: str, inner: Mapping[str, Any]) -> Sequence[Any]:
        if inner.get("type") != "string" or "enum" in inner:
            return said.get(field, ())
        return said.get(field) or [text for text in samples(inner) if text] or phrases(field)

    if said.get(name):
        return list(said[name])
    made = _numbers(schema) or list(known(name, schema)) or samples(schema, known)
    return [value for value in made if value not in ({}, [], "")]


def _numbers(schema: Mapping[str, Any]) -> list[Any]:
    if {"maximum", "exclusiveMaximum", "multipleOf"} & schema.keys():
        return samples(schema)
    low = max(1, int(schema.get("minimum", 5)))
    match schema.get("type"):
        case "integer":
            return [low, 2 * low, 3 * low, 5 * low]
        case "number":
            return [float(low), 2.5 * low, 4.0 * low, 6.0 * low]
    return []


def phrases(name: str) -> tuple[str, ...]:
    """Texts for a parameter or field of this name; () for a name that says too little."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    for pattern, texts in _BY_NAME:
        if re.search(rf"(^|_)({pattern})s?$", words):
            return texts
    return ()
