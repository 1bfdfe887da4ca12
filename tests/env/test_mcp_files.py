from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from fastsynth.env.adapters.masks import masked
from fastsynth.env.adapters.mcp.files import (
    Alias,
    Files,
    digest_of_files,
    from_json,
    read_files,
    to_json,
    write_files,
)
from fastsynth.env.adapters.mcp.tools import differences, observed

NAMES = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
CONTENTS = st.one_of(st.binary(max_size=8), st.text(max_size=8).map(str.encode))


@st.composite
def trees(draw: st.DrawFn) -> Files:
    """Folders as they can be: no name is a file and a folder, no folder empty and not."""
    found: dict[str, bytes] = {}
    for name in draw(st.lists(NAMES, max_size=5, unique=True)):
        if any(_clash(name, other.rstrip("/")) for other in found):
            continue
        found[name + "/" if draw(st.booleans()) else name] = b""
    return {n: b"" if n.endswith("/") else draw(CONTENTS) for n in found}


def _clash(one: str, other: str) -> bool:
    return one == other or f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


@settings(max_examples=60, deadline=None)
@given(st.lists(trees(), min_size=1, max_size=4))
def test_a_folder_goes_from_any_state_to_any_other(states: list[Files]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        alias = Alias(Path(folder), "/data")
        present: Files | None = None
        for wanted in states:
            write_files(Path(folder), wanted, present, alias)
            present = read_files(Path(folder), None, alias)

            assert present == wanted


@given(trees())
def test_files_survive_json(files: Files) -> None:
    again = from_json(msgspec.json.decode(msgspec.json.encode(to_json(files))))

    assert again == files
    assert digest_of_files(again) == digest_of_files(files)


def test_the_shown_path_stands_for_the_real_one_and_for_nothing_else(tmp_path: Path) -> None:
    alias = Alias(tmp_path, "/data")

    inward = alias.inward({"path": "/data/a.txt", "other": ["/database", "my/data", "/data"]})

    assert inward == {"path": f"{tmp_path}/a.txt", "other": ["/database", "my/data", str(tmp_path)]}
    assert alias.outward(inward)["path"] == "/data/a.txt"


def test_a_mask_covers_exactly_what_differed() -> None:
    one = {
        "info": "size: 3\nread: Mon",
        "at": 5,
        "rows": [{"id": "x1", "n": 1}, {"id": "x2", "n": 2}],
    }
    two = {
        "info": "size: 3\nread: Tue",
        "at": 6,
        "rows": [{"id": "y1", "n": 1}, {"id": "y2", "n": 2}],
    }
    fields = dict(differences(one, two))

    assert fields == {"info": ("read",), "at": (), "rows[].id": ()}
    assert masked(one, fields) == masked(two, fields)
    assert masked(one, fields)["info"] == "size: 3\nread: (varies)"
    assert masked(one, fields)["rows"] == [{"id": "", "n": 1}, {"id": "", "n": 2}]


def test_structured_content_is_preferred_to_text() -> None:
    assert observed(["{'a': 1}"], {"a": 2}, False).value == {"a": 2}
    assert observed(['{"a": 3}'], None, False).value == {"a": 3}
    assert observed(["{'a': None}"], None, False).value == {"a": None}
    assert observed(["plain words"], None, False).value == "plain words"
    assert observed(["no such row"], None, True).message == "no such row"
