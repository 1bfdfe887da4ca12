"""Whatever is wrong is one line that names place, value and what is allowed; the exit code fits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from aiohttp import web
from running import endpoint, rows, run, summary

from fastsynth.cli import main

Fails = Callable[..., str]


SMALL = ("--set", "conversation.turns=[1, 1]", "--set", "kinds={base: 1}")
WALLET = ("--set", "environment=world:wallet")


@pytest.fixture
def fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Fails:
    """Runs a command in `tmp_path` that has to fail; gives its one line of complaint."""
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)

    def command(code: int, *arguments: object) -> str:
        try:
            ended = main([*map(str, arguments), "--json"])
        except SystemExit as left:
            ended = int(left.code or 0)
        out, err = capsys.readouterr()
        lines = [line for line in err.splitlines() if line.startswith("fastsynth")]

        assert ended == code, err
        assert len(lines) == 1, err
        assert lines[0] == err.splitlines()[-1]
        assert "Traceback" not in err
        assert out == "" or json.loads(out)
        return lines[0]

    return command


@pytest.mark.parametrize(
    ("text", "place", "value", "allowed"),
    [
        ("engine: {widht: 3}", "$.engine.widht", "unknown key", "did you mean width?"),
        ("engine: {width: 0}", "$.engine.width", "0", "need int >= 1"),
        ("engine: {width: many}", "$.engine.width", "'many'", "need int"),
        ("seed: -1", "$.seed", "-1", "need int >= 0"),
        ("chain: {blind: 0}", "$.chain.blind", "0", ">= 1"),
        ("conversation: {turns: [5, 2]}", "$.conversation.turns", "[5, 2]", "smaller one first"),
        ("kinds: {bass: 1}", "$.kinds", "'bass'", "need one of"),
        ("kinds: {merged: 1}\nconversation: {turns: [1, 1]}", "turns", "(1, 1)", "merged needs 2"),
        ("kinds: {base: 0}", "$.kinds", "0", "above 0"),
        ("endpoints: {a: {knd: openai}}", "$.endpoints.a.knd", "unknown key", "kind"),
        ("endpoints: {a: {kind: x}}", "$.endpoints.a.kind", "'x'", "one of: openai, scripted"),
        (
            "endpoints: {a: {price: {inptu: 1}}}",
            "$.endpoints.a.price",
            "inptu",
            "did you mean input?",
        ),
        ("endpoints: {a: {}, b: {in_flight: 0}}", "$.endpoints.b.in_flight", "0", "need int >= 1"),
        ("endpoints: {a: {urls: [x, 3]}}", "$.endpoints.a.urls[1]", "3", "need str"),
        ("endpoints: {a: {key_env: sk-1}}", "$.endpoints.a.key_env", "(not shown)", "the name of"),
        ("width: 3", "$.width", "unknown key", "did you mean $.engine.width?"),
        ("seed: 1\nseed: 2", "config.yaml", "'seed'", "twice, in lines 1 and 2"),
        ("engine:\n\twidth: 3", "config.yaml", "line 2", "indent with spaces"),
        ("kinds: {base: .inf}", "$.kinds", "inf", "finite weight"),
        ("roles: {wrtier: a}", "$.roles", "'wrtier'", "need one of: default, writer"),
        ("sampling: {critic: {top_p: 2}}", "$.sampling.critic.top_p", "2", "<= 1"),
        ("roles: {writer: nobody}", "$.roles.writer", "'nobody'", "need one of the endpoints"),
        ("teacher: {mistakes: {tpyo: 0.1}}", "$.teacher.mistakes", "tpyo", "wrong_argument"),
        ("student: {band: [0.9, 0.2]}", "$.student.band", "[0.9, 0.2]", "smaller one first"),
        ("student: {runs: 0}", "$.student.runs", "0", ">= 1"),
        ("student: {}", "$.roles.student", "None", "the model that is to learn: teacher"),
        ("targets: {by: failure}", "$.roles.student", "None", "need the endpoint"),
        ("targets: {by: luck}", "$.targets.by", "'luck'", "need one of: coverage, failure"),
        ("targets: {by: failure, probe: no}", "$.targets.probe", "", ""),
        ("targets: {by: failure, probe: nowhere}", "$.targets.probe", "'nowhere'", "`auto`"),
        ("teacher: {student: {bok: 0.1}}", "$.teacher.student", "'bok'", "tool of world"),
        ("- a list", "config.yaml", "'list'", "need a mapping"),
        ("environment: [", "config.yaml", "line 2", "not readable as YAML"),
        ("environment: moon", "environment", "'moon'", "need one of: world"),
        ("environment: world:moon", "environment", "'moon'", "travel, wallet, messages"),
        ("environment: python:absent:make", "python:absent", "No module", "cannot be imported"),
    ],
)
def test_a_mistyped_config(
    fails: Fails, tmp_path: Path, text: str, place: str, value: str, allowed: str
) -> None:
    (tmp_path / "config.yaml").write_text(text + "\n")
    line = fails(2, "generate", "-c", "config.yaml", "-o", "run")

    for part in (place, value, allowed):
        assert part in line
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--set", "engine.width=0"], ["--set engine.width=0", "need int >= 1"]),
        (["--set", "engine"], ["--set", "'engine'", "a.b=value"]),
        (["--width", "x"], ["--width", "'x'", "--help"]),
        (["--width", "0"], ["--width", "0", "need >= 1"]),
        (["-n", "0"], ["-n", "0", "need >= 1"]),
        (["--max-cost", "-1"], ["--max-cost", "-1", "more than 0"]),
        (["--max-tokens-total", "0"], ["--max-tokens-total", "0", "need >= 1"]),
        (["--max-time", "2y"], ["--max-time", "'2y'", "such as 2h"]),
        (["--max-time", "0"], ["--max-time", "'0'", "such as 2h"]),
        (["--base-url", "ftp://gpu"], ["$.endpoints.teacher.url", "ftp://gpu", "need http://"]),
        (["--base-url", "http://h:99999/v1"], ["$.endpoints.teacher.url", "99999", "out of range"]),
        (["-c", "absent.yaml"], ["absent.yaml", "no such config", "offline.yaml"]),
        (["absent.yaml"], ["absent.yaml", "no such config", "offline.yaml"]),
        (
            ["configs/bfcl.yaml", "-c", "configs/offline.yaml"],
            ["-c", "'configs/offline.yaml'", "configs/bfcl.yaml is given too"],
        ),
        (
            ["--set", "endpoints.default.kind=scripted"],
            ["--set endpoints.default.kind", "offline.yaml (teacher)", "role that uses default"],
        ),
        (["--reuse", "absent"], ["--reuse", "'absent'", "earlier run"]),
        (["-o", ""], ["-o", "''", "need a directory"]),
        (["-o", "/proc/run"], ["-o", "'/proc/run'", "cannot be made"]),
        (["-o", "a-file"], ["a-file", "need a directory"]),
        (["-o", "a-file/run"], ["-o", "a-file/run", "no directory"]),
        (["-o", "full"], ["full", "not empty", "need a new directory"]),
        (["--resume", "always"], ["run", "no run to resume"]),
        (["--resume", "now"], ["--resume", "'now'", "auto"]),
    ],
)
def test_a_wrong_flag(fails: Fails, tmp_path: Path, arguments: list[str], parts: list[str]) -> None:
    (tmp_path / "a-file").write_text("")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("")
    line = fails(2, "generate", "-o", "run", *arguments)

    for part in parts:
        assert part in line
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [("FASTSYNTH_WIDTH", "0", ">= 1"), ("FASTSYNTH_SEED", "one", "whole number")],
)
def test_a_wrong_environment_variable(
    fails: Fails, monkeypatch: pytest.MonkeyPatch, name: str, value: str, allowed: str
) -> None:
    monkeypatch.setenv(name, value)
    line = fails(2, "generate", "-o", "run")

    assert name in line
    assert repr(value) in line
    assert allowed in line


def test_a_prompt_with_an_undeclared_variable(fails: Fails, tmp_path: Path) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    text = "---\nrole: writer\npurpose: query\nvariables: []\n---\nHello {{ stranger }}\n"
    (folder / "query.md").write_text(text)
    line = fails(2, "generate", "-o", "run", "--set", "prompts=own")

    assert "query.md" in line
    assert "{{ stranger }}" in line
    assert "declared are []" in line


def test_an_endpoint_that_is_down(fails: Fails, tmp_path: Path) -> None:
    line = fails(4, "generate", "-o", "run", "--base-url", "http://127.0.0.1:9/v1")

    assert "endpoint teacher http://127.0.0.1:9/v1: connection refused" in line
    assert not (tmp_path / "run").exists()


def test_a_refused_key_is_named_by_its_variable_and_never_shown(
    fails: Fails, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")

    def refuse(request: web.Request, number: int) -> web.Response:
        said = {"error": {"message": f"bad key {request.headers['Authorization']}"}}
        return web.json_response(said, status=401)

    with endpoint(twist=refuse) as server:
        line = fails(4, "generate", "-o", "run", "--base-url", server.url)

    assert f"endpoint provider {server.url}: key refused" in line
    assert "OPENAI_API_KEY" in line
    assert "sk-very-secret" not in line


def test_a_key_refused_later_keeps_what_there_is(fails: Fails, tmp_path: Path) -> None:
    def expire(request: web.Request, number: int) -> web.Response | None:
        refused = request.method == "POST" and number > 60
        return web.json_response({"error": {"message": "expired"}}, status=401) if refused else None

    with endpoint(twist=expire) as server:
        line = fails(4, "generate", "-o", "run", "-n", 4, "--base-url", server.url)
    with endpoint() as server:
        assert main(["generate", "-o", "run", "-n", "4", "--quiet", "--base-url", server.url]) == 0

    assert "key refused" in line
    assert "expired" in line
    assert len(rows(tmp_path / "run")) == 4


def test_an_unknown_model_names_those_that_are_known(fails: Fails) -> None:
    def unknown(request: web.Request, number: int) -> web.Response | None:
        said = {"error": {"message": "no such model"}}
        return web.json_response(said, status=404) if request.method == "POST" else None

    with endpoint(twist=unknown) as server:
        place = ("-c", "openai.yaml", "--base-url", server.url)
        line = fails(4, "generate", "-o", "run", "--model", "gpt-9", *place)

    assert "'gpt-9' not found" in line
    assert "known: scripted" in line


def test_a_context_that_is_too_long_rejects_conversations_not_the_run(
    fails: Fails, tmp_path: Path
) -> None:
    def too_long(request: web.Request, number: int) -> web.Response | None:
        said = {"error": {"message": "too long", "code": "context_length_exceeded"}}
        return web.json_response(said, status=400) if request.method == "POST" else None

    with endpoint(twist=too_long) as server:
        line = fails(3, "generate", "-o", "run", "--base-url", server.url, *SMALL, *WALLET)

    assert "nothing accepted" in line
    assert "context_length" in line


def test_the_directory_of_another_identity(fails: Fails, worlds: Path) -> None:
    before = (worlds / "manifest.json").read_bytes()
    line = fails(2, "generate", "-o", worlds, "-n", 16, "--seed", 99, "--set", "kinds={base: 1}")

    assert str(worlds) in line
    assert "identity" in line
    assert "(another seed, kinds)" in line
    assert "config.yaml" in line
    assert (worlds / "manifest.json").read_bytes() == before


def test_a_run_where_none_may_be(fails: Fails, worlds: Path) -> None:
    line = fails(2, "generate", "-o", worlds, "--resume", "never")

    assert f"{worlds}: holds a run" in line
    assert "--resume auto" in line


def test_a_damaged_manifest(fails: Fails, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "manifest.json").write_text('{"identity": ')
    line = fails(1, "generate", "-o", "run")

    assert "run/manifest.json: " in line
    assert "restore it" in line


TOOLS = '''
import sys, time

class Desk:
    def __init__(self):
        self.boxes = {"red": 1, "blue": 2, "green": 3}

    def count_box(self, colour: str) -> dict[str, int]:
        """Count what is in a box."""
        return {"count": self.boxes[colour]}

    def fill_box(self, colour: str, amount: int) -> dict[str, int]:
        """Put things into a box."""
        self.boxes[colour] += amount
        return {"count": self.boxes[colour]}

    def explode_box(self, colour: str) -> str:
        """Blow a box up."""
        raise RuntimeError("boom")

    def stare(self, colour: str) -> str:
        """Look at a box for long."""
        time.sleep(60)
        return colour

    def weigh_box(self, colour: str) -> int:
        """Weigh a box."""
        return "heavy"

    def leave(self, colour: str) -> str:
        """Leave the room."""
        sys.exit(3)

class Dead:
    def explode(self, colour: str) -> str:
        """Blow a box up."""
        raise RuntimeError("boom")

def scenario(rng):
    return {"facts": {"colour": ["red", "blue", "green"], "amount": [2, 3, 5]}}
'''


def test_tools_that_raise_hang_lie_or_leave_cost_conversations_never_the_run(
    tmp_path: Path,
) -> None:
    (tmp_path / "bad_tools.py").write_text(TOOLS)
    place = ("--set", "environment=python:bad_tools:Desk", "--set", "tools.time_limit=0.15")
    declared = ("--set", "graph.discover=never")
    ended = run("generate", "-n", 2, "-o", "run", *place, *declared, *SMALL, cwd=tmp_path)
    checked = run("verify", "run", cwd=tmp_path)

    assert ended.returncode == 0, ended.stderr
    right = {c.name for row in rows(tmp_path / "run") for t in row.ground_truth for c in t}
    assert right
    assert right <= {"count_box", "fill_box"}
    assert checked.returncode == 0, checked.stdout


def test_a_world_without_a_reachable_target_ends_with_the_funnel(tmp_path: Path) -> None:
    (tmp_path / "bad_tools.py").write_text(TOOLS)
    place = ("--set", "environment=python:bad_tools:Dead")
    ended = run("generate", "-n", 2, "-o", "run", *place, "--json", *SMALL, cwd=tmp_path)

    assert ended.returncode == 3
    assert "walk: too_few_turns" in ended.stderr.splitlines()[-1]
    assert summary(ended)["funnel"]["walk"]["too_few_turns"] >= 200
    assert summary(ended)["requests"] == 0


def test_a_folder_for_a_config_is_said_to_be_one(fails: Fails, tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()

    assert "configs: a directory, need a config file" in fails(2, "generate", "-c", "configs")
