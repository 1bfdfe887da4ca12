"""Prompts as files whose front matter declares role and variables; others are an error.

A prompt file is YAML front matter, then the system text, then a line `=== user ===`, then the
user text; both are Jinja2 with strict undefined names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import jinja2
import msgspec
import yaml
from jinja2 import meta

from fastsynth.errors import ConfigError, config_error

_PARTS = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)
_USER = "=== user ==="
NAMES = ("system", "advanced", "query", "guidance", "hint", "judge")
FURTHER = ("scenario", "setup", "texts")
"""Prompts of agents that a run may do without: only where it asks them they are its identity."""


class Front(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    role: str
    purpose: str
    variables: tuple[str, ...]


class Prompt:
    """One agent's prompt. `render` gives (system text, user text); either may be empty."""

    def __init__(self, front: Front, system: jinja2.Template, user: jinja2.Template) -> None:
        self.front = front
        self._system = system
        self._user = user

    def render(self, **variables: Any) -> tuple[str, str]:
        return self._system.render(variables).strip(), self._user.render(variables).strip()


class Prompts(msgspec.Struct, frozen=True):
    by_name: Mapping[str, Prompt]
    digest: str
    """Over the text of all files that every run uses: part of a run's identity."""
    further: Mapping[str, str] = {}
    """Prompt of `FURTHER` -> digest of its text."""

    def digest_with(self, names: Iterable[str]) -> str:
        """`digest`, with those of `FURTHER` that a run asks."""
        own = "".join(self.further[name] for name in names)
        return (
            blake2b((self.digest + own).encode(), digest_size=16).hexdigest()
            if own
            else (self.digest)
        )

    def __getitem__(self, name: str) -> Prompt:
        return self.by_name[name]


def share(kind: str) -> Path:
    """Where `prompts` or `configs` live: beside the package in a checkout, inside it when built."""
    package = Path(__file__).parent
    packed = package / "share" / kind
    return packed if packed.is_dir() else package.parent / kind


def load_prompts(folder: Path | None = None) -> Prompts:
    """All prompts; a file in `folder` stands in for the packaged one of its name."""
    found: dict[str, Prompt] = {}
    digest = blake2b(digest_size=16)
    further: dict[str, str] = {}
    for name in (*NAMES, *FURTHER):
        own = folder / f"{name}.md" if folder else None
        path = own if own is not None and own.is_file() else share("prompts") / f"{name}.md"
        text = path.read_text(encoding="utf-8")
        held = name.encode() + b"\0" + text.encode() + b"\0"
        if name in FURTHER:
            further[name] = blake2b(held, digest_size=16).hexdigest()
        else:
            digest.update(held)
        found[name] = _parse(path, text)
    if folder is not None:
        _refuse_strangers(folder)
    return Prompts(found, digest.hexdigest(), further)


def _refuse_strangers(folder: Path) -> None:
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no such folder of prompts")
    for path in sorted(folder.glob("*.md")):
        if path.stem not in (*NAMES, *FURTHER):
            known = ", ".join((*NAMES, *FURTHER))
            raise config_error(f"{folder}", path.name, f"prompt files are {known}")


def _parse(path: Path, text: str) -> Prompt:
    parts = _PARTS.match(text)
    if parts is None:
        raise config_error(str(path), text[:20], "need front matter between two lines of ---")
    try:
        front = msgspec.convert(yaml.safe_load(parts.group(1)), Front)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise ConfigError(f"{path}: front matter: {error}") from error
    body = parts.group(2)
    system, _, user = body.partition(_USER)
    language = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False
    )
    try:
        used = meta.find_undeclared_variables(language.parse(body))
        prompt = Prompt(front, language.from_string(system), language.from_string(user))
    except jinja2.TemplateSyntaxError as error:
        raise ConfigError(f"{path}: line {error.lineno}: {error.message}") from error
    _check_variables(path, used, set(front.variables))
    return prompt


def _check_variables(path: Path, used: set[str], declared: set[str]) -> None:
    for name in sorted(used - declared):
        raise config_error(f"{path}: {{{{ {name} }}}}", name, f"declared are {sorted(declared)}")
    for name in sorted(declared - used):
        raise config_error(f"{path}: variables", name, "declared but not used in the text")
