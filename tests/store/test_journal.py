"""A journal loses at most its torn last line, and says where it is damaged."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import tempfile
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_sample import accepted_job, outcomes

from fastsynth.errors import DamagedFile, DiskFull
from fastsynth.records import Failed, Rejected
from fastsynth.store import journal as journals
from fastsynth.store.appendfile import AppendFile
from fastsynth.store.journal import Journal, head_of, heads

MIXED = [
    accepted_job(0, 2_700),
    Rejected(job=1, stratum='a","o":{', stage="walk", reason="none"),
    Failed(job=2, stratum="s", cause="unavailable"),
    accepted_job(3, 2_700),
]


def write(folder: Path, items: list, writer: int = 0) -> Path:
    (folder / "journal").mkdir(exist_ok=True)
    path = folder / "journal" / f"W-{writer:04}.jsonl"
    journal = Journal(path)
    for item in items:
        journal.append(item)
    journal.close()
    return path


@settings(max_examples=60, deadline=None)
@given(st.lists(outcomes, max_size=6), st.sampled_from([7, 100, 1 << 20]))
def test_outcomes_and_heads_come_back_equal(items, chunk):
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(journals, "_CHUNK", chunk)
        write(Path(name), items)

        assert list(journals.outcomes(Path(name))) == items
        assert [head for head, _ in heads(Path(name))] == [head_of(item) for item in items]


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_killed_at_any_byte_only_the_torn_line_is_lost(data):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = write(folder, MIXED)
        content = path.read_bytes()
        cut = data.draw(st.integers(0, len(content)))
        path.write_bytes(content[:cut])
        whole = content[:cut].count(b"\n")
        write(folder, [accepted_job(9, 2_700)])

        assert list(journals.outcomes(folder)) == [*MIXED[:whole], accepted_job(9, 2_700)]


@settings(max_examples=120, deadline=None)
@given(st.data(), st.integers(1, 255))
def test_any_byte_changed_inside_is_named(data, flip):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = write(folder, MIXED)
        content = bytearray(path.read_bytes())
        at = data.draw(st.integers(0, len(content) - 2))
        line = content[:at].count(b"\n") + 1
        content[at] ^= flip
        path.write_bytes(content)

        with pytest.raises(DamagedFile, match=rf"W-0000\.jsonl: line {line} .*head -n"):
            list(heads(folder))


def test_what_another_writer_is_still_writing_is_left_alone(tmp_path):
    path = write(tmp_path, MIXED, writer=1)
    torn = path.read_bytes()[:-10]
    path.write_bytes(torn)
    write(tmp_path, [MIXED[1]])

    assert [head.job for head, _ in heads(tmp_path)] == [1, 0, 1, 2]
    assert path.read_bytes() == torn


def test_scanning_takes_memory_for_a_chunk_not_for_the_file(tmp_path):
    write(tmp_path, [accepted_job(j, 10_000) for j in range(2_000)])
    tracemalloc.start()
    count = sum(1 for _ in heads(tmp_path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count == 2_000
    assert peak < 5 << 20


def test_a_full_disk_is_said(tmp_path):
    (tmp_path / "full").symlink_to("/dev/full")
    file = AppendFile(tmp_path / "full")

    with pytest.raises(DiskFull, match="full: no space left; free some"):
        file.append(b"x" * 100)


LIMITED = """
import resource, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from store_sample import accepted_job
from fastsynth.errors import DiskFull
from fastsynth.store.journal import Journal
from fastsynth.store.replies import ReplyLog
folder = Path(sys.argv[1])
(folder / "journal").mkdir()
journal = Journal(folder / "journal" / "W-0000.jsonl")
log = ReplyLog(folder, lambda job: False)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
done = []
for put in (
    lambda n: journal.append(accepted_job(n, 2_700)),
    lambda n: log.put(n, n.to_bytes(16, "little"), b"r" * 1_100),
):
    try:
        for n in range(100):
            put(n)
    except DiskFull:
        done.append(n)
print(*done)
"""


def test_a_record_that_does_not_fit_is_taken_back_whole(tmp_path):
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    command = [sys.executable, "-c", LIMITED, str(tmp_path), str(Path(__file__).parent)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    lines, replies = map(int, ran.stdout.split())
    content = (tmp_path / "journal" / "W-0000.jsonl").read_bytes()

    assert 0 < lines < 100
    assert content.endswith(b"\n")
    assert sum(1 for _ in heads(tmp_path)) == lines
    assert (tmp_path / "replies" / "W-0000.00000.log").stat().st_size == replies * 1_136


ENDLESS = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from store_sample import accepted_job
from fastsynth.store.journal import Journal
from fastsynth.store.replies import ReplyLog
folder = Path(sys.argv[1])
(folder / "journal").mkdir()
journal = Journal(folder / "journal" / "W-0000.jsonl")
log = ReplyLog(folder, lambda job: False)
for n in range(10**9):
    log.put(n, n.to_bytes(16, "little"), b"reply %d" % n)
    journal.append(accepted_job(n, 2_700))
    print(n, flush=True)
"""


def test_kill_9_loses_nothing_that_was_written(tmp_path):
    from fastsynth.store.replies import ReplyLog

    command = [sys.executable, "-c", ENDLESS, str(tmp_path), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(200):
            last = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        last = max([last, *map(int, process.stdout.read().split()[:-1])])
    Journal(tmp_path / "journal" / "W-0000.jsonl").close()
    log = ReplyLog(tmp_path, lambda job: False)
    jobs = [head.job for head, _ in heads(tmp_path)]

    assert jobs[: last + 1] == list(range(last + 1))
    assert all(log.get(n, n.to_bytes(16, "little")) == b"reply %d" % n for n in range(last + 1))
    log.close()
