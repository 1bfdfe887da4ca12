"""The dataset card says who wrote the data, and its figures are the run's."""

from __future__ import annotations

import msgspec
import yaml
from made_up_rows import manifest, row

from fastsynth.store.card import card
from fastsynth.store.manifest import DataFile
from fastsynth.store.portrait import portray

ROWS = [row(n, turns=1 + n % 4, level=n % 3) for n in range(40)]


def test_front_matter_is_yaml_the_hub_reads() -> None:
    text = card("made-up", manifest(), portray(ROWS))
    fields = yaml.safe_load(text.split("---")[1])

    assert fields["size_categories"] == ["n<1K"]
    assert fields["configs"] == [{"config_name": "default", "data_files": "data/*.parquet"}]
    assert "synthetic" in fields["tags"]
    assert fields["license"] == "unknown"


def test_pairs_are_a_config_of_their_own_where_there_are_any() -> None:
    file = DataFile(path="preferences.parquet", rows=3, bytes=9, sha256="")
    run = msgspec.structs.replace(manifest(), files=(file,))
    fields = yaml.safe_load(card("made-up", run, portray(ROWS)).split("---")[1])

    assert [config["config_name"] for config in fields["configs"]] == ["default", "preferences"]


def test_a_scripted_teacher_is_said_first() -> None:
    text = card("made-up", manifest(), portray(ROWS))

    assert "no model wrote any of it" in text.split("\n\n")[2]


def test_a_model_is_named() -> None:
    text = card("made-up", manifest("some-model"), portray(ROWS))

    assert "**Written by: some-model.**" in text
    assert "scripted" not in text


def test_figures_are_those_of_the_rows() -> None:
    text = card("made-up", manifest(), portray(ROWS))

    assert f"{len(ROWS)} multi-turn" in text
    assert f"{sum(r.num_turns for r in ROWS)} turns (2.50 a conversation)" in text
    assert f"{sum(r.num_calls for r in ROWS)} tool calls (2.00 a turn)" in text
    assert "3 of the 4 tools" in text


def test_the_funnel_adds_up() -> None:
    text = card("made-up", manifest(), portray(ROWS))
    rows = [line.split("|")[1:4] for line in text.splitlines() if line.startswith("|")]
    counts = {(a.strip(), b.strip()): c.strip() for a, b, c in rows if c.strip("* ").isdigit()}
    ended = int(counts.pop(("jobs", "")))
    accepted = int(counts.pop(("**in the data**", "")).strip("*"))

    assert ended == accepted + sum(map(int, counts.values()))
    assert counts["chain", "wrong_state"] == "9"


def test_cost_is_unknown_or_the_sum() -> None:
    run = manifest("some-model")
    priced = msgspec.structs.replace(run, usage=msgspec.structs.replace(run.usage, cost_usd=12.5))

    assert "cost: price unknown" in card("made-up", run, portray(ROWS))
    assert "cost: $12.50" in card("made-up", priced, portray(ROWS))


def test_no_price_is_missed_where_no_model_was_asked() -> None:
    assert "cost: none, no model was asked" in card("made-up", manifest(), portray(ROWS))


def test_what_ran_past_the_wanted_is_counted_where_jobs_are() -> None:
    run = msgspec.structs.replace(manifest(), jobs=85)
    text = card("made-up", run, portray(ROWS))

    assert (run.beyond, run.ended) == (24, 88)
    assert "| jobs | | 88 |" in text
    assert "| accepted | ran past what was wanted: journal only | 24 |" in text


def test_weaker_checks_are_confessed() -> None:
    weaker = [msgspec.structs.replace(row(0), state_check="observed"), row(1)]

    assert "In 1 rows the state was checked by a fixed battery" in card(
        "made-up", manifest(), portray(weaker)
    )
    assert "battery" not in card("made-up", manifest(), portray(ROWS))


def test_a_run_without_rows_has_a_card_too() -> None:
    assert "0 multi-turn tool-use conversations" in card("made-up", manifest(), portray([]))
