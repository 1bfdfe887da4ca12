"""The trace goes to a scripted teacher that has identified itself, and to nobody else."""

from __future__ import annotations

import json
from pathlib import Path

from running import Endpoint, endpoint, here, run

BRIEF = ("--max-tokens-total", 60_000, "--width", 8)
"""Nobody there writes anything of use: enough was asked by then."""


def scripts(server: Endpoint) -> int:
    return sum("fastsynth" in json.loads(body) for body in server.posts)


def test_a_scripted_teacher_gets_it_with_every_request(tmp_path: Path) -> None:
    with endpoint() as server:
        here("generate", "-o", tmp_path / "run", "-n", 1, "--base-url", server.url)

    assert scripts(server) == len(server.posts) > 10


def test_an_openai_endpoint_never_gets_it_even_if_it_says_it_is_scripted(tmp_path: Path) -> None:
    config = tmp_path / "openai.yaml"
    config.write_text("endpoints: {real: {kind: openai}}\noutput: {accepted: 2}\n")
    with endpoint() as server:
        env = {"OPENAI_BASE_URL": server.url}
        ended = run("generate", "-c", config, "-o", tmp_path / "run", *BRIEF, env=env)

    assert ended.returncode == 3
    assert len(server.posts) > 30
    assert scripts(server) == 0


def test_a_stranger_at_the_address_of_a_scripted_one_gets_none(tmp_path: Path) -> None:
    with endpoint(identified=False) as server:
        place = ("--base-url", server.url)
        ended = here("generate", "-o", tmp_path / "run", "-n", 2, "--plain", *place, *BRIEF)

    assert ended.returncode == 3
    assert "no scripted teacher by its own word; it is sent no script" in ended.stderr
    assert len(server.posts) > 30
    assert scripts(server) == 0


def test_of_two_addresses_only_the_one_that_identified_itself_gets_it(tmp_path: Path) -> None:
    with endpoint() as own, endpoint(identified=False) as stranger:
        both = ("--base-url", own.url, "--base-url", stranger.url)
        here("generate", "-o", tmp_path / "run", "-n", 2, *both, *BRIEF)

    assert scripts(own) == len(own.posts) > 10
    assert len(stranger.posts) > 5
    assert scripts(stranger) == 0


def test_openai_base_url_moves_no_scripted_endpoint(tmp_path: Path) -> None:
    with endpoint() as scripted, endpoint() as elsewhere:
        place = ("-c", "configs/offline.yaml", "--base-url", scripted.url)
        env = {"OPENAI_BASE_URL": elsewhere.url}
        run("generate", "-o", tmp_path / "run", "-n", 1, *place, env=env)

    assert scripted.posts
    assert elsewhere.seen == []
