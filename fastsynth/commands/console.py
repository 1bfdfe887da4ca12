"""Where commands print what was asked for."""

from __future__ import annotations

from typing import NoReturn

from rich.console import Console


class Output(Console):
    """Standard output. A reader that leaves early raises BrokenPipeError, which `cli` knows."""

    def on_broken_pipe(self) -> NoReturn:
        raise BrokenPipeError
