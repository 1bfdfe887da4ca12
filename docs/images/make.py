"""Makes the README's pictures anew, each from the program as it is: `just pictures`.

A real run over three simulated endpoints, which take a second and fail now and then, gives the
dashboard, as it stood when half was accepted, and the report; the bundled worlds give the
graph. The report's needs Chromium: without it the old one stays.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio
import msgspec
from rich.console import Console
from rich.segment import Segment, Segments

from fastsynth.config import Endpoint
from fastsynth.config.settings import Flags, load_config
from fastsynth.dashboard import live
from fastsynth.dashboard.frame import draw
from fastsynth.dashboard.snapshot import Snapshot
from fastsynth.engine.loop import LOOP
from fastsynth.prompts import share
from fastsynth.run import Order, generate
from fastsynth.sim.embedded import start_embedded
from fastsynth.sim.faults import Faults
from fastsynth.sim.server import Options

sys.path.insert(0, str(share("benchmarks")))
from observers import observed

HERE = Path(__file__).parent
WIDTH, HEIGHT = 100, 27
SHARE = 0.5
MODEL = Options(
    latency_ms=1000.0,
    latency_spread=0.5,
    faults=Faults(
        seed=1, rates={"internal_error": 0.003, "reset_before": 0.002, "truncated": 0.001}
    ),
)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
REPORT = "1000,1025"
"""Pixels: from the title to the end of the histograms."""


class Kept(live.Picture):
    """Shows nothing, and keeps the frame at which enough was accepted."""

    frame = ""

    def show(self, view: Snapshot) -> None:
        if not Kept.frame and view.accepted >= SHARE * view.wanted > 0:
            Kept.frame = svg(view)


def svg(view: Snapshot) -> str:
    """The frame as a terminal shows it, in the reader's own fonts."""
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        console = Console(record=True, file=nowhere, force_terminal=True, width=WIDTH)
        lines = [[*line, Segment.line()] for line in draw(view, WIDTH, HEIGHT)]
        console.print(Segments(segment for line in lines for segment in line), end="")
        drawn = console.export_svg(title="fastsynth generate -n 300", unique_id="dashboard")
    return re.sub(r"\n *@font-face \{.*?\n *\}", "", drawn, flags=re.DOTALL)


async def run(run_dir: Path, conversations: int) -> None:
    """What `fastsynth generate` does, with the dashboard kept instead of shown."""
    path = share("configs") / "offline.yaml"
    shipped = load_config(path, Flags(accepted=conversations, width=96, seed=1), {})
    live.Picture = Kept  # type: ignore[misc]
    async with AsyncExitStack() as stack:
        stack.enter_context(observed(True))
        urls = [await stack.enter_async_context(start_embedded(MODEL)) for _ in range(3)]
        teacher = Endpoint(kind="scripted", urls=tuple(urls), in_flight=24)
        config = msgspec.structs.replace(shipped, endpoints={"teacher": teacher})
        await generate(Order(config=config, run_dir=run_dir, example=False))


def photograph(page: Path, to: Path) -> bool:
    """The page's upper part as PNG; False where there is no browser."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        return False
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    options += [f"--window-size={REPORT}", f"--screenshot={to}", page.as_uri()]
    subprocess.run([browser, *options], check=True, capture_output=True, timeout=120)
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=300, help="conversations of the run")
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        before = Path.cwd()
        os.chdir(folder)
        run_dir = Path("runs/offline")
        anyio.run(run, run_dir, given.n, backend_options=LOOP)
        (HERE / "dashboard.svg").write_text(Kept.frame)
        if not photograph(run_dir.absolute() / "report.html", HERE / "report.png"):
            sys.stderr.write(f"report.png stays as it was: none of {', '.join(BROWSERS)}\n")
        os.chdir(before)
    command = [sys.executable, "-m", "fastsynth.cli", "graph", "--svg", str(HERE / "graph.svg")]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
