"""BFCL's eight classes as a domain: 128 tools, their published documents joined with our notes.

Scenarios are drawn for each job; nothing of the benchmark's own questions, answers or initial
configurations is read. Methods run by keyword on fresh instances, never through `eval`.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Mapping, Sequence
from importlib import resources, util
from random import Random
from typing import Any

from fastsynth.env.adapters.bfcl import (
    files,
    maths,
    message,
    ticket,
    trading,
    travel,
    twitter,
    vehicle,
)
from fastsynth.env.adapters.bfcl.cast import draw_cast
from fastsynth.env.adapters.bfcl.enlarge import LONG, UNFIT, enlarge
from fastsynth.env.adapters.bfcl.note import Note, Sketch
from fastsynth.env.adapters.dice import Dice
from fastsynth.env.adapters.objects import ObjectDomain, error_key, raised
from fastsynth.env.environment import Observation, Scenario, Thread, Tool
from fastsynth.errors import config_error
from fastsynth.records import canonical

SKETCHES = {
    sketch.name: sketch
    for sketch in (
        trading.SKETCH,
        travel.SKETCH,
        message.SKETCH,
        ticket.SKETCH,
        twitter.SKETCH,
        files.SKETCH,
        vehicle.SKETCH,
        maths.SKETCH,
    )
}
ABOUT = ("contact_name", "company", "symbol", "city", "town", "account", "post_word", "text_word",
         "name_part", "ticket_title")  # fmt: skip
"""Concepts whose first fact is what a conversation is about."""
LARGEST = 1e15
"""Of any number without a limit of its own: beyond it floats lose whole units."""
_TYPES = {"dict": "object", "float": "number", "tuple": "array", "any": "string"}
_FAILURES: tuple[tuple[str, Any], ...] = (
    ("authentication_status", False),
    ("verification_status", False),
    ("success", False),
    ("follow_status", False),
    ("unfollow_status", False),
    ("insurance_status", False),
    ("zipcode", "00000"),
    ("nearest_airport", "Unknown"),
    ("symbol", "Stock not found"),
    ("retweet_status", "Already retweeted"),
    ("status", "No user is currently logged in"),
)
"""Field and value by which a method says, without an error, that nothing was done or found."""


class BfclPart:
    """One class in an `ObjectEnvironment`."""

    alone = True
    steady = True

    def __init__(self, sketch: Sketch) -> None:
        self._sketch = sketch
        self.name = sketch.name
        self.ignored = sketch.ignored | {"_api_description", "long_context"}
        self.tools = _tools(sketch)

    def build(self, config: Any, objects: Mapping[str, object]) -> object:
        from fastsynth.env.adapters.bfcl import live

        instance = live.make(self.name, self._sketch.document)
        if hasattr(instance, "_load_scenario"):
            own = pickle.loads(pickle.dumps(config or {}))  # deepcopy takes five times as long
            long = own.pop(LONG, False)
            instance._load_scenario(own, long_context=long)
            if long:  # parts of its module's own lists, which calls would change for all
                vars(instance).update(pickle.loads(pickle.dumps(vars(instance))))
        if config and "random_seed" in config:
            instance._random = Dice(config["random_seed"])  # nothing has been drawn yet
        return instance

    def observe(self, value: Any) -> Observation:
        if isinstance(value, list) and value and _complains(value[0]):
            return Observation(error="tool", message=_complaint(value[0]))
        if isinstance(value, dict) and _failed(value):
            return Observation(error="tool", message=canonical(value))
        return error_key(value)

    def fault(self, error: Exception) -> Observation:
        return raised(error)

    def known(self, live: Any) -> Mapping[str, Sequence[Any]]:
        return self._sketch.known(live)


class BfclDomain(ObjectDomain):
    """The domain `bfcl`; `parts` narrows it to some of the eight classes.

    Raises ConfigError for an unknown class, or where the package `bfcl-eval` is not installed.
    """

    def __init__(self, parts: Sequence[str] | None = None) -> None:
        if util.find_spec("bfcl_eval") is None:
            raise config_error("environment", "bfcl", "needs bfcl-eval: fastsynth[bfcl]")
        names = tuple(SKETCHES) if parts is None else tuple(parts)
        unknown = [name for name in names if name not in SKETCHES]
        if unknown or not names:
            raise config_error("environment: bfcl", list(names), f"need of {list(SKETCHES)}")
        sketches = [SKETCHES[name] for name in names]
        super().__init__(
            "bfcl",
            [BfclPart(sketch) for sketch in sketches],
            draw_scenario,
            companions={
                s.name: tuple(name for name in s.companions if name in names) for s in sketches
            },
            opaque=frozenset[str]().union(*(s.opaque for s in sketches)),
            policy={s.name: s.policy for s in sketches},
            enlarge=enlarge,
            common=(LONG,),
        )
        self.unfit_large = UNFIT
        self.broader: Mapping[str, tuple[str, ...]] = _merged(sketches)


def draw_scenario(parts: Sequence[str], rng: Random) -> Scenario:
    """An own scenario: one cast and one theme through all parts."""
    fixed = (2024, 9, 1) if "TradingBot" in parts else None
    cast = draw_cast(rng, fixed, "VehicleControlAPI" in parts)
    state: dict[str, Any] = {}
    facts: dict[str, list[Any]] = {}
    for name in parts:
        state[name], said = SKETCHES[name].draw(cast, rng)
        for concept, values in said.items():
            held = facts.setdefault(concept, [])
            held.extend(value for value in values if value not in held)
    occasion = rng.choice(SKETCHES[parts[0]].occasions)
    hour, minute = (10, 30) if fixed else (rng.randint(7, 20), rng.choice((0, 15, 30, 45)))
    theme = cast.theme
    return Scenario(
        state=state,
        facts=facts,
        thread=Thread(
            persona=cast.persona,
            occasion=occasion.format(subject=theme.subject, friend=cast.friends[0][0]),
            entities=tuple(facts[concept][0] for concept in ABOUT if facts.get(concept)),
        ),
        now=f"{cast.year}-{cast.month:02d}-{cast.day:02d}T{hour:02d}:{minute:02d}+00:00",
        place=str(facts["city"][-1]) if "city" in facts else "",
    )


def _merged(sketches: Sequence[Sketch]) -> dict[str, tuple[str, ...]]:
    merged: dict[str, tuple[str, ...]] = {}
    for sketch in sketches:
        for concept, wider in sketch.broader.items():
            merged[concept] = tuple(dict.fromkeys((*merged.get(concept, ()), *wider)))
    return merged


def _tools(sketch: Sketch) -> dict[str, Tool]:
    folder = resources.files("bfcl_eval") / "data" / "multi_turn_func_doc"
    text = (folder / f"{sketch.document}.json").read_text(encoding="utf-8")
    documents = [json.loads(line) for line in text.splitlines() if line.strip()]
    return {doc["name"]: _tool(sketch.name, doc, sketch.notes[doc["name"]]) for doc in documents}


def _tool(part: str, document: dict[str, Any], note: Note) -> Tool:
    parameters = _parameters(document["parameters"], note)
    return Tool(
        name=document["name"],
        description=document["description"].partition("Tool description: ")[2],
        parameters=parameters,
        result=note.result or _schema(document["response"]),
        part=part,
        mutates=note.mutates,
        takes=note.takes,
        gives=note.gives,
        needs=note.needs,
        undoes=note.undoes,
        ranks=note.ranks,
        told=note.told,
        askable=note.askable,
    )


def _parameters(document: dict[str, Any], note: Note) -> dict[str, Any]:
    properties = {
        name: _bounded(_schema(inner)) | note.limits.get(name, {})
        for name, inner in document["properties"].items()
    }
    required = [n for n in properties if n in document["required"] or n in note.required]
    for name in required:
        properties[name].pop("default", None)
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _schema(document: dict[str, Any]) -> dict[str, Any]:
    """BFCL's dialect as JSON Schema; a default of the text `None` means there is none."""
    kept = {k: v for k, v in document.items() if k in ("description", "required", "default")}
    if kept.get("default") == "None":
        del kept["default"]
    if isinstance(kept.get("description"), str):
        kept["description"] = kept["description"].strip()
    schema: dict[str, Any] = {"type": _TYPES.get(document["type"], document["type"]), **kept}
    if "properties" in document:
        schema["properties"] = {n: _schema(i) for n, i in document["properties"].items()}
    if "items" in document:
        schema["items"] = _schema(document["items"])
    return schema


def _bounded(schema: dict[str, Any]) -> dict[str, Any]:
    match schema["type"]:
        case "number" | "integer":
            return {**schema, "minimum": -LARGEST, "maximum": LARGEST}
        case "string":
            return {**schema, "maxLength": 20000}
        case "array":
            return {"maxItems": 50, **schema, "items": _bounded(schema["items"])}
        case _:
            return schema


def _complains(item: Any) -> bool:
    return (isinstance(item, dict) and "error" in item) or str(item).startswith("Error:")


def _complaint(item: Any) -> str:
    return str(item["error"] if isinstance(item, dict) else item)


def _failed(value: dict[str, Any]) -> bool:
    if "error" in value:
        return False
    refused = value.get("login_status") is False and "message" in value
    return refused or any(value.get(name) == sign for name, sign in _FAILURES if name in value)
