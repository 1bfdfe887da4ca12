"""The judge's votes: a scripted teacher cannot read, so it accepts, but for a stated share."""

from __future__ import annotations

from random import Random

from fastsynth.method.script import VoteDraft

_FAULTS = (
    "The second message takes up a subject that nothing led to.",
    "The requests read like a list of fields, not like a person.",
    "An answer repeats more than was asked for.",
)


def cast_vote(rng: Random, harsh: float) -> VoteDraft:
    """Rejects with probability `harsh`."""
    if rng.random() < harsh:
        return VoteDraft(accept=False, reason=rng.choice(_FAULTS))
    return VoteDraft(accept=True, reason="The person wants one thing after another, and gets it.")
