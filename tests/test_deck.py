"""Drafted states are dealt from where they stand: nobody is asked for them twice."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from fastsynth.config import Config, GraphOptions, Scenarios
from fastsynth.env.environment import Domain
from fastsynth.env.registry import open_domain
from fastsynth.errors import DamagedFile
from fastsynth.events import Bus
from fastsynth.llm.chat import Ask, NoReply
from fastsynth.llm.fake import FakeChat
from fastsynth.method.discovery.chart import Chart, chart
from fastsynth.prompts import load_prompts
from fastsynth.running.deck import FILE, dealt
from fastsynth.store.rundir import PROBE, RunDir

pytestmark = pytest.mark.anyio
EXAMPLES = Path(__file__).parents[1] / "examples"
CONFIG = Config(environment="python:clinic", scenarios=Scenarios(draft_with="writer", n=1))
STATE = {"PATIENTS": {"P-7": {"patient_name": "Uma Berg", "phone": "555-0100", "balance": 5.0}}}


@pytest.fixture
async def clinic(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Domain]:
    monkeypatch.chdir(EXAMPLES)
    domain = open_domain("python:clinic")
    yield domain
    await domain.close()


def nobody(ask: Ask) -> NoReply:
    raise AssertionError(f"asked for {ask.purpose}")


async def deal(domain: Domain, run: RunDir, config: Config = CONFIG) -> Chart:
    charted = await chart(domain, GraphOptions(), 1)
    return await dealt(charted, domain, FakeChat(nobody), config, load_prompts(), run, Bus())


@pytest.mark.parametrize("folder", [".", PROBE])
async def test_what_was_drafted_before_is_dealt(
    clinic: Domain, tmp_path: Path, folder: str
) -> None:
    with RunDir(tmp_path / "run", "id") as run:
        (run.path / folder).mkdir(exist_ok=True)
        line = json.dumps({"number": 0, "digest": "d", "state": STATE})
        (run.path / folder / FILE).write_text(line + "\n")

        charted = await deal(clinic, run)

        scenario = charted.domain.draw(clinic.parts, Random(3))
        assert scenario.state["clinic"] == STATE
        assert ["Uma Berg"] in scenario.facts.values()
        assert (run.path / FILE).is_file()


async def test_a_run_without_the_wish_deals_as_before(clinic: Domain, tmp_path: Path) -> None:
    with RunDir(tmp_path / "run", "id") as run:
        charted = await deal(clinic, run, Config(environment="python:clinic"))

    assert charted.domain.draw(clinic.parts, Random(3)).state["clinic"] == {}


async def test_a_line_that_cannot_be_read_is_named(clinic: Domain, tmp_path: Path) -> None:
    with RunDir(tmp_path / "run", "id") as run:
        (run.path / FILE).write_text('{"number": 0, "digest": "d", "state": {}}\n{"number"\n')

        with pytest.raises(DamagedFile, match=r"scenarios\.jsonl:2: .*remove it to draft anew"):
            await deal(clinic, run)
