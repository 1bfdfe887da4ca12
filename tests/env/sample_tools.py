"""A user's module of tools, as `python:sample_tools:Shelf`: good ones and every kind of bad one."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from typing import Annotated, Literal

from fastsynth.env.adapters.contract import Means, tool


class Shelf:
    def __init__(self) -> None:
        self.books: dict[str, dict[str, str]] = {}
        self.calls = 0

    def load(self, state: dict[str, list[str]]) -> None:
        for title in state.get("titles", []):
            self.books[f"b{len(self.books)}"] = {"title": title}

    @tool(mutates=False)
    def find_book(self, title: str) -> Annotated[str, Means("book_id")]:
        """Find a book by its title.

        Args:
            title: Words of the title.
        """
        for book, held in self.books.items():
            if title in held["title"]:
                return book
        raise LookupError(f"no book has {title!r} in its title")

    def add_book(self, title: str, shelf: Literal["left", "right"] = "left") -> dict[str, str]:
        """Put a book on the shelf."""
        self.books[f"b{len(self.books)}"] = {"title": title, "shelf": shelf}
        return {"id": f"b{len(self.books) - 1}"}

    def count_books(self) -> int:
        """Count the books."""
        print("counting, and saying so on standard output")  # noqa: T201
        os.write(1, b"\x00\x00\x00\x01 raw bytes on the protocol's old descriptor")
        return len(self.books)

    def hang(self) -> None:
        time.sleep(60)

    def close_all(self) -> None:
        """Closes what is not its own, and goes on."""
        os.closerange(3, 64)
        time.sleep(60)

    def leave(self) -> None:
        sys.exit(3)

    def die(self) -> None:
        os._exit(5)

    def get_killed(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def starve(self) -> None:
        raise MemoryError

    def hang_once(self, marker: str) -> int:
        if not os.path.exists(marker):
            open(marker, "w").close()
            time.sleep(60)
        return len(self.books)

    def phone_home(self) -> None:
        socket.create_connection(("127.0.0.1", 9), timeout=5)

    def lie(self) -> int:
        return "not a number"  # type: ignore[return-value]

    def give_object(self) -> object:
        return object()

    def ask_user(self) -> str:
        return input("who are you? ")

    async def later(self, word: str) -> str:
        return word


class Unpicklable(Shelf):
    def __init__(self) -> None:
        super().__init__()
        self.hook = lambda: None


def scenario(rng):  # type: ignore[no-untyped-def]
    return {"titles": rng.sample(["Moby Dick", "Emma", "Ulysses", "Dracula"], 2)}
