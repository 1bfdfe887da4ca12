"""BFCL scenarios as large as long use makes them: the classes' own long-context loading, and what
those classes have none of (messages, posts, tickets, file contents) grown from lines of ours.

A scenario says so by `long_context: true` beside its class names; the classes are loaded with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from random import Random
from typing import Any

import msgspec

from fastsynth.env.environment import Scenario
from fastsynth.env.worlds.lines import NOTED, QUESTIONS, TASKS, THINGS

LONG = "long_context"
UNFIT = frozenset({"get_flight_cost"})
"""Tools whose long result no longer says which element was asked for (every route's cost)."""
MESSAGES, POSTS, TICKETS, LINES = 230, 120, 240, 210


def enlarge(parts: Sequence[str], scenario: Scenario, rng: Random) -> Scenario:
    grow = {
        "MessageAPI": _messages,
        "TwitterAPI": _posts,
        "TicketAPI": _tickets,
        "GorillaFileSystem": _files,
        "TravelAPI": _cards,
    }
    state = dict(scenario.state)
    for part, make in grow.items():
        own = Random(rng.getrandbits(64))
        if part in parts:
            state[part] = make(state[part], own, scenario.facts)
    return msgspec.structs.replace(scenario, state={LONG: True, **state})


def _line(rng: Random) -> str:
    return rng.choice((*QUESTIONS, *NOTED)).format(
        thing=rng.choice(THINGS), other=rng.choice(THINGS), number=rng.randint(2, 40)
    )


def _said(rng: Random, words: Sequence[str]) -> str:
    """Every other line speaks of what the user will search for."""
    line = _line(rng)
    return f"About the {rng.choice(words)}: {line}" if words and rng.random() < 0.5 else line


def _messages(config: Mapping[str, Any], rng: Random, facts: Mapping[str, Any]) -> Any:
    others = [user for user in config["user_map"].values() if user != config["current_user"]]
    words = facts.get("message_word", ())
    older = [{rng.choice(others): _said(rng, words)} for _ in range(MESSAGES)]
    inbox = [*older, *config["inbox"]]
    return {**config, "inbox": inbox, "message_count": len(inbox)}


def _posts(config: Mapping[str, Any], rng: Random, facts: Mapping[str, Any]) -> Any:
    authors = sorted({tweet["username"] for tweet in config["tweets"].values()})
    words, tags = facts.get("post_word", ()), list(facts.get("hashtag", ()))
    first = config["tweet_counter"]
    tweets = dict(config["tweets"])
    for number in range(first, first + POSTS * len(authors)):
        tweets[str(number)] = {
            "id": number,
            "username": rng.choice(authors),
            "content": _said(rng, words),
            "tags": rng.sample(tags, min(len(tags), rng.randint(0, 2))),
            "mentions": [],
        }
    return {**config, "tweets": tweets, "tweet_counter": first + POSTS * len(authors)}


def _tickets(config: Mapping[str, Any], rng: Random, facts: Mapping[str, Any]) -> Any:
    first, owner = config["ticket_counter"], config["ticket_queue"][0]["created_by"]
    titles = rng.sample([f"{t.capitalize()} {thing}" for t, thing in product(TASKS, THINGS)],
                        TICKETS)  # fmt: skip
    older = [
        {
            "id": first + number,
            "title": title,
            "description": _line(rng),
            "status": rng.choice(("Open", "In Progress")),
            "priority": rng.randint(2, 4),
            "created_by": owner,
        }
        for number, title in enumerate(titles)
    ]
    queue = [*older[::2], *config["ticket_queue"], *older[1::2]]
    return {**config, "ticket_queue": queue, "ticket_counter": first + TICKETS + 40}


def _cards(config: Mapping[str, Any], rng: Random, facts: Mapping[str, Any]) -> Any:
    """The cards that the class adds itself, as a scenario's own: those it adds are one object in
    all instances, so that a booking in one would be paid in every other."""
    from fastsynth.env.adapters.bfcl.live import more_cards

    return {**config, "credit_card_list": {**more_cards(), **config["credit_card_list"]}}


def _files(config: Mapping[str, Any], rng: Random, facts: Mapping[str, Any]) -> Any:
    words = facts.get("text_word", ())
    return {
        **config,
        "root": {
            name: {**folder, "contents": dict(_grown(folder["contents"], rng, words))}
            for name, folder in config["root"].items()
        },
    }


def _grown(
    contents: Mapping[str, Any], rng: Random, words: Sequence[str]
) -> Iterator[tuple[str, Any]]:
    """Every other file gets lines behind its own; folders likewise, inside."""
    for number, (name, item) in enumerate(contents.items()):
        if item["type"] == "directory":
            yield name, {**item, "contents": dict(_grown(item["contents"], rng, words))}
        elif number % 2:
            yield name, item
        else:
            more = [_said(rng, words) for _ in range(LINES)]
            yield name, {**item, "content": "\n".join([item["content"], *more])}
