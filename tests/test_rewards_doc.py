"""docs/rewards.md and docs/training.md do what they say; TRL's part where TRL is installed."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from running import here

import fastsynth
from fastsynth.method.conversation.rows import turns_of
from fastsynth.records import Conversation, Message

DOCS = Path(__file__).parents[1] / "docs"
SMALL = (
    'GRPOConfig("out", use_cpu=True, bf16=False, max_steps=1, per_device_train_batch_size=2, '
    'num_generations=2, report_to=[], save_strategy="no", '
)
"""Stands for the document's own arguments, for one step on a CPU."""


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)


def block(importing: str) -> str:
    return next(block for block in blocks("rewards.md", "python") if importing in block)


@pytest.fixture
def folder(worlds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a run, its lines for rewards, and no network."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "offline").symlink_to(worlds)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert here("export", worlds, "--format", "rl", "-o", "tasks.jsonl").returncode == 0
    return tmp_path


def test_the_commands_run_as_they_stand(folder: Path) -> None:
    Path("my-model").mkdir()
    Path("my-model", "chat_template.jinja").write_text(TEMPLATE)
    commands = [line for block in blocks("training.md", "") for line in block.splitlines()]
    told = [line for line in commands if line.startswith("fastsynth")]
    for line in told:
        ended = here(*shlex.split(line.replace("RUN", "runs/offline"))[1:])
        assert ended.returncode == 0, ended.stderr

    assert len(told) > 1
    assert (folder / "val.jsonl").read_text().count("\n") >= 1


def test_rewards_come_as_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exec(block('fastsynth.load("runs/offline")'), {})

    assert set(capsys.readouterr().out.splitlines()[::3]) == {"1.0"}


def test_rollouts_are_played_as_shown(folder: Path) -> None:
    shown: dict[str, Any] = {}
    exec(block("def play(row, ask)"), shown)
    exec(block("async def play_async"), shown)
    row = next(fastsynth.load("runs/offline"))

    async def in_a_loop() -> float:
        words = own(row)

        async def ask(messages: Any, tools: Any) -> Message:
            return next(words)

        async with fastsynth.Scorer() as scorer:
            played = await shown["play_async"](scorer, row, ask)
            return float(played)

    words = own(row)
    assert shown["play"](row, lambda messages, tools: next(words)) == 1.0
    assert anyio.run(in_a_loop) == 1.0


def own(row: Conversation) -> Iterator[Message]:
    return (message for message in row.messages if message.role == "assistant")


TEMPLATE = """{%- if tools %}<|im_start|>system
{% for tool in tools %}{{ tool | tojson }}
{% endfor %}<|im_end|>
{% endif %}{% for message in messages %}<|im_start|>{{ message.role }}
{{ message.content }}{% for call in message.tool_calls or [] %}
<tool_call>
{{ call.function | tojson }}
</tool_call>{% endfor %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


@pytest.fixture
def model(folder: Path) -> Path:
    """`my-model`: a random Qwen3 of 50,000 weights, and a tokenizer made from the lines."""
    pytest.importorskip("trl", reason="TRL is not installed: its examples do not run")
    import tokenizers as tk
    import transformers as tf

    bpe = tk.Tokenizer(tk.models.BPE())
    bpe.pre_tokenizer = tk.pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = tk.decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = tk.trainers.BpeTrainer(
        vocab_size=2000,
        special_tokens=special,
        initial_alphabet=tk.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    lines = [line for line in Path("tasks.jsonl").read_text().splitlines() if len(line) < 25_000]
    Path("tasks.jsonl").write_text("\n".join(lines[:8]) + "\n")
    bpe.train_from_iterator([json.dumps(json.loads(line)["prompt"]) for line in lines], trainer)
    tokenizer = tf.PreTrainedTokenizerFast(
        tokenizer_object=bpe,
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        chat_template=TEMPLATE,
    )
    shape = tf.Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        head_dim=8,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    for part in (tokenizer, tf.Qwen3ForCausalLM(shape)):
        part.save_pretrained("my-model")
    return folder / "my-model"


@pytest.mark.parametrize("example", ["def verified(", "def rollouts("])
def test_a_step_of_grpo_is_taken_as_shown(model: Path, example: str) -> None:
    shown: dict[str, Any] = {}
    code = block(example).replace('GRPOConfig("out", ', SMALL)
    exec(re.sub(r"max_completion_length=\w+", "max_completion_length=8", code), shown)
    shown["MOST"] = 8
    shown["trainer"].train()

    (step, *_) = shown["trainer"].state.log_history
    assert 0.0 <= step["reward"] <= 1.2


def written(message: Message) -> str:
    calls = [
        {"name": call.name, "arguments": json.loads(call.arguments)} for call in message.tool_calls
    ]
    marked = "".join(f"<tool_call>\n{json.dumps(call)}\n</tool_call>" for call in calls)
    return (message.content or "") + marked


def test_only_what_the_model_says_is_learned_of_a_rollout(model: Path) -> None:
    shown: dict[str, Any] = {}
    exec(block("def rollouts(").partition("\nargs = ")[0], shown)
    said = {}
    for line in map(json.loads, Path("tasks.jsonl").read_text().splitlines()):
        row = next(row for row in fastsynth.load("runs/offline") if row.id == line["id"])
        (_, *messages) = list(turns_of(row.messages))[line["turn"]]
        words = [written(message) for message in messages if message.role == "assistant"]
        said[f"{row.id} turn {line['turn']}"] = words
    decode: Callable[[Any], str] = shown["tokenizer"].decode
    told = {name: iter(words) for name, words in said.items()}

    def generate(asked: list[list[int]], *_: Any) -> tuple[list[list[int]], None]:
        """Says what each row says next: prompts come in order, those that ended left out."""
        texts = [next(words) for words in told.values() if words.__length_hint__()]
        ids = [shown["tokenizer"](text + "<|im_end|>").input_ids for text in texts]
        assert len(ids) == len(asked)
        return ids, None

    out = shown["rollouts"](list(said), SimpleNamespace(_generate_single_turn=generate))

    assert out["verified"] == [1.2] * len(said)
    for ids, mask, words in zip(out["completion_ids"], out["env_mask"], said.values(), strict=True):
        own_ids = [token for token, learned in zip(ids, mask, strict=True) if learned]
        assert decode(own_ids) == "".join(f"{text}<|im_end|>" for text in words)
        assert decode(ids).count("<|im_start|>assistant") == len(words) - 1
