"""What a request looks like to a server: every setting that shapes decoding is sent, since servers have defaults of
their own (vLLM those of the model's `generation_config.json`), and what a server refuses is left out from then on.

No server takes all of it. OpenAI's reasoning models want `max_completion_tokens` and refuse `temperature`; others
refuse whatever OpenAI does not have. That shows at the first request, is said once, and stands in the manifest.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from harness.engines.conventions import folded
from harness.engines.endpoint.address import Address, Kind
from harness.engines.endpoint.client import Body
from harness.engines.endpoint.faults import SYSTEM
from harness.engines.endpoint.holding import response_format
from harness.engines.engine import Decoding, Request

MOST_STOPS = 4
"""More stop texts are refused by OpenAI; the reply is cut here all the same."""
GREEDY: Body = {"temperature": 0, "top_p": 1, "seed": 0, "frequency_penalty": 0, "presence_penalty": 0}
EXTRA: dict[Kind, Body] = {
    # What servers of open models take beyond OpenAI's: a penalty that a model's own settings may hold, and no thoughts.
    "http": {"repetition_penalty": 1.0, "chat_template_kwargs": {"enable_thinking": False}},
    # Ollama passes over what it does not know, and turns thinking off by this alone.
    "ollama": {"reasoning_effort": "none"},
    "openai": {},
    "azure": {},
}
_OF_CONVERSATIONS = ("chat_template_kwargs", "reasoning_effort", "response_format")
_RENAMED = {"max_tokens": "max_completion_tokens"}
_NEEDED = ("max_completion_tokens", "response_format")


class Dialect:
    """How one server is spoken to. Many threads may use it at once. `note`: tells the user."""

    def __init__(
        self, address: Address, note: Callable[[str], None], *, structured: bool, folds: bool
    ) -> None:
        self._name, self._note, self._structured = address.model, note, structured
        self._extra = EXTRA[address.kind]
        self._folds = folds
        self._lock = threading.Lock()
        self._dropped: dict[str, str | None] = {}
        """Parameter → what it is called instead; None: left out."""

    @property
    def unsent(self) -> tuple[str, ...]:
        """The parameters that the server refuses, and that are left out."""
        with self._lock:
            return tuple(sorted(name for name, other in self._dropped.items() if other is None))

    def chat(self, request: Request, model: str) -> Body:
        """The body of a request for a reply in a conversation."""
        assert not isinstance(request.prompt, str)
        turns = folded(request.prompt) if self._folds else request.prompt
        messages = [{"role": turn.role, "content": turn.content} for turn in turns]
        if request.unique is not None:
            messages[0]["content"] = f"{request.unique}\n{messages[0]['content']}"
        body = {"model": model, "messages": messages, **self._decoded(request.decoding), **self._extra}
        if request.decoding.form:
            body["response_format"] = response_format(request.decoding.form)
        elif self._structured and request.decoding.json:
            body["response_format"] = {"type": "json_object"}
        return self._taken(body)

    def text(self, request: Request, model: str) -> Body:
        """The body of a request for what follows a plain text."""
        assert isinstance(request.prompt, str)
        prompt = request.prompt if request.unique is None else f"{request.unique}\n{request.prompt}"
        extra = {name: value for name, value in self._extra.items() if name not in _OF_CONVERSATIONS}
        return self._taken({"model": model, "prompt": prompt, **self._decoded(request.decoding), **extra})

    def streamed(self, body: Body) -> Body:
        """The same request, answered piece by piece, with a count of its tokens at the end."""
        return {**body, **self._taken({"stream_options": {"include_usage": True}})}

    def without(self, parameter: str, reason: str) -> bool:
        """Leave a parameter out from now on, or call it by its other name; False where no request can do without it.

        `reason`: a clause with what the server says.
        """
        with self._lock:
            if parameter in _NEEDED:
                return False
            known = parameter in self._dropped
            self._dropped[parameter] = _RENAMED.get(parameter)
            self._folds = self._folds or parameter == SYSTEM
        if not known:
            other = _RENAMED.get(parameter)
            done = f"it is sent as {other}" if other else "it is left out of all requests"
            if parameter == SYSTEM:
                done = "its text stands before the first question instead"
            self._note(f"{self._name}: {reason}; {done}.")
        return True

    @staticmethod
    def _decoded(decoding: Decoding) -> Body:
        stop = list(dict.fromkeys(text for text in decoding.stop if text))[:MOST_STOPS]
        return {**GREEDY, "max_tokens": decoding.most, **({"stop": stop} if stop else {})}

    def _taken(self, body: Body) -> Body:
        """The body with what the server takes, by the names that it knows."""
        with self._lock:
            dropped = dict(self._dropped)
        taken: dict[str, Any] = {}
        for name, value in body.items():
            other = dropped.get(name, name)
            if other is not None:
                taken[other] = value
        return taken
