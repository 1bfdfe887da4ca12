"""What a tool's exception says of the machine it ran on, rather than of the tool.

A full disk or a refused connection is no result to learn from: the same call would give another
one elsewhere, and tomorrow. Decided by type and error number, never by text.
"""

from __future__ import annotations

import errno

AGAIN = 2.0
"""A call that did not come back is made once more, in a new process, with this many times the
time: a busy machine is not the tool's doing."""
_NUMBERS = frozenset(
    (
        errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EIO, errno.EPIPE,
        errno.ECONNREFUSED, errno.ECONNRESET, errno.ECONNABORTED, errno.ETIMEDOUT,
        errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN,
    )
)  # fmt: skip


def of_the_machine(error: BaseException | None) -> bool:
    """Whether `error`, or what it was raised from, is the machine's: disk, files, network. One
    that a tool raises in its own words carries no error number, and is the tool's."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and error.errno in _NUMBERS:
            return True
        error = error.__cause__ or error.__context__
    return False
