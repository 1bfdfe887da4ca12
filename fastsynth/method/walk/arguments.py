"""Binds a tool's parameters to values, each with its provenance (METHOD, Phase I).

A value comes from an earlier output (then something must single it out), from the user (a fact
of the scenario, a live value, something said before), or is the schema's own. Values of one
element stay together, and values already in the turn are preferred: that is what makes a turn
about one thing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, TypeVar

import msgspec

from fastsynth.env.environment import Tool
from fastsynth.method.graph.graph import ApiGraph
from fastsynth.method.graph.parameters import Parameter
from fastsynth.method.plan import Default, Output, Provenance
from fastsynth.method.walk.draft import USER, Draft, Picked, all_from_user
from fastsynth.method.walk.gather import gather, most_of
from fastsynth.method.walk.memory import Item, Memory
from fastsynth.method.walk.offers import FromOutput, FromUser, Offers, weights
from fastsynth.method.walk.prospects import Prospects, Tie, least_of
from fastsynth.method.walk.records import compose

Offer = TypeVar("Offer", FromOutput, FromUser)
OUTPUT_OF_TURN = 0.95
"""Share in which a value of this turn's results is taken where the user could also say one."""
OUTPUT_OF_HISTORY = 0.9
OPTIONAL = 0.3
"""Share in which an optional parameter that the user could say is given."""


class Bound(msgspec.Struct, frozen=True, kw_only=True):
    arguments: dict[str, Any]
    sources: dict[str, Provenance]


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """The first required parameter for which no value is to be had."""

    parameter: str


class Binder:
    """Binds tools against one memory; `known` is what the environment could name just now.

    Good until a step joins the memory or the state moves.
    """

    def __init__(
        self,
        graph: ApiGraph,
        memory: Memory,
        known: Mapping[str, Sequence[Any]],
        rng: Random,
    ) -> None:
        self._graph = graph
        self._memory = memory
        self._offers = Offers(graph, memory, known)
        self._rng = rng
        self.prospects = Prospects(graph, memory, self._offers)

    def bind(
        self, tool: Tool, from_output: frozenset[str] = frozenset(), tie: Tie | None = None
    ) -> Bound | Missing:
        """One draw. Parameters in `from_output` take an output or are missing; `tie` is kept."""
        draft = Draft()
        held = None if tie is None else self._pick_tied(tie, draft)
        if tie is not None and held is None:
            return Missing(parameter=tie.parameter.name)
        for parameter in self._graph.parameters[tool.name]:
            if tie is not None and held is not None and parameter is tie.parameter:
                draft.add(parameter.name, held)
                continue
            wanted = parameter.required or parameter.name in from_output
            picked = self._pick(parameter, draft, parameter.name in from_output)
            if picked is None:
                if wanted:
                    return Missing(parameter=parameter.name)
            elif wanted or self._gives_optional(picked):
                draft.add(parameter.name, picked)
        return Bound(arguments=draft.arguments, sources=draft.sources)

    def _gives_optional(self, picked: Picked) -> bool:
        linked = any(isinstance(source, Output) for source in picked[1].values())
        return self._rng.random() < (OUTPUT_OF_TURN if linked else OPTIONAL)

    def _pick_tied(self, tie: Tie, draft: Draft) -> Picked | None:
        if tie.lists:
            return _whole(tie.parameter.name, self._rng.choice(tie.lists))
        if not tie.values or self._rng.random() < OUTPUT_OF_TURN:
            while tie.outputs.offers:
                offer = self._draw(tie.outputs.offers, tie.outputs.cumulative)
                if self._offers.ways(offer):
                    return self._take(tie.parameter, offer, draft)
                tie.outputs.drop(offer)
        if not tie.values:
            return None
        value = self._rng.choice(tie.values)
        draft.say(tie.parameter.concept, value)
        return value, all_from_user(tie.parameter.name, value)

    def _take(self, parameter: Parameter, offer: FromOutput, draft: Draft) -> Picked:
        item, ways = offer.item, self._offers.ways(offer)
        draft.take(parameter.concept, item)
        choice = ways[0] if len(ways) == 1 else self._rng.choice(ways)
        source = Output(turn=item.turn, step=item.step, path=item.path, choice=choice)
        return item.value, {parameter.name: source}

    def _pick(self, parameter: Parameter, draft: Draft, from_output: bool) -> Picked | None:
        if parameter.leaves:
            said = self._pick_user(parameter, draft) if parameter.concept else None
            return compose(self._offers, parameter, said and said[0], self._rng)
        if not parameter.concept:
            return self._from_schema(parameter) or self._invented(parameter)
        hidden = from_output or parameter.opaque
        if parameter.many:
            return self._pick_list(parameter, from_output)
        offer = self._draw_output(parameter, draft)
        if offer is None:
            if hidden:
                return self._pick_told(parameter, draft)
            return self._pick_user(parameter, draft) or self._from_schema(parameter)
        if not hidden and self._rng.random() >= self._eagerness(offer):
            user = self._pick_user(parameter, draft)
            if user is not None:
                return user
        return self._take(parameter, offer, draft)

    def _eagerness(self, offer: FromOutput) -> float:
        this_turn = offer.item.turn == len(self._memory.turns) - 1
        return OUTPUT_OF_TURN if this_turn else OUTPUT_OF_HISTORY

    def _draw_output(self, parameter: Parameter, draft: Draft) -> FromOutput | None:
        held = self._offers.outputs(parameter)
        while held.offers:
            if draft.used:
                taken = parameter.concept
                fit = [offer for offer in held.offers if draft.admits(taken, offer.item)]
                heavy = [o.weight * (8.0 if draft.shares(o.item) else 1.0) for o in fit]
                offer = self._rng.choices(fit, heavy)[0] if fit else None
            else:
                offer = self._draw(held.offers, held.cumulative)
            if offer is None or self._offers.ways(offer):
                return offer
            held.drop(offer)
        return None

    def _draw(self, offers: Sequence[Offer], cumulative: Sequence[float]) -> Offer:
        """What `Random.choices` draws, at a third of its cost."""
        point = self._rng.random() * cumulative[-1]
        return offers[bisect_right(cumulative, point, 0, len(offers) - 1)]

    def _pick_told(self, parameter: Parameter, draft: Draft) -> Picked | None:
        """An opaque value that an answer has told: the user can say it again."""
        concept = parameter.concept
        told = [v for v in self._memory.said.get(concept, ()) if draft.is_new(concept, v)]
        return (self._rng.choice(told), {parameter.name: USER}) if told else None

    def _pick_user(self, parameter: Parameter, draft: Draft) -> Picked | None:
        offers, cumulative = self._offers.users(parameter)
        if not offers:
            return None
        concept = parameter.concept
        value = self._draw(offers, cumulative).value
        if not draft.is_new(concept, value):
            offers = [offer for offer in offers if draft.is_new(concept, offer.value)]
            if not offers:
                return None
            value = self._rng.choices(offers, weights(offers))[0].value
        draft.say(concept, value)
        return value, all_from_user(parameter.name, value)

    def _pick_list(self, parameter: Parameter, from_output: bool) -> Picked | None:
        """All elements of one list of this turn's results, in order; else some of the user's."""
        name, schema, lists = parameter.name, parameter.schema, self._offers.lists(parameter)
        produced = _whole(name, self._rng.choice(lists)) if lists else None
        if produced and (from_output or self._rng.random() < OUTPUT_OF_TURN):
            return produced
        if from_output or parameter.opaque:
            return None
        if self._rng.random() < OUTPUT_OF_TURN:
            gathered = gather(self._offers, parameter, self._rng)
            if gathered is not None:
                return gathered
        sayable = self._offers.sayable(parameter.concept)
        least, most = least_of(schema), most_of(schema)
        if len(sayable) < least:
            return produced
        values = self._rng.sample(sayable, min(len(sayable), self._rng.randint(least, most)))
        return (values, all_from_user(name, values)) if parameter.fits(values) else produced

    def _from_schema(self, parameter: Parameter) -> Picked | None:
        name, schema = parameter.name, parameter.schema
        if "const" in schema:
            return schema["const"], {name: Default()}
        if schema.get("enum"):
            return self._rng.choice(schema["enum"]), {name: USER}
        if schema.get("type") == "boolean":
            return self._rng.random() < 0.5, {name: USER}
        if schema.get("examples"):
            value = self._rng.choice(schema["examples"])
            return value, all_from_user(name, value)
        if schema.get("default") is not None:
            return schema["default"], {name: Default()}
        return None

    def _invented(self, parameter: Parameter) -> Picked | None:
        """A small number where nothing is known of a parameter but its type; else what its schema
        describes."""
        schema = parameter.schema
        if schema.get("type") in ("integer", "number"):
            low = max(1, int(schema.get("minimum", 1)))
            high = max(low, min(int(schema.get("maximum", low + 20)), low + 20))
            value: Any = self._rng.randint(low, high)
            if parameter.fits(value):
                return value, {parameter.name: USER}
        invented = parameter.invented()
        if not invented:
            return None
        value = self._rng.choice(invented)
        return value, all_from_user(parameter.name, value)


def _whole(parameter: str, items: Sequence[Item]) -> Picked:
    sources: dict[str, Provenance] = {
        f"{parameter}[{number}]": Output(turn=item.turn, step=item.step, path=item.path)
        for number, item in enumerate(items)
    }
    return [item.value for item in items], sources
