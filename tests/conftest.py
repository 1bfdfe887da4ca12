"""Shared by all tests: anyio runs on asyncio, which aiohttp needs."""

from __future__ import annotations

import pytest


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
