"""A server of our own on loopback that answers as it is told to, for the faults that a real one shows too rarely.

    with ScriptedServer(lambda messages: "Paris") as server:
        server.faults.append(status(429, retry_after="2"))     # the next request meets it; the ones after are answered
        engine = open_endpoint(ModelEntry(model=server.reference), …)

It keeps what it was asked (`server.asked`, bodies in the order of their arrival). Faults are taken one a request, first
in, first out; `server.always` meets every request. A fault is a function that writes to the request's handler, so a
test can bring its own.
"""

from __future__ import annotations

import contextlib
import http.server
import json
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

Body = dict[str, Any]
Reply = Callable[[list[dict[str, str]]], str]
"""The messages of a request (of a text completion, one message) → what is answered."""


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection. HTTP/1.1, since a client that keeps its connections open meets other faults than one that does
    not."""

    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_args: Any) -> None:
        pass

    def do_GET(self) -> None:
        script = self.server.script
        script.got.append(self.path)
        self.headers_seen()
        if fault := script.next_get_fault():
            return fault(self, {})
        return self.send_json({"object": "list", "data": script.models})

    def do_POST(self) -> None:
        script = self.server.script
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.headers_seen()
        with script.under_way():
            fault = script.take(self.path, body)
            if fault is not None:
                return fault(self, body)
            return script.answer(self, body)

    def headers_seen(self) -> None:
        self.server.script.headers.append({name.lower(): value for name, value in self.headers.items()})

    def send_json(self, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        self.send_bytes(json.dumps(value).encode(), status, headers)

    def send_bytes(
        self,
        content: bytes,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        kind: str = "application/json",
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def send_events(self, events: list[Any], *, done: bool = True) -> None:
        """Stream events, and end the connection: without `done` before the stream says that it is over."""
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        for event in events:
            data = event if isinstance(event, str) else json.dumps(event)
            self.wfile.write(f"data: {data}\n\n".encode())
            self.wfile.flush()
        if done:
            self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True


Fault = Callable[[Handler, Body], None]


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    allow_reuse_address = True
    script: ScriptedServer

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._open: list[socket.socket] = []

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.append(request)
        super().process_request(request, client_address)

    def hang_up(self) -> None:
        """End the connections that are open, which outlive `shutdown`."""
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves is what some tests are about."""


@dataclass
class ScriptedServer:
    """The server, as a context manager. `most`: the most requests that were under way at once."""

    reply: Reply
    models: list[Body] = field(
        default_factory=lambda: [{"id": "served", "object": "model", "max_model_len": 4096}]
    )
    faults: deque[Fault] = field(default_factory=deque)
    """What the next requests meet."""
    get_faults: deque[Fault] = field(default_factory=deque)
    always: Fault | None = None
    usage: Callable[[str, str], Any] | None = None
    """Prompt and reply → what is said of their tokens; None: words. One that gives None says nothing."""
    asked: list[Body] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    got: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    most: int = 0
    port: int = 0
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _server: _Server | None = None
    _thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def reference(self) -> str:
        """What a person would give to --model."""
        return f"{self.url}#{self.models[0]['id']}" if self.models else self.url

    def start(self) -> Self:
        """Listen, on the port of before if there was one."""
        self._server = _Server(("127.0.0.1", self.port), Handler)
        self._server.script = self
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Be gone: connections are refused until `start`."""
        if self._server is not None:
            assert self._thread is not None
            self._server.shutdown()
            self._server.hang_up()
            self._server.server_close()
            self._thread.join()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    # Called by handlers

    @contextlib.contextmanager
    def under_way(self) -> Iterator[None]:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            yield
        finally:
            with self._lock:
                self._now -= 1

    def take(self, path: str, body: Body) -> Fault | None:
        with self._lock:
            self.asked.append(body)
            self.paths.append(path)
            return self.always or (self.faults.popleft() if self.faults else None)

    def next_get_fault(self) -> Fault | None:
        with self._lock:
            return self.get_faults.popleft() if self.get_faults else None

    def answer(self, handler: Handler, body: Body) -> None:
        """As a server answers that has no faults."""
        prompt = body.get("messages") or [{"role": "user", "content": str(body["prompt"])}]
        text = self.reply(prompt)
        words = " ".join(message["content"] for message in prompt)
        usage = self.usage(words, text) if self.usage else usage_of(words, text)
        if body.get("stream"):
            handler.send_events(events_of(text, usage if body.get("stream_options") else None))
        elif "messages" in body:
            handler.send_json(reply_body(text, usage))
        else:
            choice = {"index": 0, "text": text, "finish_reason": "stop"}
            handler.send_json({"object": "text_completion", "choices": [choice], "usage": usage})


def usage_of(prompt: str, reply: str) -> Body:
    read, written = len(prompt.split()), len(reply.split()) + 1
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def reply_body(text: str, usage: Any = None, finish: str | None = "stop", **more: Any) -> Body:
    message = {"role": "assistant", "content": text, **more}
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {"object": "chat.completion", "choices": [choice], **({"usage": usage} if usage else {})}


def chunk(finish: str | None = None, **delta: Any) -> Body:
    """An event of a streamed conversation."""
    return {
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }


def events_of(text: str, usage: Any = None) -> list[Body]:
    """A reply word by word: the role alone, the words, why it ended, and what it was in tokens."""
    words = [word if not place else f" {word}" for place, word in enumerate(text.split(" "))] if text else []
    last = [{"object": "chat.completion.chunk", "choices": [], "usage": usage}] if usage else []
    return [chunk(role="assistant"), *(chunk(content=word) for word in words), chunk("stop"), *last]


# Faults


def status(
    number: int, message: str = "no", *, headers: Mapping[str, str] | None = None, **error: Any
) -> Fault:
    """An error with its status, in OpenAI's form."""
    body = {"error": {"message": message, "type": "error", **error}}
    return lambda handler, _body: handler.send_json(body, number, headers)


def plainly(content: bytes | str, code: int = 200) -> Fault:
    """Anything at all."""
    raw = content.encode() if isinstance(content, str) else content
    return lambda handler, _body: handler.send_bytes(raw, code)


def answering(body: Any) -> Fault:
    """A JSON body as a success."""
    return lambda handler, _body: handler.send_json(body)


def streaming(events: list[Any], *, done: bool = True) -> Fault:
    """These events, and then the end of the connection."""
    return lambda handler, _body: handler.send_events(events, done=done)


def hang(until: threading.Event) -> Fault:
    """No answer until the test is over."""

    def wait(handler: Handler, _body: Body) -> None:
        until.wait(30)
        handler.close_connection = True

    return wait


def hang_up(handler: Handler, _body: Body) -> None:
    """The connection ends without a word."""
    handler.close_connection = True


def endless(code: int = 200) -> Fault:
    """A body that goes on for as long as somebody reads it."""

    def send(handler: Handler, _body: Body) -> None:
        handler.send_response(code)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.close_connection = True
        with contextlib.suppress(OSError):
            while True:
                handler.wfile.write(b" " * 65536)

    return send


def refuse(parameter: str, code: int = 400) -> Fault:
    """Answer only requests without a parameter."""

    def check(handler: Handler, body: Body) -> None:
        if parameter not in body:
            return handler.server.script.answer(handler, body)
        message = f"Unsupported parameter: '{parameter}' is not supported with this model."
        return status(code, message, param=parameter, code="unsupported_parameter")(handler, body)

    return check
