"""Our decoding held against transformers' own `generate` and plain forward passes, on a few short prompts.

The same tokens are fed to both, and the logits before each are compared: so one token that ties by rounding decides
nothing, and the rule is the same for every dtype.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from harness.engines.attention import smallest_window
from harness.engines.chat import ChatTokenizer
from harness.engines.decoders import generate, shareable
from harness.engines.decoding import check_numbers, keep_rows, prefill, read_prefix, step
from harness.engines.likelihood import likelihoods
from harness.engines.proofs import allowed, apart, distance
from harness.loading import said

SHARED = "The ferry to the island leaves every morning at nine from the old harbour. "
OWN = ("Who steers it?", "And when does it come back on days when the wind blows from the north?")
SHARED_TOKENS, OWN_TOKENS = 8, (3, 9)
WRITTEN = 4
"""Tokens written behind each prompt. The longer row leaves the batch half-way."""
LONGEST = 300
"""Prompts go beyond the model's window of attention where that is no longer than this."""
FAILURES = (
    ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, RuntimeError, TypeError, ValueError,
)  # fmt: skip
"""What code raises on a model that it was not made for."""


def decoding_fault(model: Any, chat: ChatTokenizer) -> str | None:
    """Why our decoding is not that of transformers on this model; None where it is.

    Raises ModelUnavailable where transformers itself has no answer.
    """
    import torch

    prompts = _prompts(chat, smallest_window(model.config))
    with torch.inference_mode():
        references = [generate(model, prompt, WRITTEN) for prompt in prompts]
        for _, logits in references:
            check_numbers(logits.max(dim=-1).values.tolist())
        most = allowed(model.dtype, _noise(model, prompts[1], *references[1]))
        try:
            return _writing(model, prompts, references, most) or _scoring(
                model, prompts[0], *references[0], most
            )
        except FAILURES as error:
            return f"it cannot run here ({said(error)})"


def _noise(model: Any, prompt: Sequence[int], written: Sequence[int], logits: Any) -> float:
    """How far the logits of `generate` lie from those of one forward pass; not asked in float32, where it is little."""
    import torch

    if model.dtype == torch.float32:
        return 0.0
    ids = torch.tensor([[*prompt, *written]], device=model.device)
    return distance(model(input_ids=ids, use_cache=False).logits[0, len(prompt) - 1 : -1], logits)


def _prompts(chat: ChatTokenizer, window: int | None) -> list[tuple[int, ...]]:
    """Prompts of several lengths that begin alike."""
    shared = (chat.encode(SHARED) * SHARED_TOKENS)[:SHARED_TOKENS]
    room = chat.context_tokens - SHARED_TOKENS - max(OWN_TOKENS) - WRITTEN
    more = window if window and window <= min(LONGEST, room) else 0
    return [
        (*shared, *(chat.encode(text) * (size + more))[: size + more])
        for text, size in zip(OWN, OWN_TOKENS, strict=True)
    ]


def _writing(
    model: Any, prompts: Sequence[tuple[int, ...]], references: Sequence[tuple[list[int], Any]], most: float
) -> str | None:
    """What speaks against our reading of prompts, and of the tokens that follow."""
    import torch

    shared = shareable(model, prompts, SHARED_TOKENS, WRITTEN)
    prefix = read_prefix(model, prompts[0][:shared]) if shared else None
    state = prefill(model, prompts, shared, prompts[0][0], prefix)
    rows = list(range(len(prompts)))
    for at in range(WRITTEN):
        expected = torch.stack([references[row][1][at] for row in rows])
        if fault := apart("the logits of a batch", state.logits, expected, most):
            return fault
        if at == WRITTEN // 2:
            state, rows = keep_rows(state, [0]), [0]
        if at + 1 < WRITTEN:
            tokens = [references[row][0][at] for row in rows]
            state = step(model, state, torch.tensor(tokens, device=model.device))
    return None


def _scoring(
    model: Any, context: tuple[int, ...], written: Sequence[int], logits: Any, most: float
) -> str | None:
    """What speaks against our log-likelihoods, of the tokens that `generate` wrote and of the first ones of them."""
    shared = SHARED_TOKENS
    state = prefill(model, [context], shared, context[0], read_prefix(model, context[:shared]))
    options = [written[: WRITTEN // 2], written]
    likeliest = logits.float().log_softmax(dim=-1)
    for option, found in zip(options, likelihoods(model, state, options, context[0]), strict=True):
        expected = sum(float(likeliest[at, token]) for at, token in enumerate(option))
        # Logits that lie apart by a share of their spread move the log-likelihood of each token by as much.
        if not abs(found.logprob - expected) <= 3 * most * max(len(option), abs(expected)):
            return f"log-likelihoods differ ({found.logprob:.4g} against {expected:.4g})"
    return None
