"""Dice: a generator that is its seed until drawn from, and the same generator in all else."""

from __future__ import annotations

import pickle
from random import Random

import pytest

from fastsynth.env.adapters.bfcl import live
from fastsynth.env.adapters.canon import digest_of
from fastsynth.env.adapters.dice import Dice

SEED = 4711
WITH_GENERATORS = {
    "TradingBot": "trading_bot",
    "TravelAPI": "travel_booking",
    "MessageAPI": "message_api",
    "VehicleControlAPI": "vehicle_control",
}


def test_draws_are_those_of_random() -> None:
    dice, random = Dice(SEED), Random(SEED)

    drawn = [(d.randint(1, 10**9), d.uniform(-1, 1), d.gauss(0, 1)) for d in (dice, random)]

    assert drawn[0] == drawn[1]


@pytest.mark.parametrize("draws", [0, 1, 700])
def test_a_copy_goes_on_where_the_original_stands(draws: int) -> None:
    dice, random = Dice(SEED), Random(SEED)
    for _ in range(draws):
        assert dice.gauss(0, 1) == random.gauss(0, 1)

    copy = pickle.loads(pickle.dumps(dice))

    assert [copy.random(), copy.gauss(0, 1)] == [random.random(), random.gauss(0, 1)]


def test_the_digest_is_that_of_random_and_moves_with_each_draw() -> None:
    dice, random = Dice(SEED), Random(SEED)
    seen = set()
    for _ in range(3):
        assert digest_of({"r": dice}) == digest_of({"r": random})
        seen.add(digest_of({"r": dice}))
        assert dice.random() == random.random()

    assert len(seen) == 3


def test_an_untouched_copy_is_small() -> None:
    assert len(pickle.dumps(Dice(SEED))) < 100 < len(pickle.dumps(Random(SEED)))


@pytest.mark.parametrize("name", sorted(WITH_GENERATORS))
def test_a_class_has_drawn_nothing_when_its_scenario_is_loaded(name: str) -> None:
    instance = live.make(name, WITH_GENERATORS[name])

    instance._load_scenario({"random_seed": SEED}, long_context=False)

    assert instance._random.getstate() == Random(SEED).getstate()
