"""Lists made up of values that stand alone in results: the mean of that product, that sum and 12.

Each element keeps its own provenance, so that the query refers to what was found and says the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from fastsynth.method.graph.parameters import Parameter
from fastsynth.method.plan import Output, Provenance
from fastsynth.method.walk.draft import USER, Picked
from fastsynth.method.walk.offers import Offers
from fastsynth.method.walk.prospects import least_of
from fastsynth.records import canonical

NUMBERS, NAMES = 3, 2
"""Elements at most of a list that the user says: nobody reels off more."""


def most_of(schema: Mapping[str, Any]) -> int:
    """Elements at most of a list that is not taken whole from a result."""
    kind = schema.get("items", {}).get("type")
    most = NUMBERS if kind in ("number", "integer") else NAMES
    return max(least_of(schema), min(most, int(schema.get("maxItems", most))))


def gather(offers: Offers, parameter: Parameter, rng: Random) -> Picked | None:
    """A list of single values of this turn's results, with what the user says where they are too
    few; None where no result has one."""
    singles = offers.singles(parameter)
    if not singles:
        return None
    least, most = least_of(parameter.schema), most_of(parameter.schema)
    found = {canonical(one.item.value): one for one in rng.sample(singles, len(singles))}
    taken = list(found.items())[:most]
    said = [v for v in offers.sayable(parameter.concept) if canonical(v) not in found]
    if len(said) < least - len(taken):
        return None
    more = rng.sample(said, max(least - len(taken), 0))
    sources: dict[str, Provenance] = {}
    for number, (_, one) in enumerate(taken):
        item, choice = one.item, rng.choice(offers.ways(one))
        sources[f"{parameter.name}[{number}]"] = Output(
            turn=item.turn, step=item.step, path=item.path, choice=choice
        )
    for number in range(len(taken), len(taken) + len(more)):
        sources[f"{parameter.name}[{number}]"] = USER
    values = [*(one.item.value for _, one in taken), *more]
    return (values, sources) if parameter.fits(values) else None
