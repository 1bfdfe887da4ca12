"""Which user messages stand in a benchmark: shared runs of eight words, or short messages whole.

Eight, as in FLAN: 26% of BFCL's 7,053 user messages are too short for the 13 words of GPT-3, while
six words hit 4.6% of messages that have nothing in common but phrases (eight: 0.1%). A pure
function of the message, so that it decides the same at any width.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

from fastsynth.errors import ConfigError

RUN = 8
SHORTEST = 5
"""Messages of fewer words ("Thanks, that is all") are anybody's."""
BFCL = "bfcl"
_WORD = re.compile(r"\w+")


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """Where a message and a benchmark meet."""

    benchmark: str
    words: str
    """The first shared run."""
    share: float
    """Of the message's runs, those that stand in a benchmark."""


class Benchmarks:
    """The runs of words of some benchmarks, 8 bytes each and a dict entry."""

    def __init__(self, texts: Iterable[tuple[str, str]] = ()) -> None:
        """`texts`: (name of the benchmark, one user message of it)."""
        self._runs: dict[bytes, str] = {}
        self.messages = 0
        for name, text in texts:
            self.messages += 1
            for run in _runs(_words(text)):
                self._runs.setdefault(_mark(run), name)

    def __bool__(self) -> bool:
        return bool(self._runs)

    @property
    def digest(self) -> str:
        """Equal for equal benchmarks, in any order; "" for none."""
        if not self._runs:
            return ""
        return blake2b(b"".join(sorted(self._runs)), digest_size=16).hexdigest()

    def overlap(self, message: str) -> Overlap | None:
        """None for a message that shares no run of words with a benchmark."""
        if not self._runs:
            return None
        runs = list(_runs(_words(message)))
        shared = [run for run in runs if _mark(run) in self._runs]
        if not shared:
            return None
        return Overlap(
            benchmark=self._runs[_mark(shared[0])],
            words=" ".join(shared[0]),
            share=len(shared) / len(runs),
        )


NONE = Benchmarks()


def load_benchmarks(names: Sequence[str]) -> Benchmarks:
    """`bfcl` (the installed package's data) and files of JSON, JSON lines or plain text.

    Of JSON, everything a user says is taken; where no entry says who speaks, every text of a field
    named as a question is. Raises ConfigError.
    """
    return Benchmarks((name, text) for name in names for text in _texts(name))


def user_texts(entry: Any) -> Iterator[str]:
    """What a user says in a JSON value of any of the usual forms (chat messages, questions)."""
    if isinstance(entry, str):
        yield entry
    elif isinstance(entry, list):
        for item in entry:
            yield from user_texts(item)
    elif isinstance(entry, dict):
        if "role" in entry:
            if entry["role"] == "user" and isinstance(entry.get("content"), str):
                yield entry["content"]
            return
        for name in ("messages", "question", "query", "text", "content", "prompt"):
            if name in entry:
                yield from user_texts(entry[name])
                return


def read_user_texts(path: Path) -> Iterator[str]:
    """User messages of a file: JSON lines, a JSON value, or (by any other suffix) one a line.

    Raises ConfigError for what is missing or no JSON.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not readable ({error}), need JSON lines or text") from error
    if path.suffix not in (".jsonl", ".json", ".ndjson"):
        yield from filter(None, map(str.strip, text.splitlines()))
        return
    for entry in _entries(text, path):
        yield from user_texts(entry)


def _entries(text: str, path: Path) -> Iterator[Any]:
    """One JSON value a line (BFCL's `.json` too), or one for the whole file."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield msgspec.json.decode(line)
            except msgspec.DecodeError as error:
                if number == 1:
                    yield _whole(text, path)
                    return
                raise ConfigError(f"{path}: line {number}: {error}, need JSON") from error


def _whole(text: str, path: Path) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise ConfigError(f"{path}: {error}, need JSON or JSON lines") from error


def _texts(name: str) -> Iterator[str]:
    if name != BFCL:
        yield from read_user_texts(Path(name))
        return
    package = find_spec("bfcl_eval")
    if package is None or package.origin is None:
        raise ConfigError(
            "decontaminate: 'bfcl', the package bfcl-eval is missing; install it with: "
            "pip install 'fastsynth[bfcl]'"
        )
    for path in sorted((Path(package.origin).parent / "data").glob("BFCL_*.json")):
        yield from read_user_texts(path)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _runs(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    if SHORTEST <= len(words) < RUN:
        yield tuple(words)
    for start in range(len(words) - RUN + 1):
        yield tuple(words[start : start + RUN])


def _mark(run: Sequence[str]) -> bytes:
    return blake2b("\x1f".join(run).encode(), digest_size=8).digest()
