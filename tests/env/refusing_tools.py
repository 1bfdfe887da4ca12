"""Classes whose state is refused: one that cannot be made, one that cannot be compared."""

from __future__ import annotations

import threading


class Unmakeable:
    def __init__(self) -> None:
        raise RuntimeError("no licence")

    def get_name(self, name: str) -> str:
        return name


class Uncopyable:
    def __init__(self) -> None:
        self.lock = threading.Lock()

    def get_name(self, name: str) -> str:
        return name
