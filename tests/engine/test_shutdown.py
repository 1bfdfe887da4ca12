"""Signals and budgets end a run in order; the loop's lag is measured."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import anyio
import pytest

from fastsynth.engine.lag import LagGauge
from fastsynth.engine.shutdown import Stop, on_signals
from fastsynth.engine.signals import as_ctrl_c, ending
from fastsynth.errors import DiskFull
from fastsynth.events import Bus

SCRIPT = """
import sys, anyio
from fastsynth.engine.drain import drain
from fastsynth.engine.shutdown import Stop, on_signals
from fastsynth.events import Bus

async def main():
    stop, jobs, kept = Stop(), iter(range(10**6)), []
    async def work(job):
        if job == 0:
            print("ready", flush=True)
        await stop.wait()
        await anyio.sleep(float(sys.argv[1]))
        return job
    async def keep(job, outcome):
        kept.append(outcome)
        return True
    bus = Bus()
    bus.listen(lambda event: print(event.text, flush=True))
    async with on_signals(stop, bus):
        await drain(lambda: next(jobs, None), work, keep, width=8, stop=stop)
    print(stop.reason, stop.aborted, len(kept), flush=True)

anyio.run(main)
"""


@pytest.fixture(autouse=True)
def _heard() -> Iterator[None]:
    """Under nohup the tests, and what they start, would ignore SIGHUP, and wait for ever."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def started(seconds: float) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_finishes_what_is_in_flight(number):
    with started(0.3) as process:
        process.send_signal(number)
        out, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    assert out.splitlines()[-1] == "interrupt False 8"


def test_a_terminal_that_hangs_up_twice_aborts_nothing():
    with started(0.3) as process:
        process.send_signal(signal.SIGHUP)
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        out, _ = process.communicate(timeout=60)

    assert out.splitlines()[-1] == "interrupt False 8"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_before_a_run_listens_a_signal_is_a_ctrl_c(number):
    with pytest.raises(KeyboardInterrupt), as_ctrl_c():
        signal.raise_signal(number)

    assert signal.getsignal(number) == signal.SIG_DFL


def test_a_hang_up_that_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with as_ctrl_c():
            signal.raise_signal(signal.SIGHUP)

        assert signal.SIGHUP not in ending()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_second_signal_aborts_at_once():
    with started(60) as process:
        assert process.stdout is not None
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline().startswith("draining")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)

    assert out.splitlines()[-1] == "interrupt True 0"


@pytest.mark.anyio
async def test_signals_mean_nothing_special_after_the_scope():
    before = signal.getsignal(signal.SIGTERM)
    async with on_signals(Stop(), Bus()):
        assert signal.getsignal(signal.SIGTERM) is not before

    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.anyio
async def test_outside_the_main_thread_signals_are_left_alone():
    async def body() -> str:
        async with on_signals(Stop(), Bus()):
            return "ran"

    assert await anyio.to_thread.run_sync(anyio.run, body) == "ran"


@pytest.mark.anyio
async def test_a_blocked_loop_shows_as_lag():
    import time

    gauge = LagGauge()
    async with anyio.create_task_group() as group:
        group.start_soon(gauge.run)
        await anyio.sleep(0.01)
        time.sleep(0.15)  # noqa: ASYNC251 - the fault itself
        await anyio.sleep(0.06)
        group.cancel_scope.cancel()

    assert gauge.read().max >= 0.09


def test_percentiles_are_read_to_within_a_bucket():
    gauge = LagGauge()
    for n in range(1, 1001):
        gauge.add(n / 1000)
    lag = gauge.read()

    assert lag.p50 == pytest.approx(0.5, rel=0.27)
    assert lag.p99 == pytest.approx(0.99, rel=0.27)
    assert (lag.max, lag.samples) == (1.0, 1000)
    assert LagGauge().read().p99 == 0.0


@pytest.mark.anyio
async def test_an_error_passes_the_signal_scope_as_itself():
    with pytest.raises(DiskFull, match="no space"):
        async with on_signals(Stop(), Bus()):
            raise DiskFull("no space left")
