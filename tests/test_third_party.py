"""The job run against servers of others (PyPI): nothing they say makes sense, and that is data."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from running import here, manifest, summary, wait_until

FAKELLM = "rules:\n  - name: any\n    when: {}\n    respond: {content: Fine weather today.}\n"
SMALL = ("--set", "conversation.turns=[1, 1]", "--set", "kinds={base: 1}")
WALLET = ("--set", "environment=world:wallet")


def _program(name: str) -> str:
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (PyPI)")
    return found


@contextmanager
def third_party(name: str, folder: Path) -> Iterator[str]:
    """The server of another project, on a free port of loopback."""
    program = _program(name)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [program, "serve", "--port", str(port)]
    if name == "fakellm":
        (folder / "fakellm.yaml").write_text(FAKELLM)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=folder, **quiet) as process:  # type: ignore[call-overload]
        try:
            wait_until(lambda: _answers(port), 20)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    with suppress(OSError):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/models").close()
        except urllib.error.HTTPError as error:
            error.close()
        return True
    return False


@pytest.mark.parametrize("name", ["stubllm", "fakellm"])
def test_replies_that_make_no_sense_are_rejected_counted_and_end_in_exit_3(
    tmp_path: Path, name: str
) -> None:
    place = (
        "-c",
        "configs/openai.yaml",
        "-o",
        tmp_path / "run",
        "--model",
        "gpt-4o",
        *SMALL,
        *WALLET,
    )
    with third_party(name, tmp_path) as url:
        ended = here("generate", "-n", 5, "--json", "--base-url", url, *place)

    said = summary(ended)
    assert ended.returncode == 3, ended.stderr
    assert (said["accepted"], said["stopped_by"]) == (0, "nothing_accepted")
    assert said["rejected"] == said["jobs"] >= 200
    assert sum(n for reasons in said["funnel"].values() for n in reasons.values()) == said["jobs"]
    assert "malformed_reply" in said["funnel"]["advanced"]
    assert "advanced: malformed_reply" in ended.stderr.splitlines()[-1]
    assert manifest(tmp_path / "run")["funnel"] == said["funnel"]
    assert manifest(tmp_path / "run")["teachers"] == ["gpt-4o"]


def test_doctor_says_what_such_a_server_lacks(tmp_path: Path) -> None:
    place = ("-c", "configs/openai.yaml", "--model", "gpt-4o", *WALLET)
    with third_party("stubllm", tmp_path) as url:
        ended = here("doctor", "--base-url", url, *place)

    assert ended.returncode == 4, ended.stdout
    assert "tool calling: no call came" in ended.stdout
    assert "structured output" in ended.stdout
    assert "->" in ended.stdout
