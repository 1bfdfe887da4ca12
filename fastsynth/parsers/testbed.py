"""Parsers of `serve` and `bench`."""

from __future__ import annotations

import argparse

from fastsynth.parsers.command import Subparsers, command


def add_serve(subparsers: Subparsers) -> None:
    parser = command(
        subparsers,
        "serve",
        "run the simulated endpoint with the scripted teacher alone, on loopback",
        "serve --port 8123\nserve --port 8123 --latency-ms 40 --faults faults.yaml\n"
        "serve --port 8123 --slots 64 --decode-rate 2000 --refuse",
        _served,
    )
    parser.add_argument("--port", type=int, required=True, metavar="P", help="0 picks a free one")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--latency-ms", type=float, default=0.0, metavar="L")
    parser.add_argument(
        "--faults", metavar="FILE", help="YAML, as in `rates: {hang: 0.01, unavailable: 0.02}`"
    )
    batching = parser.add_argument_group("continuous batching, where any is given")
    batching.add_argument("--slots", type=int, metavar="N", help="sequences at once")
    batching.add_argument("--prefill-rate", type=float, metavar="R", help="tokens a second, shared")
    batching.add_argument("--decode-rate", type=float, metavar="R", help="tokens a second, shared")
    batching.add_argument("--kv-tokens", type=int, metavar="T", help="tokens that fit the KV cache")
    batching.add_argument(
        "--refuse", action="store_true", help="answer 429 instead of queueing above the slots"
    )


def _served(given: argparse.Namespace) -> int:
    from fastsynth.commands.testbed import serve_endpoint

    return serve_endpoint(given)


def add_bench(subparsers: Subparsers) -> None:
    parser = command(
        subparsers,
        "bench",
        "run a benchmark of benchmarks/ and print its JSON rows; without a name, list them",
        "bench\nbench engine\nbench client --json client.json -- --quick --in-flight 64",
        _benched,
    )
    parser.add_argument("name", metavar="NAME", nargs="?", help="see `bench`")
    parser.add_argument("--json", metavar="FILE", help="write the rows there as well")
    parser.add_argument("rest", nargs="*", metavar="OPTION", help="passed on; after --")


def _benched(given: argparse.Namespace) -> int:
    from fastsynth.commands.testbed import bench

    return bench(given.name, given.json, given.rest)
