"""The command line: where things are printed, what each command prints, and how it ends."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from running import Endpoint, manifest, run, start

from fastsynth.cli import _parse, main

COMMANDS = (
    "generate", "doctor", "preview", "status", "verify", "compact", "view", "report", "probe",
    "graph", "serve", "bench", "estimate", "export",
)  # fmt: skip


def test_data_goes_to_stdout_and_progress_to_stderr(tmp_path: Path, scripted: Endpoint) -> None:
    place = ("-n", 2, "--base-url", scripted.url)
    asked = run("generate", "-o", tmp_path / "a", *place, "--json")
    plain = run("generate", "-o", tmp_path / "b", *place, "--plain")
    quiet = run("generate", "-o", tmp_path / "c", *place, "--quiet")

    assert json.loads(asked.stdout)["accepted"] == 2
    assert asked.stdout.count("\n") == 1
    assert "no model wrote this data" in asked.stderr
    assert plain.stdout == ""
    assert "\x1b" not in plain.stderr, "colours where there is no terminal"
    assert "2 of 2 wanted" in plain.stderr
    assert (quiet.stdout, quiet.stderr) == ("", "")
    assert asked.returncode == plain.returncode == quiet.returncode == 0


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_examples(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])

    assert left.value.code == 0
    assert f"fastsynth {command}" in capsys.readouterr().out.partition("examples:")[2]


def test_help_names_every_command_and_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out

    assert [c for c in COMMANDS if f"    {c} " not in text] == []
    for code in ("0 done", "1 internal", "2 usage", "3 nothing", "4 no usable", "130 interrupted"):
        assert code in text


def test_status_prints_the_manifest(worlds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", str(worlds)]) == 0
    text = capsys.readouterr().out

    assert f"{manifest(worlds)['usage']['requests']:,}" in text
    assert "done" in text
    assert "data/part-00000.parquet" in text


def test_status_as_json_says_what_generate_does_and_whether_it_runs(
    worlds: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", str(worlds), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)

    assert (said["accepted"], said["wanted"], said["running"]) == (16, 16, False)
    assert said["stopped_by"] == "done"
    assert not any(stratum["short"] for stratum in said["strata"])


def test_verify_replays_every_row(worlds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", str(worlds)]) == 0
    assert capsys.readouterr().out.startswith("16 of 16 rows (")


def test_compact_writes_the_same_files_again(worlds: Path) -> None:
    before = {file["path"]: file["sha256"] for file in manifest(worlds)["files"]}

    assert main(["compact", str(worlds)]) == 0
    assert {file["path"]: file["sha256"] for file in manifest(worlds)["files"]} == before


def test_view_shows_a_conversation(worlds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["view", str(worlds), "--row", "3", "-n", "2"]) == 0
    assert capsys.readouterr().out.count("user") >= 4


def test_report_names_what_it_wrote(worlds: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(worlds)]) == 0
    written = [Path(line) for line in capsys.readouterr().out.split()]

    assert [path.name for path in written] == ["report.html", "README.md"]
    assert all(path.stat().st_size > 1000 for path in written)


def test_graph_prints_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["graph", "--set", "environment=world:wallet"]) == 0
    assert json.loads(capsys.readouterr().out)


def test_a_config_may_stand_without_its_flag(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["preview", "configs/bfcl.yaml", "-n", "1", "--set", "environment=bfcl:MathAPI"]) == 0
    )
    assert "job 0: MathAPI" in capsys.readouterr().out


def test_preview_plans_without_any_endpoint(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["preview", "-n", "2", "--base-url", "http://127.0.0.1:9/v1"]) == 0
    assert capsys.readouterr().out.count("turn 1 ") == 2


def test_serve_prints_one_line_when_ready_and_answers() -> None:
    with start("serve", "--port", 0) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        with urllib.request.urlopen(line.split()[-1] + "/models") as answer:
            listed = json.load(answer)
        process.terminate()
        rest, complaint = process.communicate(timeout=10)

    assert line.startswith("serving a scripted teacher (no model) on http://127.0.0.1:")
    assert listed["fastsynth"] == {"teacher": "scripted"}
    assert (rest, complaint, process.returncode) == ("", "", 0)


@pytest.mark.parametrize("command", ["status", "verify", "compact", "view", "report"])
def test_what_is_no_run_is_said_in_one_line(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, str(tmp_path / "absent")]) == 2
    out, err = capsys.readouterr()

    assert out == ""
    assert err == f"fastsynth: {tmp_path}/absent: no manifest.json, need the directory of a run\n"


def test_a_reader_that_leaves_early_is_no_error(worlds: Path) -> None:
    command = f"{sys.executable} -m fastsynth.cli view {worlds} -n 16 --full | head -n 1"
    ended = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True
    )

    assert ended.stderr == ""
    assert ended.returncode == 0


@pytest.mark.parametrize("form", ["openai", "trl", "swift", "sharegpt"])
def test_export_writes_a_file_or_stdout_alike(
    form: str, worlds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "train.jsonl"

    assert main(["export", str(worlds), "--format", form, "-o", str(out)]) == 0
    said = capsys.readouterr()
    assert main(["export", str(worlds), "--format", form]) == 0
    assert capsys.readouterr().out == out.read_text()
    assert said.out == ""
    assert said.err.startswith(f"{len(out.read_text().splitlines())} lines of 16 conversations")
    assert [path.name for path in tmp_path.iterdir()] == ["train.jsonl"]


@pytest.mark.parametrize("form", ["trl", "rl", "openai"])
def test_what_is_held_out_is_the_same_in_every_format(
    form: str, worlds: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, val, whole = (tmp_path / name for name in ("train.jsonl", "val.jsonl", "all.jsonl"))
    split = ["--val", str(val), "--val-share", "0.25"]

    assert main(["export", str(worlds), "--format", form, "-o", str(out), *split]) == 0
    said = capsys.readouterr().err.splitlines()
    assert main(["export", str(worlds), "--format", form, "-o", str(whole)]) == 0

    assert [line.split(" of ")[1].split()[0] for line in said] == ["12", "4"]
    both = out.read_text().splitlines() + val.read_text().splitlines()
    assert sorted(both) == sorted(whole.read_text().splitlines())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--val", "v"], "--val: 'v', need another file beside it: -o FILE"),
        (["-o", "v", "--val", "v"], "--val: 'v', need another file beside it: -o FILE"),
        (["-o", "t", "--val", "v", "--val-share", "5"], "--val-share: 5.0, need a share between"),
    ],
)
def test_a_split_that_cannot_be_is_one_line(
    given: list[str], said: str, worlds: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(worlds), "--format", "trl", *given]) == 2

    assert capsys.readouterr().err.startswith(f"fastsynth: {said}")


def test_export_says_where_a_format_has_no_place_for_reasoning(
    worlds: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(worlds), "--format", "swift", "--reasoning", "field"]) == 2

    complaint = "--reasoning: 'field', need one of think, none for --format swift"
    assert capsys.readouterr().err == f"fastsynth: {complaint}\n"


def test_doctor_finds_a_bundled_world_well(
    scripted: Endpoint, capsys: pytest.CaptureFixture[str]
) -> None:
    place = ["--set", "environment=world:wallet", "--base-url", scripted.url]

    assert main(["doctor", *place]) == 0
    text = capsys.readouterr().out
    assert "two resets give one digest" in text
    assert "reasoning: model scripted" in text
    assert "bad" not in text


def test_doctor_says_what_to_do_about_an_endpoint_that_is_down(
    capsys: pytest.CaptureFixture[str],
) -> None:
    place = ["--set", "environment=world:wallet", "--base-url", "http://127.0.0.1:9/v1"]

    assert main(["doctor", *place]) == 4
    text = capsys.readouterr().out
    assert "http://127.0.0.1:9/v1: connection refused; is the server running?" in text


@pytest.mark.parametrize(
    "given",
    [
        ("client", "--json", "f.json", "--", "--json", "g", "x"),
        ("--json", "f.json", "client", "--", "--json", "g", "x"),
        ("--json=f.json", "client", "--", "--json", "g", "x"),
    ],
)
def test_options_of_bench_stand_before_or_after_its_name(given: tuple[str, ...]) -> None:
    parsed = _parse(["bench", *given])

    assert (parsed.name, parsed.json, parsed.rest) == ("client", "f.json", ["--json", "g", "x"])


def test_bench_without_a_name_lists_what_there_is_at_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main(["bench"])
    lines = capsys.readouterr().out.splitlines()

    assert code == 0
    assert {"engine", "client", "faults"} <= {line.split()[0] for line in lines}
    assert not [line for line in lines if "_peers" in line.split()[0]]


def test_a_benchmark_without_a_name_is_the_engines_and_words_need_no_dashes() -> None:
    assert _parse(["bench", "--", "--quick"]).name == "engine"
    assert _parse(["bench", "deletion", "RUN"]).rest == ["RUN"]


def test_estimate_counts_and_prices_each_role(capsys: pytest.CaptureFixture[str]) -> None:
    price = "endpoints.teacher={kind: scripted, price: {input: 1, output: 10, cached: 0.1}}"
    assert main(["estimate", "-n", "1000", "--sample", "2", "--json", "--set", price]) == 0
    found = json.loads(capsys.readouterr().out)
    by_role = {role["role"]: role for role in found["roles"]}

    assert found["sample"] == 2
    assert set(by_role) == {"writer", "reasoning", "critic"}
    assert by_role["reasoning"]["requests"] > 1000
    assert by_role["reasoning"]["prompt_tokens"] > 100 * by_role["reasoning"]["requests"]
    assert 0 < found["cost_usd"] < found["cost_usd_uncached"]


def test_parsing_a_command_loads_none_of_what_commands_need() -> None:
    """A second of CPU time, which `--version` and completion in a shell would wait for."""
    heavy = {"polars", "networkx", "aiohttp", "openai", "rich", "jinja2", "msgspec", "anyio"}
    script = (
        "import sys\nfrom fastsynth.cli import main\ntry: main(['--help'])\n"
        f"except SystemExit: print('loaded:', sorted({heavy} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert done.stdout.splitlines()[-1] == "loaded: []", done.stderr


def test_a_file_that_cannot_be_read_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "manifest.json").mkdir()
    code = main(["status", str(tmp_path)])

    assert code == 2
    said = f"fastsynth: {tmp_path / 'manifest.json'}: Is a directory\n"
    assert capsys.readouterr().err == said
