"""Addresses that join and leave while a run goes on: read from a file whenever it has changed.

The file names one address a line; `#` begins a comment. Who reads it asks a new address for its
models before anything is sent there, and lets what is in flight at one that left come to its end.
"""

from __future__ import annotations

from pathlib import Path

import anyio
import anyio.to_thread

from fastsynth.errors import ConfigError
from fastsynth.events import Bus, Note
from fastsynth.llm.address import addresses
from fastsynth.llm.service import Service

LOOK_SECONDS = 2.0


async def follow(service: Service, bus: Bus) -> None:
    """Keeps the pool as the file says, until cancelled. A file that cannot be read, or that names
    nobody, changes nothing and is told once. Who was put out may join again once the file is
    written anew."""
    assert service.endpoint.urls_file is not None
    path = Path(service.endpoint.urls_file)
    seen, refused = 0.0, False
    while True:
        changed = await anyio.to_thread.run_sync(_changed, path)
        if changed != seen or refused:
            if changed != seen:
                service.out.clear()
            seen = changed
            refused = not await _apply(service, bus)
        await anyio.sleep(LOOK_SECONDS)


async def _apply(service: Service, bus: Bus) -> bool:
    """Whether all that the file names are in the pool now."""
    try:
        wanted = await anyio.to_thread.run_sync(addresses, service.name, service.endpoint)
    except ConfigError as error:
        bus.emit(Note(text=f"{error}; the addresses stay as they are", level="warning"))
        return True
    here = service.present()
    for url in wanted:
        if url not in here and url not in service.out:
            await service.join(url)
    now = service.present()
    for url in here:
        if url not in wanted and len(now) > 1:
            service.leave(url)
            now = service.present()
    return set(wanted) <= {*now, *service.out}


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
