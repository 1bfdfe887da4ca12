"""Installs the public MCP servers that tests need, once, into node_modules; or says why not.

At the top of the repository: `npx` looks there first, and finds them for configs/mcp.yaml too.
"""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

HOME = Path(__file__).parents[2]
PACKAGES, VERSION = ("server-memory", "server-filesystem"), "2026.8.31"


@cache
def installed(package: str) -> str:
    """The script that starts `@modelcontextprotocol/PACKAGE`. Skips where npm cannot get it."""
    script = HOME / "node_modules" / "@modelcontextprotocol" / package / "dist" / "index.js"
    if script.is_file():
        return str(script)
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is missing: the public MCP servers cannot be installed")
    # All at once: npm takes away what it was not asked for and no package.json names.
    wanted = [f"@modelcontextprotocol/{name}@{VERSION}" for name in PACKAGES]
    quiet = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund"]
    done = subprocess.run(
        [npm, "install", *quiet, "--prefix", str(HOME), *wanted],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if not script.is_file():
        pytest.skip(f"npm could not install {package}: {done.stderr.strip()[-200:]}")
    return str(script)
