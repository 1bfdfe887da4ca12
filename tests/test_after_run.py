"""What is done with a finished run on the command line: exported through a template, projected."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from running import here

CALLS = """{% for m in messages %}<|{{ m.role }}|>{{ m.reasoning_content }}{{ m.content }}{%
for c in m.tool_calls %}{{ c.function | tojson }}{% endfor %}{% endfor %}"""
NO_CALLS = "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}"


def test_lines_are_read_back_from_a_template_and_what_it_loses_is_left_out(
    tmp_path: Path, worlds: Path
) -> None:
    counts = []
    for source in (CALLS, NO_CALLS):
        (tmp_path / "chat_template.jinja").write_text(source)
        out = tmp_path / "lines.jsonl"
        out.unlink(missing_ok=True)
        ended = here("export", worlds, "--format", "trl", "--template", tmp_path, "-o", out)
        counts.append(len(out.read_text().splitlines()) if out.exists() else 0)

    assert counts[0] > counts[1]
    assert "call_lost" in ended.stderr


def test_a_large_run_is_projected_from_a_small_one(worlds: Path) -> None:
    told = json.loads(here("estimate", "--from", worlds, "-n", 1600, "--json").stdout)

    assert (told["conversations"], told["pilot"] >= 16) == (1600, True)
    assert told["requests"]["low"] <= told["requests"]["likely"] <= told["requests"]["high"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("export", "--format", "swift", "--template", "x"), "need none but for openai and trl"),
        (("export", "--format", "trl", "--template", "nowhere"), "need a readable template"),
        (("estimate", "-n", "0", "--from"), "-n: 0, need >= 1"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    worlds: Path, words: tuple[str, ...], complaint: str
) -> None:
    ended = here(*words, worlds)

    assert ended.returncode == 2
    assert complaint in ended.stderr
    assert ended.stderr.count("\n") == 1
