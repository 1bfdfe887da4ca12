"""The agents that a config asks, and the prompts that only some configs do."""

from __future__ import annotations

from fastsynth.config import Config

AGENTS = ("writer", "reasoning", "critic")


def further_prompts(config: Config) -> tuple[str, ...]:
    """Of the prompts that a run may do without, those that this one asks."""
    wished = config.scenarios is not None and config.scenarios.draft_with is not None
    own = "scenario" if isinstance(config.environment, str) else "setup"
    drafted = (own,) if wished else ()
    return (*drafted, "texts") if config.texts == "agent" else drafted


def roles_of(config: Config) -> dict[str, str]:
    """Role -> endpoint, of the roles that this config asks. Raises ConfigError."""
    judge = ("judge",) if config.judges else ()
    student = ("student",) if config.student else ()
    return {role: config.endpoint_of(role) for role in (*AGENTS, *judge, *student)}
