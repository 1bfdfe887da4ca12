"""A run's identity: the hash of what decides its data. A run with another one is never resumed."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msgspec

from fastsynth.config import Config, GraphOptions, Mcp, Scenarios, System, Tools
from fastsynth.errors import config_error
from fastsynth.languages import ENGLISH
from fastsynth.logs import read_logs
from fastsynth.records import SCHEMA_VERSION, canonical

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
        **_offered_identity(config.tools),
        "seed": config.seed,
        "conversation": msgspec.to_builtins(config.conversation),
        **({"match": read_logs(Path(config.logs)).digest} if config.logs else {}),
        "kinds": {str(k): v for k, v in config.kinds.items() if v > 0},
        **({"languages": spoken} if (spoken := _languages(config)) != {ENGLISH: 1.0} else {}),
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


def _languages(config: Config) -> dict[str, float]:
    """Shares of those that are spoken at all."""
    total = sum(config.languages.values())
    return {code: weight / total for code, weight in config.languages.items() if weight > 0}


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


def _offered_identity(tools: Tools) -> dict[str, Any]:
    """Which tools are offered and how their results look: nothing where all is as by default, so
    that runs from before there was a choice go on."""
    offered = {"hide": sorted(tools.hide), "only": sorted(tools.only)}
    said: dict[str, Any] = offered if any(offered.values()) else {}
    if tools.result_limit != Tools().result_limit:
        said = {**said, "result_limit": tools.result_limit}
    if tools.volatile:
        said = {**said, "volatile": msgspec.to_builtins(tools.volatile)}
    return {"tools": said} if said else {}


def _student_identity(config: Config, probe: str) -> dict[str, Any]:
    """Nothing where no student has a say, so that runs from before there was one can be resumed."""
    said: dict[str, Any] = {}
    if config.targets.by == "failure":
        said["targets"] = {"coverage": config.targets.coverage, "probe": probe, "weights": 2}
    if config.student is not None:
        said["student"] = msgspec.to_builtins(config.student)
        said["student_mistakes"] = dict(config.teacher.student)
    return said


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
    said: dict[str, Any] = msgspec.to_builtins(
        msgspec.structs.replace(config.environment.mcp, pool=1)
    )
    if said["result_limit"] == Mcp().result_limit:
        del said["result_limit"]  # runs from before there was one go on
    return said
