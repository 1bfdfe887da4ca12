"""A user's tools with state where no snapshot looks: what has to be found by replay."""

from __future__ import annotations

import itertools
import os
import threading
import time
from datetime import date
from random import Random
from typing import Annotated, Any, Literal

from fastsynth.env.adapters.contract import Means, tool

TITLES = ["laundry", "dishes", "taxes", "garden", "car", "desk", "milk", "post", "bills", "shoes"]
NUMBERS = itertools.count(1)


class Board:
    def __init__(self) -> None:
        self.tasks: dict[str, str] = {}
        self.stars = 0

    def load(self, state: dict[str, list[str]]) -> None:
        self.tasks.update((title, "open") for title in state.get("titles", []))

    @tool(mutates=False)
    def look_up(self, title: Annotated[str, Means("title")]) -> dict[str, Any]:
        """Look a task up."""
        return {"title": title, "state": self.tasks[title]}

    def finish(
        self,
        title: Annotated[str, Means("title")],
        rating: Literal["good", "fair", "poor", "none"],
    ) -> dict[str, Any]:
        """Finish a task."""
        if self.tasks[title] == rating:
            raise ValueError("it is finished")
        self.tasks[title] = rating
        return {"finished": title}

    def drop(self, title: Annotated[str, Means("title")]) -> dict[str, Any]:
        """Drop a task. The receipt's number is of this process."""
        del self.tasks[title]
        return {"dropped": title, "receipt": next(NUMBERS)}


class Odd(Board):
    """Everything else that a session must not hand on."""

    def count(self) -> int:
        """Count calls, outside of the state."""
        return next(NUMBERS)

    def say(self, count: int) -> str:
        return "o" * count

    def what_day(self) -> str:
        return date.today().isoformat()

    def any_order(self) -> list[str]:
        return list({"one", "two", "three", "four", "five", "six", "seven"})

    def star_later(self) -> int:
        threading.Thread(target=self._star).start()
        return self.stars

    def _star(self) -> None:
        time.sleep(0.05)
        self.stars += 1

    def die(self) -> None:
        os._exit(5)


def scenario(rng: Random) -> dict[str, Any]:
    return {"titles": rng.sample(TITLES, 5)}
