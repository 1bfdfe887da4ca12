"""Why an address stands idle, in words: from slot-seconds by label to `31% RPM limit`."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from fastsynth.events import SlotLabel

WORDS: Mapping[SlotLabel, str] = {
    "own_limit": "own limit",
    "rate_limit": "rate limit",
    "down": "unreachable",
    "environment": "environment",
    "verifier": "verifier",
    "client_cpu": "client CPU",
    "elsewhere": "waiting elsewhere",
    "width": "slots over the width",
    "no_work": "no work left",
}
LIMITS = {"rpm": "RPM limit", "tpm": "TPM limit", "paused": "server's wait"}
"""What the label `rate_limit` is called where it is known which limit it was."""


class Idle(msgspec.Struct, frozen=True, kw_only=True):
    share: float
    """Of all slot-seconds, spent for this reason."""
    why: str


def reasons(seconds: Mapping[SlotLabel, float], limits: Mapping[str, float]) -> tuple[Idle, ...]:
    """All reasons for idle slots, the biggest first; empty where no slot had any time."""
    whole = sum(seconds.values())
    known = {why: limits[name] for name, why in LIMITS.items() if name in limits}
    found = [
        Idle(share=spent / whole, why=_word(label, known))
        for label, spent in seconds.items()
        if label in WORDS and spent > 0
    ]
    return tuple(sorted(found, key=lambda idle: -idle.share))


def _word(label: SlotLabel, known: Mapping[str, float]) -> str:
    if label == "rate_limit" and known:
        return max(known, key=lambda why: known[why])
    return WORDS[label]
