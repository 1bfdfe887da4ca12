"""`fastsynth report --quality` and `--coverage` over real runs, and decontamination in a run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from running import Endpoint, manifest, rows, run

from fastsynth.method.conversation.decontaminate import load_benchmarks


@pytest.fixture(scope="module")
def copied(worlds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("quality") / "run"
    shutil.copytree(worlds, path)
    return path


def test_the_card_is_printed_as_json_and_put_on_the_page(copied: Path) -> None:
    ended = run("report", "--quality", copied, "--json")
    card = json.loads(ended.stdout)

    assert ended.returncode == 0, ended.stderr
    assert card["rows"] == 16
    assert card["figures"]["connectedness"]["value"] > 0.5
    assert card["figures"]["student pass rate"]["verdict"] == "not measured"
    assert len(card["tools"]) > 50
    assert "connectedness" in (copied / "report.html").read_text()
    told = (copied / "README.md").read_text()
    assert f"| connectedness | {100 * card['figures']['connectedness']['value']:.1f}% |" in told
    assert "Not measured: " in told


def test_every_figure_comes_with_its_meaning(copied: Path) -> None:
    ended = run("report", "--quality", copied, env={"COLUMNS": "160"})

    for name in ("shortcut baseline", "self-BLEU", "cross-turn necessity", "survivor bias"):
        assert name in ended.stdout
    assert "not probed" in ended.stdout
    assert "at most 15%" in ended.stdout


def test_real_turns_and_benchmarks_are_held_against_the_data(copied: Path, tmp_path: Path) -> None:
    said = [m.content for row in rows(copied) for m in row.messages if m.role == "user"]
    benchmark, log = tmp_path / "benchmark.jsonl", tmp_path / "turns.txt"
    benchmark.write_text("".join(json.dumps({"text": text}) + "\n" for text in said))
    log.write_text("".join(f"yo pls reset my router nr {n}\n" for n in range(30)))

    place = ("--quality", "--json", "--logs", log, "--against", benchmark)
    ended = run("report", copied, *place)
    figures = json.loads(ended.stdout)["figures"]

    assert figures["contaminated user turns"]["value"] > 0.5
    told = (copied / "README.md").read_text()
    assert "with a benchmark (" in told
    assert str(tmp_path) not in told
    assert figures["told from real user turns"]["value"] > 0.95


def test_the_coverage_table_names_every_tool(copied: Path) -> None:
    ended = run("report", "--coverage", copied, "--json")
    table = json.loads(ended.stdout)
    graph = json.loads((copied / "graph.json").read_text())

    assert {line["tool"] for line in table} == set(graph["tools"])
    assert sum(line["calls"] for line in table) == sum(row.num_calls for row in rows(copied))


def test_a_directory_without_a_run_is_one_clear_line(tmp_path: Path) -> None:
    ended = run("report", "--quality", tmp_path)

    assert ended.returncode == 2
    assert "no manifest.json" in ended.stderr


def test_no_query_of_a_run_repeats_the_benchmark(
    few: Path, tmp_path: Path, scripted: Endpoint
) -> None:
    """The very queries that the run would write are the benchmark."""
    said = [m.content for row in rows(few) for m in row.messages if m.role == "user"]
    benchmark = tmp_path / "benchmark.txt"
    benchmark.write_text("\n".join(text.replace("\n", " ") for text in said[:6]))
    out = tmp_path / "run"

    place = ("--width", 8, "--base-url", scripted.url, "--set", f"decontaminate=[{benchmark}]")
    ended = run("generate", "-o", out, "-n", 8, *place)
    assert ended.returncode == 0, ended.stderr
    known = load_benchmarks([str(benchmark)])

    assert manifest(out)["identity"] != manifest(few)["identity"]
    assert not [
        m.content
        for row in rows(out)
        for m in row.messages
        if m.role == "user" and known.overlap(m.content or "")
    ]


def test_a_benchmark_that_is_missing_ends_the_run_before_it_begins(tmp_path: Path) -> None:
    out = tmp_path / "run"
    ended = run("generate", "-o", out, "-n", 8, "--set", "decontaminate=[absent.jsonl]")

    assert ended.returncode == 2
    assert "$.decontaminate: 'absent.jsonl', need `bfcl` or a file" in ended.stderr
