"""Parsers of what comes after a run: `status verify compact view export report`."""

from __future__ import annotations

import argparse
from pathlib import Path

from fastsynth.parsers.command import Subparsers, command


def add_status(subparsers: Subparsers) -> None:
    parser = command(
        subparsers,
        "status",
        "print where a run stands, also while it is under way: counts, funnel, files",
        "status runs/offline\nstatus runs/offline --json | jq .accepted",
        _told,
    )
    parser.add_argument("run_dir", metavar="RUN")
    parser.add_argument("--json", action="store_true", help="one object, as of generate --json")


def _told(given: argparse.Namespace) -> int:
    from fastsynth.commands.manifests import status

    return status(Path(given.run_dir), given.json)


def add_verify(subparsers: Subparsers) -> None:
    parser = command(
        subparsers,
        "verify",
        "replay every row's ground truth and recorded calls in fresh environments",
        "verify runs/offline",
        _verified,
    )
    parser.add_argument("run_dir", metavar="RUN")


def _verified(given: argparse.Namespace) -> int:
    from fastsynth.commands.rows import verify

    return verify(Path(given.run_dir))


def add_compact(subparsers: Subparsers) -> None:
    parser = command(
        subparsers,
        "compact",
        "write the Parquet files of a run again from its journal",
        "compact runs/offline\ncompact --partial runs/killed",
        _compacted,
    )
    parser.add_argument("run_dir", metavar="RUN")
    parser.add_argument(
        "--partial",
        action="store_true",
        help="of a run that has not ended: with accepted conversations that jobs still open may "
        "keep out; counted in manifest.json, decided by a resume",
    )


def _compacted(given: argparse.Namespace) -> int:
    from fastsynth.commands.rows import compact_run

    return compact_run(Path(given.run_dir), given.partial)


def add_view(subparsers: Subparsers) -> None:
    parser = command(
        subparsers,
        "view",
        "show conversations of a run as chats",
        "view runs/offline\nview runs/offline --row 7 --full\nview runs/offline -n 10 | less -R",
        _viewed,
    )
    parser.add_argument("run_dir", metavar="RUN")
    parser.add_argument("--row", type=int, default=0, metavar="I", help="0-based; default 0")
    parser.add_argument("-n", type=int, default=1, metavar="N", help="how many from there on")
    parser.add_argument("--full", action="store_true", help="results and arguments unshortened")


def _viewed(given: argparse.Namespace) -> int:
    from fastsynth.commands.rows import view

    return view(Path(given.run_dir), given.row, given.n, given.full)


def add_export(subparsers: Subparsers) -> None:
    parser = command(
        subparsers,
        "export",
        "write the conversations as lines of JSON that a trainer reads",
        "export runs/offline --format trl -o train.jsonl\n"
        "export runs/offline --format openai --no-hinted -o train.jsonl\n"
        "export runs/offline --format sharegpt --by step -o train.jsonl\n"
        "export runs/offline --format dpo --by step -o pairs.jsonl\n"
        "export runs/offline --format rl -o tasks.jsonl\n"
        "export runs/offline --format trl -o train.jsonl --val val.jsonl --val-share 0.1\n"
        "export runs/offline --format trl --template my-model -o train.jsonl\n"
        "export runs/offline --format swift | head -1",
        _exported,
    )
    parser.add_argument("run_dir", metavar="RUN")
    parser.add_argument(
        "--format",
        required=True,
        choices=("openai", "trl", "swift", "sharegpt", "dpo", "swift-dpo", "rl"),
        help="openai: fine-tuning files; trl: prompt and completion; swift: ms-swift's agent form; "
        "sharegpt: LLaMA-Factory's; dpo, swift-dpo: preference pairs for TRL and ms-swift; rl: for "
        "each turn, or for all, a prompt, its tools and the task that `fastsynth.reward` judges by",
    )
    parser.add_argument("-o", "--out", metavar="FILE", help="default: stdout")
    parser.add_argument(
        "--by",
        choices=("conversation", "turn", "step"),
        help="step: a line for each message that is learned, which ends there; of pairs: only the "
        "first message in which they differ; turn, of rl alone: its default, a line for each turn; "
        "else the default is conversation",
    )
    parser.add_argument(
        "--reasoning",
        choices=("field", "think", "none"),
        help="reasoning_content, <think> in the content, or left out; default: as the format does",
    )
    parser.add_argument(
        "--no-hinted",
        action="store_true",
        help="without conversations that hold reasoning written under a hint",
    )
    parser.add_argument(
        "--val",
        metavar="FILE",
        help="hold some conversations out, into this file: none that shares its initial state, its "
        "twin or its order of calls with one in --out; the same ones in every format",
    )
    parser.add_argument(
        "--val-share",
        type=float,
        default=0.05,
        metavar="S",
        help="how many at most, of all conversations; default 0.05",
    )
    parser.add_argument(
        "--template",
        metavar="PATH",
        help="of openai and trl: render each line by a model's chat template (its folder, "
        "tokenizer_config.json or chat_template.jinja), read it back, and leave out what is lost",
    )


def _exported(given: argparse.Namespace) -> int:
    from fastsynth.commands.exports import export

    paths = (given.out, given.val, given.template)
    out, val, template = (Path(path) if path else None for path in paths)
    return export(
        Path(given.run_dir),
        given.format,
        out,
        given.by,
        given.reasoning,
        given.no_hinted,
        val,
        given.val_share,
        template,
    )


def add_report(subparsers: Subparsers) -> None:
    parser = command(
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
    from fastsynth.commands.cards import coverage, quality, report_run

    run_dir = Path(given.run_dir)
    if given.quality or given.logs or given.against:
        return quality(run_dir, given.logs, given.against, given.coverage, given.json)
    if given.coverage:
        return coverage(run_dir, given.json)
    return report_run(run_dir)
