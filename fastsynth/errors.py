"""What ends a run, and the exit code each ending has. A bad sample is data, never one of these.

Every message names the place, the value found there and what is allowed.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Error numbers of a full disk or quota."""


class FastsynthError(Exception):
    """A run that cannot go on; `str()` is the one line shown to the user."""

    exit_code = 1


class ConfigError(FastsynthError):
    """Bad usage or configuration: `place: value, what is allowed`."""

    exit_code = 2


class NothingAccepted(FastsynthError):
    """The run ended without one accepted conversation."""

    exit_code = 3


class NoEndpoint(FastsynthError):
    """No endpoint answers, or none takes the key or the model it was given."""

    exit_code = 4


class Interrupted(FastsynthError):
    """Stopped by the user; the run directory can be resumed."""

    exit_code = 130


class DamagedFile(FastsynthError):
    """A file of the run is damaged inside, not merely torn at its end."""


class EnvironmentBroken(FastsynthError):
    """The environment itself failed (a worker died, a server went away): not the tool's doing."""


class StateRefused(EnvironmentBroken):
    """The user's own code makes no initial state, or one that cannot be copied or compared."""

    exit_code = 2


class DiskFull(FastsynthError):
    """Nothing more can be written; everything written before is whole and the run can go on."""


def config_error(place: str, found: object, allowed: str) -> ConfigError:
    return ConfigError(f"{place}: {found!r}, {allowed}")


def reraise_disk(error: OSError, place: str) -> NoReturn:
    """Names the file of a failed write; a full disk or quota becomes `DiskFull`."""
    if error.errno in NO_SPACE:
        raise DiskFull(
            f"{place}: no space left; free some and run the same command again"
        ) from error
    raise FastsynthError(f"{place}: {error.strerror or error}") from error


class Boundary:
    """What a `boundary` caught, if anything."""

    error: Exception | None = None


@contextmanager
def boundary() -> Iterator[Boundary]:
    """The one place where any exception of foreign code (a tool, a plug-in) becomes a value."""
    caught = Boundary()
    try:
        yield caught
    except FastsynthError:
        raise
    except Exception as error:  # noqa: BLE001 (this is the boundary)
        caught.error = error
