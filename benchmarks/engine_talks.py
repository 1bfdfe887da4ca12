"""The model of `bench engine -- --peers`: the simulated endpoint, which counts what it is asked.

Without talks it is the scripted teacher. With them it plays finished conversations: it answers with
the message that came next (found by the first user message and the length so far); what belongs to
none gets 400. With `--text` it gives the same replies in turn, as text, to whatever it is asked.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import msgspec
from aiohttp import web

from fastsynth.errors import FastsynthError
from fastsynth.records import Conversation, Message, encode
from fastsynth.sim import api
from fastsynth.sim.server import HOST, Options, Server
from fastsynth.store.compact import read_rows

OTHERS_KEPT = 0.5
"""Share of the tools on show that no call names. Ours asks a third of its requests without tools;
with this share the others' requests are about as long on average."""


class Talk(msgspec.Struct, frozen=True):
    """One conversation as others take it: OpenAI's messages and tools."""

    system: str
    tools: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    """Without the system message; `reasoning` beside `content`."""


def write_talks(run_dir: Path, path: Path) -> None:
    """The run's conversations whose tools stay the same and that begin like no other."""
    known: dict[str, Talk] = {}
    for row in read_rows(run_dir):
        if not row.tools_added:
            talk = _talk(row)
            known.setdefault(talk.messages[0]["content"], talk)
    path.write_bytes(encode(list(known.values())))


def _talk(row: Conversation) -> Talk:
    said = [m for m in row.messages if m.role != "system"]
    system = next((m.content or "" for m in row.messages if m.role == "system"), "")
    named = {call.name for message in said for call in message.tool_calls}
    tools = json.loads(row.tools)
    others = [tool for tool in tools if tool["function"]["name"] not in named]
    left_out = others[int(OTHERS_KEPT * len(others)) :]
    return Talk(system, [t for t in tools if t not in left_out], [_openai(m) for m in said])


def _openai(message: Message) -> dict[str, Any]:
    form: dict[str, Any] = {"role": message.role, "content": message.content or ""}
    if message.reasoning:
        form["reasoning"] = message.reasoning
    if message.tool_calls:
        form["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.tool_calls
        ]
    if message.tool_call_id:
        form["tool_call_id"] = message.tool_call_id
    return form


class Player(Server):
    """The simulated endpoint; recorded replies, where there are some, in place of the teacher."""

    def __init__(self, talks: Sequence[Talk] = (), *, text: bool = False) -> None:
        super().__init__(Options())
        self.replies = {
            (talk.messages[0]["content"], place): _spoken(message)
            for talk in talks
            for place, message in enumerate(talk.messages)
            if message["role"] == "assistant"
        }
        self.texts = [_as_text(spoken) for spoken in self.replies.values()] if text else []
        self.prompt = self.completion = 0

    def _speak(self, asked: api.ChatRequest) -> api.Spoken:
        if not self.replies:
            return super()._speak(asked)
        if self.texts:
            return self.texts[self.requests % len(self.texts)]
        said = [m for m in api.messages_of(asked) if m.role != "system"]
        reply = self.replies.get((said[0].text, len(said)))
        if reply is None:
            raise FastsynthError(f"no conversation has {len(said)} messages after {said[0].text!r}")
        return reply

    def _tokens(self, asked: api.ChatRequest, spoken: api.Spoken) -> api.Tokens:
        tokens = super()._tokens(asked, spoken)
        self.prompt += tokens.prompt
        self.completion += tokens.completion
        return tokens

    async def counted(self, _: web.Request) -> web.Response:
        counts = [self.requests, self.prompt, self.completion]
        return web.Response(body=encode(counts), content_type="application/json")


def _spoken(message: dict[str, Any]) -> api.Spoken:
    calls = [call["function"] for call in message.get("tool_calls", ())]
    return api.Spoken(
        content=message["content"] or None,
        reasoning=message.get("reasoning", ""),
        calls=tuple(api.Function(call["name"], call["arguments"]) for call in calls),
    )


def _as_text(spoken: api.Spoken) -> api.Spoken:
    calls = [f"{call.name}({call.arguments})" for call in spoken.calls]
    return api.Spoken(content="\n".join([spoken.content or "", *calls]), reasoning=spoken.reasoning)


async def _serve(player: Player) -> None:
    app = player.app()
    app.router.add_get("/counts", player.counted)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True)
    await runner.setup()
    await web.TCPSite(runner, HOST, 0, backlog=4096).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await anyio.sleep_forever()


@contextmanager
def playing(talks: Path | None = None, *, text: bool = False) -> Iterator[str]:
    """In a process of its own; gives its address up to `/v1`."""
    command = [sys.executable, __file__, *([str(talks)] if talks else []), *["--text"] * text]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://{HOST}:{int(process.stdout.readline())}/v1"
        finally:
            process.terminate()


def counts(url: str) -> tuple[int, int, int]:
    """Requests, prompt tokens and completion tokens so far."""
    with urllib.request.urlopen(url.removesuffix("/v1") + "/counts") as answer:
        requests, prompt, completion = json.load(answer)
    return requests, prompt, completion


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("talks", type=Path, nargs="?", help="as `write_talks` left them")
    parser.add_argument("--text", action="store_true")
    given = parser.parse_args()
    known = given.talks.read_bytes() if given.talks else b"[]"
    talks = msgspec.json.decode(known, type=list[Talk])
    anyio.run(_serve, Player(talks, text=given.text))


if __name__ == "__main__":
    main()
