"""The phases of a run as configs of their own: the probing phase, then the run itself."""

from __future__ import annotations

import msgspec

from fastsynth.config import Config, Student


def probing_config(config: Config) -> Config:
    """The probing phase as a run of its own: targets by coverage, every conversation answered by
    the student, none left out for how it did."""
    targets = config.targets
    replace = msgspec.structs.replace
    return replace(
        config,
        targets=replace(targets, by="coverage"),
        student=Student(runs=targets.runs),
        output=replace(config.output, accepted=targets.conversations),
    )


def first_run(config: Config) -> Config:
    """What `generate` runs first: the probing phase where there is one, else the run itself."""
    targets = config.targets
    probes = targets.by == "failure" and targets.probe == "auto"
    return probing_config(config) if probes else config


def with_probe(config: Config, conversations: int | None, runs: int | None) -> Config:
    """The config with another size of its probing phase, as far as one is given."""
    targets = config.targets
    sized = msgspec.structs.replace(
        targets,
        conversations=conversations or targets.conversations,
        runs=runs or targets.runs,
    )
    return msgspec.structs.replace(config, targets=sized)
