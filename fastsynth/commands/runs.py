"""Commands that make conversations, or let a student answer them."""

from __future__ import annotations

import sys

import anyio

from fastsynth.commands.console import Output
from fastsynth.engine.loop import LOOP
from fastsynth.probing import generate_aimed, told
from fastsynth.probing import probe as probe_run
from fastsynth.quality.show import rates_table
from fastsynth.records import encode
from fastsynth.running.order import Order


def generate(order: Order) -> int:
    anyio.run(generate_aimed, order, backend_options=LOOP)
    return 0


def probe(order: Order) -> int:
    """Runs the probing phase and prints its results: tools and kinds, the worst first."""
    found = anyio.run(probe_run, order, backend_options=LOOP)
    if order.mode == "json":
        sys.stdout.write(encode(found).decode() + "\n")
    elif order.mode != "quiet":
        out = Output(highlight=False)
        out.print(told(order, found), markup=False, soft_wrap=True)
        out.print(rates_table(found))
    return 0
