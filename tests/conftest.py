"""Shared by all tests: anyio runs on asyncio, which aiohttp needs; runs that many tests look at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from running import Endpoint, endpoint, here

# Slow machines are not slow code: what a test promises does not depend on the clock.
settings.register_profile(
    "steady", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("steady")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Graphs found in tests are kept apart from the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def scripted() -> Iterator[Endpoint]:
    """The scripted server, recording; for tests that do not look at what others sent to it."""
    with endpoint() as server:
        yield server


@pytest.fixture(scope="session")
def worlds(tmp_path_factory: pytest.TempPathFactory, scripted: Endpoint) -> Path:
    """A finished run of 16 conversations in the bundled worlds. To be read only."""
    path = tmp_path_factory.mktemp("runs") / "worlds"
    ended = here("generate", "-o", path, "-n", 16, "--width", 16, "--base-url", scripted.url)
    assert ended.returncode == 0, ended.stderr
    return path


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory, scripted: Endpoint) -> Path:
    """A finished run of 8 conversations, to compare interrupted ones with. To be read only."""
    path = tmp_path_factory.mktemp("runs") / "few"
    ended = here("generate", "-o", path, "-n", 8, "--width", 8, "--base-url", scripted.url)
    assert ended.returncode == 0, ended.stderr
    return path
