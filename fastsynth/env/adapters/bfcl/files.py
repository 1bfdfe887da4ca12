"""GorillaFileSystem: a tree of text files; every path is one name in the present folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from fastsynth.env.adapters.bfcl.cast import Cast
from fastsynth.env.adapters.bfcl.message import lines
from fastsynth.env.adapters.bfcl.note import Drawn, Note, Sketch

_NAME = {"pattern": '^[^|/\\\\?%*:"><]+$', "maxLength": 120}
_TEXT = {"maxLength": 20000}
_HERE = {"pattern": "^[^/]+$", "maxLength": 120}

NOTES: dict[str, Note] = {
    "cat": Note(takes={"file_name": "file_name"}, gives={"file_content": "file_text"},
                told=("file_content",)),
    "cd": Note(takes={"folder": "folder_name"}, gives={"current_working_directory": "place_name"},
               mutates=True, told=("current_working_directory",)),
    "cp": Note(takes={"source": "file_name", "destination": "copy_name"},
               gives={"result": "file_notice"}, mutates=True, told=("result",),
               limits={"destination": _HERE}),
    "diff": Note(takes={"file_name1": "file_name", "file_name2": "file_name"},
                 gives={"diff_lines": "file_differences"}, told=("diff_lines",)),
    "du": Note(takes={"human_readable": "readable_sizes"}, gives={"disk_usage": "disk_usage"},
               told=("disk_usage",)),
    "echo": Note(takes={"content": "note_text", "file_name": "file_name"},
                 gives={"terminal_output": "shown_text"}, mutates=True,
                 limits={"content": _TEXT, "file_name": _NAME}),
    "find": Note(takes={"path": "folder_name", "name": "name_part"},
                 gives={"matches[]": "file_path"}, told=("matches[]",)),
    "grep": Note(takes={"file_name": "file_name", "pattern": "text_word"},
                 gives={"matching_lines[]": "file_line"}, told=("matching_lines[]",)),
    "ls": Note(takes={"a": "show_hidden"}, gives={"current_directory_content[]": "entry_name"},
               told=("current_directory_content[]",)),
    "mkdir": Note(takes={"dir_name": "new_folder"}, mutates=True, undoes=("rmdir", "rm"),
                  limits={"dir_name": _NAME}),
    "mv": Note(takes={"source": "file_name", "destination": "target_name"},
               gives={"result": "file_notice"}, mutates=True, told=("result",),
               limits={"destination": _HERE}),
    "pwd": Note(gives={"current_working_directory": "place_path"},
                told=("current_working_directory",)),
    "rm": Note(takes={"file_name": "file_name"}, mutates=True, undoes=("touch", "mkdir"),
               told=("result",)),
    "rmdir": Note(takes={"dir_name": "empty_folder"}, mutates=True, undoes=("mkdir",),
                  told=("result",)),
    "sort": Note(takes={"file_name": "file_name"}, gives={"sorted_content": "file_text"},
                 told=("sorted_content",)),
    "tail": Note(takes={"file_name": "file_name", "lines": "line_count"},
                 gives={"last_lines": "file_text"}, told=("last_lines",),
                 limits={"lines": {"minimum": 1, "maximum": 1000}}),
    "touch": Note(takes={"file_name": "new_file"}, mutates=True, undoes=("rm",),
                  limits={"file_name": _NAME}),
    "wc": Note(takes={"file_name": "file_name", "mode": "count_mode"},
               gives={"count": "text_count"}, told=("count", "type"),
               limits={"mode": {"enum": ["l", "w", "c"]}}),
}  # fmt: skip
OCCASIONS = (
    "sorting the notes on {subject}",
    "preparing a folder to hand over to {friend}",
    "looking for a figure in an old report",
    "cleaning up a crowded folder",
    "comparing two drafts about {subject}",
    "writing down decisions after a call",
    "backing up the notes before a trip",
    "counting how much has been written so far",
    "collecting loose notes on {subject}",
    "checking what {friend} left behind",
    "getting a summary ready for tomorrow",
    "making room on a small disk",
)
KINDS = ("plan", "budget", "notes", "contacts", "schedule", "minutes", "checklist", "draft",
         "summary", "report", "inventory", "feedback")  # fmt: skip
FOLDERS = ("archive", "drafts", "shared", "reports", "photos", "invoices", "backup", "planning")
ENDINGS = ("txt", "md", "csv", "log")


def draw(cast: Cast, rng: Random) -> Drawn:
    kinds = rng.sample(KINDS, 8)
    folders = rng.sample(FOLDERS, 4)
    names = [f"{cast.theme.slug}_{kind}.{rng.choice(ENDINGS[:2])}" for kind in kinds]
    top = {name: _file(cast, rng, name) for name in names[:4]}
    if rng.random() < 0.4:
        top["." + rng.choice(("settings", "profile", "history"))] = _file(cast, rng, "")
    tree: dict[str, Any] = dict(top)
    for folder, held in zip(folders[:2], (names[4:6], names[6:8]), strict=True):
        tree[folder] = _folder({name: _file(cast, rng, name) for name in held})
    tree[folders[0]]["contents"][folders[2]] = _folder({})
    tree[folders[3]] = _folder({})
    root = rng.choice((cast.theme.slug, cast.first.lower(), "workspace", "documents"))
    config = {"root": {root: _folder(tree)}}
    stem = cast.theme.slug.split("_")[0]
    facts: dict[str, list[Any]] = {
        "new_file": [f"{stem}_{kind}_{rng.randint(2, 99)}.{rng.choice(ENDINGS)}"
                     for kind in rng.sample(KINDS, 2)],
        "new_folder": [f"{rng.choice(('old', 'new', 'final', 'spare'))}_{kind}"
                       for kind in rng.sample(KINDS, 2)],
        "copy_name": [f"{stem}_copy_{rng.randint(1, 99)}.txt", folders[0], folders[3]],
        "target_name": [folders[1], folders[3], f"{stem}_renamed_{rng.randint(1, 99)}.md"],
        "name_part": [kinds[0], kinds[4], stem],
        "note_text": lines(cast, rng, 3),
        "text_word": rng.sample(cast.theme.items, 3),
        "show_hidden": [True],
        "readable_sizes": [True],
        "line_count": [rng.randint(2, 5)],
        "count_mode": ["l", "w", "c"],
    }  # fmt: skip
    return config, facts


def _folder(contents: dict[str, Any]) -> dict[str, Any]:
    return {"type": "directory", "contents": contents}


def _file(cast: Cast, rng: Random, name: str) -> dict[str, Any]:
    if "budget" in name or "inventory" in name:
        rows = [f"{item}: {rng.randint(2, 400)}" for item in cast.theme.items]
        rng.shuffle(rows)
    else:
        rows = lines(cast, rng, rng.randint(3, 9))
    return {"type": "file", "content": "\n".join(rows)}


def known(live: Any) -> Mapping[str, Sequence[Any]]:
    contents = live._current_dir.contents
    folders = [name for name, item in contents.items() if hasattr(item, "contents")]
    return {
        "file_name": [n for n in contents if n not in folders and not n.startswith(".")],
        "folder_name": folders,
        "empty_folder": [name for name in folders if not contents[name].contents],
    }


SKETCH = Sketch(
    name="GorillaFileSystem",
    document="gorilla_file_system",
    notes=NOTES,
    policy="File commands act on names in the current folder only; change folder one level at a "
    "time. Work starts in the top folder.",
    occasions=OCCASIONS,
    companions=("MessageAPI", "TwitterAPI", "TicketAPI", "MathAPI"),
    draw=draw,
    known=known,
    broader={
        "entry_name": ("file_name",),
        "text_count": ("number",),
        "file_text": ("message_text", "note_text", "tweet_text", "ticket_description"),
        "file_line": ("message_text", "note_text", "tweet_text", "comment_text",
                      "ticket_description", "ticket_resolution"),
        "file_differences": ("message_text", "note_text", "ticket_description"),
        "disk_usage": ("message_text", "note_text"),
        "place_path": ("message_text",),
    },
    ignored=frozenset({"_last_modified"}),
)  # fmt: skip
