"""What a user adds to a graph or forbids in it, in the config's own words.

`find_user.id -> send_mail.recipient` is a value edge, `log_in => send_mail` an order edge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from fastsynth.env import paths
from fastsynth.env.environment import Tool
from fastsynth.errors import config_error
from fastsynth.method.graph.graph import Edge, Order

FORMS = "need 'producer.path -> consumer.parameter' or 'before => after'"
Mark = tuple[str, ...]


class Edits(msgspec.Struct, frozen=True, kw_only=True):
    """Checked edits: edges by their ends."""

    add: tuple[Edge | Order, ...] = ()
    forbid: frozenset[Mark] = frozenset()

    def edges(self, found: Iterable[Edge]) -> tuple[Edge, ...]:
        """`found` without the forbidden ones, and with the added ones in place of their likes."""
        added = {mark_of(e): e for e in self.add if isinstance(e, Edge)}
        kept = [e for e in found if mark_of(e) not in self.forbid and mark_of(e) not in added]
        return (*kept, *added.values())

    def orders(self, found: Iterable[Order]) -> tuple[Order, ...]:
        added = {mark_of(o): o for o in self.add if isinstance(o, Order)}
        kept = [o for o in found if mark_of(o) not in self.forbid and mark_of(o) not in added]
        return (*kept, *added.values())


def mark_of(edge: Edge | Order) -> Mark:
    if isinstance(edge, Order):
        return edge.before, edge.after
    return edge.producer, edge.path, edge.consumer, edge.parameter


def edits_of(add: Sequence[str], forbid: Sequence[str], tools: Mapping[str, Tool]) -> Edits:
    """Raises ConfigError that names the entry, and the tool or parameter there is none of."""
    added = [_read(text, f"$.graph.add[{n}]", tools) for n, text in enumerate(add)]
    barred = [_read(text, f"$.graph.forbid[{n}]", tools) for n, text in enumerate(forbid)]
    return Edits(add=tuple(added), forbid=frozenset(map(mark_of, barred)))


def _read(text: str, place: str, tools: Mapping[str, Tool]) -> Edge | Order:
    if "=>" in text:
        before, after = (side.strip() for side in text.split("=>", 1))
        for name in (before, after):
            _known(name, text, place, tools)
        return Order(before=before, after=after, evidence="declared")
    giver, arrow, taker = (side.strip() for side in text.partition("->"))
    producer, path = _cut(giver)
    consumer, _, parameter = taker.rpartition(".")
    if not (arrow and producer and consumer and parameter):
        raise config_error(place, text, FORMS)
    _known(producer, text, place, tools)
    tool = _known(consumer, text, place, tools)
    offered = tool.parameters.get("properties", {})
    if parameter.removesuffix("[]") not in offered:
        raise config_error(place, text, f"{consumer} has the parameters: {', '.join(offered)}")
    many = offered[parameter.removesuffix("[]")].get("type") == "array"
    return Edge(
        producer=producer,
        path=_checked(path, text, place, paths.parse),
        consumer=consumer,
        parameter=f"{parameter.removesuffix('[]')}[]" if many else parameter,
        concept="",
        evidence="declared",
    )


def _cut(giver: str) -> tuple[str, str]:
    """Tool and result path: `list_users.users[].id`, `list_airports[]`."""
    ends = [at for at in (giver.find(mark) for mark in ".[{") if at > 0]
    at = min(ends, default=len(giver))
    return giver[:at], giver[at:].removeprefix(".")


def _checked(path: str, text: str, place: str, parse: Callable[[str], object]) -> str:
    try:
        parse(path)
    except ValueError as error:
        raise config_error(place, text, str(error)) from error
    return path


def _known(name: str, text: str, place: str, tools: Mapping[str, Tool]) -> Tool:
    tool = tools.get(name)
    if tool is None:
        raise config_error(place, text, f"no tool {name!r}; there are: {', '.join(sorted(tools))}")
    return tool
