"""Programs of others, each in an environment of its own with pinned packages.

An environment is made on first use, with uv, under `$XDG_CACHE_HOME/fastsynth/peers`; what cannot
be installed is `Unavailable`, in one line. A program that runs in there imports nothing of this
project, nor does this module.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

QUIET = {
    "TELEMETRY_ENABLED": "false",
    "NEMO_TELEMETRY_ENABLED": "false",
    "CURATOR_DISABLE_CACHE": "1",
    "CURATOR_DISABLE_RICH_DISPLAY": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "HF_HUB_OFFLINE": "1",
    "NO_PROXY": "127.0.0.1",
}
"""What keeps them from calling home and from drawing."""


class Unavailable(Exception):
    """Why a peer is left out, in one line."""


def environment(name: str, packages: tuple[str, ...]) -> Path:
    """The Python of a peer's environment, made now where it is not there yet."""
    home = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    folder = Path(home).expanduser() / "fastsynth" / "peers" / name
    python, ready = folder / "bin" / "python", folder / "packages.txt"
    wanted = "\n".join(packages)
    if ready.is_file() and ready.read_text() == wanted:
        return python
    uv = shutil.which("uv")
    if uv is None:
        raise Unavailable(f"{name}: needs uv to make its environment")
    folder.mkdir(parents=True, exist_ok=True)
    for command in (
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)],
        [uv, "pip", "install", "--quiet", "--python", str(python), *packages],
    ):
        # From there, since uv heeds the constraints of the project it is called in.
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Unavailable(f"{name}: cannot be installed: {last_line(done.stderr)}")
    ready.write_text(wanted)
    return python


def output_of(name: str, command: list[str], folder: str) -> str:
    """The last line a peer's program prints. Raises Unavailable where it fails."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, **QUIET},
        check=False,
    )
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        raise Unavailable(f"{name}: {last_line(done.stderr)}")
    return lines[-1]


def last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no word why"])[-1][:200]
