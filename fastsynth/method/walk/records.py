"""Record arguments whose fields stand in results: an order for that session, of that microphone.

Each field keeps its own provenance, as elements of a list do; what no result has, the user says.
"""

from __future__ import annotations

from copy import deepcopy
from random import Random
from typing import Any

from fastsynth.env import paths
from fastsynth.method.graph.leaves import skeleton
from fastsynth.method.graph.parameters import Parameter
from fastsynth.method.plan import Output
from fastsynth.method.walk.draft import Picked, all_from_user
from fastsynth.method.walk.offers import Offers


def compose(offers: Offers, parameter: Parameter, given: Any, rng: Random) -> Picked | None:
    """`given` (None: what the schema demands) with values of results where it has fields for them;
    None where an id has none, or where the whole does not fit."""
    name, schema, leaves = parameter.name, parameter.drawn, parameter.leaves
    hidden = {leaf.place for leaf in leaves if leaf.hidden}
    record = skeleton(schema, name, hidden, rng) if given is None else deepcopy(given)
    if not isinstance(record, dict):
        return None
    sources = all_from_user(name, record)
    for leaf in leaves:
        if not paths.find(leaf.place, record):
            continue
        fed = offers.fed(leaf)
        if not fed and leaf.hidden:
            return None
        if not fed:
            continue
        offer = rng.choices(fed, [offer.weight for offer in fed])[0]
        item, choice = offer.item, rng.choice(offers.ways(offer))
        _put(record, leaf.place, item.value)
        place = f"{name}.{leaf.place}"
        sources[place] = Output(turn=item.turn, step=item.step, path=item.path, choice=choice)
    return (record, sources) if parameter.fits(record) else None


def _put(record: Any, place: str, value: Any) -> None:
    steps = paths.parse(place)
    for _, which in steps[:-1]:
        record = record[which]
    record[steps[-1][1]] = value
