"""Installs the public MCP servers that tests need, once, below node_modules; or says why not."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2] / "node_modules" / "mcp-servers"
VERSION = "2026.8.31"


@cache
def installed(package: str) -> str:
    """The script that starts `@modelcontextprotocol/PACKAGE`. Skips where npm cannot get it."""
    script = HOME / "node_modules" / "@modelcontextprotocol" / package / "dist" / "index.js"
    if script.is_file():
        return str(script)
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is missing: the public MCP servers cannot be installed")
    HOME.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [npm, "install", "--no-audit", "--no-fund", "--prefix", str(HOME),
         f"@modelcontextprotocol/{package}@{VERSION}"],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    if not script.is_file():
        pytest.skip(f"npm could not install {package}: {done.stderr.strip()[-200:]}")
    return str(script)
