"""Other frameworks for `bench engine -- --peers ...`, each in an environment of its own (`peers`).

The same file is the program that runs in there, so it imports nothing of this project. A few
conversations go first, so that imports are not measured; then CPU time of the process and its
children is taken, and what was asked is counted where it arrived.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from importlib.metadata import version
from itertools import cycle
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from peers import environment, output_of

PACKAGES = {
    "inspect-ai": ("inspect-ai==0.3.285", "openai==3.52.0"),
    "data-designer": ("data-designer==0.9.6",),
}
NAMES = tuple(PACKAGES)
AS_TEXT = ("data-designer",)
"""Peers that are answered in plain text: what they ask is no conversation the endpoint knows."""
WARM = 60
Row = dict[str, Any]
Talk = dict[str, Any]
Run = Callable[[str, list[Talk], int, int, str], int]


def measured(name: str, url: str, talks: Path, calls: int, width: int) -> Row:
    """One run of a peer. Raises Unavailable."""
    with tempfile.TemporaryDirectory() as folder:
        python = str(environment(name, PACKAGES[name]))
        command = [python, __file__, name, url, str(talks), str(calls), str(width), folder]
        row: Row = json.loads(output_of(name, command, folder))
    return row


def of(talks: list[Talk], calls: int) -> Iterator[Talk]:
    """Talks from the first on, and again, until they have so many model calls together."""
    for talk in cycle(talks):
        if calls <= 0:
            return
        calls -= sum(m["role"] == "assistant" for m in talk["messages"])
        yield talk


def inspect_ai(url: str, talks: list[Talk], calls: int, width: int, folder: str) -> int:
    """A Task of one Sample a conversation; its solver says each user message and lets the tools be
    called in a loop, as `generate(tool_calls="loop")` does. Each tool looks its result up."""
    from inspect_ai import Task, eval
    from inspect_ai.dataset import MemoryDataset, Sample
    from inspect_ai.model import ChatMessageSystem, ChatMessageUser
    from inspect_ai.solver import Generate, Solver, TaskState, solver
    from inspect_ai.tool import ToolDef, ToolParams

    chosen = list(of(talks, calls))

    def tools_of(talk: Talk) -> list[Any]:
        results = iter([m["content"] for m in talk["messages"] if m["role"] == "tool"])

        async def looked_up(**kwargs: Any) -> str:
            return str(next(results))

        looked_up.__annotations__ = {"kwargs": Any, "return": str}
        functions = [tool["function"] for tool in talk["tools"]]
        return [
            ToolDef(
                looked_up,
                name=f["name"],
                description=f["description"],
                parameters=ToolParams.model_validate(f["parameters"]),
            ).as_tool()
            for f in functions
        ]

    @solver
    def conversation() -> Solver:
        async def solve(state: TaskState, generate: Generate) -> TaskState:
            talk = chosen[int(state.sample_id) - 1]
            state.tools = tools_of(talk)
            said = [m["content"] for m in talk["messages"] if m["role"] == "user"]
            state.messages = [ChatMessageSystem(content=talk["system"])] if talk["system"] else []
            for text in said:
                state.messages.append(ChatMessageUser(content=text))
                state = await generate(state, tool_calls="loop")
            return state

        return solve

    samples = [Sample(input=t["messages"][0]["content"], id=n) for n, t in enumerate(chosen, 1)]
    (log,) = eval(
        Task(dataset=MemoryDataset(samples), solver=conversation()),
        model="openai-api/loopback/scripted",
        model_base_url=url,
        model_args={"api_key": "none"},
        max_connections=width,
        max_samples=width,
        log_dir=folder,
        display="none",
        ctl_server=False,
        fail_on_error=False,
    )
    return sum(sample.error is not None for sample in log.samples or [])


def data_designer(url: str, talks: list[Talk], calls: int, width: int, folder: str) -> int:
    """A record a conversation, an LLM text column a model call; each column's prompt holds what
    was said and answered before it. Tools stand in the system prompt, results in the seed."""
    import data_designer.config as dd
    import pandas as pd
    from data_designer.interface import DataDesigner

    steps = [sum(m["role"] == "assistant" for m in t["messages"]) for t in talks]
    columns = max(1, round(sum(steps) / len(steps)))
    records = max(1, calls // columns)
    usable = [t for t, n in zip(talks, steps, strict=True) if n >= columns]
    seeds = [seed_of(t, columns) for t, _ in zip(cycle(usable), range(records), strict=False)]
    model = dd.ModelConfig(
        alias="teacher",
        model="scripted",
        provider="loopback",
        skip_health_check=True,
        inference_parameters=dd.ChatCompletionInferenceParams(max_parallel_requests=width),
    )
    builder = dd.DataDesignerConfigBuilder(model_configs=[model])
    builder.with_seed_dataset(dd.DataFrameSeedSource(df=pd.DataFrame(seeds)))
    so_far = ""
    for step in range(columns):
        so_far += f"{{{{ said_{step} }}}}\n"
        builder.add_column(
            dd.LLMTextColumnConfig(
                name=f"reply_{step}",
                model_alias="teacher",
                system_prompt="{{ system }}\n{{ tools }}",
                prompt=so_far,
            )
        )
        so_far += f"{{{{ reply_{step} }}}}\n"
    provider = dd.ModelProvider(name="loopback", endpoint=url, api_key="none")
    designer = DataDesigner(artifact_path=folder, model_providers=[provider])
    designer.set_run_config(dd.RunConfig(otel_metrics_port=None))
    made = designer.create(builder, num_records=records)
    return records - len(made.load_dataset())


def seed_of(talk: Talk, columns: int) -> dict[str, str]:
    """What is said before each model call, by the user or by tools."""
    seed = {"system": talk["system"] or "-", "tools": json.dumps(talk["tools"])}
    step = 0
    for message in talk["messages"]:
        if message["role"] == "assistant":
            step += 1
        elif step < columns:
            name = f"said_{step}"
            seed[name] = seed.get(name, "") + message["content"] + "\n"
    return seed | {f"said_{n}": seed.get(f"said_{n}", "-") for n in range(columns)}


RUN: dict[str, Run] = {"inspect-ai": inspect_ai, "data-designer": data_designer}


def cpu() -> float:
    """Seconds of this process and of its children that have ended."""
    used = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def counts(url: str) -> list[int]:
    with urllib.request.urlopen(url.removesuffix("/v1") + "/counts") as answer:
        found: list[int] = json.load(answer)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description="One framework; see benchmarks/engine.py.")
    parser.add_argument("name", choices=RUN)
    parser.add_argument("url")
    parser.add_argument("talks", type=Path)
    parser.add_argument("calls", type=int)
    parser.add_argument("width", type=int)
    parser.add_argument("folder")
    given = parser.parse_args()
    os.environ["DATA_DESIGNER_HOME"] = os.environ["HOME"] = given.folder
    talks = json.loads(given.talks.read_bytes())
    run = RUN[given.name]
    run(given.url, talks, WARM, given.width, given.folder)
    before, wall, spent = counts(given.url), time.perf_counter(), cpu()
    errors = run(given.url, talks, given.calls, given.width, given.folder)
    spent, wall = cpu() - spent, time.perf_counter() - wall
    asked, prompt, completion = (b - a for a, b in zip(before, counts(given.url), strict=True))
    row = {
        "subject": f"{given.name} {version(given.name)}",
        "cpu_ms_per_request": round(1000 * spent / max(1, asked), 4),
        "requests_per_s": round(asked / wall, 1),
        "errors": errors,
        "requests": asked,
        "prompt_tokens_per_request": round(prompt / max(1, asked)),
        "completion_tokens_per_request": round(completion / max(1, asked)),
    }
    sys.stdout.write("\n" + json.dumps(row) + "\n")


if __name__ == "__main__":
    main()
