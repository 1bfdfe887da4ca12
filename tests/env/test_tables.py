"""SQLite connections are state: read without moving them, digested by what they hold."""

from __future__ import annotations

import sqlite3

from fastsynth.env.adapters.canon import digest_of
from fastsynth.env.adapters.module_state import shown
from fastsynth.env.adapters.tables import shown_tables


class Shop:
    def __init__(self, *names: str) -> None:
        self.db = sqlite3.connect(":memory:")
        self.db.row_factory = lambda cursor, row: {"any": row}
        self.db.execute('create table "odd ""name" (name text, price real)')
        for name in names:
            self.db.execute('insert into "odd ""name" values (?, 2.5)', (name,))


def test_equal_databases_have_one_digest_in_whatever_order_they_were_filled() -> None:
    assert digest_of(Shop("tea", "jam")) == digest_of(Shop("jam", "tea"))


def test_a_row_that_is_not_committed_counts() -> None:
    shop = Shop("tea")
    before = digest_of(shop)
    shop.db.execute('update "odd ""name" set price = 3')

    assert digest_of(shop) != before


def test_a_row_that_is_there_twice_counts_twice() -> None:
    assert digest_of(Shop("tea", "tea")) != digest_of(Shop("tea"))


def test_rows_are_shown_by_column() -> None:
    rows = {'odd "name': [{"name": "tea", "price": 2.5}]}

    assert shown_tables(Shop("tea").db) == rows
    assert shown(Shop("tea")) == rows
