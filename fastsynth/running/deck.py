"""The initial states that an agent drafted for a run: `scenarios.jsonl` in its directory.

Drafted once, at the start; a run that is resumed deals from the file and asks nobody, and one that
was probed deals what its probing phase drafted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from fastsynth.config import Config, Served
from fastsynth.env.adapters.mcp.stock import Stock
from fastsynth.env.environment import Domain
from fastsynth.errors import DamagedFile
from fastsynth.events import Bus, Note
from fastsynth.llm.chat import Chat
from fastsynth.method.discovery.chart import Chart, drawn_on
from fastsynth.method.scenarios.drafted import Drafted, Stocked
from fastsynth.method.scenarios.scenario import Draft, Drafts, draft_scenarios
from fastsynth.method.scenarios.setups import draft_setups
from fastsynth.method.scenarios.state_writer import Commission
from fastsynth.prompts import Prompts
from fastsynth.records import encode
from fastsynth.store.rundir import PROBE, RunDir

FILE = "scenarios.jsonl"


async def dealt(
    charted: Chart,
    domain: Domain,
    chat: Chat,
    config: Config,
    prompts: Prompts,
    rundir: RunDir,
    bus: Bus,
) -> Chart:
    """`charted` upon drafted states, where the config has an agent draft them. `domain` is the
    one that was charted. Raises what `draft_scenarios` raises."""
    wish = config.scenarios
    if wish is None or wish.draft_with is None or isinstance(config.environment, Served):
        return charted

    def over(other: Domain) -> Chart:
        return drawn_on(other, config.graph, charted.found)

    states = _stored(rundir)
    if states is None:
        commission = Commission(
            domain=domain,
            over=over,
            chat=chat,
            prompts=prompts,
            role=wish.draft_with,
            seed=config.seed,
            wanted=wish.n,
        )
        states = await _drafted(draft_scenarios, commission, rundir, bus)
    return over(Drafted(domain, [draft.state for draft in states]))


async def stocked(
    domain: Domain, chat: Chat, config: Config, prompts: Prompts, rundir: RunDir, bus: Bus
) -> Domain:
    """An MCP server's domain upon drafted set-ups, where the config has an agent draft them: before
    its graph is found, since without them nobody may know what to try. Raises what `draft_setups`
    raises."""
    wish = config.scenarios
    if wish is None or wish.draft_with is None or not isinstance(config.environment, Served):
        return domain
    states = _stored(rundir)
    if states is None:
        commission = Commission(
            domain=domain,
            chat=chat,
            prompts=prompts,
            role=wish.draft_with,
            seed=config.seed,
            wanted=wish.n,
        )
        states = await _drafted(draft_setups, commission, rundir, bus)
    try:
        stocks = [msgspec.convert(draft.state, Stock) for draft in states]
    except msgspec.ValidationError as error:
        file = rundir.path / FILE
        raise DamagedFile(f"{file}: {error}; remove it to draft anew") from error
    return Stocked(domain, stocks)


async def _drafted(
    draft: Callable[[Commission], Awaitable[Drafts]],
    commission: Commission,
    rundir: RunDir,
    bus: Bus,
) -> tuple[Draft, ...]:
    bus.emit(Note(text=f"drafting {commission.wanted} scenarios with {commission.role}"))
    drafts = await draft(commission)
    lines = b"".join(encode(one) + b"\n" for one in drafts.kept)
    rundir.write(FILE, lines.decode())
    refused = ", ".join(f"{reason} {count}" for reason, count in sorted(drafts.refused.items()))
    few = len(drafts.kept) < commission.wanted
    text = f"{len(drafts.kept)} of {commission.wanted} scenarios drafted"
    text += f"; refused: {refused}" if refused else ""
    bus.emit(Note(text=text, level="warning" if few else "info"))
    return drafts.kept


def _stored(rundir: RunDir) -> tuple[Draft, ...] | None:
    """What an earlier sitting drafted, or the run's probing phase; None where none came so far."""
    own, probed = rundir.path / FILE, rundir.path / PROBE / FILE
    if not own.is_file() and probed.is_file():
        rundir.write(FILE, probed.read_text(encoding="utf-8"))
    return _read(own) if own.is_file() else None


def _read(path: Path) -> tuple[Draft, ...]:
    """Raises DamagedFile."""
    drafts = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            drafts.append(msgspec.json.decode(line, type=Draft))
        except msgspec.DecodeError as error:
            raise DamagedFile(f"{path}:{number}: {error}; remove it to draft anew") from error
    return tuple(drafts)
