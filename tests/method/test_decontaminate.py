"""Runs of eight words shared with a benchmark are found, whatever the form of its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from fastsynth.errors import ConfigError
from fastsynth.method.conversation.decontaminate import Benchmarks, load_benchmarks

ASKED = "Could you fill the tank up to the brim and then start the engine for me?"
BENCHMARKS = Benchmarks([("cars", ASKED), ("cars", "Lock all four doors now")])


def test_a_shared_run_of_eight_words_is_found() -> None:
    query = "After lunch, FILL the tank up to the brim, and then call Ada."

    found = BENCHMARKS.overlap(query)

    assert found is not None
    assert found.benchmark == "cars"
    assert found.words == "fill the tank up to the brim and"
    assert 0 < found.share < 1


def test_seven_shared_words_are_not_enough() -> None:
    assert BENCHMARKS.overlap("Well, fill the tank up to the brim please, Ada, now") is None


def test_a_short_message_of_a_benchmark_is_found_only_whole() -> None:
    assert BENCHMARKS.overlap("Lock all four doors, now!") is not None
    assert BENCHMARKS.overlap("Lock all four doors now, and wash the car as well") is None


def test_words_of_courtesy_belong_to_nobody() -> None:
    assert Benchmarks([("b", "Thank you very much")]).overlap("Thank you very much") is None


def test_files_of_every_usual_form_are_read(tmp_path: Path) -> None:
    system = '{"role":"system","content":"nine words that nobody asked in any benchmark before"}'
    forms = {
        "chat.jsonl": f'{{"messages":[{system},{{"role":"user","content":"{ASKED}"}}]}}\n',
        "bfcl.json": f'{{"question":[[{{"role":"user","content":"{ASKED}"}}]]}}\n',
        "whole.json": f'[\n{{"query": "{ASKED}"}}\n]',
        "plain.txt": f"\n{ASKED}\n",
    }
    for name, text in forms.items():
        path = tmp_path / name
        path.write_text(text)

        found = load_benchmarks([str(path)])

        assert found.messages == 1, name
        assert found.overlap(ASKED) is not None, name


def test_what_an_assistant_says_is_no_part_of_a_benchmark(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text(f'{{"messages":[{{"role":"assistant","content":"{ASKED}"}}]}}\n')

    assert not load_benchmarks([str(path)])


def test_a_file_that_is_missing_or_broken_is_one_clear_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.jsonl"
    broken.write_text('{"query": "fine"}\n{"query"\n')

    with pytest.raises(ConfigError, match=r"broken\.jsonl: line 2: .*need JSON"):
        load_benchmarks([str(broken)])
    with pytest.raises(ConfigError, match="absent"):
        load_benchmarks([str(tmp_path / "absent.jsonl")])


def test_every_multi_turn_message_of_bfcl_is_known() -> None:
    pytest.importorskip("bfcl_eval")
    found = load_benchmarks(["bfcl"])

    assert found.messages > 5000
    assert found.overlap(
        "Move 'final_report.pdf' within document directory to 'temp' directory in document."
    )
