"""From files, environment variables and flags to one checked Config, and a run's identity.

Precedence: flag > environment > file > default. What is wrong is one line that names the file,
the place, the value and what is allowed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec
import yaml

from fastsynth.config import Config, Endpoint, GraphOptions, Scenarios, Student, System
from fastsynth.errors import ConfigError, config_error
from fastsynth.explain import explain
from fastsynth.logs import read_logs
from fastsynth.prompts import share
from fastsynth.records import SCHEMA_VERSION, canonical

AGENTS = ("writer", "reasoning", "critic")


class Flags(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line may override."""

    accepted: int | None = None
    urls: tuple[str, ...] = ()
    model: str | None = None
    width: int | None = None
    seed: int | None = None
    max_cost: float | None = None
    max_tokens_total: int | None = None
    max_seconds: float | None = None
    settings: tuple[str, ...] = ()
    """`a.b=value`, the value read as YAML."""


def find_config(name: str | None, environ: Mapping[str, str]) -> Path:
    """The config file meant by `-c`, or the default for what the environment offers."""
    if name is None:
        real = environ.get("OPENAI_BASE_URL") or environ.get("OPENAI_API_KEY")
        return share("configs") / ("openai.yaml" if real else "offline.yaml")
    path = Path(name)
    if path.is_file():
        return path
    packaged = share("configs") / path.name
    if packaged.is_file() and path.parent in (Path("configs"), Path()):
        return packaged
    shipped = ", ".join(sorted(p.name for p in share("configs").glob("*.yaml")))
    raise ConfigError(f"{name}: no such config file; shipped in configs/: {shipped}")


def load_config(path: Path, flags: Flags, environ: Mapping[str, str] = os.environ) -> Config:
    """The effective config. Raises ConfigError."""
    raw = read_yaml(path)
    config = decode(raw, str(path))
    for setting in flags.settings:
        _set(raw, setting)
        config = decode(raw, f"--set {setting}")
    config = _with_environment(config, environ)
    config = _with_flags(config, flags)
    _check(config, str(path))
    return config


def read_yaml(path: Path) -> dict[str, Any]:
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}, need a readable config file") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        text = " ".join(str(error).split())
        raise ConfigError(f"{path}: not readable as YAML: {text}") from error
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        raise config_error(str(path), type(raw).__name__, "need a mapping of keys at the top")
    return raw


def decode(raw: dict[str, Any], place: str) -> Config:
    system = raw.get("system")
    if isinstance(system, dict) and isinstance(system.get("clock"), datetime):
        raw = {**raw, "system": {**system, "clock": system["clock"].isoformat()}}
    try:
        return msgspec.convert(raw, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(explain(str(error), raw, place)) from error


_PLAIN = msgspec.to_builtins(GraphOptions())
"""Left out of the identity, so that runs from before there was a choice can be resumed."""


def identity_of(
    config: Config, prompts_digest: str, models: Mapping[str, str], probe: str = ""
) -> str:
    """Hash of what decides the data; `models` is role -> model as the endpoints answered, `probe`
    the digest of the student's results where targets go by them."""
    decides = {
        "schema": SCHEMA_VERSION,
        "environment": environment_identity(config),
        **({"scenarios": _scenarios_identity(config.scenarios)} if config.scenarios else {}),
        **({"system": _system_identity(config.system)} if config.system else {}),
        "seed": config.seed,
        "conversation": msgspec.to_builtins(config.conversation),
        **({"match": read_logs(Path(config.logs)).digest} if config.logs else {}),
        "kinds": {str(k): v for k, v in config.kinds.items() if v > 0},
        "chain": msgspec.to_builtins(config.chain),
        **({"texts": config.texts} if config.texts != "drawn" else {}),
        "judges": config.judges,
        "duplicates": config.duplicates,
        **({"graph": graph} if (graph := msgspec.to_builtins(config.graph)) != _PLAIN else {}),
        "decontaminate": {name: _benchmark_identity(name) for name in config.decontaminate},
        "prompts": prompts_digest,
        "models": dict(models),
        "sampling": msgspec.to_builtins(config.sampling_of()),
        "mistakes": dict(config.teacher.mistakes),
        **_student_identity(config, probe),
    }
    return blake2b(canonical(decides).encode(), digest_size=16).hexdigest()


def _system_identity(system: System) -> dict[str, Any]:
    text = policy_text(system).encode()
    hashed = blake2b(text, digest_size=16).hexdigest() if text else None
    return {**msgspec.to_builtins(system), "file": hashed}


def policy_text(system: System) -> str:
    """What `system.file` holds, "" where none is named. Raises ConfigError."""
    if system.file is None:
        return ""
    try:
        return Path(system.file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise config_error("$.system.file", system.file, f"need a text file: {error}") from error


def _scenarios_identity(scenarios: Scenarios) -> Any:
    drafted = {"draft_with": scenarios.draft_with, "n": scenarios.n}
    return [scenarios.source, drafted] if scenarios.draft_with else scenarios.source


def further_prompts(config: Config) -> tuple[str, ...]:
    """Of the prompts that a run may do without, those that this one asks."""
    drafted = ("scenario",) if config.scenarios and config.scenarios.draft_with else ()
    return (*drafted, "texts") if config.texts == "agent" else drafted


def _student_identity(config: Config, probe: str) -> dict[str, Any]:
    """Nothing where no student has a say, so that runs from before there was one can be resumed."""
    said: dict[str, Any] = {}
    if config.targets.by == "failure":
        said["targets"] = {"coverage": config.targets.coverage, "probe": probe}
    if config.student is not None:
        said["student"] = msgspec.to_builtins(config.student)
        said["student_mistakes"] = dict(config.teacher.student)
    return said


def probing_config(config: Config) -> Config:
    """The probing phase as a run of its own: targets by coverage, every conversation answered by
    the student, none left out for how it did."""
    targets = config.targets
    replace = msgspec.structs.replace
    return replace(
        config,
        targets=replace(targets, by="coverage"),
        student=Student(runs=targets.runs),
        output=replace(config.output, accepted=targets.conversations),
    )


def first_run(config: Config) -> Config:
    """What `generate` runs first: the probing phase where there is one, else the run itself."""
    targets = config.targets
    probes = targets.by == "failure" and targets.probe == "auto"
    return probing_config(config) if probes else config


def with_probe(config: Config, conversations: int | None, runs: int | None) -> Config:
    """The config with another size of its probing phase, as far as one is given."""
    targets = config.targets
    sized = msgspec.structs.replace(
        targets,
        conversations=conversations or targets.conversations,
        runs=runs or targets.runs,
    )
    return msgspec.structs.replace(config, targets=sized)


def _benchmark_identity(name: str) -> str:
    """The version of a package's benchmark, the hash of a file. Raises ConfigError."""
    if name == "bfcl":
        try:
            return version("bfcl-eval")
        except PackageNotFoundError as error:
            raise config_error(
                "$.decontaminate", name, "need the package: pip install 'fastsynth[bfcl]'"
            ) from error
    path = Path(name)
    if not path.is_file():
        raise config_error("$.decontaminate", name, "need `bfcl` or a file of JSON or text")
    return blake2b(path.read_bytes(), digest_size=16).hexdigest()


def environment_identity(config: Config) -> Any:
    """The environment without what only decides how fast it runs."""
    if isinstance(config.environment, str):
        return config.environment
    return msgspec.to_builtins(msgspec.structs.replace(config.environment.mcp, pool=1))


def dump(config: Config) -> str:
    """The effective config as YAML. Holds no secret: keys are named by variable only."""
    builtins = msgspec.to_builtins(config)
    for endpoint in builtins["endpoints"].values():
        endpoint["headers"] = dict.fromkeys(endpoint["headers"], "(not stored)")
    return yaml.safe_dump(builtins, sort_keys=False, allow_unicode=True)


def _with_environment(config: Config, environ: Mapping[str, str]) -> Config:
    base, model = environ.get("OPENAI_BASE_URL"), environ.get("FASTSYNTH_MODEL")
    endpoints = dict(config.endpoints)
    for name in _teaching(config):
        endpoint = endpoints[name]
        if base and endpoint.kind == "openai":
            endpoint = msgspec.structs.replace(endpoint, url=base, urls=(), urls_file=None)
        if model:
            endpoint = msgspec.structs.replace(endpoint, model=model)
        endpoints[name] = endpoint
    config = msgspec.structs.replace(config, endpoints=endpoints)
    width, seed = environ.get("FASTSYNTH_WIDTH"), environ.get("FASTSYNTH_SEED")
    return _with_flags(
        config,
        Flags(width=_number("FASTSYNTH_WIDTH", width, 1), seed=_number("FASTSYNTH_SEED", seed, 0)),
    )


def _number(name: str, text: str | None, least: int) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or int(text) < least:
        allowed = f"need a whole number >= {least}"
        raise config_error(f"environment variable {name}", text, allowed)
    return int(text)


def _with_flags(config: Config, flags: Flags) -> Config:
    replace = msgspec.structs.replace
    if flags.urls or flags.model:
        config = replace(
            config,
            endpoints={
                **config.endpoints,
                **{n: _overridden(config.endpoints[n], flags) for n in _teaching(config)},
            },
        )
    if flags.accepted is not None:
        config = replace(config, output=replace(config.output, accepted=flags.accepted))
    if flags.width is not None:
        config = replace(config, engine=replace(config.engine, width=flags.width))
    if flags.seed is not None:
        config = replace(config, seed=flags.seed)
    limits = {
        "usd": flags.max_cost,
        "tokens": flags.max_tokens_total,
        "seconds": flags.max_seconds,
    }
    given = {name: value for name, value in limits.items() if value is not None}
    return replace(config, budget=replace(config.budget, **given)) if given else config


def _teaching(config: Config) -> list[str]:
    """The endpoints that an address or a model from outside the file is meant for: all but the
    one that is the student's alone."""
    others = {name for role, name in config.roles.items() if role != "student"}
    student = config.roles.get("student")
    return [name for name in config.endpoints if name != student or name in others]


def _overridden(endpoint: Endpoint, flags: Flags) -> Endpoint:
    """`--base-url` replaces the address and keeps the kind."""
    if flags.urls:
        endpoint = msgspec.structs.replace(endpoint, url=None, urls=flags.urls, urls_file=None)
    if flags.model:
        endpoint = msgspec.structs.replace(endpoint, model=flags.model)
    return endpoint


def _set(raw: dict[str, Any], setting: str) -> None:
    path, equals, text = setting.partition("=")
    if not equals or not path:
        raise config_error("--set", setting, "need the form a.b=value")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise config_error("--set", setting, "the value is not readable as YAML") from error
    *parents, last = path.split(".")
    at = raw
    for name in parents:
        at = at.setdefault(name, {})
        if not isinstance(at, dict):
            raise config_error("--set", setting, f"{name} is no section")
    at[last] = value


def _check(config: Config, place: str) -> None:
    """What a type cannot say."""
    spans = msgspec.structs.asdict(config.conversation)
    for name, (low, high) in spans.items():
        if low > high:
            raise config_error(
                f"{place}: $.conversation.{name}", [low, high], "need the smaller one first"
            )
    if sum(config.kinds.values()) <= 0:
        raise config_error(f"{place}: $.kinds", config.kinds, "need one weight above 0")
    if config.kinds.get("no_tool") and config.conversation.turns[1] < 2:
        raise config_error(
            f"{place}: $.conversation.turns", config.conversation.turns, "no_tool needs 2 turns"
        )
    if config.scenarios is not None:
        _check_scenarios(config, config.scenarios, f"{place}: $.scenarios")
    band = config.student.band if config.student else None
    if band is not None and band[0] > band[1]:
        raise config_error(f"{place}: $.student.band", list(band), "need the smaller one first")
    if config.system is not None:
        _check_system(config, config.system, f"{place}: $.system")
    roles_of(config)
    roles_of(first_run(config))


def _check_scenarios(config: Config, scenarios: Scenarios, place: str) -> None:
    if not scenarios.source and scenarios.draft_with is None:
        raise config_error(place, {}, "need `from`, `draft_with` or both")
    if scenarios.draft_with and not str(config.environment).startswith("python:"):
        raise config_error(
            f"{place}.draft_with",
            scenarios.draft_with,
            f"need environment: python:..., this one is {config.environment_name}",
        )


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


def seconds(text: str) -> float:
    """`90`, `90s`, `15m`, `2h`, `1d` in seconds. Raises ConfigError."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", text.strip())
    if found is None or not float(found[1]):
        raise config_error("--max-time", text, "need a number with s, m, h or d, such as 2h")
    return float(found[1]) * {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}[found[2]]


def roles_of(config: Config) -> dict[str, str]:
    """Role -> endpoint, of the roles that this config asks. Raises ConfigError."""
    judge = ("judge",) if config.judges else ()
    student = ("student",) if config.student else ()
    return {role: config.endpoint_of(role) for role in (*AGENTS, *judge, *student)}
