"""The command line: parses and delegates. Data goes to stdout, progress and errors to stderr."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from fastsynth import __version__
from fastsynth.engine.signals import as_ctrl_c
from fastsynth.engine.unwrap import unwrapped
from fastsynth.errors import ConfigError, FastsynthError, Interrupted
from fastsynth.invocation import PROGRAM, program
from fastsynth.parsers import plans, rows, runs, testbed
from fastsynth.parsers.command import Parser

EXIT_CODES = """\
exit codes:
  0 done (or was done already)   1 internal error         2 usage or config
  3 nothing accepted             4 no usable endpoint     130 interrupted and resumable
"""
EXAMPLES = """\
examples:
  fastsynth generate                                  200 conversations with the scripted teacher
  fastsynth generate configs/bfcl.yaml -n 300         over bfcl-eval's classes
  fastsynth generate -c configs/vllm.yaml --base-url http://gpu1:8000/v1 --model teacher
  fastsynth probe -c configs/student.yaml             which tools a student model fails
  fastsynth view runs/offline                         one of them as a chat
  fastsynth verify runs/offline                       replay every row in a fresh environment
  fastsynth export runs/offline --format trl          lines of JSON for a trainer
"""
ADDED = (
    plans.add_init,
    runs.add_generate,
    plans.add_doctor,
    plans.add_preview,
    rows.add_status,
    rows.add_verify,
    rows.add_compact,
    rows.add_view,
    rows.add_export,
    rows.add_report,
    plans.add_estimate,
    runs.add_probe,
    plans.add_graph,
    testbed.add_serve,
    testbed.add_bench,
)
"""In the order of `--help`."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code. Errors are one line on stderr."""
    parsed = _parse(sys.argv[1:] if arguments is None else arguments)
    try:
        with as_ctrl_c(), unwrapped():
            return int(parsed.run(parsed))
    except FastsynthError as error:
        _complain(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        _complain("aborted; run the same command again to go on")
        return Interrupted.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.filename is None:
            raise
        _complain(f"{error.filename}: {error.strerror}")
        return ConfigError.exit_code


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    """What follows `bench ... --` is the benchmark's own and never looked at here."""
    own, further = list(arguments), list[str]()
    if own[:1] == ["bench"] and "--" in own:
        end = own.index("--")
        own, further = own[:end], own[end + 1 :]
    parsed = _parser().parse_args(own)
    if further:
        parsed.name = parsed.name or "engine"
        parsed.rest = [*parsed.rest, *further]
    return parsed


def _complain(text: str) -> None:
    with suppress(OSError):  # a terminal that has gone
        sys.stderr.write(f"fastsynth: {text}\n")


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog=program(),
        description="Your tools in, verified multi-turn tool-use training data out.",
        epilog=EXAMPLES.replace(PROGRAM, program()) + "\n" + EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"fastsynth {__version__}")
    subparsers = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add in ADDED:
        add(subparsers)
    return parser


if __name__ == "__main__":
    sys.exit(main())
