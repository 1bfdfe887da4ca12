"""Exported lines are rendered by a chat template and read back: what a template loses is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from test_exports import PARALLEL, answer, call, calls, result, row, user

from fastsynth.errors import ConfigError
from fastsynth.records import Message, ToolCall
from fastsynth.store.exports.formats import LESSONS, Format, Reasoning
from fastsynth.store.exports.lesson import lessons
from fastsynth.store.exports.template import ChatTemplate, load_template

HEAD = """{% for m in messages %}<|{{ m.role }}|>{{ m.content }}"""
TAIL = """<|end|>{% endfor %}"""
TAGGED_JSON = (
    HEAD
    + """{% for c in m.tool_calls %}<tool_call>
{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}
</tool_call>{% endfor %}"""
    + TAIL
)
NAME_FIRST = (
    HEAD
    + """{% for c in m.tool_calls %}[CALL]{{ c.function.name }}[ARGS]{{
c.function.arguments | tojson }}{% endfor %}"""
    + TAIL
)
PARAMETERS = (
    HEAD
    + """{% for c in m.tool_calls %}<function={{ c.function.name }}>
{% for name, value in c.function.arguments.items() %}<parameter={{ name }}>
{{ value if value is string else value | tojson }}
</parameter>{% endfor %}</function>{% endfor %}"""
    + TAIL
)
OWN_QUOTES = (
    HEAD
    + """{% for c in m.tool_calls %}<call>{{ c.function.name }}({% for name, value
in c.function.arguments | dictsort %}{{ name }}:{% if value is string %}<|"|>{{ value }}<|"|>{%
elif value is sequence %}{% for v in value %}<|"|>{{ v }}<|"|>{% endfor %}{% else %}{{ value }}{%
endif %};{% endfor %}){% endfor %}"""
    + TAIL
)
MARKED = """{% for m in messages %}{% generation %}<|{{ m.role }}|>{{ m.content }}{%
for c in m.tool_calls %}{{ c.function | tojson }}{% endfor %}{% endgeneration %}{% endfor %}"""
ONE_CALL = (
    HEAD
    + """{% if m.tool_calls and m.tool_calls | length > 1 %}{{
raise_exception("one call at a time") }}{% endif %}{% for c in m.tool_calls %}{{
c.function | tojson }}{% endfor %}"""
    + TAIL
)
FIRST_CALL = (
    HEAD + """{% if m.tool_calls %}{{ m.tool_calls[0].function | tojson }}{% endif %}""" + TAIL
)
NO_WORDS = "{% for m in messages %}{% if m.role != 'tool' %}{{ m.content }}{% endif %}{% endfor %}"
EMPTY_FIELDS = (
    HEAD
    + """{% for c in m.tool_calls %}{"name": "{{ c.function.name }}", "arguments":
{{ dict(c.function.arguments, leaked=none) | tojson }}}{% endfor %}"""
    + TAIL
)
TWO_CALLS = row(
    user('Read 1, then "2"\nplease.'),
    calls(call("read", 1)),
    result(1),
    calls(call("read", 2)),
    result(2),
    answer("Both read."),
)
RICH = row(
    user("Group them."),
    Message(
        role="assistant",
        tool_calls=(
            ToolCall(
                id="c1",
                name="group",
                arguments='{"name":"Ann\'s \\"own\\"","ids":["a1","b2"],"open":true,"size":2.5}',
            ),
        ),
    ),
    result(1),
    answer("Grouped."),
)


def faults(
    source: str, form: Format = "trl", conversation: Any = TWO_CALLS, reasoning: Reasoning = "none"
) -> list[str]:
    template = ChatTemplate(source, "t")
    lines = [
        line
        for lesson in lessons(conversation, "conversation")
        for line in LESSONS[form](lesson, reasoning, "conversation")
    ]
    assert lines
    return [template.fault_of(json.loads(json.dumps(line))) for line in lines]


@pytest.mark.parametrize("source", [TAGGED_JSON, NAME_FIRST, PARAMETERS, OWN_QUOTES, MARKED])
@pytest.mark.parametrize("conversation", [TWO_CALLS, PARALLEL, RICH])
def test_calls_come_back_from_every_form_that_templates_write(
    source: str, conversation: Any
) -> None:
    assert faults(source, "trl", conversation) == [""]


def test_arguments_as_text_are_text_in_text_where_a_template_wants_objects() -> None:
    assert faults(TAGGED_JSON, "openai") == ["arguments_encoded_twice"]
    assert faults(TAGGED_JSON, "trl") == [""]


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        (ONE_CALL, "template_raised: one call at a time"),
        (FIRST_CALL, "call_lost"),
        (NO_WORDS, "call_lost"),
        (EMPTY_FIELDS, "arguments_changed"),
    ],
)
def test_what_a_template_drops_or_changes_is_told(source: str, fault: str) -> None:
    assert faults(source, "trl", PARALLEL) == [fault]


def test_words_that_a_template_drops_are_told() -> None:
    silent = row(user("Hello."), answer("Hello!"))

    assert faults("{% for m in messages %}<|{{ m.role }}|>{% endfor %}", "trl", silent) == [
        "words_lost"
    ]


LAST_THOUGHT = """{% for m in messages %}<|{{ m.role }}|>{%
if loop.last and m.reasoning_content %}{{ m.reasoning_content }}{% endif %}{{ m.content }}{%
for c in m.tool_calls %}{{ c.function | tojson }}{% endfor %}{% endfor %}"""
THOUGHTFUL = row(
    user("Read 1."),
    Message(role="assistant", reasoning="One it is.", tool_calls=(call("read", 1),)),
    result(1),
    Message(role="assistant", reasoning="That was it.", content="Read."),
)


def test_reasoning_that_only_the_last_message_keeps_is_no_loss() -> None:
    assert faults(LAST_THOUGHT, "trl", THOUGHTFUL, "field") == [""]


def test_a_template_without_a_place_for_reasoning_is_told_apart_from_a_loss() -> None:
    assert faults(TAGGED_JSON, "trl", THOUGHTFUL, "field") == ["reasoning_lost"]
    assert faults(TAGGED_JSON, "trl", THOUGHTFUL, "none") == [""]
    assert faults(TAGGED_JSON, "trl", THOUGHTFUL, "think") == [""]


def test_a_template_is_found_in_a_models_folder(tmp_path: Path) -> None:
    named = [
        {"name": "default", "template": "no tools"},
        {"name": "tool_use", "template": TAGGED_JSON},
    ]
    config = {"chat_template": named, "eos_token": {"content": "<|e|>"}, "bos_token": None}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(config))
    found = load_template(tmp_path)

    assert found.render([{"role": "user", "content": "Hi"}], []) == "<|user|>Hi<|end|>"

    (tmp_path / "chat_template.jinja").write_text(
        "{{ bos_token }}{{ eos_token }}{{ messages[0].content }}"
    )

    assert load_template(tmp_path).render([{"role": "user", "content": "Hi"}], []) == "<|e|>Hi"


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("tokenizer_config.json", "{}", "need a file with a chat_template"),
        ("tokenizer_config.json", "{", "need a readable template"),
        ("chat_template.jinja", "{% if %}", "line 1"),
        ("other.txt", "", "need a folder with chat_template.jinja or tokenizer_config.json"),
    ],
)
def test_a_template_that_cannot_be_used_is_one_line(
    tmp_path: Path, name: str, text: str, complaint: str
) -> None:
    (tmp_path / name).write_text(text)

    with pytest.raises(ConfigError) as error:
        load_template(tmp_path)

    assert complaint in str(error.value)
    assert "\n" not in str(error.value)


def test_a_template_is_data_that_reaches_nothing(tmp_path: Path) -> None:
    source = "{{ messages.__class__.__mro__ }}"
    messages = [Message(role="user", content="Hi")]

    fault = ChatTemplate(source, "t").fault(
        [{"role": m.role, "content": m.content} for m in messages], []
    )

    assert fault == "template_raised: access to attribute '__class__' of 'list' object is unsafe."
