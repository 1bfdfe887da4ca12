"""The event loop of a run: it looks at a few ready sockets a turn, then at everything else.

asyncio serves all that is ready before it looks at a timer: when hundreds of replies have come in
at once, each worth 0.1 ms, nothing else happens for as long as all of them take.
"""

from __future__ import annotations

import asyncio
import selectors
from collections import deque

MOST = 32
"""Ready sockets a turn: some 4 ms of work."""


class FewAtATime(selectors.DefaultSelector):
    """What was ready and not yet served comes first, unless it was given up in between; the system
    tells again of what still is ready."""

    def __init__(self) -> None:
        super().__init__()
        self._left: deque[tuple[selectors.SelectorKey, int]] = deque()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if not self._left:
            self._left.extend(super().select(timeout))
        known = self.get_map()
        few: list[tuple[selectors.SelectorKey, int]] = []
        while self._left and len(few) < MOST:
            key, events = self._left.popleft()
            if known.get(key.fd) is key:
                few.append((key, events))
        return few


def new_loop() -> asyncio.AbstractEventLoop:
    return asyncio.SelectorEventLoop(FewAtATime())


LOOP = {"loop_factory": new_loop}
"""`backend_options` of `anyio.run`."""
