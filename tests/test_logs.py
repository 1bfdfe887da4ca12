"""A user's chats become counts, whatever form their lines have; a bad line is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsynth.errors import ConfigError
from fastsynth.logs import BINS, MARGINALS, binned, counts_kept, divergence, read_logs
from fastsynth.records import encode

USER = {"role": "user", "content": "Where is my parcel 4711?"}
CALLS = {"role": "assistant", "content": None, "tool_calls": [{"id": "a"}, {"id": "b"}]}
SAID = {"role": "assistant", "content": "On its way."}
counted = st.dictionaries(st.integers(0, 200), st.integers(1, 50), min_size=1)


def written(folder: Path, *lines: Any) -> Path:
    path = folder / "logs.jsonl"
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return path


def test_turns_calls_tools_and_words_are_counted(tmp_path: Path) -> None:
    thanks = {"role": "user", "content": "Thanks a lot!"}
    chat = {"messages": [USER, CALLS, CALLS, SAID, thanks, SAID], "tools": [{}, {}, {}]}

    counts = read_logs(written(tmp_path, chat, {"messages": [USER, SAID]}))

    assert counts.turns == {1: 1, 2: 1}
    assert counts.tools == {3: 1}
    assert counts.pairs == [(0, 3, 1), (0, 5, 1), (4, 5, 1)]


def test_parts_of_a_content_and_messages_in_a_row_are_one_message(tmp_path: Path) -> None:
    parts = [{"type": "text", "text": "two words"}, {"type": "image_url", "image_url": {}}]
    more = {"role": "user", "content": parts}

    counts = read_logs(written(tmp_path, {"messages": [USER, more, CALLS, SAID]}))

    assert counts.pairs == [(2, 7, 1)]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"messages": [{"role": 3}]}', "$.messages[0].role"),
        ('{"text": "hello"}', "messages"),
        ('{"messages": [', "truncated"),
        ('{"messages": [{"role": "assistant"}]}', "no user message"),
    ],
)
def test_a_bad_line_is_one_error_that_names_it(tmp_path: Path, line: str, complaint: str) -> None:
    path = written(tmp_path, {"messages": [USER]})
    with path.open("a") as file:
        file.write(f"\n{line}\n")

    with pytest.raises(ConfigError) as caught:
        read_logs(path)

    assert str(caught.value).startswith(f"{path}:3: ")
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [None, ""])
def test_a_file_without_conversations_is_refused(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "logs.jsonl"
    if content is not None:
        path.write_text(content)

    with pytest.raises(ConfigError, match=r"\$\.match\.logs"):
        read_logs(path)


def test_counts_survive_the_run_directory(tmp_path: Path) -> None:
    counts = read_logs(written(tmp_path, {"messages": [USER, CALLS, SAID], "tools": []}))
    (tmp_path / "match.json").write_bytes(encode(counts))

    assert counts_kept(tmp_path) == counts
    assert counts_kept(tmp_path / "elsewhere") is None


@given(counted, counted, st.sampled_from(MARGINALS))
def test_divergence_is_symmetric_and_in_the_unit_interval(one, other, name):
    found = divergence(one, other, name)

    assert found == pytest.approx(divergence(other, one, name))
    assert 0 <= found <= 1 + 1e-9
    assert divergence(one, one, name) == pytest.approx(0, abs=1e-9)


@given(counted, st.sampled_from(MARGINALS))
def test_bins_hold_everything_once(counts, name):
    shares = binned(counts, name)

    assert sum(shares) == pytest.approx(1)
    assert len(shares) == len(BINS[name]) + 1


def test_nothing_in_common_diverges_by_one_bit() -> None:
    assert divergence({1: 5}, {9: 3}, "turns") == pytest.approx(1)
    assert divergence({}, {9: 3}, "turns") is None
