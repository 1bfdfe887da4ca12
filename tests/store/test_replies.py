"""Replies are there when they were put, after any kill, and only those that are still of use."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastsynth.errors import DamagedFile
from fastsynth.store.appendfile import sync_regularly
from fastsynth.store.replies import ReplyLog

SEGMENT = "replies/W-0000.00000.log"


def key(number: int) -> bytes:
    return number.to_bytes(16, "big")


def unfinished(job: int) -> bool:
    return False


def filled(folder: Path, count: int) -> bytes:
    log = ReplyLog(folder, unfinished)
    for n in range(count):
        log.put(n // 3, key(n), b"%d" % n * (n % 50))
    log.close()
    return (folder / SEGMENT).read_bytes()


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.integers(0, 4), st.binary(min_size=16, max_size=16)), st.binary(), max_size=12
    ),
    st.sampled_from([1, 80, 1 << 20]),
)
def test_every_reply_is_read_back_in_this_process_and_the_next(replies, segment_bytes):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log = ReplyLog(folder, unfinished, segment_bytes=segment_bytes)
        for (job, k), reply in replies.items():
            log.put(job, k, reply)
        assert all(log.get(job, k) == reply for (job, k), reply in replies.items())
        log.close()
        log = ReplyLog(folder, unfinished, segment_bytes=segment_bytes)

        assert all(log.get(job, k) == reply for (job, k), reply in replies.items())
        assert log.get(77, key(0)) is None
        log.close()


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_killed_at_any_byte_only_the_torn_reply_is_lost(data):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        content = filled(folder, 20)
        cut = data.draw(st.integers(0, len(content)))
        (folder / SEGMENT).write_bytes(content[:cut])
        ends = [sum(36 + len(b"%d" % m) * (m % 50) for m in range(n + 1)) for n in range(20)]
        log = ReplyLog(folder, unfinished)
        log.put(50, key(50), b"new")
        log.close()
        log = ReplyLog(folder, unfinished)
        found = [log.get(n // 3, key(n)) for n in range(20)]
        log.close()

        assert found == [b"%d" % n * (n % 50) if ends[n] <= cut else None for n in range(20)]
        assert log.get(50, key(50)) == b"new"


@settings(max_examples=120, deadline=None)
@given(st.data(), st.integers(1, 255))
def test_any_byte_changed_is_named(data, flip):
    with tempfile.TemporaryDirectory() as name:
        content = bytearray(filled(Path(name), 20))
        content[data.draw(st.integers(0, len(content) - 1))] ^= flip
        (Path(name) / SEGMENT).write_bytes(content)

        with pytest.raises(DamagedFile, match=r"W-0000\.00000\.log: byte \d+: .*truncate -s"):
            ReplyLog(Path(name), unfinished)


def test_the_first_reply_stays_and_the_second_is_waste(tmp_path):
    log = ReplyLog(tmp_path, unfinished)
    log.put(1, key(1), b"first")
    log.put(1, key(1), b"second")

    assert log.get(1, key(1)) == b"first"
    log.close()


def test_keys_that_begin_alike_are_told_apart(tmp_path):
    log = ReplyLog(tmp_path, unfinished)
    log.put(1, b"same-8-b" + b"12345678", b"a")
    log.put(1, b"same-8-b" + b"87654321", b"b")

    assert log.get(1, b"same-8-b" + b"87654321") == b"b"
    log.close()


def test_finished_jobs_leave_the_memory_and_take_no_more_replies(tmp_path):
    done: set[int] = set()
    log = ReplyLog(tmp_path, done.__contains__)
    log.put(1, key(1), b"one")
    log.put(2, key(2), b"two")
    done.add(1)
    log.forget(1)
    log.put(1, key(3), b"late")
    assert (log.get(1, key(1)), log.get(2, key(2))) == (None, b"two")
    log.close()
    again = ReplyLog(tmp_path, done.__contains__)

    assert (again.get(1, key(1)), again.get(2, key(2))) == (None, b"two")
    again.close()


def test_a_full_segment_of_finished_jobs_is_not_read(tmp_path):
    log = ReplyLog(tmp_path, unfinished, segment_bytes=100)
    for n in range(6):
        log.put(n, key(n), b"x" * 80)
    log.close()
    first = tmp_path / SEGMENT
    first.write_bytes(b"?" * first.stat().st_size)
    ReplyLog(tmp_path, lambda job: job < 3).close()

    with pytest.raises(DamagedFile):
        ReplyLog(tmp_path, unfinished)
    first.with_suffix(".jobs").unlink()
    with pytest.raises(DamagedFile):
        ReplyLog(tmp_path, lambda job: job < 3)


def test_replies_of_another_run_are_reused_and_left_alone(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    before = filled(old, 9)
    log = ReplyLog(new, unfinished, reuse=[old])
    log.put(9, key(9), b"own")

    assert log.get(2, key(7)) == b"7" * 7
    assert log.get(9, key(9)) == b"own"
    assert (old / SEGMENT).read_bytes() == before
    log.close()


def test_reusing_a_run_takes_what_it_reused_itself(tmp_path, monkeypatch):
    filled(tmp_path / "first", 9)
    monkeypatch.chdir(tmp_path)
    ReplyLog(tmp_path / "second", unfinished, reuse=[Path("first")]).close()
    (tmp_path / "elsewhere").mkdir()
    for name in ("first", "second"):
        (tmp_path / name).rename(tmp_path / "elsewhere" / name)
    log = ReplyLog(tmp_path / "third", unfinished, reuse=[tmp_path / "elsewhere" / "second"])

    assert log.get(2, key(7)) == b"7" * 7
    log.close()


def test_runs_that_reuse_each_other_and_lost_ones_do_no_harm(tmp_path):
    one, two, lost = tmp_path / "one", tmp_path / "two", tmp_path / "lost"
    filled(one, 3)
    filled(lost, 3)
    ReplyLog(two, unfinished, reuse=[one, lost]).close()
    shutil.rmtree(lost)
    ReplyLog(one, unfinished, reuse=[two]).close()
    log = ReplyLog(one, unfinished, reuse=[two])
    log.put(1, key(3), b"x")

    assert log.get(0, key(0)) is not None
    assert log.get(1, key(3)) == b"x"
    log.close()


def test_a_run_to_reuse_has_to_exist(tmp_path):
    with pytest.raises(DamagedFile, match="no such directory"):
        ReplyLog(tmp_path / "new", unfinished, reuse=[tmp_path / "none"])


@pytest.mark.anyio
async def test_syncing_goes_on_beside_the_writing_and_ends_with_its_scope(tmp_path, monkeypatch):
    monkeypatch.setattr("fastsynth.store.appendfile.EVERY", 0.01)
    log = ReplyLog(tmp_path, unfinished, segment_bytes=200)
    async with anyio.create_task_group() as group:
        group.start_soon(sync_regularly, [log])
        for n in range(40):
            log.put(n, key(n), b"y" * 150)
            await anyio.sleep(0.001)
        with anyio.fail_after(20):
            while len(list(tmp_path.glob("replies/*.jobs"))) <= 10:  # noqa: ASYNC110
                await anyio.sleep(0.01)
        group.cancel_scope.cancel()
    log.close()

    again = ReplyLog(tmp_path, unfinished)
    assert all(again.get(n, key(n)) == b"y" * 150 for n in range(40))
    again.close()
