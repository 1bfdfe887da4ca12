"""Phrase banks: what is said of each tool, read from `phrases/*.yaml` (see the README there).

A template is text with slots: `{param}` an argument, `{=path}` told result values, `[[ ... ]]`
left out when a slot in it has no value, `{param?a|b}` words for yes and no, `[* ... *]` said of
each entry of a list, `<a|b>` one of several. The caller says what slots hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import yaml

from fastsynth.errors import ConfigError
from fastsynth.sim.teacher.words import join

HERE = Path(__file__).parent / "phrases"

Fill = Callable[[str], str | None]
"""Slot name -> its words, or None where it has no value. Told paths keep their `=`; inside of
`[* ... *]` they end in `#0`, `#1` and so on, the entry that is meant."""

_PART = re.compile(r"\[\[(.*?)\]\]|\[\*(.*?)\*\]|\{([^{}]+(?:\{\*?\}[^{}]*)*)\}", re.DOTALL)

_ALTERNATIVES = re.compile(r"<([^<>]*\|[^<>]*)>")

_DETERMINER = re.compile(
    r"(?<![\w])(?:(?:the|an?|my) (?:(?:account|number|city|town|folder|file|card|message|person"
    r"|ticket|post|booking|order|stock|word|balance of|flight of) )?)$",
    re.IGNORECASE,
)
"""What goes before a value and not before words that have their own: `the account the author`."""
_UNIT = re.compile(
    r"^ (?:dollars|euros|pounds|percent|kilomet(?:er|re)s|miles|liters|litres|gallons|shares"
    r"|degrees)\b|^%"
)
_YES = ("yes", "true")
_NO = ("no", "false")
_ARTICLE = re.compile(r"\b([Aa])(\s?)$")


class Reference(str):
    """Words for a thing instead of its value: no article goes before them and no unit after."""

    __slots__ = ()


class Template:
    """One phrase, parsed once."""

    def __init__(self, text: str, whole: bool = False) -> None:
        self.text = text
        self.whole = whole
        """A sentence of its own rather than a clause."""
        self.parts = tuple(_parse(_ALTERNATIVES.sub(lambda found: found[1].split("|")[0], text)))
        self.either = frozenset(p[1][0] for p in self.parts if p[0] == "either")
        """Slots told by words for yes and no."""
        self.each = frozenset(s for p in self.parts if p[0] == "each" for s in p[1].slots)
        slots = frozenset(p[1] for p in self.parts if p[0] == "slot")
        self.required = slots | self.either | self.each
        self.optional = frozenset(s for p in self.parts if p[0] == "maybe" for s in p[1].slots)

    @cached_property
    def slots(self) -> frozenset[str]:
        return self.required | self.optional

    def one(self, rng: Random) -> Template:
        """With one of each `<a|b>`; drawn only where there are any."""
        if "<" not in self.text:
            return self
        drawn = _ALTERNATIVES.sub(lambda found: rng.choice(found[1].split("|")), self.text)
        return self if drawn == self.text else _template(drawn, self.whole)

    @cached_property
    def plain(self) -> str:
        """The words around the slots."""
        texts = (part if kind == "text" else part.plain for kind, part in self.parts
                 if kind not in ("slot", "either"))  # fmt: skip
        return " ".join(texts)

    def fill(self, fill: Fill) -> str | None:
        """The phrase, or None where a slot outside of brackets has no value."""
        out: list[str] = []
        after_reference = False
        for kind, item in self.parts:
            if kind == "text":
                out.append(_UNIT.sub("", item) if after_reference else item)
                after_reference = False
                continue
            said = _said(kind, item, fill)
            if said is None and kind != "maybe":
                return None
            after_reference = isinstance(said, Reference)
            if out and after_reference:
                out[-1] = _DETERMINER.sub("", out[-1])
            elif out and said and said.lstrip()[:1] in "aeiou":
                out[-1] = _ARTICLE.sub(r"\1n\2", out[-1])
            out.append(said or "")
        return "".join(out)


def _said(kind: str, item: Any, fill: Fill) -> str | None:
    match kind:
        case "slot":
            return fill(item)
        case "either":
            name, yes, no = item
            said = fill(name)
            return yes if said in _YES else no if said in _NO else None
        case "each":
            entries: list[str] = []
            while (entry := item.fill(partial(_entry, fill, len(entries)))) is not None:
                entries.append(entry)
            return join(entries) or None
        case _:
            said = item.fill(fill)
            return said if said is None or isinstance(said, str) else str(said)


def _entry(fill: Fill, number: int, slot: str) -> str | None:
    return fill(f"{slot}#{number}")


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One tool's phrases, as written."""

    ask: tuple[str, ...] = ()
    say: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    noun: dict[str, str | tuple[str, ...]] = {}
    short: dict[str, str | tuple[str, ...]] = {}
    tell: tuple[str, ...] = ()
    think: tuple[str, ...] = ()

    def texts(self) -> list[str]:
        """All templates as written."""
        nouns = [text for texts in self.noun.values() for text in _several(texts)]
        return [*self.ask, *self.say, *self.given, *self.tell, *self.think, *nouns]


class Phrases(msgspec.Struct, frozen=True, kw_only=True):
    """One tool's phrases, parsed."""

    ask: tuple[Template, ...] = ()
    say: tuple[Template, ...] = ()
    given: tuple[Template, ...] = ()
    noun: Mapping[str, tuple[Template, ...]] = {}
    short: Mapping[str, tuple[str, ...]] = {}
    tell: tuple[Template, ...] = ()
    think: tuple[Template, ...] = ()
    slots: frozenset[str] = frozenset()


NOTHING = Phrases()


class Bank:
    """Tool -> its phrases; parts may have tools of one name, so arguments decide between them."""

    def __init__(self, entries: Iterable[tuple[str, Phrases]]) -> None:
        self._tools: dict[str, list[Phrases]] = {}
        for tool, phrases in entries:
            self._tools.setdefault(tool, []).append(phrases)

    def of(self, tool: str, arguments: Iterable[str] = (), paths: Iterable[str] = ()) -> Phrases:
        """The phrases that fit these argument names and result fields best."""
        found = self._tools.get(tool)
        if not found:
            return NOTHING
        if len(found) == 1:
            return found[0]
        names, fields = frozenset(arguments), frozenset(f"={path}" for path in paths)
        return max(found, key=lambda p: 3 * len(names & p.slots) + 2 * len(fields & p.slots))

    def __contains__(self, tool: str) -> bool:
        return tool in self._tools


@lru_cache(maxsize=8)
def load(folder: Path = HERE) -> Bank:
    """All banks of a folder. Raises `ConfigError` naming the file and the place in it."""
    entries: list[tuple[str, Phrases]] = []
    for file in sorted(folder.glob("*.yaml")):
        entries.extend((tool, _parsed(entry)) for tool, entry in _read(file).items())
    return Bank(entries)


def _read(file: Path) -> dict[str, Entry]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        raw = yaml.load(file.read_bytes(), Loader=loader)
        return msgspec.convert(raw or {}, dict[str, Entry])
    except yaml.YAMLError as error:
        raise ConfigError(f"{file}: not YAML: {error}") from error
    except msgspec.ValidationError as error:
        raise ConfigError(f"{file}: {error}") from error


def _parsed(entry: Entry) -> Phrases:
    slots = frozenset(slot for text in entry.texts() for slot in Template(text).slots)
    return Phrases(
        ask=_templates(entry.ask),
        say=tuple(Template(text, whole=True) for text in entry.say),
        given=_templates(entry.given),
        noun={path: _templates(_several(texts)) for path, texts in entry.noun.items()},
        short={path: _several(texts) for path, texts in entry.short.items()},
        tell=_templates(entry.tell),
        think=_templates(entry.think),
        slots=slots,
    )


def _several(texts: str | tuple[str, ...]) -> tuple[str, ...]:
    return (texts,) if isinstance(texts, str) else texts


@lru_cache(maxsize=8192)
def _template(text: str, whole: bool) -> Template:
    return Template(text, whole)


def _templates(texts: Sequence[str]) -> tuple[Template, ...]:
    return tuple(Template(text) for text in texts)


def _parse(text: str) -> Iterable[tuple[str, Any]]:
    at = 0
    for match in _PART.finditer(text):
        if match.start() > at:
            yield "text", text[at : match.start()]
        if match[1] is not None:
            yield "maybe", Template(match[1])
        elif match[2] is not None:
            yield "each", Template(match[2])
        elif "?" in match[3]:
            name, _, words = match[3].partition("?")
            yield "either", (name, *words.split("|"))
        else:
            yield "slot", match[3]
        at = match.end()
    if at < len(text):
        yield "text", text[at:]
