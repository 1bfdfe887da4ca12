"""`fastsynth graph`: JSON on standard output, or drawings in files; and graphs in whole runs."""

from __future__ import annotations

import json
import re
import struct
from pathlib import Path

import pytest
from running import Endpoint, here

LIBRARY = Path(__file__).parent / "method"
WALLET = ("--set", "environment=world:wallet")
FOUND = (*WALLET, "--set", "graph.discover=always")


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_a_declared_graph_is_printed_without_a_probe(tmp_path: Path) -> None:
    ended = here("graph", *WALLET)

    graph = json.loads(ended.stdout)
    assert ended.returncode == 0
    assert {edge["evidence"] for edge in graph["edges"]} == {"declared"}
    assert "found" not in graph
    assert not (tmp_path / "cache").exists()


def test_a_found_graph_says_what_it_cost_and_is_kept(tmp_path: Path) -> None:
    first = json.loads(here("graph", *FOUND).stdout)
    kept = list((tmp_path / "cache").rglob("*.json"))
    kept[0].write_text(kept[0].read_text().replace('"calls":', '"calls":9', 1))

    second = json.loads(here("graph", *FOUND).stdout)

    assert len(kept) == 1
    assert second["found"]["calls"] != first["found"]["calls"] > 1000
    assert json.loads(here("graph", *FOUND, "--refresh").stdout) == first


def test_drawings_go_to_files(tmp_path: Path) -> None:
    page, picture = tmp_path / "deep" / "graph.html", tmp_path / "graph.svg"

    ended = here("graph", *WALLET, "--html", page, "--svg", picture)

    assert ended.stdout.splitlines() == [str(page), str(picture)]
    assert page.read_text().startswith("<!doctype html>")
    assert picture.read_text().startswith("<svg")


def test_the_picture_comes_as_png_too(tmp_path: Path) -> None:
    pytest.importorskip("resvg_py")

    ended = here("graph", *WALLET, "--png", tmp_path / "graph.png", "--svg", tmp_path / "g.svg")

    width, height = (int(n) for n in re.findall(r'\b(?:width|height)="(\d+)"',
                                                (tmp_path / "g.svg").read_text())[:2])  # fmt: skip
    header = (tmp_path / "graph.png").read_bytes()[:24]
    assert ended.returncode == 0
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", header[16:]) == (2 * width, 2 * height)


def test_a_drawing_that_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    ended = here("graph", *WALLET, "--svg", tmp_path / "file" / "graph.svg")

    assert ended.returncode == 2
    assert "cannot be written" in ended.stderr


def test_a_wrong_edit_ends_with_its_place() -> None:
    ended = here("graph", *WALLET, "--set", "graph.add=['pay_bill']")

    assert ended.returncode == 2
    assert "$.graph.add[0]: 'pay_bill'" in ended.stderr


def test_undeclared_tools_give_conversations_that_replay(
    tmp_path: Path, scripted: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(LIBRARY)
    run, config = tmp_path / "run", tmp_path / "library.yaml"
    config.write_text(
        "environment: python:undeclared_tools:Library\nkinds: {base: 1.0}\n"
        "endpoints: {teacher: {kind: scripted}}\n"
    )
    asked = ("-c", config, "-o", run, "--base-url", scripted.url)

    ended = here("generate", *asked, "-n", 6, "--quiet")
    again = here("generate", *asked, "-n", 8, "--quiet")
    verified = here("verify", run)

    assert (ended.returncode, again.returncode) == (0, 0), ended.stderr + again.stderr
    assert verified.returncode == 0, verified.stdout
    graph = json.loads((run / "graph.json").read_text())
    assert {edge["evidence"] for edge in graph["edges"]} == {"flow"}
    assert [order["before"] for order in graph["orders"]] == ["open_desk"]
