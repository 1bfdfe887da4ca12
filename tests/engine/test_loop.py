from __future__ import annotations

import asyncio
import socket
from collections import Counter
from contextlib import ExitStack

import anyio
import anyio.lowlevel

from fastsynth.engine.loop import LOOP, MOST


async def _ready_at_once(number: int, stack: ExitStack) -> list[socket.socket]:
    """Sockets with a byte to read each."""
    found = []
    for _ in range(number):
        ours, theirs = socket.socketpair()
        stack.callback(ours.close)
        stack.callback(theirs.close)
        ours.setblocking(False)
        theirs.send(b"x")
        found.append(ours)
    return found


def test_of_many_ready_sockets_each_is_served_once_and_a_timer_in_between() -> None:
    async def scene() -> tuple[Counter[int], int]:
        loop = asyncio.get_running_loop()
        served: Counter[int] = Counter()
        woken = -1

        def read(one: socket.socket) -> None:
            served[one.fileno()] += len(one.recv(1))

        def wake() -> None:
            nonlocal woken
            woken = sum(served.values())

        with ExitStack() as stack:
            sockets = await _ready_at_once(5 * MOST, stack)
            for one in sockets:
                loop.add_reader(one, read, one)
            loop.call_soon(loop.call_later, 0, wake)
            with anyio.fail_after(30):
                while woken < 0 or len(served) < 5 * MOST:
                    await anyio.lowlevel.checkpoint()
            for one in sockets:
                loop.remove_reader(one)
        return served, woken

    served, woken = anyio.run(scene, backend_options=LOOP)

    assert set(served.values()) == {1}
    assert len(served) == 5 * MOST
    assert 0 <= woken <= 2 * MOST


def test_a_socket_given_up_before_its_turn_is_not_served() -> None:
    async def scene() -> list[int]:
        loop = asyncio.get_running_loop()
        served: list[int] = []
        with ExitStack() as stack:
            sockets = await _ready_at_once(3 * MOST, stack)

            def read(number: int) -> None:
                served.append(number)
                for one in sockets:
                    loop.remove_reader(one)

            for number, one in enumerate(sockets):
                loop.add_reader(one, read, number)
            with anyio.fail_after(30):
                while not served:
                    await anyio.lowlevel.checkpoint()
            for _ in range(10):
                await anyio.lowlevel.checkpoint()
        return served

    served = anyio.run(scene, backend_options=LOOP)

    assert 1 <= len(served) <= MOST
