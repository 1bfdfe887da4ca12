"""Parsers of `generate` and `probe`."""

from __future__ import annotations

import argparse

from fastsynth.parsers.command import Subparsers, command
from fastsynth.parsers.options import config_options, order_of


def add_generate(subparsers: Subparsers) -> None:
    parser = command(
        subparsers,
        "generate",
        "make verified conversations, or go on with a run",
        "generate -n 50\ngenerate configs/bfcl.yaml -n 300 -o runs/bfcl\n"
        "generate -c configs/openai.yaml --model gpt-5-mini --max-cost 5\n"
        "generate --set conversation.turns='[3, 6]' --set chain.blind=2",
        _generated,
    )
    config_options(parser)
    parser.add_argument("-o", "--out", metavar="RUN_DIR", help="default: runs/CONFIG'S NAME")
    parser.add_argument("--resume", choices=("auto", "never", "always"), default="auto")
    parser.add_argument(
        "--reuse",
        action="append",
        default=[],
        metavar="RUN",
        help="take stored replies from it, and from what it reused itself",
    )
    parser.add_argument(
        "--max-cost", type=float, metavar="USD", help="drain so that it comes to about that"
    )
    parser.add_argument(
        "--max-tokens-total", type=int, metavar="T", help="the same of tokens in and out"
    )
    parser.add_argument(
        "--max-time", metavar="2h", help="drain after that: seconds, or with s, m, h, d"
    )
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--plain", action="store_true", help="lines instead of the dashboard")
    shown.add_argument("--json", action="store_true", help="one summary object on stdout")
    shown.add_argument("--quiet", action="store_true", help="warnings only")


def _generated(given: argparse.Namespace) -> int:
    from fastsynth.commands.runs import generate

    return generate(order_of(given))


def add_probe(subparsers: Subparsers) -> None:
    parser = command(
        subparsers,
        "probe",
        "let a student model answer finished conversations, and print which tools it gets right",
        "probe configs/student.yaml\nprobe -c configs/student.yaml -n 50 --runs 8 -o runs/mine\n"
        "probe -c mine.yaml --set roles.student=small --set endpoints.small.url=http://gpu2:8000/v1",
        _probed,
    )
    config_options(parser)
    parser.add_argument("--runs", type=int, metavar="N", help="answers to each conversation")
    parser.add_argument(
        "-o", "--out", metavar="RUN_DIR", help="results go to RUN_DIR/probe; default: as generate"
    )
    parser.set_defaults(resume="auto", reuse=[])
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--plain", action="store_true", help="lines instead of the dashboard")
    shown.add_argument("--json", action="store_true", help="the results as one object on stdout")
    shown.add_argument("--quiet", action="store_true", help="warnings only")


def _probed(given: argparse.Namespace) -> int:
    from fastsynth.commands.runs import probe

    return probe(order_of(given, given.n, given.runs))
