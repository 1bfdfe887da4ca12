"""What was journalled is what is read back, typed alike whatever a batch holds."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_sample import accepted, accepted_job, rejected

from fastsynth.errors import DamagedFile, FastsynthError
from fastsynth.records import Accepted, Attempt, Conversation, Message, Rejected
from fastsynth.store import parts
from fastsynth.store.compact import (
    RejectedRow,
    compact,
    read_attempts,
    read_preferences,
    read_rejects,
    read_rows,
)
from fastsynth.store.journal import Journal
from fastsynth.store.preferences import Preference
from fastsynth.store.schema import CONVERSATION, PREFERENCE, REJECTED


def journalled(folder: Path, outcomes: list[Accepted] | list[Rejected], writer: int = 0) -> None:
    (folder / "journal").mkdir(exist_ok=True)
    journal = Journal(folder / "journal" / f"W-{writer:04}.jsonl")
    for outcome in outcomes:
        journal.append(outcome)
    journal.close()


@settings(max_examples=60, deadline=None)
@given(st.lists(accepted, max_size=4, unique_by=lambda o: o.job))
def test_conversations_come_back_equal_in_order_of_jobs(outcomes):
    with tempfile.TemporaryDirectory() as name:
        journalled(Path(name), outcomes)
        compact(Path(name), [o.job for o in outcomes])

        in_order = sorted(outcomes, key=lambda o: o.job)
        assert list(read_rows(Path(name))) == [o.conversation for o in in_order]
        kept = [(o.job, o.attempts) for o in in_order if o.attempts]
        assert [(row.job, row.attempts) for row in read_attempts(Path(name))] == kept


@settings(max_examples=40, deadline=None)
@given(st.lists(rejected, max_size=4, unique_by=lambda o: o.job))
def test_rejects_come_back_equal(outcomes):
    with tempfile.TemporaryDirectory() as name:
        journalled(Path(name), outcomes)
        compact(Path(name), [])

        rows = [msgspec.structs.asdict(row) for row in read_rejects(Path(name))]
        in_order = sorted(outcomes, key=lambda o: o.job)
        assert rows == [msgspec.structs.asdict(o) for o in in_order]


def test_columns_are_the_fields_of_the_records():
    assert list(CONVERSATION) == [f.encode_name for f in msgspec.structs.fields(Conversation)]
    assert list(REJECTED) == [f.encode_name for f in msgspec.structs.fields(RejectedRow)]


def test_an_empty_data_set_has_all_columns(tmp_path):
    compact(tmp_path, [])

    assert pl.read_parquet(tmp_path / "data" / "part-00000.parquet").schema == pl.Schema(
        CONVERSATION
    )
    assert list(read_rows(tmp_path)) == []


def test_a_column_that_an_older_version_did_not_know_reads_as_its_default(tmp_path):
    journalled(tmp_path, [accepted_job(1)])
    compact(tmp_path, [1])
    part = tmp_path / "data" / "part-00000.parquet"
    nulls = [pl.lit(None, CONVERSATION[name]).alias(name) for name in ("checks", "student_runs")]
    pl.read_parquet(part).with_columns(nulls).write_parquet(part)
    (row,) = read_rows(tmp_path)

    assert (row.checks, row.student_runs) == ("[]", 0)


def test_only_what_is_chosen_and_needed_is_written(tmp_path):
    refused = [Rejected(job=j, stratum="s", stage="walk", reason="r") for j in (10, 11)]
    journalled(tmp_path, [accepted_job(j) for j in (3, 1, 2)])
    journalled(tmp_path, refused)
    files = compact(tmp_path, [3, 1], needed=lambda job: job < 11)

    assert [row.id for row in read_rows(tmp_path)] == ["id-1", "id-3"]
    assert [row.job for row in read_rejects(tmp_path)] == [10]
    assert [(f.path, f.rows) for f in files] == [
        ("data/part-00000.parquet", 2),
        ("attempts.parquet", 0),
        ("preferences.parquet", 0),
        ("rejects.parquet", 1),
    ]


def test_journal_order_writers_and_batches_do_not_show(tmp_path, monkeypatch):
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    journalled(one, [accepted_job(j) for j in range(7)])
    journalled(two, [accepted_job(j) for j in (6, 4, 2, 0)])
    journalled(two, [accepted_job(j) for j in (5, 4, 3, 1)], writer=1)
    first = compact(one, range(7))
    second = compact(two, range(7))
    assert first == second
    monkeypatch.setattr(parts, "BATCH_ROWS", 2)
    files = compact(one, range(7))

    assert [f.rows for f in files] == [2, 2, 2, 1, 0, 0, 0]
    assert list(read_rows(one)) == list(read_rows(two))


def test_many_rejects_become_one_file_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "BATCH_ROWS", 3)
    attempt = Attempt(turn=0, level=0, reason="wrong_state")
    outcomes = [
        Rejected(job=j, stratum="s", stage="chain", reason="r", attempts=(attempt,) * (j % 2))
        for j in range(20)
    ]
    journalled(tmp_path, outcomes[::-1])
    compact(tmp_path, [])

    assert [row.job for row in read_rejects(tmp_path)] == list(range(20))


def test_a_second_compaction_replaces_the_first_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "BATCH_ROWS", 2)
    journalled(tmp_path, [accepted_job(j) for j in range(6)])
    compact(tmp_path, range(6))
    (tmp_path / ".compact.1").mkdir()
    compact(tmp_path, [5])

    assert [row.id for row in read_rows(tmp_path)] == ["id-5"]
    assert not list(tmp_path.glob(".*"))


def test_what_a_killed_compaction_moved_aside_is_given_back(tmp_path):
    journalled(tmp_path, [accepted_job(0)])
    compact(tmp_path, [0])
    (tmp_path / "data").rename(tmp_path / ".data.old")
    with pytest.raises(FastsynthError, match="some not in the journal"):
        compact(tmp_path, [0, 99])

    assert [row.id for row in read_rows(tmp_path)] == ["id-0"]


def test_damage_leaves_the_old_data(tmp_path):
    journalled(tmp_path, [accepted_job(0), accepted_job(1)])
    compact(tmp_path, [0, 1])
    path = tmp_path / "journal" / "W-0000.jsonl"
    path.write_bytes(path.read_bytes().replace(b"Porto", b"Turin", 1))
    with pytest.raises(DamagedFile, match=r"W-0000.jsonl: line 1 .*head -n 0"):
        compact(tmp_path, [0, 1])

    assert len(list(read_rows(tmp_path))) == 2


def refused(turn: int, query: str, **fields: Any) -> Attempt:
    said = Message(role="assistant", content="I cannot.")
    own = {"level": 0, "reason": "wrong_state", "messages": (said,), "solved": True, **fields}
    return Attempt(turn=turn, query=query, **own)


def test_a_failed_and_the_passed_attempt_at_one_prefix_are_a_pair(tmp_path):
    sample = accepted_job(7)
    query = sample.conversation.messages[0].content
    attempts = (refused(1, query, progress=0.5, detail="why"), refused(0, query, level=2))
    journalled(tmp_path, [msgspec.structs.replace(sample, attempts=attempts)])
    compact(tmp_path, [7])
    one, two = read_preferences(tmp_path)
    messages = sample.conversation.messages

    assert (one.id, one.turn, one.reason, one.detail, one.progress) == (
        "id-7", 1, "wrong_state", "why", 0.5
    )  # fmt: skip
    assert one.prefix == messages[:5]
    assert one.chosen == messages[5:8]
    assert one.rejected == attempts[0].messages
    assert (two.turn, two.level, two.progress) == (0, 2, None)
    assert two.prefix == messages[:1]


def test_attempts_that_make_no_pair_stay_out(tmp_path):
    sample = accepted_job(0)
    query = sample.conversation.messages[0].content
    attempts = (
        refused(0, "Something else, dropped and written anew."),
        refused(0, query, solved=False),
        refused(0, query, messages=()),
        refused(0, query, reason="context_length"),
        refused(9, query),
        refused(0, query, messages=sample.conversation.messages[1:4]),
    )
    journalled(tmp_path, [msgspec.structs.replace(sample, attempts=attempts)])
    compact(tmp_path, [0])

    assert list(read_preferences(tmp_path)) == []
    assert len(next(read_attempts(tmp_path)).attempts) == 6


def test_preferences_have_the_fields_of_their_record_even_where_there_are_none(tmp_path):
    compact(tmp_path, [])

    assert list(PREFERENCE) == [f.encode_name for f in msgspec.structs.fields(Preference)]
    assert pl.read_parquet(tmp_path / "preferences.parquet").schema == pl.Schema(PREFERENCE)


def test_a_damaged_file_of_rows_is_named_with_what_makes_it_again(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "part-00000.parquet").write_bytes(b"PAR1" + b"no rows" * 20)

    with pytest.raises(DamagedFile, match=r"part-00000\.parquet: damaged .* compact "):
        next(read_rows(tmp_path))
