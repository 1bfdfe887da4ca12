"""The graph a run walks: declared, or found where nothing was declared, with the user's edits.

A found graph is kept as JSON under the hash of the tools it was found for, so that a run is
resumed with the graph it began with, and nobody waits for the same probes twice.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from fastsynth.config import GraphOptions
from fastsynth.env.environment import Domain
from fastsynth.method.discovery.bare import bare
from fastsynth.method.discovery.discover import Effort, discover
from fastsynth.method.discovery.equip import equip
from fastsynth.method.discovery.inquiry import Inquiry
from fastsynth.method.discovery.verdicts import Discovery
from fastsynth.method.graph.edits import edits_of
from fastsynth.method.graph.graph import ApiGraph, build_graph
from fastsynth.method.graph.patched import patched
from fastsynth.records import canonical

VERSION = 3
"""Of the way graphs are found: another one finds them anew."""


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    domain: Any
    """The Domain to plan in: the one given, with what was found or edited."""
    graph: ApiGraph
    found: Discovery | None = None
    cached: bool = False
    """Whether it was found by an earlier run, and taken from the user's cache."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the tools that were found unfit, one line each."""
        if self.found is None:
            return ()
        lost = [name for name in self.found.banned if name not in self.found.hung]
        said = []
        for name in self.found.hung:
            said.append(f"left out, did not come back: {self.found.stopped.get(name) or name}")
        if lost:
            said.append(f"left out, results or effects vary: {', '.join(lost)}")
        for tool, hidden in self.found.masked.items():
            said.append(f"masked, varies: {tool}: {', '.join(hidden)}")
        return tuple(said)

    def to_json(self) -> dict[str, Any]:
        """As in a run's `graph.json`."""
        drawn = self.graph.to_json()
        return {**drawn, "found": msgspec.to_builtins(self.found)} if self.found else drawn


async def chart(
    domain: Domain,
    options: GraphOptions,
    seed: int,
    *kept: Path,
    refresh: bool = False,
    inquiry: Inquiry | None = None,
) -> Chart:
    """Raises ConfigError for an edit of what is not there.

    `kept` are files that may hold the graph: a run's own `graph.json`. Next the user's cache is
    looked into; what had to be found anew (always with `refresh`) is put there. `inquiry` tells
    how far that is.
    """
    edits_of(options.add, options.forbid, domain.tools)
    if options.discover == "never" or (options.discover == "auto" and declares(domain)):
        return drawn_on(domain, options, None)
    mark = fingerprint(domain, seed)
    cached = cache() / f"{mark}.json"
    found = None if refresh else recall(kept, mark)
    known = None if refresh or found else recall((cached,), mark)
    if found is None and known is None:
        shown = bare(domain, hide=False) if declares(domain) else domain
        found = await discover(shown, seed, Effort.of(domain.name, len(domain.tools)), inquiry)
        found = msgspec.structs.replace(found, fingerprint=mark)
        _store(cached, found)
    charted = drawn_on(domain, options, found or known)
    return msgspec.structs.replace(charted, cached=known is not None)


def drawn_on(domain: Domain, options: GraphOptions, found: Discovery | None) -> Chart:
    """What is known, upon a domain of the same tools; None where nothing had to be found."""
    edits = edits_of(options.add, options.forbid, domain.tools)
    if found is None:
        edited = patched(domain, edits)
        return Chart(domain=edited, graph=build_graph(edited))
    edges, orders = edits.edges(found.edges), edits.orders(found.orders)
    equipped, graph = equip(domain, msgspec.structs.replace(found, edges=edges, orders=orders))
    return Chart(domain=equipped, graph=graph, found=found)


def declares(domain: Domain) -> bool:
    """Whether anything at all was said of the values that flow through the tools."""
    return any(tool.takes or tool.gives or tool.needs for tool in domain.tools.values())


def fingerprint(domain: Domain, seed: int) -> str:
    """Hash of all that decides what is found: tools, their modules' source text, and the seed."""
    tools = {
        name: [tool.part, tool.description, tool.parameters, tool.result]
        for name, tool in domain.tools.items()
    }
    sources = [_source(part) for part in domain.parts]
    dealt = [mark] if (mark := getattr(domain, "mark", "")) else []
    text = canonical([VERSION, domain.name, tools, sources, seed, *dealt])
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _source(part: str) -> str:
    """Hash of the module a part is named after, where there is such a module."""
    file = getattr(sys.modules.get(part), "__file__", None)
    if file is None or not Path(file).is_file():
        return ""
    return blake2b(Path(file).read_bytes(), digest_size=16).hexdigest()


def cache() -> Path:
    """`$XDG_CACHE_HOME/fastsynth/graphs`."""
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(home).expanduser() / "fastsynth" / "graphs"


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What matters of a `graph.json`."""

    found: Discovery | None = None


def recall(kept: Iterable[Path], mark: str) -> Discovery | None:
    """The first graph found for these very tools; None where there is none."""
    for path in kept:
        try:
            found = msgspec.json.decode(path.read_bytes(), type=_Kept).found
        except (OSError, msgspec.DecodeError):
            continue
        if found is not None and found.fingerprint == mark:
            return found
    return None


def _store(path: Path, found: Discovery) -> None:
    """A cache that cannot be written is no reason to stop."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_bytes(msgspec.json.encode(_Kept(found=found)))
        part.replace(path)
