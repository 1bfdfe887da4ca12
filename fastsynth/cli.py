"""The command line: parses and delegates. Data goes to stdout, progress and errors to stderr."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import anyio

from fastsynth import __version__, commands
from fastsynth.engine.unwrap import unwrapped
from fastsynth.errors import FastsynthError, Interrupted, config_error
from fastsynth.phases import with_probe
from fastsynth.settings import Flags, find_config, load_config, seconds

EXIT_CODES = """\
exit codes:
  0 done (or was done already)   1 internal error         2 usage or config
  3 nothing accepted             4 no usable endpoint     130 interrupted and resumable
"""
EXAMPLES = """\
examples:
  fastsynth generate                                  200 conversations with the scripted teacher
  fastsynth generate -c configs/bfcl.yaml -n 300      over bfcl-eval's classes
  fastsynth generate -c configs/vllm.yaml --base-url http://gpu1:8000/v1 --model teacher
  fastsynth probe -c configs/student.yaml             which tools a student model fails
  fastsynth view runs/offline                         one of them as a chat
  fastsynth verify runs/offline                       replay every row in a fresh environment
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command; returns its exit code. Errors are one line on stderr."""
    parsed = _parse(sys.argv[1:] if arguments is None else arguments)
    try:
        with unwrapped():
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


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    """What follows `bench ... --` is the benchmark's own and never looked at here."""
    own, further = list(arguments), list[str]()
    if own[:1] == ["bench"] and "--" in own:
        end = own.index("--")
        own, further = own[:end], own[end + 1 :]
    parsed = _parser().parse_args(own)
    if further:
        parsed.rest = [*parsed.rest, *further]
    return parsed


def _complain(text: str) -> None:
    sys.stderr.write(f"fastsynth: {text}\n")


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with a command."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="fastsynth",
        description="Your tools in, verified multi-turn tool-use training data out.",
        epilog=EXAMPLES + "\n" + EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"fastsynth {__version__}")
    subparsers = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for add in (_init, _generate, _doctor, _preview, _status, _verify, _compact, _view, _report):
        add(subparsers)
    for add in (_estimate, _probe, _graph, _serve, _bench):
        add(subparsers)
    return parser


def _command(
    subparsers: argparse._SubParsersAction[_Parser],
    name: str,
    help_text: str,
    examples: str,
    run: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(
        name,
        help=help_text,
        description=help_text[0].upper() + help_text[1:] + ".",
        epilog="examples:\n" + "\n".join(f"  fastsynth {line}" for line in examples.split("\n")),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def _init(subparsers: argparse._SubParsersAction[_Parser]) -> None:
    parser = _command(
        subparsers,
        "init",
        "draft a config and scenarios for a Python file of tools, and say what to do next",
        "init my_tools.py\ninit tools/shop.py --force",
        lambda given: commands.init(given.file, given.force),
    )
    parser.add_argument("file", metavar="FILE.py")
    parser.add_argument("--force", action="store_true", help="replace files that are there")


def _generate(subparsers: argparse._SubParsersAction[_Parser]) -> None:
    parser = _command(
        subparsers,
        "generate",
        "make verified conversations, or go on with a run",
        "generate -n 50\ngenerate -c configs/bfcl.yaml -n 300 -o runs/bfcl\n"
        "generate -c configs/openai.yaml --model gpt-5-mini --max-cost 5\n"
        "generate --set conversation.turns='[3, 6]' --set chain.blind=2",
        lambda given: commands.generate(*_order(given)),
    )
    _config_options(parser)
    parser.add_argument("-o", "--out", metavar="RUN_DIR", help="default: runs/CONFIG'S NAME")
    parser.add_argument("--resume", choices=("auto", "never", "always"), default="auto")
    parser.add_argument(
        "--reuse", action="append", default=[], metavar="RUN", help="take stored replies from it"
    )
    parser.add_argument("--max-cost", type=float, metavar="USD", help="drain when it is spent")
    parser.add_argument("--max-tokens-total", type=int, metavar="T")
    parser.add_argument("--max-time", metavar="2h", help="seconds, or with s, m, h, d")
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--plain", action="store_true", help="lines instead of the dashboard")
    shown.add_argument("--json", action="store_true", help="one summary object on stdout")
    shown.add_argument("--quiet", action="store_true", help="warnings only")


def _config_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-c",
        "--config",
        metavar="CONFIG",
        help="default: configs/offline.yaml, or configs/openai.yaml where OPENAI_BASE_URL or "
        "OPENAI_API_KEY is set",
    )
    parser.add_argument("-n", type=int, metavar="N", help="accepted, unique conversations")
    parser.add_argument("--base-url", action="append", default=[], metavar="URL")
    parser.add_argument("--model", metavar="M")
    parser.add_argument("--width", type=int, metavar="W", help="conversations alive at once")
    parser.add_argument("--seed", type=int, metavar="S")
    parser.add_argument(
        "--set", action="append", default=[], metavar="a.b=v", help="any key of the config"
    )


_LEAST: dict[str, tuple[str, float]] = {
    "n": ("-n", 1),
    "runs": ("--runs", 1),
    "width": ("--width", 1),
    "seed": ("--seed", 0),
    "max_tokens_total": ("--max-tokens-total", 1),
}


def _flags(given: argparse.Namespace) -> Flags:
    for name, (flag, least) in _LEAST.items():
        value = getattr(given, name, None)
        if value is not None and value < least:
            raise config_error(flag, value, f"need >= {least}")
    max_cost, max_time = getattr(given, "max_cost", None), getattr(given, "max_time", None)
    if max_cost is not None and not max_cost > 0:
        raise config_error("--max-cost", max_cost, "need more than 0")
    return Flags(
        accepted=given.n,
        urls=tuple(given.base_url),
        model=given.model,
        width=given.width,
        seed=given.seed,
        max_cost=max_cost,
        max_tokens_total=getattr(given, "max_tokens_total", None),
        max_seconds=seconds(max_time) if max_time is not None else None,
        settings=tuple(given.set),
    )


def _probe(subparsers: argparse._SubParsersAction[_Parser]) -> None:
    parser = _command(
        subparsers,
        "probe",
        "let a student model answer finished conversations, and print which tools it gets right",
        "probe -c configs/student.yaml\nprobe -c configs/student.yaml -n 50 --runs 8 -o runs/mine\n"
        "probe -c mine.yaml --set roles.student=small --set endpoints.small.url=http://gpu2:8000/v1",
        lambda given: commands.probe(*_order(given, given.n, given.runs)),
    )
    _config_options(parser)
    parser.add_argument("--runs", type=int, metavar="N", help="answers to each conversation")
    parser.add_argument(
        "-o", "--out", metavar="RUN_DIR", help="results go to RUN_DIR/probe; default: as generate"
    )
    parser.set_defaults(resume="auto", reuse=[])
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--plain", action="store_true", help="lines instead of the dashboard")
    shown.add_argument("--json", action="store_true", help="the results as one object on stdout")
    shown.add_argument("--quiet", action="store_true", help="warnings only")


def _order(
    given: argparse.Namespace, conversations: int | None = None, runs: int | None = None
) -> tuple[commands.Order]:
    """What is asked of a run; of its probing phase, `conversations` and `runs` where given."""
    path = find_config(given.config, os.environ)
    config = load_config(path, _flags(given))
    if conversations is not None or runs is not None:
        config = with_probe(config, conversations, runs)
    out = given.out or os.environ.get("FASTSYNTH_OUT") or str(Path("runs") / path.stem)
    mode: commands.Mode = "auto"
    if given.plain:
        mode = "plain"
    elif given.json:
        mode = "json"
    elif given.quiet:
        mode = "quiet"
    return (
        commands.Order(
            config=config,
            run_dir=Path(out),
            resume=given.resume,
            reuse=tuple(map(Path, given.reuse)),
            mode=mode,
        ),
    )


def _doctor(subparsers: argparse._SubParsersAction[_Parser]) -> None:
    parser = _command(
        subparsers,
        "doctor",
        "check config, environment and endpoints, and say what to do about what it finds",
        "doctor\ndoctor -c configs/vllm.yaml --base-url http://gpu1:8000/v1",
        lambda given: commands.diagnose(_config(given)),
    )
    _config_options(parser)


def _config(given: argparse.Namespace) -> commands.Config:
    return load_config(find_config(given.config, os.environ), _flags(given))


def _preview(subparsers: argparse._SubParsersAction[_Parser]) -> None:
    parser = _command(
        subparsers,
        "preview",
        "plan conversations without asking any model, and show the executed traces",
        "preview\npreview -c configs/bfcl.yaml -n 5",
        lambda given: commands.preview(_config(given), given.n or 3),
    )
    _config_options(parser)


def _estimate(subparsers: argparse._SubParsersAction[_Parser]) -> None:
    parser = _command(
        subparsers,
        "estimate",
        "count requests, tokens and dollars of a run on a small one with the scripted teacher",
        "estimate -c configs/openai.yaml --model gpt-5-mini -n 20000\n"
        "estimate -n 1000 --set 'endpoints.teacher.price={input: 0.25, output: 2}'",
        lambda given: commands.estimate(_config(given), given.sample, given.json),
    )
    _config_options(parser)
    parser.add_argument(
        "--sample", type=int, default=16, metavar="K", help="conversations of the small run"
    )
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def _status(subparsers: argparse._SubParsersAction[_Parser]) -> None:
    parser = _command(
        subparsers,
        "status",
        "print the manifest of a run: counts, funnel, files",
        "status runs/offline",
        lambda given: commands.status(Path(given.run_dir)),
    )
    parser.add_argument("run_dir", metavar="RUN")


def _verify(subparsers: argparse._SubParsersAction[_Parser]) -> None:
    parser = _command(
        subparsers,
        "verify",
        "replay every row's ground truth and recorded calls in fresh environments",
        "verify runs/offline",
        lambda given: anyio.run(commands.verify, Path(given.run_dir)),
    )
    parser.add_argument("run_dir", metavar="RUN")


def _compact(subparsers: argparse._SubParsersAction[_Parser]) -> None:
    parser = _command(
        subparsers,
        "compact",
        "write the Parquet files of a run again from its journal",
        "compact runs/offline",
        lambda given: commands.compact_run(Path(given.run_dir)),
    )
    parser.add_argument("run_dir", metavar="RUN")


def _view(subparsers: argparse._SubParsersAction[_Parser]) -> None:
    parser = _command(
        subparsers,
        "view",
        "show conversations of a run as chats",
        "view runs/offline\nview runs/offline --row 7 --full\nview runs/offline -n 10 | less -R",
        lambda given: commands.view(Path(given.run_dir), given.row, given.n, given.full),
    )
    parser.add_argument("run_dir", metavar="RUN")
    parser.add_argument("--row", type=int, default=0, metavar="I", help="0-based; default 0")
    parser.add_argument("-n", type=int, default=1, metavar="N", help="how many from there on")
    parser.add_argument("--full", action="store_true", help="results and arguments unshortened")


def _report(subparsers: argparse._SubParsersAction[_Parser]) -> None:
    parser = _command(
        subparsers,
        "report",
        "write report.html and README.md of a run again, or measure its data",
        "report runs/offline\nreport --quality runs/offline --against bfcl --logs turns.jsonl\n"
        "report --coverage runs/offline",
        _reported,
    )
    parser.add_argument("run_dir", metavar="RUN")
    parser.add_argument("--quality", action="store_true", help="print the quality card")
    parser.add_argument("--coverage", action="store_true", help="print which tools are reached")
    parser.add_argument("--json", action="store_true", help="print either as JSON")
    parser.add_argument(
        "--logs",
        action="append",
        default=[],
        metavar="FILE",
        help="real user turns to compare with",
    )
    parser.add_argument(
        "--against", action="append", default=[], metavar="B", help="benchmark: bfcl, or a file"
    )


def _reported(given: argparse.Namespace) -> int:
    run_dir = Path(given.run_dir)
    if given.quality or given.logs or given.against:
        return commands.quality(run_dir, given.logs, given.against, given.coverage, given.json)
    if given.coverage:
        return commands.coverage(run_dir, given.json)
    return commands.report_run(run_dir)


def _graph(subparsers: argparse._SubParsersAction[_Parser]) -> None:
    parser = _command(
        subparsers,
        "graph",
        "print the API graph of an environment as JSON, or draw it",
        "graph\ngraph -c configs/bfcl.yaml > graph.json\ngraph --html graph.html\n"
        "graph -c configs/bfcl.yaml --set graph.discover=always --html found.html",
        lambda given: commands.graph(
            _config(given), given.html, given.svg, given.png, given.refresh
        ),
    )
    _config_options(parser)
    parser.add_argument("--html", metavar="FILE", help="a page where an edge shows its evidence")
    parser.add_argument("--svg", metavar="FILE", help="a picture of it")
    parser.add_argument("--png", metavar="FILE", help="the picture as PNG; needs fastsynth[png]")
    parser.add_argument(
        "--refresh", action="store_true", help="probe again where a found graph is kept"
    )


def _serve(subparsers: argparse._SubParsersAction[_Parser]) -> None:
    parser = _command(
        subparsers,
        "serve",
        "run the simulated endpoint with the scripted teacher alone, on loopback",
        "serve --port 8123\nserve --port 8123 --latency-ms 40 --faults faults.yaml\n"
        "serve --port 8123 --slots 64 --decode-rate 2000 --refuse",
        lambda given: commands.serve_endpoint(given),
    )
    parser.add_argument("--port", type=int, required=True, metavar="P", help="0 picks a free one")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--latency-ms", type=float, default=0.0, metavar="L")
    parser.add_argument("--faults", metavar="FILE", help="YAML: fault -> rate")
    batching = parser.add_argument_group("continuous batching, where any is given")
    batching.add_argument("--slots", type=int, metavar="N", help="sequences at once")
    batching.add_argument("--prefill-rate", type=float, metavar="R", help="tokens a second, shared")
    batching.add_argument("--decode-rate", type=float, metavar="R", help="tokens a second, shared")
    batching.add_argument("--kv-tokens", type=int, metavar="T", help="tokens that fit the KV cache")
    batching.add_argument(
        "--refuse", action="store_true", help="answer 429 instead of queueing above the slots"
    )


def _bench(subparsers: argparse._SubParsersAction[_Parser]) -> None:
    parser = _command(
        subparsers,
        "bench",
        "run a benchmark of benchmarks/ and print its JSON rows",
        "bench engine\nbench client --json client.json -- --quick --in-flight 64",
        lambda given: commands.bench(given.name, given.json, given.rest),
    )
    parser.add_argument("name", metavar="NAME", nargs="?", default="engine")
    parser.add_argument("--json", metavar="FILE", help="write the rows there as well")
    parser.add_argument("rest", nargs="*", metavar="OPTION", help="passed on; after --")


if __name__ == "__main__":
    sys.exit(main())
