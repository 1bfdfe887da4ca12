"""Names that do not depend on time, endpoint or resend: request keys, call ids, sampling seeds."""

from __future__ import annotations

from hashlib import blake2b

from fastsynth import seeds
from fastsynth.llm.chat import Ask
from fastsynth.llm.wire import array

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def request_key(ask: Ask, identity: bytes, messages: bytes, seed: int) -> bytes:
    """16 bytes: the canonical request without its endpoint, and its place in the run.

    `identity` is the frame's (model and sampling), `seed` the one sent.
    """
    place = f"{ask.job} {ask.turn} {ask.role} {ask.purpose} {ask.attempt} {ask.step} {seed}"
    tools = array(ask.tools) if ask.tools else b""
    if ask.must_call:
        tools += b"required"
    parts = (place.encode(), identity, messages, tools, ask.schema)
    lengths = " ".join([str(len(part)) for part in parts])
    return blake2b(b"\0".join((lengths.encode(), *parts)), digest_size=16).digest()


def call_id(key: bytes, index: int) -> str:
    """Nine letters and digits for the index-th tool call of the reply under `key`."""
    number = int.from_bytes(blake2b(b"%d" % index, key=key, digest_size=8).digest(), "big")
    letters = []
    for _ in range(9):
        number, rest = divmod(number, 62)
        letters.append(_LETTERS[rest])
    return "".join(letters)


def sampling_seed(run_seed: int, ask: Ask) -> int:
    """31 bits (llama.cpp takes 32, unsigned), a pure function of the run's seed and the place."""
    place = (ask.job, ask.turn, ask.role, ask.purpose, ask.attempt, ask.step)
    return seeds.number(run_seed, "sampling", *place) >> 33
