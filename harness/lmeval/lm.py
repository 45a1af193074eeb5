"""The other way round: this program's engine as a model of lm-eval's, under one of the strategies.

lm-eval hands over rendered prompts. A strategy that retrieves needs the document itself, which every request carries:
the prompt is built anew of it, with the passages in the document, and only if the same without passages gives the
prompt that lm-eval had built. Imported by `registered` and `lm_eval` jobs only, since it imports lm-eval at once.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lm_eval.api.model import LM

from harness.engines.engine import (
    AdapterRef,
    Continuation,
    Decoding,
    Engine,
    PromptFacts,
    Request,
)
from harness.errors import InputError
from harness.files import canonical_json
from harness.lmeval.chat import answer_of, rendered
from harness.lmeval.greedy import decoding_of
from harness.lmeval.strategies import Served
from harness.run.batches import plan_batches
from harness.run.prompts import Prompt

LOG = logging.getLogger("lm_eval.harness")
CACHED_RESPONSES = (
    "--use_cache: lm-eval's cache knows neither strategy nor weights nor passages, so that one strategy would be given "
    "another's answers; leave it out."
)
CACHED_REQUESTS = (
    "--cache_requests: lm-eval's cache knows neither a task's prompts nor its data, so that a changed task would be "
    "asked as it was; leave it out."
)


@dataclass(frozen=True, slots=True)
class Record:
    """What one request read and wrote."""

    task: str
    document: int
    prompt_tokens: int
    completion_tokens: int
    answer: str | float


@dataclass
class EngineLM(LM):  # type: ignore[misc]
    """lm-eval's interface over an engine; a local model reads the same tokens as lm-eval's own."""

    engine: Engine
    served: Served | None = None
    """Which weights answer, and what enters the prompts; None: the base weights, and prompts as they are."""
    thinking: bool | None = None
    """What the chat template is told; None: nothing."""
    think_end: str | None = None
    """The text that ends the model's thinking; only what stands behind it is returned."""
    records: list[Record] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    # What lm-eval's requests ask

    def _by_task(
        self, requests: Sequence[Any]
    ) -> Iterator[tuple[list[Any], list[Prompt | None], AdapterRef | None]]:
        """The requests of one task after the other, what is read in place of their prompts, and whose weights answer.

        A job that asks another task, or otherwise than the strategy's, is refused before an adapter is trained.
        """
        served = self.served or Served({})
        served.check_names(asked.task_name for asked in requests)
        for name, some in itertools.groupby(requests, key=lambda asked: asked.task_name):
            together = list(some)
            prompts = [served.prompt(asked) for asked in together]
            if prompts[0]:  # --write_out can only show the prompt without passages
                text = prompts[0].request.prompt
                LOG.info("Task: %s; document %s is read as:\n%s", name, together[0].doc_id, text)
            yield together, prompts, served.adapter(name)

    # Log-likelihoods

    def loglikelihood(self, requests: Sequence[Any]) -> list[tuple[float, bool]]:
        return list(self._scores(requests))

    def loglikelihood_rolling(self, requests: Sequence[Any]) -> list[float]:
        return [logprob for logprob, _ in self._scores(requests)]

    def _scores(self, requests: Sequence[Any]) -> Iterator[tuple[float, bool]]:
        """Each request's log-likelihood, and whether greedy decoding writes it.

        The continuations of one document are scored together, so that a context which they share is read once.
        """
        for some, prompts, adapter in self._by_task(requests):
            pairs = zip(some, prompts, strict=True)
            for _, group in itertools.groupby(pairs, key=lambda pair: pair[0].doc_id):
                together = list(group)
                wanted = [_scored(asked, prompt) for asked, prompt in together]
                facts = [
                    self._checked(pair[0], request) for pair, request in zip(together, wanted, strict=True)
                ]
                answers = zip(together, wanted, facts, self._asked(wanted, adapter), strict=True)
                for (asked, prompt), request, read, scores in answers:
                    tokens = read.tokens if request.whole else read.longest
                    self.records.append(Record(asked.task_name, asked.doc_id, tokens, 0, scores[0]))
                    if prompt:
                        (option,) = request.continuations
                        _log(asked, prompt, str(option.context), option.text)
                    yield scores

    def _asked(self, wanted: Sequence[Request], adapter: AdapterRef | None) -> list[tuple[float, bool]]:
        """Ask for one log-likelihood a request."""
        if wanted[0].whole:
            completions = self.engine.complete(wanted, adapter)
            return [(sum(one.choice_logprobs or ()), all(one.greedy or ())) for one in completions]
        options = tuple(option for request in wanted for option in request.continuations)
        (completion,) = self.engine.complete([replace(wanted[0], continuations=options)], adapter)
        return list(zip(completion.choice_logprobs or (), completion.greedy or (), strict=True))

    # Replies

    def generate_until(self, requests: Sequence[Any]) -> list[str]:
        return [text for part in self._by_task(requests) for text in self._texts(*part)]

    def _texts(
        self, requests: Sequence[Any], shown: Sequence[Prompt | None], adapter: AdapterRef | None
    ) -> list[str]:
        texts = [""] * len(requests)
        kinds: dict[str, list[int]] = {}
        for place, asked in enumerate(requests):
            kinds.setdefault(canonical_json(asked.args[1]), []).append(place)
        for places in kinds.values():
            decoding = decoding_of(requests[places[0]].args[1])
            job = [_written(requests[place], shown[place], decoding) for place in places]
            tokens = [
                self._checked(requests[place], request, decoding.max_tokens).tokens
                for place, request in zip(places, job, strict=True)
            ]
            for batch in plan_batches([request.wanted for request in job], tokens):
                completions = self.engine.complete([job[at] for at in batch.places], adapter, job=job)
                for at, completion in zip(batch.places, completions, strict=True):
                    asked, prompt = requests[places[at]], shown[places[at]]
                    text = texts[places[at]] = answer_of(completion.text, self.think_end)
                    counts = (tokens[at], completion.completion_tokens)
                    self.records.append(Record(asked.task_name, asked.doc_id, *counts, text))
                    if prompt:
                        _log(asked, prompt, str(prompt.request.prompt), asked.args[1])
        return texts

    def _checked(self, asked: Any, request: Request, reply: int = 0) -> PromptFacts:
        """How long a request is. Raises InputError where it is longer than the model reads: nothing is cut."""
        facts = self.engine.inspect(request)
        most = self.engine.window - reply
        if most < 1:
            raise InputError(
                f"task {asked.task_name!r} asks for replies of {reply} tokens, and the model reads "
                f"{self.engine.window} with its prompt; lower max_gen_toks."
            )
        if facts.longest > most and not request.whole:
            raise InputError(
                f"task {asked.task_name!r}: the prompt of document {asked.doc_id} has {facts.longest} tokens, and the "
                f"model reads {most} beside its answer; lm-eval would cut its beginning. Show fewer examples, or leave "
                "the document out."
            )
        return facts

    # What else a job asks a model

    def set_cache_hook(self, cache_hook: Any) -> None:  # noqa: ARG002
        """lm-eval sets one only where it caches responses. Raises InputError."""
        raise InputError(CACHED_RESPONSES)

    def get_model_info(self) -> dict[str, Any]:
        """Who answered, for the `config` of a job's results."""
        identity, served = self.engine.identity, self.served
        about = {
            "model": identity.name,
            "weights_sha256": identity.sha256,
            "dtype": identity.dtype,
            "device": identity.device,
            "batches": "by the length of prompts",
        }
        return {"harness": about | (served.facts() if served else {})}

    def chat_template(self, chat_template: bool | str = False) -> str:
        """Raises InputError where a template is asked for by name: a model has one here."""
        if isinstance(chat_template, str):
            raise InputError(
                f"--apply_chat_template {chat_template}: the model has one chat template here; leave the name out."
            )
        return ""

    # The chat template

    def apply_chat_template(
        self, chat_history: Sequence[dict[str, str]], add_generation_prompt: bool = True
    ) -> str:
        return rendered(self.engine, chat_history, goes_on=not add_generation_prompt, thinking=self.thinking)[
            1
        ]

    @property
    def tokenizer_name(self) -> str:
        return self.engine.identity.name


def _scored(asked: Any, prompt: Prompt | None) -> Request:
    """A request for one log-likelihood, as a request of ours."""
    if asked.request_type == "loglikelihood_rolling":
        return Request(asked.args[0], whole=True)
    if prompt:
        request = prompt.request
        return replace(request, continuations=(request.continuations[asked.idx],))
    return Request(asked.args[0], continuations=(Continuation(asked.args[1], asked.args[0]),))


def _written(asked: Any, prompt: Prompt | None, decoding: Decoding) -> Request:
    """A request for a reply, as a request of ours."""
    return replace(prompt.request, decoding=decoding) if prompt else Request(asked.args[0], decoding)


def _log(asked: Any, prompt: Prompt, text: str, second: Any) -> None:
    """Put what was read into the request, from which lm-eval writes its log of samples.

    The first two arguments stay prompt and continuation (or generation arguments); the third names the passages.
    """
    passages = [ranked.passage for ranked in prompt.retrieved[: prompt.shown]]
    shown = [{"document": passage.doc_id, "passage": passage.chunk_id} for passage in passages]
    asked.arguments = (text, second, {"passages": shown})
