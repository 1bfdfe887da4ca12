"""A folder as a value: what an MCP server keeps on disk, taken out, put back and hashed.

The folder's own path never appears in it: a path that is the same everywhere stands for it, so
that rows replay and digests agree between processes and machines.
"""

from __future__ import annotations

import re
import shutil
from base64 import b64decode, b64encode
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

from fastsynth.errors import ConfigError

Files = Mapping[str, bytes]
"""Path inside the folder -> content; a path that ends in `/` is an empty folder."""

MOST_BYTES = 4_000_000


class Alias:
    """Translates between a process's own folder and the path shown for it."""

    def __init__(self, folder: Path, shown: str) -> None:
        self._real = str(folder)
        self._shown = shown.rstrip("/")
        self._outward = re.compile(rf"(?<![\w./-]){re.escape(self._shown)}(?![\w-])")

    def inward(self, value: Any) -> Any:
        """Arguments as the server needs them."""
        return self._each(value, lambda text: self._outward.sub(lambda _: self._real, text))

    def outward(self, value: Any) -> Any:
        """Results as everybody else sees them."""
        return self._each(value, lambda text: text.replace(self._real, self._shown))

    def inward_bytes(self, content: bytes) -> bytes:
        return self._text(content, self.inward)

    def outward_bytes(self, content: bytes) -> bytes:
        return self._text(content, self.outward)

    def _text(self, content: bytes, translate: Any) -> bytes:
        try:
            return bytes(translate(content.decode()).encode())
        except UnicodeDecodeError:
            return content

    def _each(self, value: Any, translate: Any) -> Any:
        if isinstance(value, str):
            return translate(value)
        if isinstance(value, dict):
            return {translate(name): self._each(item, translate) for name, item in value.items()}
        if isinstance(value, list):
            return [self._each(item, translate) for item in value]
        return value


def read_files(folder: Path, only: str | None, alias: Alias) -> Files:
    """What stands in the folder now; `only` one file of it where the state is one file."""
    if only is not None:
        path = folder / only
        return {only: alias.outward_bytes(path.read_bytes())} if path.is_file() else {}
    found: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file():
            found[name] = alias.outward_bytes(path.read_bytes())
        elif path.is_dir() and not any(path.iterdir()):
            found[f"{name}/"] = b""
    return found


def write_files(folder: Path, wanted: Files, present: Files | None, alias: Alias) -> None:
    """Makes the folder hold `wanted`; `present` is what is known to stand there, if anything."""
    if present is None:
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        present = {}
    for name in sorted(present.keys() - wanted.keys(), reverse=True):
        path = folder / name
        if name.endswith("/"):
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        _prune(path.parent, folder)
    for name, content in wanted.items():
        if present.get(name) == content and (folder / name).exists():
            continue
        path = folder / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(alias.inward_bytes(content))


def copied(source: str, only: str | None) -> Files:
    """The fixture a config names: a folder, or one file. Raises ConfigError."""
    path = Path(source)
    if path.is_file():
        return {only or path.name: path.read_bytes()}
    if not path.is_dir():
        raise ConfigError(f"environment.mcp.reset.copy: {source!r}, need a file or folder")
    files = read_files(path, None, Alias(path.resolve(), str(path.resolve())))
    size = sum(map(len, files.values()))
    if size > MOST_BYTES:
        raise ConfigError(
            f"environment.mcp.reset.copy: {source!r} holds {size:,} bytes, need at most "
            f"{MOST_BYTES:,}: every row carries its initial state"
        )
    return files


def to_json(files: Files) -> dict[str, Any]:
    """Text as it is, anything else as `{"base64": ...}`."""
    return {name: _shown(content) for name, content in files.items()}


def from_json(files: Mapping[str, Any]) -> Files:
    return {
        name: held.encode() if isinstance(held, str) else b64decode(held["base64"])
        for name, held in files.items()
    }


def digest_of_files(files: Files) -> str:
    hashed = blake2b(digest_size=16)
    for name in sorted(files):
        for piece in (name.encode(), files[name]):
            hashed.update(len(piece).to_bytes(8, "big"))
            hashed.update(piece)
    return hashed.hexdigest()


def _shown(content: bytes) -> Any:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return {"base64": b64encode(content).decode()}


def _prune(folder: Path, top: Path) -> None:
    """Folders that only held removed files go with them."""
    while folder != top and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
