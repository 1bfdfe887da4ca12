"""The server that clients are measured against: faster than any of them, the same bytes each time.

nginx where it is installed (Debian's nginx-light), else a small `asyncio.Protocol`, in a process of
its own. Requests are 6 KB with 8 tools, replies 1.2 KB.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import anyio

from fastsynth.llm.transport import raise_file_limit
from fastsynth.llm.wire import Transcript
from fastsynth.records import Message, encode

Kind = Literal["nginx", "asyncio"]
FILES = 8192
WORDS = "Look at what the account holds, then book the cheapest connection that still fits. "
TOOLS = encode(
    [
        {
            "type": "function",
            "function": {
                "name": f"tool_{n}",
                "description": WORDS * 3,
                "parameters": {
                    "type": "object",
                    "properties": {
                        f"p{k}": {"type": "string", "description": "an id or a name"}
                        for k in range(5)
                    },
                    "required": ["p0"],
                },
            },
        }
        for n in range(8)
    ]
)
CALL = {"id": "call_1", "type": "function", "function": {"name": "tool_1", "arguments": "{}"}}
REPLY = encode(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "teacher",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": None,
                    "reasoning_content": WORDS * 10,
                    "tool_calls": [CALL],
                },
                "finish_reason": "tool_calls",
            }
        ],
        "usage": {"prompt_tokens": 1500, "completion_tokens": 180, "total_tokens": 1680},
    }
)
MESSAGES = (
    Message(role="system", content=WORDS * 8),
    Message(role="user", content=WORDS),
)


def events() -> bytes:
    """The same reply in chunks: one for each token of the reasoning, as vLLM sends them."""
    text, size = WORDS * 10, -(-len(WORDS * 10) // 170)
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"reasoning_content": text[n : n + size]} for n in range(0, len(text), size)]
    deltas.append({"tool_calls": [{"index": 0, **CALL}]})
    envelope = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "teacher"}
    chunks: list[dict[str, Any]] = [{"choices": [{"index": 0, "delta": d}]} for d in deltas]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
    chunks.append({"choices": [], "usage": {"prompt_tokens": 1500, "completion_tokens": 180}})
    lines = [b"data: " + encode({**envelope, **chunk}) + b"\n\n" for chunk in chunks]
    return b"".join(lines) + b"data: [DONE]\n\n"


def http(kind: bytes, content: bytes) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n"
    return head % (kind, len(content)) + content


class Canned(asyncio.Protocol):
    """Answers each complete request with the same bytes; reads nothing but its length, and whether
    it wants a stream."""

    answer = http(b"application/json", REPLY)
    streamed = http(b"text/event-stream", events())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            mark = head.find(b"content-length:")
            size = int(head[mark + 15 :].split(b"\r\n", 1)[0]) if mark >= 0 else 0
            if len(self.buffer) < end + 4 + size:
                return
            wants_stream = self.buffer.find(b'"stream":true', end, end + 4 + size) >= 0
            self.buffer = self.buffer[end + 4 + size :]
            answer = self.streamed if wants_stream else self.answer
            self.transport.write(answer)  # type: ignore[attr-defined]


async def serve() -> None:
    raise_file_limit(FILES)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Canned, "127.0.0.1", 0, backlog=4096)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


def body() -> bytes:
    """The request of those who do not build one themselves."""
    messages = Transcript(MESSAGES).encoded()
    return b'{"model":"teacher","max_tokens":2048,"messages":%b,"tools":%b}' % (messages, TOOLS)


def answer_size(host: str, port: int, request: bytes) -> int:
    """Bytes of one answer, head and body: all are of one length."""
    with socket.create_connection((host, port)) as connection:
        connection.sendall(request)
        found = b""
        while (end := found.find(b"\r\n\r\n")) < 0 or len(found) < end + 4 + len(REPLY):
            found += connection.recv(1 << 16)
    return len(found)


NGINX = """\
daemon off; worker_processes 1; pid nginx.pid; error_log stderr crit; worker_rlimit_nofile FILES;
events { worker_connections FILES; }
http {
  access_log off; default_type application/json; keepalive_requests 1000000000;
  client_body_buffer_size 64k; client_max_body_size 16m; client_body_temp_path body;
  proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {
    listen 127.0.0.1:PORT backlog=4096 reuseport;
    location / { return 200 'REPLY'; }
  }
}
"""


@contextmanager
def server(kind: Kind | None = None) -> Iterator[tuple[str, Kind]]:
    """Gives its address up to `/v1`, and which one it is; None: the fastest there is."""
    kind = kind or ("nginx" if shutil.which("nginx", path=_SEARCHED) else "asyncio")
    with _nginx() if kind == "nginx" else _canned() as port:
        yield f"http://127.0.0.1:{port}/v1", kind


_SEARCHED = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"


@contextmanager
def _nginx() -> Iterator[int]:
    program = shutil.which("nginx", path=_SEARCHED)
    assert program is not None, "nginx is not installed"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    assert b"'" not in REPLY
    assert b"$" not in REPLY
    text = NGINX.replace("FILES", str(FILES)).replace("PORT", str(port))
    with tempfile.TemporaryDirectory() as folder:
        conf = Path(folder) / "nginx.conf"
        conf.write_text(text.replace("REPLY", REPLY.decode().replace("\\", "\\\\")))
        with subprocess.Popen([program, "-p", folder, "-c", str(conf)]) as process:
            try:
                _wait_for(port, process)
                yield port
            finally:
                process.terminate()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.02)
    raise SystemExit("nginx does not start; --server asyncio goes without it")


@contextmanager
def _canned() -> Iterator[int]:
    command = [sys.executable, __file__]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


if __name__ == "__main__":
    anyio.run(serve)
