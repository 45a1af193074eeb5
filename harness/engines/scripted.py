"""An engine that answers from a script: no weights, no waiting. For tests, and for trying a task file out.

`--model scripted:FILE` reads lines of JSON, `{"when": "capital of France", "reply": "Paris"}`: the first line whose
`when` stands in the prompt gives the reply; without one the reply is empty. Tokens are words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from harness.engines.chat import marked
from harness.engines.engine import (
    Ability,
    AdapterRef,
    Clock,
    Completion,
    EngineIdentity,
    LoadFacts,
    Message,
    PromptFacts,
    RenderedPrompt,
    Request,
    TimedCompletion,
)
from harness.errors import InputError
from harness.files import Source, numbered_lines, read_source, sha256_text
from harness.records import TemplateFacts
from harness.spec.forms import AnswerForm, fits_form

REPLIES = "replies.json"
"""What an adapter of a scripted engine is: the seed, and question as it was trained on → reply."""

Script = Callable[[str, AdapterRef | None], str]
"""The text of a prompt and the adapter in use → the reply."""


class ScriptedEngine:
    """Implements `Engine` over a function from prompts to replies."""

    abilities = frozenset({Ability.SCORE, Ability.RENDER, Ability.COUNT, Ability.EXACT})
    concurrency = 1
    window = 100_000

    def __init__(
        self, script: Script, identity: EngineIdentity | None = None, path: Path | None = None
    ) -> None:
        """`path`: of the file that the script comes from."""
        self.identity = identity or EngineIdentity("scripted", "a script", "f" * 64, "float32", "cpu")
        self._script = script
        self.path = path

    def facts(self) -> LoadFacts | None:
        return LoadFacts(0.0, 0)

    def template_facts(self) -> TemplateFacts | None:
        return TemplateFacts()

    def inspect(self, request: Request) -> PromptFacts:
        text = self.text(request)
        options = [len(option.text.split()) for option in request.continuations]
        tokens = len(text.split())
        hashed = "\n".join([text, *(f"{option.context}|{option.text}" for option in request.continuations)])
        return PromptFacts(tokens, tokens + max(options, default=0), sha256_text(hashed))

    def why_not_held(self, form: AnswerForm) -> str | None:  # noqa: ARG002 - whatever it is told to say
        return None

    def load(self, adapter: AdapterRef | None) -> None:
        pass

    def release(self) -> None:
        pass

    def render(
        self,
        messages: Sequence[Message],
        *,
        prefill: bool = False,
        thinking: bool | None = False,  # noqa: ARG002 - a script does not think
    ) -> str:
        text = "\n".join(f"[{message.role}] {message.content}" for message in messages)
        return text if prefill else f"{text}\n[assistant]"

    def show(
        self,
        request: Request,
        turns: Sequence[Message],
        *,
        thinking: bool | None = False,  # noqa: ARG002
    ) -> RenderedPrompt:
        return RenderedPrompt(self.text(request), self.render(marked(turns)) if turns else "")

    def complete(
        self,
        requests: Sequence[Request],
        adapter: AdapterRef | None = None,
        *,
        job: Sequence[Request] = (),  # noqa: ARG002 - nothing is gained by reading together
    ) -> list[Completion]:
        return [self._answer(request, adapter) for request in requests]

    def time(self, request: Request, adapter: AdapterRef | None, clock: Clock) -> TimedCompletion:
        start = clock()
        completion = self._answer(request, adapter)
        seconds = clock() - start
        return TimedCompletion(completion, ttft_s=seconds, e2e_s=seconds)

    def text(self, request: Request) -> str:
        """The prompt as the script sees it."""
        return request.prompt if isinstance(request.prompt, str) else self.render(request.prompt)

    def _answer(self, request: Request, adapter: AdapterRef | None) -> Completion:
        reply = self._script(self.text(request), adapter)
        if request.scored:
            texts = [option.text for option in request.continuations] or [reply]
            logprobs = tuple(0.0 if text == reply else -1.0 - place for place, text in enumerate(texts))
            return Completion("", 0, "choice", logprobs, tuple(text == reply for text in texts))
        words = _held(reply[: request.decoding.end_of(reply)], request.decoding.form).split(" ")
        most = request.decoding.max_tokens
        return Completion(
            " ".join(words[:most]), min(len(words), most), "stop" if len(words) <= most else "length"
        )


def _held(reply: str, form: AnswerForm | None) -> str:
    """A reply held to a form: the longest label that stands in it, else the first label, or an empty object."""
    if form is None or fits_form(form, reply):
        return reply
    return max((label for label in form.labels if label in reply), key=len, default=(*form.labels, "{}")[0])


def open_script(path: Path) -> ScriptedEngine:
    """The engine of a script file. Raises InputError, with file and line, for what is no script."""
    source = read_source(path)
    lines = _lines(source)
    identity = EngineIdentity(path.stem, f"script {path.name}", source.sha256, None, "cpu")

    def script(prompt: str, adapter: AdapterRef | None) -> str:
        learnt: dict[str, str] = {}
        if adapter and adapter.folder:
            learnt = json.loads((adapter.folder / REPLIES).read_text(encoding="utf-8"))["replies"]
        # The longest: the whole of a question, not another one that it begins with.
        if recited := [question for question in learnt if question in prompt]:
            return learnt[max(recited, key=len)]
        return next((reply for when, reply in lines if when in prompt), "")

    return ScriptedEngine(script, identity, path)


def _lines(source: Source) -> list[tuple[str, str]]:
    lines = []
    for number, line in numbered_lines(source.text):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise InputError(f"this line is no JSON: {error}.", path=source.path, line=number) from None
        if not _is_line(row):
            raise InputError(
                'write {"when": "…", "reply": "…"}, both as text.', path=source.path, line=number
            )
        lines.append((row.get("when", ""), row["reply"]))
    return lines


def _is_line(row: Any) -> bool:
    """Whether it has a reply and at most `when` beside it, both as text."""
    if not isinstance(row, dict) or "reply" not in row or row.keys() - {"when", "reply"}:
        return False
    return all(isinstance(value, str) for value in row.values())
