"""The command that prints the API graph of an environment, or draws it."""

from __future__ import annotations

import sys
from pathlib import Path

import anyio
import msgspec

from fastsynth.config import Config
from fastsynth.dashboard.finding import CACHED, shown
from fastsynth.dashboard.graph.page import graph_page
from fastsynth.dashboard.graph.png import graph_png
from fastsynth.dashboard.graph.svg import graph_svg
from fastsynth.errors import config_error
from fastsynth.method.discovery.chart import Chart, chart
from fastsynth.method.discovery.inquiry import Inquiry
from fastsynth.running.opening import domain_of


def graph(config: Config, html: str | None, svg: str | None, png: str | None, refresh: bool) -> int:
    """JSON on standard output, or drawings in files: a page, a picture as SVG or as PNG."""
    charted = anyio.run(_charted, config, refresh)
    raw = charted.to_json()
    for note in (*charted.notes, *[CACHED] * charted.cached):
        sys.stderr.write(f"note: {note}\n")
    for path, drawn in ((html, graph_page), (svg, graph_svg)):
        if path is not None:
            _write(Path(path), drawn(raw).encode())
    if png is not None:
        _write(Path(png), graph_png(raw))
    if html is None and svg is None and png is None:
        text = msgspec.json.format(msgspec.json.encode(raw), indent=1)
        sys.stdout.write(text.decode() + "\n")
    return 0


async def _charted(config: Config, refresh: bool) -> Chart:
    domain, inquiry = domain_of(config), Inquiry()
    try:
        async with shown(inquiry):
            return await chart(domain, config.graph, config.seed, refresh=refresh, inquiry=inquiry)
    finally:
        await domain.close()


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise config_error("graph", str(path), f"cannot be written: {error.strerror}") from error
    sys.stdout.write(f"{path}\n")
