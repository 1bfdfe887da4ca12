"""A user's module that declares nothing: a library's desk, as `python:undeclared_tools:Library`.

Members go by card numbers that only a look-up gives, lending needs the desk to be opened with a
code, loans get numbers of their own, one tool reads the clock and one rolls dice.
"""

from __future__ import annotations

import random
import time


class Library:
    def __init__(self):  # type: ignore[no-untyped-def]
        self.open = False
        self.code = "0000"
        self.members = {}
        self.books = {}
        self.loans = {}

    def load(self, state):  # type: ignore[no-untyped-def]
        self.code = state["code"]
        self.members = dict(state["members"])
        self.books = dict(state["books"])

    def open_desk(self, code: str) -> dict:  # type: ignore[type-arg]
        """Open the desk for lending."""
        if code != self.code:
            raise PermissionError("wrong code")
        self.open = True
        return {"opened": True}

    def look_up_member(self, name: str) -> dict:  # type: ignore[type-arg]
        """Look up a member of the library by full name."""
        if name not in self.members:
            raise LookupError(f"no member is called {name}")
        return {"card": self.members[name]}

    def search_books(self, words: str) -> list:  # type: ignore[type-arg]
        """Search the shelves by words of the title."""
        return [
            {"shelf_mark": mark, "title": title}
            for mark, title in self.books.items()
            if words.lower() in title.lower()
        ]

    def lend(self, borrower: str, item: str) -> dict:  # type: ignore[type-arg]
        """Lend a book to a member."""
        if not self.open:
            raise PermissionError("the desk is closed")
        if borrower not in self.members.values():
            raise LookupError(f"no card {borrower}")
        if item not in self.books:
            raise LookupError(f"no book {item}")
        number = f"L{len(self.loans) + 501}"
        self.loans[number] = [borrower, item]
        return {"loan": number}

    def extend(self, loan_number: str, weeks: int = 1) -> dict:  # type: ignore[type-arg]
        """Extend a loan."""
        if loan_number not in self.loans:
            raise LookupError(f"no loan {loan_number}")
        self.loans[loan_number].append(weeks)
        return {"weeks": weeks}

    def write_note(self, text: str) -> dict:  # type: ignore[type-arg]
        """Write a note for colleagues."""
        return {"length": len(text)}

    def what_time(self) -> dict:  # type: ignore[type-arg]
        """Tell the time."""
        return {"clock": time.time_ns(), "zone": "UTC"}

    def roll_dice(self) -> dict:  # type: ignore[type-arg]
        """Roll dice, and remember what fell."""
        self.fell = random.SystemRandom().random()
        return {"rolled": True}


def scenario(rng):  # type: ignore[no-untyped-def]
    names = rng.sample(["Ada Byron", "Bo Lind", "Cem Kaya", "Dee Marsh", "Eli Roth"], 3)
    titles = rng.sample(["Emma", "Ulysses", "Dracula", "Middlemarch", "Persuasion"], 4)
    return {
        "code": f"{rng.randrange(10**4):04}",
        "members": {name: f"C-{rng.randrange(10**5):05}" for name in names},
        "books": {f"{rng.randrange(900) + 100}.{rng.choice('ABC')}": t for t in titles},
    }
