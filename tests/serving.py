"""`transformers serve` over a local model, on loopback: a real OpenAI-compatible server, started and stopped by tests.

What it does (transformers 5.24), beside what OpenAI's does: it refuses parameters that OpenAI does not have (422) but
for `chat_template_kwargs`, and passes over some that it knows and does not honour (`response_format`, `logprobs`,
`echo`). A server that is pinned to a folder lists it under the name it was started with, so it is started beside the
folder and knows no path. Streams end with why they ended and the count of tokens in one piece, and with no `[DONE]`.
Stop texts are left in the answer. An empty list of them is HTTP 500. Requests are answered one after another. It does
not say how long a prompt may be, and reads any. With a system message it answers token for token as the local engine.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

_STARTING_S, _STOPPING_S = 180.0, 15.0


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class TransformersServe:
    """The server, as a context manager. `log`: where its output goes."""

    model: Path
    log: Path
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def reference(self) -> str:
        """What a person would give to --model."""
        return f"{self.url}#{self.model.name}"

    def start(self) -> Self:
        """Listen, on the same port as before, with the weights read."""
        command = [sys.executable, "-m", "transformers.cli.transformers", "serve", self.model.name]
        command += ["--host", "127.0.0.1", "--port", str(self.port), "--device", "cpu", "--dtype", "float32"]
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "ignore"}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.model.parent,
                env=environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
            )
        end = time.monotonic() + _STARTING_S
        while not self._listens():
            if self._process.poll() is not None or time.monotonic() > end:
                said = self.log.read_text(encoding="utf-8", errors="replace")[-2000:]
                self.stop()
                raise AssertionError(f"transformers serve did not start:\n{said}")
            time.sleep(0.2)
        return self

    def _listens(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5) as reply:
                return bool(reply.status == 200)
        except (OSError, urllib.error.URLError):
            return False

    def kill(self) -> None:
        """Be gone at once, in the middle of whatever is under way."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(_STOPPING_S)
            self._process = None

    def stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOPPING_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exception: object) -> None:
        self.stop()
