"""Parsers of `init`, `doctor`, `preview`, `estimate` and `graph`: what comes before a run."""

from __future__ import annotations

import argparse
from pathlib import Path

from fastsynth.parsers.command import Subparsers, command
from fastsynth.parsers.options import config_of, config_options


def add_init(subparsers: Subparsers) -> None:
    parser = command(
        subparsers,
        "init",
        "draft a config and scenarios for a Python file of tools, and say what to do next",
        "init my_tools.py\ninit tools/shop.py --force",
        _drafted,
    )
    parser.add_argument("file", metavar="FILE.py")
    parser.add_argument("--force", action="store_true", help="replace files that are there")


def _drafted(given: argparse.Namespace) -> int:
    from fastsynth.commands.plans import init

    return init(given.file, given.force)


def add_doctor(subparsers: Subparsers) -> None:
    parser = command(
        subparsers,
        "doctor",
        "check config, environment and endpoints, and say what to do about what it finds",
        "doctor\ndoctor configs/vllm.yaml --base-url http://gpu1:8000/v1",
        _examined,
    )
    config_options(parser)


def _examined(given: argparse.Namespace) -> int:
    from fastsynth.commands.plans import diagnose

    return diagnose(config_of(given))


def add_preview(subparsers: Subparsers) -> None:
    parser = command(
        subparsers,
        "preview",
        "plan conversations without asking any model, and show the executed traces",
        "preview\npreview configs/bfcl.yaml -n 5",
        _previewed,
    )
    config_options(parser)


def _previewed(given: argparse.Namespace) -> int:
    from fastsynth.commands.plans import preview

    return preview(config_of(given), given.n or 3)


def add_estimate(subparsers: Subparsers) -> None:
    parser = command(
        subparsers,
        "estimate",
        "count requests, tokens and dollars of a run on a small one with the scripted teacher",
        "estimate configs/openai.yaml --model gpt-5-mini -n 20000\n"
        "estimate -n 1000 --set 'endpoints.teacher.price={input: 0.25, output: 2}'\n"
        "estimate --from runs/pilot -n 20000",
        _estimated,
    )
    config_options(parser)
    parser.add_argument(
        "--sample", type=int, default=16, metavar="K", help="conversations of the small run"
    )
    parser.add_argument(
        "--from",
        dest="pilot",
        metavar="RUN",
        help="instead: from what a run of your own model has asked so far, with an interval; only "
        "-n and --json then say anything",
    )
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def _estimated(given: argparse.Namespace) -> int:
    from fastsynth.commands.plans import estimate, project

    if given.pilot is not None:
        return project(Path(given.pilot), given.n, given.json)
    return estimate(config_of(given), given.sample, given.json)


def add_graph(subparsers: Subparsers) -> None:
    parser = command(
        subparsers,
        "graph",
        "print the API graph of an environment as JSON, or draw it",
        "graph\ngraph configs/bfcl.yaml > graph.json\ngraph --html graph.html\n"
        "graph -c configs/bfcl.yaml --set graph.discover=always --html found.html",
        _drawn,
    )
    config_options(parser)
    parser.add_argument("--html", metavar="FILE", help="a page where an edge shows its evidence")
    parser.add_argument("--svg", metavar="FILE", help="a picture of it")
    parser.add_argument("--png", metavar="FILE", help="the picture as PNG; needs fastsynth[png]")
    parser.add_argument(
        "--refresh", action="store_true", help="probe again where a found graph is kept"
    )


def _drawn(given: argparse.Namespace) -> int:
    from fastsynth.commands.graphs import graph

    return graph(config_of(given), given.html, given.svg, given.png, given.refresh)
