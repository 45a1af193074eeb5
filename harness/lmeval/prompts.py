"""The prompts of an lm-eval task: lm-eval makes every prompt and every score, this program reads and counts tokens."""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from harness.engines.engine import (
    Completion,
    Continuation,
    Engine,
    Message,
    Request,
    Wanted,
)
from harness.errors import InputError, TaskFailed
from harness.finetune.trainer import Example
from harness.lmeval.chat import answer_of, rendered
from harness.lmeval.greedy import decoding_of
from harness.lmeval.opened import Opened
from harness.lmeval.shares import check_share, is_share, skips_nan
from harness.records import Passage, Question, Scores
from harness.run.prompts import Nearby, Passages, Prompt, reply_room
from harness.run.wording import documents
from harness.spec.context import Contexts, examples_of, passages_of
from harness.spec.system import Form


@dataclass
class LmEvalPrompts:
    """Implements `run.prompts.TaskPrompts`."""

    opened: Opened
    engine: Engine
    _turns: list[Message] = field(default_factory=list)
    """The conversation that was rendered last."""
    _packed: dict[bytes, bytes] = field(default_factory=dict)
    """Requests that are kept, each once, however many systems ask it."""

    def prompt(
        self,
        contexts: Contexts,
        question: Question,
        passages: Passages,
        nearest: Nearby = (),  # noqa: ARG002 - lm-eval chooses the examples
        form: Form | None = None,  # noqa: ARG002 - the plan has none for lm-eval's tasks
    ) -> Prompt:
        """Over budget, whole passages are dropped from the lowest-ranked up."""
        limits = passages_of(contexts)
        most = min(limits.k, len(passages)) if limits else 0
        shots = self.opened.shots if examples_of(contexts) else 0
        budget = self.opened.spec.retrieval.max_prompt_tokens
        shown = most
        while True:
            request = self._request(question, [ranked.passage for ranked in passages[:shown]], shots)
            facts = self.engine.inspect(request)
            if shown == 0 or facts.longest <= min(budget, self.engine.window - reply_room(request.wanted)):
                break
            shown -= 1
        return Prompt.of(request, facts, passages if limits else (), shown, most - shown)

    def keep(self, request: Request) -> bytes:
        """The text, packed: lm-eval takes long to make it, by code that need not make the same twice."""
        contexts = [option.context for option in request.continuations]
        text = json.dumps([request.prompt, contexts], ensure_ascii=False)
        packed = zlib.compress(text.encode("utf-8", "surrogatepass"), level=1)
        return self._packed.setdefault(packed, packed)

    def again(
        self,
        contexts: Contexts,  # noqa: ARG002 - all of it is kept
        question: Question,  # noqa: ARG002
        passages: Passages,  # noqa: ARG002
        nearest: Nearby,  # noqa: ARG002
        wanted: Wanted,
        kept: bytes,
    ) -> Request:
        prompt, befores = json.loads(zlib.decompress(kept).decode("utf-8", "surrogatepass"))
        options = zip(wanted.continuations, befores, strict=True)
        return Request(
            prompt,
            wanted.decoding,
            tuple(replace(option, context=before) for option, before in options),
            wanted.whole,
        )

    def _request(self, question: Question, passages: Sequence[Passage], shots: int) -> Request:
        self._turns.clear()
        text, arguments = self.opened.requests(question, documents(passages), shots, self.render)
        if self.opened.rolling:
            return Request(arguments[0][0], whole=True)
        if self.opened.written:
            return Request(text, decoding_of(arguments[0][1]))
        return Request(
            text, continuations=tuple(Continuation(option, context) for context, option, *_ in arguments)
        )

    def render(self, history: Sequence[Mapping[str, str]], add_generation_prompt: bool = True) -> str:
        """The chat template, as lm-eval calls it."""
        turns, text = rendered(
            self.engine, history, goes_on=not add_generation_prompt, thinking=self.thinking
        )
        self._turns[:] = turns if add_generation_prompt else turns[:-1]
        return text

    @property
    def thinking(self) -> bool | None:
        return self.opened.spec.enable_thinking

    def example(
        self, contexts: Contexts, question: Question, passages: Passages, nearest: Nearby = ()
    ) -> Example:
        request = self.prompt(contexts, question, passages, nearest).request
        doc = self.opened.doc(question)
        if not request.scored:
            reply = self.opened.between(doc, str(request.prompt)) + self.opened.answers(doc)[0]
            return Example(request, reply)
        if request.whole:
            return Example(request)
        place = self.opened.gold(doc)[0] if self.opened.kind == "multiple_choice" else 0
        return Example(Request(request.prompt, continuations=(request.continuations[place],)))

    def turns(self, contexts: Contexts, question: Question, prompt: Prompt) -> list[Message]:
        if prompt.wanted.whole:
            return []  # no template stands around a whole text
        self.prompt(contexts, question, prompt.retrieved)
        return list(self._turns)

    def metrics(self, question: Question, completion: Completion) -> dict[str, Any]:
        """Raises TaskFailed where an answer cannot be scored, or a metric that the task needs gives no share."""
        spec = self.opened.spec
        try:
            scores = self.opened.results(question.id, self._responses(completion))
            for name in self.opened.indispensable:
                if name in scores and not (scores[name] is None and skips_nan(self.opened, name)):
                    check_share(scores[name], spec.scales.get(name, 1.0), name, question.id, spec.name)
        except InputError as error:
            raise TaskFailed(str(error)) from error
        return scores

    def shares(self, scores: Mapping[str, Scores]) -> tuple[str, ...]:
        spec = self.opened.spec

        def holds(name: str) -> bool:
            """Whether the metric may stand as accuracy, as far as these answers tell."""
            given = [row[name] for row in scores.values() if row.get(name) is not None]
            return all(is_share(score, spec.scales.get(name, 1.0)) for score in given)

        return tuple(name for name in spec.metrics if holds(name))

    def _responses(self, completion: Completion) -> list[Any]:
        """What lm-eval's own model would have returned for each request."""
        if self.opened.written:
            return [answer_of(completion.text, self.opened.spec.think_end_token)]
        scored = list(zip(completion.choice_logprobs or (), completion.greedy or (), strict=True))
        return [sum(logprob for logprob, _ in scored)] if self.opened.rolling else scored

    def aggregates(self, scores: Mapping[str, Scores], shown: Collection[str]) -> Mapping[str, float | None]:
        return self.opened.aggregates([scores[name] for name in sorted(scores, key=int)], shown)
