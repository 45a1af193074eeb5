"""Who turns tokens into replies and likelihoods: a loop of our own, or transformers' `generate`.

Ours reads a prefix that all prompts share once, and lets finished rows leave the batch. It is used for models on which
it was held against `generate` (`prove.py`), and that one for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from harness.engines.attention import smallest_window
from harness.engines.decoding import check_numbers, greedy, held, prefill, read_prefix
from harness.engines.engine import AdapterRef, Completion, Decoding
from harness.engines.likelihood import Likelihood, likelihoods, plain_likelihood
from harness.engines.local import LocalModel
from harness.engines.reply import Reply
from harness.engines.tokens import Pair
from harness.errors import ModelUnavailable
from harness.loading import said


class Decoder(Protocol):
    """Answers with the weights of a model as they stand, adapter included. `shared`: how many tokens all prompts of
    the job have in common at the front."""

    def write(
        self,
        prompts: Sequence[Sequence[int]],
        shared: int,
        decoding: Decoding,
        ends: frozenset[int],
        on_token: Callable[[], None] | None = None,
    ) -> list[Completion]:
        """Reply to each prompt. `on_token` is called as soon as a step's tokens are known."""

    def score(self, pairs: Sequence[Pair], shared: int) -> list[Likelihood]:
        """The likelihood of each continuation."""


class OwnDecoder:
    """Implements `Decoder` with the loop of `decoding.py`."""

    def __init__(self, model: LocalModel) -> None:
        self._model = model
        self._prefix: tuple[AdapterRef | None, tuple[int, ...], Any] | None = None

    def write(
        self,
        prompts: Sequence[Sequence[int]],
        shared: int,
        decoding: Decoding,
        ends: frozenset[int],
        on_token: Callable[[], None] | None = None,
    ) -> list[Completion]:
        model, chat = self._model.weights, self._model.chat
        shared = shareable(model, prompts, shared, decoding.most)
        guides = [chat.holder.guide(decoding.form) for _ in prompts] if decoding.form else ()
        state = prefill(model, prompts, shared, chat.end_token, self._prefix_cache(prompts[0][:shared]))
        return greedy(model, state, decoding, ends, chat.reader, on_token, guides)

    def score(self, pairs: Sequence[Pair], shared: int) -> list[Likelihood]:
        """A context that several continuations share is read once."""
        scores: dict[Pair, Likelihood] = {}
        model, pad = self._model.weights, self._model.chat.end_token
        for context in dict.fromkeys(pair.context for pair in pairs):
            alike = [pair for pair in dict.fromkeys(pairs) if pair.context == context]
            state = prefill(model, [context], shared, pad, self._prefix_cache(context[:shared]))
            computed = likelihoods(model, state, [pair.continuation for pair in alike], pad)
            scores |= zip(alike, computed, strict=True)
        return [scores[pair] for pair in pairs]

    def _prefix_cache(self, tokens: Sequence[int]) -> Any:
        """The keys and values of `tokens`, computed once for as long as they and the adapter stay the same."""
        if not tokens:
            return None
        adapter, key = self._model.in_use, tuple(tokens)
        if self._prefix is None or self._prefix[:2] != (adapter, key):
            self._prefix = (adapter, key, read_prefix(self._model.weights, key))
        return self._prefix[2]


def shareable(model: Any, prompts: Sequence[Sequence[int]], shared: int, more: int) -> int:
    """How much of a shared prefix may be read once, where `more` tokens follow the prompts.

    Shorter prompts are padded between the prefix and their own tokens. A window of attention counts that padding, so
    beyond it the prefix is read with every prompt, and the padding stands before it.
    """
    window, lengths = smallest_window(model.config), {len(prompt) for prompt in prompts}
    return 0 if window and len(lengths) > 1 and max(lengths) + more > window else shared


class LibraryDecoder:
    """Implements `Decoder` with `generate`, one prompt at a time, and a plain forward pass for each continuation."""

    def __init__(self, model: LocalModel) -> None:
        self._model = model

    def write(
        self,
        prompts: Sequence[Sequence[int]],
        shared: int,  # noqa: ARG002 - every prompt is read whole
        decoding: Decoding,
        ends: frozenset[int],
        on_token: Callable[[], None] | None = None,
    ) -> list[Completion]:
        return [self._reply(prompt, decoding, ends, on_token) for prompt in prompts]

    def _reply(
        self,
        prompt: Sequence[int],
        decoding: Decoding,
        ends: frozenset[int],
        on_token: Callable[[], None] | None,
    ) -> Completion:
        import torch

        chat = self._model.chat
        reply = Reply([], guide=chat.holder.guide(decoding.form) if decoding.form else None)

        def hold(scores: Any) -> Any:
            """[1, vocabulary] with nothing left but the token that keeps the reply to its form."""
            free = scores.argmax(dim=-1)
            token = held(scores, free, [reply], decoding, chat.reader)
            return scores.masked_fill(
                torch.arange(scores.shape[-1], device=scores.device) != token, -torch.inf
            )

        def look(token: int, logit: float) -> bool:
            if on_token:
                on_token()
            check_numbers([logit])
            reply.add(token, decoding, ends, chat.reader)
            return reply.finish is not None

        generate(self._model.weights, prompt, decoding.most, look, hold if reply.guide else None)
        return reply.completion(decoding, ends, chat.reader)

    def score(self, pairs: Sequence[Pair], shared: int) -> list[Likelihood]:  # noqa: ARG002
        model = self._model.weights
        known = {
            pair: plain_likelihood(model, pair.context, pair.continuation) for pair in dict.fromkeys(pairs)
        }
        return [known[pair] for pair in pairs]


def generate(
    model: Any,
    prompt: Sequence[int],
    most: int,
    look: Callable[[int, float], bool] | None = None,
    hold: Callable[[Any], Any] | None = None,
) -> tuple[list[int], Any]:
    """What transformers' `generate` writes greedily behind a prompt, and the logits [tokens, vocabulary] before each.

    `look` is given each token with its logit as soon as it is known, and says whether it is the last. Without one, no
    token is an end. `hold` leaves of the logits [1, vocabulary] what may be written. Raises ModelUnavailable where
    transformers cannot do it.
    """
    import torch
    from transformers import GenerationConfig, LogitsProcessorList, StoppingCriteriaList

    ids = torch.tensor([list(prompt)], device=model.device)
    logits: list[Any] = []

    def keep(_ids: Any, scores: Any) -> Any:
        logits[:] = [scores] if look else [*logits, scores]
        return hold(scores) if hold else scores

    def stop(sequence: Any, _scores: Any, **_: Any) -> Any:
        token = int(sequence[0, -1])  # waits for the device, so the clock that follows tells the truth
        over = bool(look and look(token, float(logits[-1][0, token])))
        return torch.tensor([over], device=sequence.device)

    config = GenerationConfig(max_new_tokens=most, do_sample=False, num_beams=1, repetition_penalty=1.0)
    before, model.generation_config = (
        model.generation_config,
        GenerationConfig(),
    )  # its end tokens are not ours
    try:
        written = model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            generation_config=config,
            logits_processor=LogitsProcessorList([keep]),
            stopping_criteria=StoppingCriteriaList([stop]),
        )
    except (
        ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, RuntimeError, TypeError, ValueError,
    ) as error:  # fmt: skip
        raise ModelUnavailable(
            f"this model cannot answer: transformers' own `generate` fails on it ({said(error)})."
        ) from error
    finally:
        model.generation_config = before
    return written[0, len(prompt) :].tolist(), torch.cat(logits)
