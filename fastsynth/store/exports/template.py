"""A model's chat template, and whether a conversation can be read back from the text it makes.

Trainers see rows through such a template. One that wants arguments as objects turns text into text
in text, one that knows no parallel calls raises, one that drops words beside a call drops them in
silence: all of it is seen by rendering each conversation and looking for everything in the text.
Rendered as `transformers` does (docs, Chat templates), in jinja2's sandbox.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

import jinja2
import msgspec
from jinja2 import nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from fastsynth.errors import config_error
from fastsynth.store.exports.readback import NO_PLACE, lost

Line: TypeAlias = dict[str, Any]
FILES = ("chat_template.jinja", "tokenizer_config.json")
_DECODER = json.JSONDecoder()


class _Fields(msgspec.Struct):
    """What of tokenizer_config.json a template needs."""

    chat_template: str | list[dict[str, str]] = ""
    bos_token: Any = None
    eos_token: Any = None


class _Generation(Extension):
    """`{% generation %}`, which marks what is learned, and adds nothing to the text."""

    tags = {"generation"}  # noqa: RUF012 (as the base class declares it)

    def parse(self, parser: Parser) -> nodes.Node | list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


class ChatTemplate:
    def __init__(self, source: str, name: str, tokens: dict[str, str] | None = None) -> None:
        """`tokens`: `bos_token` and `eos_token`. Raises jinja2.TemplateSyntaxError."""
        self.name = name
        self._tokens = tokens or {}
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=[_Generation, "jinja2.ext.loopcontrols"],
        )
        environment.filters["tojson"] = _as_json
        environment.globals["raise_exception"] = _raise
        environment.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
        self._template = environment.from_string(source)

    def render(self, messages: Sequence[Line], tools: Sequence[Line]) -> str:
        """Raises jinja2.TemplateError and whatever the template's own expressions do."""
        return self._template.render(
            messages=list(messages),
            tools=list(tools) or None,
            documents=None,
            add_generation_prompt=False,
            **self._tokens,
        )

    def fault_of(self, line: Line) -> str:
        """`fault` of an exported line, of the forms openai and trl."""
        messages = line.get("messages") or [*line["prompt"], *line["completion"]]
        tools = line["tools"]
        return self.fault(messages, json.loads(tools) if isinstance(tools, str) else tools)

    def fault(self, messages: Sequence[Line], tools: Sequence[Line]) -> str:
        """What the text does not hold of a conversation in OpenAI's form, or "": `call_lost`,
        `arguments_changed`, `arguments_encoded_twice`, `words_lost`, or `template_raised: ...`;
        and only where all else is there `reasoning_lost`."""
        before = silent = ""
        first = next((n for n, line in enumerate(messages) if line["role"] == "user"), 0)
        for number in range(first, len(messages)):
            try:
                text = self.render(messages[: number + 1], tools)
            except (jinja2.TemplateError, TypeError, ValueError, KeyError, AttributeError) as error:
                return f"template_raised: {' '.join(str(error).split())[:120]}"
            shared = os.path.commonprefix((before, text))  # noqa: RUF071 (of characters)
            own = text if number == first else text[len(shared) :]
            found = lost(messages[number], own)
            if found and found != NO_PLACE:
                return found
            before, silent = text, silent or found
        return silent


def load_template(path: Path) -> ChatTemplate:
    """From a `chat_template.jinja`, a `tokenizer_config.json`, or the folder that holds them.
    Raises ConfigError."""
    place = "--template"
    found = path
    if path.is_dir():
        held = [path / name for name in FILES if (path / name).is_file()]
        if not held:
            raise config_error(place, str(path), f"need a folder with {' or '.join(FILES)}")
        found = held[0]
    try:
        beside = found.with_name("tokenizer_config.json")
        config = beside if beside.is_file() else found if found.suffix == ".json" else None
        fields = msgspec.json.decode(config.read_bytes(), type=_Fields) if config else _Fields()
        source = _source(fields) if found.suffix == ".json" else found.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise config_error(place, str(path), f"need a readable template: {error}") from error
    if not source:
        raise config_error(place, str(path), "need a file with a chat_template, it has none")
    tokens = {"bos_token": _token(fields.bos_token), "eos_token": _token(fields.eos_token)}
    try:
        return ChatTemplate(source, str(path), tokens)
    except jinja2.TemplateSyntaxError as error:
        raise config_error(place, f"{path}, line {error.lineno}", f"{error.message}") from error


def _source(fields: _Fields) -> str:
    """Of several templates the one for tools."""
    if isinstance(fields.chat_template, str):
        return fields.chat_template
    named = {one.get("name", ""): one.get("template", "") for one in fields.chat_template}
    return named.get("tool_use") or named.get("default", "")


def _token(given: Any) -> str:
    return str(given.get("content", "")) if isinstance(given, dict) else str(given or "")


def _as_json(value: Any, ensure_ascii: bool = False, **options: Any) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, **options)


def _raise(message: str) -> NoReturn:
    raise jinja2.TemplateError(message)
