"""One request over HTTP, by the `openai` package: bytes or a stream of JSON comes back, or a `Fault`.

Its own retries are off, since they would hide from the count of attempts and from the limit of requests under way.
Replies are read here and not by its models, which take almost anything for an answer.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import json
import ssl
import time
import weakref
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Literal

from harness.engines.endpoint.address import Address
from harness.engines.endpoint.faults import Fault, Remedy, fault_of, quote, words_of

Path = Literal["chat/completions", "completions"]
Body = dict[str, Any]

CONNECT_S = 20.0
"""How long a connection may take; what is slower than this is down."""
_LONGEST = 64 * 2**20
"""Bytes of a reply: what is longer is none."""
_LONGEST_REFUSAL = 100_000
"""Bytes that are read of a reply that is no success."""
_SHORTEST_KEY = 16
_LONGEST_NAME = 1_000
"""Characters of a model's name."""
NEEDED = frozenset({"model", "messages", "prompt", "stream"})
"""Parameters that no request can do without."""
DONE = object()
"""What the last event of a stream stands for."""


class Client:
    """Speaks to one server. Many threads may use it at once. `timeout_s`: the longest that one reply may take."""

    def __init__(self, address: Address, timeout_s: float) -> None:
        import openai

        self.address = address
        self._timeout_s = timeout_s
        # Without a key the package wants one all the same; what it then sends is no secret.
        timeout = openai.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s))
        # A key must not follow to where a server sends requests on, and this machine needs no proxy.
        # Certificates, which take long to read, are of use where there is TLS.
        self._http = openai.DefaultHttpxClient(
            follow_redirects=False, trust_env=not address.local, verify=address.url.startswith("https"),
            timeout=timeout, event_hooks={"response": [functools.partial(_no_success, timeout_s)]},
        )  # fmt: skip
        common: dict[str, Any] = {
            "api_key": address.key or "none", "max_retries": 0, "timeout": timeout, "http_client": self._http,
        }  # fmt: skip
        if address.kind == "azure":
            self._openai: openai.OpenAI = openai.AzureOpenAI(
                base_url=address.url, api_version=address.api_version, **common
            )
        else:
            self._openai = openai.OpenAI(base_url=address.url, **common)
        if address.kind != "openai":  # taken from the environment by the package, and of no concern to others
            self._openai.organization = self._openai.project = None
            self._openai._custom_headers = {}
        self._broken = _transport_errors()
        self._finalizer = weakref.finalize(self, self._openai.close)

    def close(self) -> None:
        """Close all connections."""
        self._finalizer()

    def post(self, path: Path, body: Body) -> Any:
        """The JSON of a reply. Raises Fault."""
        with self._asking(path, body) as response:
            content = b"".join(self._pieces(response))
        return self._value(content)

    def rerank(self, body: Body) -> Any:
        """The JSON of a reply to `/rerank`, which the package has no name for. Raises Fault."""
        url, key = f"{self.address.url}/rerank", self.address.key
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        with self._guarded(()), self._http.stream("POST", url, json=body, headers=headers) as response:
            content = b"".join(self._pieces(response))
        return self._value(content)

    def stream(self, path: Path, body: Body) -> Iterator[Any]:
        """The JSON of each event of a streamed reply, up to its `[DONE]` or its end. Raises Fault."""
        with self._asking(path, {**body, "stream": True}) as response:
            for data in _events(self._pieces(response)):
                if data.strip() == "[DONE]":
                    yield DONE
                    return
                yield self._value(data.encode(), "a piece of the stream")

    def models(self) -> list[dict[str, Any]]:
        """What the server lists as its models. Raises Fault."""
        with self._guarded(()), self._openai.models.with_streaming_response.list() as response:
            content = b"".join(self._pieces(response))
        listed = self._value(content)
        rows = listed.get("data") if isinstance(listed, dict) else None
        if not isinstance(rows, list):
            raise Fault("the server's list of models is none", Remedy.OTHER)
        return [row for row in rows if isinstance(row, dict) and _is_name(row.get("id"))]

    @contextlib.contextmanager
    def _asking(self, path: Path, body: Body) -> Iterator[Any]:
        api: Any = self._openai.chat.completions if path == "chat/completions" else self._openai.completions
        asked = "messages" if path == "chat/completions" else "prompt"
        named = {name: body[name] for name in ("model", asked)}
        rest = {name: value for name, value in body.items() if name not in named}
        with (
            self._guarded(body.keys() - NEEDED),
            api.with_streaming_response.create(**named, extra_body=rest) as response,
        ):
            yield response

    @contextlib.contextmanager
    def _guarded(self, sent: Any) -> Iterator[None]:
        """Turn whatever goes wrong with a request into a Fault, which alone is safe to show."""
        import openai

        try:
            yield
        except Fault:
            raise
        except _Refusal as refusal:
            status, headers, body = refusal.args
            fault = fault_of(status, headers, body, sent, self.address, datetime.now(UTC))
        except openai.APITimeoutError:
            fault = self._late()
        except self._broken as error:
            fault = self._unreachable(error)
        else:
            return
        raise fault from None  # what it came of holds the request, and with that the key

    def _pieces(self, response: Any) -> Iterator[bytes]:
        """The bytes of a reply, as long as it is neither too slow nor too long."""
        end, size = time.monotonic() + self._timeout_s, 0
        for piece in response.iter_bytes():
            size += len(piece)
            if time.monotonic() > end:
                raise self._late()
            if size > _LONGEST:
                raise Fault("the server's reply does not end", Remedy.OTHER)
            yield piece

    def _value(self, content: bytes, what: str = "the server's reply") -> Any:
        """The JSON of a reply, which must be no error. Raises Fault.

        A key in it is taken out: replies are kept, and shown. A short one may be any word, and is no secret.
        """
        key = self.address.key or ""
        try:
            text = content.decode("utf-8")
            value = json.loads(text.replace(key, "[hidden]") if len(key) >= _SHORTEST_KEY else text)
        except UnicodeDecodeError:
            raise Fault(f"{what} is not UTF-8") from None
        except (ValueError, RecursionError):
            words = quote(content[:400].decode("utf-8", errors="replace"), self.address)
            raise Fault(f"{what} is no JSON ({words})" if words else f"{what} is empty") from None
        if isinstance(value, dict) and value.get("error"):
            raise self._inner(value)
        return value

    def _inner(self, value: dict[str, Any]) -> Fault:
        """An error that came as a success (HTTP 200)."""
        error = value["error"]
        code = error.get("code") if isinstance(error, dict) else None
        status = int(code) if isinstance(code, int | str) and str(code).isdecimal() else 500
        body = json.dumps(value).encode()
        if 400 <= status < 600:
            fault = fault_of(status, {}, body, (), self.address, datetime.now(UTC))
            if fault.remedy not in (Remedy.AGAIN, Remedy.BUSY):
                return fault
        _, words = words_of(value)
        return Fault(f"the server answers with an error ({quote(words, self.address)})")

    def _late(self) -> Fault:
        return Fault(f"the server does not answer within {self._timeout_s:g} s", Remedy.BUSY)

    def _unreachable(self, error: BaseException) -> Fault:
        chain = list(_causes(error))
        names = " ".join(type(cause).__name__ for cause in chain)
        if "Timeout" in names:
            return self._late()
        if tls := next((cause for cause in chain if isinstance(cause, ssl.SSLError)), None):
            return Fault(f"its TLS fails, or its certificate is not trusted ({tls.reason})", Remedy.NONE)
        if any(word in names for word in ("Read", "Write", "Protocol", "Decod", "Reset", "BrokenPipe")):
            return Fault("the connection broke before the reply ended")
        system = next((cause for cause in chain if isinstance(cause, OSError)), None)
        why = quote(str(system.strerror or ""), self.address) if system else ""
        return Fault(f"the server cannot be reached{f' ({why})' if why else ''}", Remedy.BUSY)


class _Refusal(BaseException):
    """A reply that is no success: its status, its headers, and how its body begins.

    No Exception, so that it passes through the package, which would hold it for a broken connection.
    """


def _no_success(longest_s: float, response: Any) -> None:
    """Reads a reply that is no success, as far as anybody needs it; raises _Refusal with it.

    The package would read it to its end, which may be far away: a server that fails sends what it likes.
    """
    if response.is_success:
        return
    end, body = time.monotonic() + longest_s, b""
    for piece in response.iter_bytes():
        body += piece
        if len(body) >= _LONGEST_REFUSAL or time.monotonic() > end:
            break
    raise _Refusal(response.status_code, response.headers, body[:_LONGEST_REFUSAL])


def _is_name(name: Any) -> bool:
    """Whether a model can be called so: a name is asked for, and written into every manifest."""
    return isinstance(name, str) and bool(name.strip()) and len(name) <= _LONGEST_NAME and name.isprintable()


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and what it came of."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _transport_errors() -> tuple[type[BaseException], ...]:
    """What the HTTP library under the package raises while a reply is read: httpx, or httpx2 in newer releases."""
    import openai

    found: list[type[BaseException]] = [OSError, openai.APIError]
    for name in ("httpx", "httpx2"):
        if importlib.util.find_spec(name):
            module = importlib.import_module(name)
            found += [module.HTTPError, module.StreamError]
    return tuple(found)


def _events(pieces: Iterator[bytes]) -> Iterator[str]:
    """The data of server-sent events. Raises Fault where they are not UTF-8."""
    rest = b""
    lines: list[bytes] = []
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            line = line.rstrip(b"\r")
            if line.startswith(b"data:"):
                lines.append(line[5:].removeprefix(b" "))
            elif not line and lines:
                yield _text(lines)
                lines = []
    if rest.startswith(b"data:"):
        lines.append(rest[5:].strip())
    if lines:
        yield _text(lines)


def _text(lines: list[bytes]) -> str:
    try:
        return b"\n".join(lines).decode("utf-8")
    except UnicodeDecodeError:
        raise Fault("a piece of the stream is not UTF-8") from None
