"""README.md of a run: the dataset card, in the form the Hugging Face hub reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import yaml

from fastsynth.store.manifest import Manifest
from fastsynth.store.portrait import SCRIPTED, Portrait

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))

PAIRS = "preferences.parquet"
_COLUMNS = (
    ("id, schema_version", "stable name of the row; version of these columns"),
    (
        "environment, scenario",
        "where the tools acted, and the initial state (JSON): replays the row",
    ),
    (
        "tools, tools_added",
        "OpenAI tool list as the model saw it (JSON), and tools that came later",
    ),
    (
        "messages",
        "the conversation; `arguments` are JSON strings, reasoning stands apart from content",
    ),
    ("ground_truth, ground_truth_steps", "the right calls of each turn, and how steps group them"),
    (
        "kinds, targets, purposes",
        "per turn: its kind, the tool it was walked to, what the user wants",
    ),
    ("hint_levels, blind_passes, blind_tries", "per turn: help the teacher had; 0 is none"),
    ("num_turns, num_calls, difficulty", "size; distance, provenance of arguments, extra calls"),
    ("teacher, usage", "who wrote it; requests and tokens it took"),
    (
        "goals, provenance, digests, state_check",
        "what was checked, and state digests after each turn",
    ),
    (
        "hinted_reasoning, errors_recovered",
        "steps written under a hint; calls that failed harmlessly",
    ),
    ("votes", "of the judges, where the run asked any: `accept`, and the reason given"),
    (
        "student, student_runs, student_passes, student_tools",
        "of a student model that answered too: passes per turn and per tool; r in `difficulty`",
    ),
    ("language", "ISO 639-1 code of what the user writes in"),
    ("checks", "what else an attempt at a turn is judged by: `fastsynth.reward` reads it (JSON)"),
)


def card(
    name: str,
    manifest: Manifest,
    rows: Portrait,
    created: str = "",
    further: Sequence[tuple[str, str]] = (),
) -> str:
    """Markdown with YAML front matter. The licence is left to whoever publishes it.

    `name` is the run directory's; `created` is an ISO date, "" leaves it out. `further` are
    sections of others: (title, Markdown).
    """
    parts = (
        _front_matter(name, manifest, rows),
        f"# {name}",
        _who(manifest),
        _what(manifest, rows),
        _made(manifest, created),
        _funnel(manifest, rows),
        *(f"## {title}\n\n{inside}" for title, inside in further),
        _columns(),
        _use(name),
        _limitations(manifest, rows),
    )
    return "\n\n".join(parts) + "\n"


def is_scripted(manifest: Manifest) -> bool:
    return manifest.teachers == (SCRIPTED,)


def written_by(manifest: Manifest) -> str:
    """One sentence on who wrote the data, the same wherever it is said."""
    if is_scripted(manifest):
        return "A scripted teacher wrote this data: no model wrote any of it."
    return f"Written by: {', '.join(manifest.teachers) or 'not recorded'}."


def _front_matter(name: str, manifest: Manifest, rows: Portrait) -> str:
    size = next((size for bound, size in _SIZES if rows.rows < bound), "n>1M")
    configs = [{"config_name": "default", "data_files": "data/*.parquet"}]
    if any(file.path == PAIRS and file.rows for file in manifest.files):
        configs.append({"config_name": "preferences", "data_files": PAIRS})
    fields = {
        "pretty_name": name,
        "language": sorted(rows.languages) or ["en"],
        "task_categories": ["text-generation"],
        "tags": ["function-calling", "tool-use", "multi-turn", "synthetic", "fastsynth"],
        "size_categories": [size],
        "configs": configs,
    }
    text = yaml.safe_dump(fields, sort_keys=False, allow_unicode=True)
    note = "# yours to choose; the terms of the teacher's model may bind you"
    return f"---\nlicense: unknown {note}\n{text}---"


def _who(manifest: Manifest) -> str:
    text = f"**{written_by(manifest)}**"
    if is_scripted(manifest):
        text += (
            " Queries, reasoning and answers come from templates over executed traces. It shows and"
            " tests the pipeline; a model trained on it would learn the templates' language."
        )
    return text


def _what(manifest: Manifest, rows: Portrait) -> str:
    turns = rows.turns / rows.rows if rows.rows else 0
    calls = rows.calls / rows.turns if rows.turns else 0
    used = len(rows.tools)
    return (
        f"{rows.rows:,} multi-turn tool-use conversations in `{manifest.environment}`: "
        f"{rows.turns:,} turns ({turns:.2f} a conversation), {rows.calls:,} tool calls "
        f"({calls:.2f} a turn), {used} of the {len(rows.offered | set(rows.tools))} tools "
        "offered are called."
    )


def _made(manifest: Manifest, created: str) -> str:
    when = f" on {created}" if created else ""
    origin = f"fastsynth {manifest.version}{when}, seed {manifest.seed}"
    return (
        "## How it was made\n\n"
        f"By {origin}, after FunReason-MT (arXiv 2510.24645): a trace of "
        "calls is planned on the graph of the tools and executed; a user's query is written from "
        "its goals, without its steps; then a teacher has to reach the same effect from the query "
        "alone, blind first, with hints only where that fails. A turn is kept when the state "
        "of the environment afterwards has the digest of the trace's and every goal was "
        "answered. Rows are unique by content.\n\n"
        f"{_usage(manifest)}"
    )


def _usage(manifest: Manifest) -> str:
    usage = manifest.usage
    return (
        f"It took {usage.requests:,} requests, {usage.prompt_tokens:,} prompt tokens "
        f"({usage.cached_tokens:,} cached) and {usage.completion_tokens:,} completion tokens, "
        f"rejected jobs included; cost: {cost_text(manifest)}."
    )


def cost_text(manifest: Manifest) -> str:
    if manifest.usage.cost_usd is not None:
        return f"${manifest.usage.cost_usd:,.2f}"
    return "none, no model was asked" if is_scripted(manifest) else "price unknown"


def _funnel(manifest: Manifest, rows: Portrait) -> str:
    def lines() -> Iterator[str]:
        yield f"| jobs | | {manifest.ended:,} |"
        for stage, reasons in manifest.funnel.items():
            for reason, count in sorted(reasons.items(), key=lambda item: (-item[1], item[0])):
                yield f"| {stage} | {reason} | {count:,} |"
        if manifest.beyond:
            yield f"| accepted | ran past what was wanted: journal only | {manifest.beyond:,} |"
        if manifest.waiting:
            yield f"| accepted | wait for lower-numbered jobs | {manifest.waiting:,} |"
        yield f"| **in the data** | | **{rows.rows:,}** |"

    table = "\n".join(("| stage | reason | jobs |", "|---|---|---:|", *lines()))
    closing = (
        "`rejects.parquet` holds the rejected jobs among those that the data was drawn from, with "
        "their failed attempts."
    )
    return f"## What was rejected\n\n{table}\n\n{closing}"


def _columns() -> str:
    rows = "\n".join(f"| {names} | {what} |" for names, what in _COLUMNS)
    head = "## Columns\n\nOne row of `data/*.parquet` is one conversation."
    beside = (
        "`attempts.parquet` holds the failed attempts behind these rows. `preferences.parquet` "
        "holds those whose very message was served by another attempt, as pairs: `id`, `turn`, "
        "`prefix` (messages up to the user's), `rejected`, `chosen`, and the `reason`, `detail`, "
        "`level` (help it had; above 0 its words may come from a hint), `progress` (share of "
        "goals reached, where measured) and `source` (`teacher`, or `student` where one answered) "
        "of the rejected one."
    )
    return f"{head}\n\n| column | |\n|---|---|\n{rows}\n\n{beside}"


def _use(name: str) -> str:
    return f"""## Use

```python
import polars
rows = polars.read_parquet("data/*.parquet")

from datasets import load_dataset
rows = load_dataset("parquet", data_files="data/*.parquet", split="train")
```

From the directory above this one, replay every row against a fresh environment, or write the lines
that a trainer reads (`openai`, `trl`, `swift`, `sharegpt`; pairs: `dpo`, `swift-dpo`; `rl`), with a
loss only on what is to be learned, and some conversations held out:

```sh
fastsynth verify {name}
fastsynth export {name} --format trl -o train.jsonl --val val.jsonl
```"""


def _limitations(manifest: Manifest, rows: Portrait) -> str:
    def points() -> Iterator[str]:
        yield (
            "The tools act on made-up worlds; people, bookings and sums in them do not exist."
            if manifest.environment.startswith("world")
            else "Tool results are those of the environment named above, in a frozen state."
        )
        yield "Only what the teacher could solve is here: hard requests are rarer than planned."
        helped = sum(count for level, count in rows.levels.items() if level > 0)
        total = sum(rows.levels.values())
        yield (
            f"{helped:,} of {total:,} turns needed help (hint level 1 or more), and in "
            f"{rows.hinted_steps:,} steps the reasoning was written under it (`hinted_reasoning`)."
        )
        if rows.observed:
            yield (
                f"In {rows.observed:,} rows the state was checked by a fixed battery of reads "
                "only (`state_check: observed`): hidden changes would go unseen."
            )
        if manifest.holes:
            yield f"{len(manifest.holes):,} jobs never came to an outcome; resuming fills them."

    return "## Limitations\n\n" + "\n".join(f"- {point}" for point in points())
