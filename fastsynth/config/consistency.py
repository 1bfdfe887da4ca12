"""Whether the sections of a config fit each other: what their types cannot say."""

from __future__ import annotations

import math
import re
from datetime import datetime

import msgspec

from fastsynth.config import Config, Scenarios, Served, System
from fastsynth.config.environments import is_live
from fastsynth.config.identity import policy_text
from fastsynth.config.phases import first_run
from fastsynth.config.roles import roles_of
from fastsynth.errors import config_error
from fastsynth.languages import ENGLISH, LANGUAGES


def check(config: Config, place: str) -> None:
    """Raises ConfigError, naming the place in the file `place`."""
    spans = msgspec.structs.asdict(config.conversation)
    for name, (low, high) in spans.items():
        if low > high:
            raise config_error(
                f"{place}: $.conversation.{name}", [low, high], "need the smaller one first"
            )
    if not 0 < sum(config.kinds.values()) < math.inf:
        raise config_error(f"{place}: $.kinds", config.kinds, "need a finite weight above 0")
    special = next((kind for kind, weight in config.kinds.items() if weight and kind != "base"), "")
    if special and config.conversation.turns[1] < 2:
        raise config_error(
            f"{place}: $.conversation.turns", config.conversation.turns, f"{special} needs 2 turns"
        )
    _check_languages(config, f"{place}: $.languages")
    if config.scenarios is not None:
        _check_scenarios(config, config.scenarios, f"{place}: $.scenarios")
    _check_offered(config, f"{place}: $.tools")
    band = config.student.band if config.student else None
    if band is not None and band[0] > band[1]:
        raise config_error(f"{place}: $.student.band", list(band), "need the smaller one first")
    if config.system is not None:
        _check_system(config, config.system, f"{place}: $.system")
    roles_of(config)
    roles_of(first_run(config))


def _check_languages(config: Config, place: str) -> None:
    for code in config.languages:
        if code not in LANGUAGES:
            raise config_error(f"{place}.{code}", code, f"need one of: {', '.join(LANGUAGES)}")
    spoken = [code for code, weight in config.languages.items() if weight > 0]
    if not spoken:
        raise config_error(place, config.languages, "need one weight above 0")
    writer = config.endpoints[config.endpoint_of("writer")]
    if writer.kind == "scripted" and spoken != [ENGLISH]:
        allowed = "need an endpoint of kind openai: the scripted teacher writes English only"
        raise config_error(place, config.languages, allowed)


def _check_scenarios(config: Config, scenarios: Scenarios, place: str) -> None:
    if not scenarios.source and scenarios.draft_with is None:
        raise config_error(place, {}, "need `from`, `draft_with` or both")
    served = config.environment if isinstance(config.environment, Served) else None
    own = str(config.environment).startswith("python:")
    name = config.environment_name
    if scenarios.source and not own:
        instead = "; an MCP server has environment.mcp.scenarios" if served else ""
        allowed = f"need environment: python:..., this one is {name}{instead}"
        raise config_error(f"{place}.from", scenarios.source, allowed)
    if scenarios.draft_with is None:
        return
    if not own and served is None:
        allowed = f"need environment: python:... or mcp, this one is {name}"
        raise config_error(f"{place}.draft_with", scenarios.draft_with, allowed)
    if served is not None and is_live(served.mcp):
        allowed = f"need {{dir}} or environment.mcp.reset: nothing undoes what sets {name} up"
        raise config_error(f"{place}.draft_with", scenarios.draft_with, allowed)


def _check_offered(config: Config, place: str) -> None:
    served = isinstance(config.environment, Served)
    instead = "; an MCP server has environment.mcp.hide and only" if served else ""
    for key in ("hide", "only"):
        named = getattr(config.tools, key)
        if named and not str(config.environment).startswith("python:"):
            allowed = f"need environment: python:..., this one is {config.environment_name}"
            raise config_error(f"{place}.{key}", list(named), allowed + instead)


def _check_system(config: Config, system: System, place: str) -> None:
    policy_text(system)
    if system.rules is not None and not re.fullmatch(r"python:[\w.]+:\w+", system.rules):
        raise config_error(f"{place}.rules", system.rules, "need python:module:attribute")
    if system.clock is None:
        return
    try:
        moment = datetime.fromisoformat(system.clock)
    except ValueError:
        moment = datetime.min
    if moment.tzinfo is None:
        allowed = "need ISO 8601 with an offset, such as 2026-03-02T09:00+01:00"
        raise config_error(f"{place}.clock", system.clock, allowed)
    if str(config.environment).partition(":")[0] in ("world", "bfcl"):
        allowed = f"need an environment without a clock of its own, {config.environment} has one"
        raise config_error(f"{place}.clock", system.clock, allowed)
