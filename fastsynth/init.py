"""Drafts what a run over a user's own tools needs: a config file and a scenarios stub.

Reads the module's contracts and initial state; runs none of its tools. Whatever would trip a
newcomer is one line that names the tool, the parameter and what to write.
"""

from __future__ import annotations

import pprint
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec

from fastsynth.env.adapters.facts import concept_of, facts_of, keys_of
from fastsynth.env.adapters.found import Found, find, imported, initial_of, notes_of
from fastsynth.env.adapters.phrases import drafted
from fastsynth.env.environment import Tool
from fastsynth.env.schemas import simple
from fastsynth.errors import ConfigError, config_error
from fastsynth.method.graph.concepts import GENERIC, profile

_CONFIG = """\
# Drafted by `fastsynth init {file}`: {count} tools. Every key that is left out has a default.
environment: "python:{target}"
{scenarios}endpoints:
  teacher: {{kind: scripted}}  # no model; or {{url: "http://gpu1:8000/v1", model: my-teacher}}
conversation: {{turns: [2, 5], calls: [1, 8], tools_visible: [8, 40]}}
kinds: {{base: 0.9, no_tool: 0.1}}
# system: {{file: policy.md, rules: "python:my_rules:rules"}}  # stated to the model, never broken
# texts: agent  # the writer words messages and notes; else they are those of the scenario
chain: {{blind: 1, attempts: 3}}
tools: {{time_limit: 10, workers: 2}}
output: {{accepted: 200}}
"""
_STUB = '''\
"""Scenarios for {file}: what each conversation starts with, and what its user could say.

Drawn from schemas and the initial state; make them yours. The same `rng` must give the same
scenario: take chance from it alone.
"""

from random import Random

from fastsynth import Scenario, Thread

# Values a user could say, by the parameter that takes them. Ids that tools return need none.
FACTS = {facts}

PERSONAS = ["someone in a hurry", "a careful planner", "a first-time user", "a busy parent"]
OCCASIONS = ["getting a few things done before the weekend", "preparing for tomorrow"]


def scenario(rng: Random) -> Scenario:
    return Scenario(
        # {state}
        state={{}},
        facts={{name: rng.sample(values, len(values)) for name, values in FACTS.items()}},
        thread=Thread(persona=rng.choice(PERSONAS), occasion=rng.choice(OCCASIONS)),
        now=f"2026-03-{{rng.randint(1, 28):02}}T{{rng.randint(8, 17):02}}:00+01:00",
    )
'''


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """Files to write, and what to tell."""

    target: str
    config: tuple[Path, str]
    scenarios: tuple[Path, str] | None
    """None where the module has a `scenario` of its own."""
    tools: Mapping[str, Tool]
    advice: tuple[str, ...]


def draft(file: str) -> Draft:
    """What `fastsynth init FILE` writes. Raises ConfigError for what is no module of tools."""
    name = module_name(file)
    target = target_of(imported(name), name)
    found = find(target)
    facts = facts_of(found.tools, initial_of(found))
    stem = name.rpartition(".")[2]
    own = found.scenario is not None
    source = _scenarios_text("" if own else f"python:{stem}_scenarios:scenario", found)
    config = _CONFIG.format(file=file, count=len(found.tools), target=target, scenarios=source)
    keys = keys_of(initial_of(found))
    wanted = _wanted(found.tools, facts, keys)
    stub = _STUB.format(
        file=file, facts=_facts_text(wanted, {**facts, **keys}), state=_state_hint(found)
    )
    return Draft(
        target=target,
        config=(Path(f"{stem}.yaml"), config),
        scenarios=None if own else (Path(f"{stem}_scenarios.py"), stub),
        tools=found.tools,
        advice=(*notes_of(found), *_advice(found.tools, {} if own else wanted)),
    )


def _scenarios_text(source: str, found: Found) -> str:
    """The config's lines on scenarios; an offer to have them drafted where there is an example."""
    said = f'scenarios: {{from: "{source}"}}\n' if source else ""
    if found.scenario is None and (found.make is not None or found.loads):
        return said
    kept = f'from: "{source}", ' if source else ""
    wish = f"# scenarios: {{{kept}draft_with: writer, n: 20}}"
    return f"{said}{wish}  # a model drafts further initial states\n"


def write(drafted: Draft, *, force: bool) -> list[Path]:
    """Writes the files; never over others unless told so. Raises ConfigError."""
    files = [drafted.config, *([drafted.scenarios] if drafted.scenarios else [])]
    for path, _ in files:
        if path.exists() and not force:
            raise ConfigError(f"init: {path} is there already, need --force to replace it")
    for path, text in files:
        path.write_text(text, encoding="utf-8")
    return [path for path, _ in files]


def module_name(file: str) -> str:
    """`tools/shop.py` -> `tools.shop`, as it is imported from the working directory."""
    path = Path(file)
    if not path.is_file():
        raise config_error("init", file, "no such file, need a Python file of tools")
    if path.suffix != ".py":
        raise config_error("init", file, "need a file that ends in .py")
    try:
        inside = path.resolve().relative_to(Path.cwd().resolve())
    except ValueError as error:
        raise config_error(
            "init", file, "need a file in the working directory or below; change to its folder"
        ) from error
    parts = inside.with_suffix("").parts
    wrong = [part for part in parts if not part.isidentifier()]
    if wrong:
        raise config_error("init", file, f"cannot be imported: {wrong[0]!r} is no Python name")
    return ".".join(parts)


def target_of(module: ModuleType, name: str) -> str:
    """`make` where there is one, else the only class of tools, else the module's functions."""
    if callable(getattr(module, "make", None)):
        return f"{name}:make"
    own = {
        word: value
        for word, value in vars(module).items()
        if not word.startswith("_") and getattr(value, "__module__", "") == module.__name__
    }
    functions = [w for w, v in own.items() if callable(v) and not isinstance(v, type)]
    classes = [w for w, v in own.items() if isinstance(v, type) and _has_methods(v)]
    if [word for word in functions if word not in ("load", "scenario", "rules")]:
        return name
    if len(classes) == 1:
        return f"{name}:{classes[0]}"
    if classes:
        raise config_error(f"init: {name}", classes, "need one class of tools, or a make()")
    raise config_error(f"init: {name}", [], "need public functions, a class or a make()")


def _has_methods(kind: type) -> bool:
    return any(callable(value) and not word.startswith("_") for word, value in vars(kind).items())


def _wanted(
    tools: Mapping[str, Tool], facts: Mapping[str, list[Any]], keys: Mapping[str, list[str]]
) -> dict[str, list[Any]]:
    """Concept -> values to say, for every parameter that no tool's result gives."""
    given = {concept for tool in tools.values() for concept in profile(tool).gives.values()}
    wanted: dict[str, list[Any]] = {}
    for _, parameter, schema, concept in _parameters(tools):
        if concept in given and not facts.get(concept):
            continue
        if "enum" in schema or schema.get("type") == "boolean" or _is_id(parameter):
            continue
        if schema.get("type") == "array":
            schema = simple(schema.get("items", {}))
        wanted[concept] = drafted(concept, schema, {**keys, **facts})
    return wanted


def _parameters(tools: Mapping[str, Tool]) -> Iterator[tuple[Tool, str, Mapping[str, Any], str]]:
    for tool in tools.values():
        takes = profile(tool).takes
        for name, schema in tool.parameters.get("properties", {}).items():
            concept = takes.get(name) or takes.get(f"{name}[]") or concept_of(name, schema)
            yield tool, name, simple(schema), concept


def _is_id(parameter: str) -> bool:
    return re.search(r"(^|_)ids?$", parameter) is not None


def _advice(tools: Mapping[str, Tool], wanted: Mapping[str, list[Any]]) -> Iterator[str]:
    """What keeps a tool from being used, one line each."""
    given = {concept for tool in tools.values() for concept in profile(tool).gives.values()}
    bare = ", ".join(tool.name for tool in tools.values() if _is_bare(tool.result))
    for tool, name, schema, concept in _parameters(tools):
        place = f"{tool.name}({name})"
        required = name in tool.parameters.get("required", ())
        if not schema.get("type") and "enum" not in schema and "anyOf" not in schema:
            yield f"{place}: no type, need an annotation such as {name}: str"
        elif required and concept in GENERIC and not tool.takes and "enum" not in schema:
            kind = {"integer": "int", "number": "float"}.get(schema.get("type", ""), "str")
            said = f'{name}: Annotated[{kind}, Means("{_noun(tool.name)}_{name}")]'
            yield f"{place}: a name that means anything; rename it, or annotate it: {said}"
        elif required and _is_id(name) and concept not in given:
            if bare:
                yield f"{place}: no typed result has a {concept}; looked for in those of {bare}"
            else:
                yield f"{place}: no result holds a {concept}, need a tool that returns one"
        elif required and concept in wanted and not wanted[concept]:
            yield f"{place}: nothing to say for it; add values to FACTS[{concept!r}]"
    for tool in tools.values():
        if tool.description == tool.name.replace("_", " "):
            yield f"{tool.name}: no docstring, need a line that says what it does"
        if not tool.result:
            yield f"{tool.name}: no return type; with one, its results can feed other tools"


def _is_bare(result: Mapping[str, Any]) -> bool:
    """Whether a result is a record, or a list of them, whose fields nothing names."""
    inner = result.get("items", result)
    return inner.get("type") == "object" and not inner.get("properties")


def _noun(tool: str) -> str:
    return tool.split("_", 1)[-1]


def _facts_text(facts: Mapping[str, list[Any]], known: Container[str]) -> str:
    if not facts:
        return "{}"
    lines: list[str] = []
    for concept, values in facts.items():
        text = pprint.pformat(values, width=88, compact=True, sort_dicts=False)
        made_up = any(isinstance(value, str | dict) for value in values) and concept not in known
        mark = "  # made up" if made_up else "" if values else "  # values needed"
        lines.append(f"    {concept!r}: {text},{mark}".replace("\n", "\n    "))
    return "\n".join(("{", *lines, "}"))


def _state_hint(found: Found) -> str:
    variables: Sequence[str] = sorted(initial_of(found))
    if found.make is None:
        names = ", ".join(name for name in variables if not name.startswith("_"))
        return f"Variables of the module to set; the rest stays as it is: {names or 'none'}"
    return "What make(state) or load(state) takes; {} leaves the tools as they are made."
