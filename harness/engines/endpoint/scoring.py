"""Log-likelihoods of a continuation from a server, where it gives the log-probabilities of a prompt.

`POST /v1/completions` with token ids, `echo` and `logprobs` (vLLM, SGLang and others do; chat endpoints, llama.cpp's
server and `transformers serve` do not). Whether a server really does is tried once. One token is generated and thrown
away: vLLM of before 0.5.4 falls over when none is wanted (its issue 6521).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.engines.endpoint.client import Client
from harness.engines.endpoint.faults import Fault, Remedy
from harness.engines.endpoint.prompts import Prompts
from harness.engines.endpoint.replies import counted, number_of
from harness.engines.engine import Completion, Continuation, Request, Usage
from harness.engines.tokens import Pair

_PROBE = "The quick brown fox jumps over the lazy dog. One, two, three, four, five."
_ROUNDING = 1e-3
"""Above 0 by no more than this, a log-probability is one that was rounded."""
_LEAST = -1e4
Ask = Callable[[Callable[[Client], Any]], tuple[Any, int]]


@dataclass(frozen=True, slots=True)
class Token:
    """What a server says of a token of a prompt: its log-probability (nats), and whether none is likelier."""

    logprob: float
    greedy: bool


@dataclass(frozen=True, slots=True)
class Scorer:
    """Scores continuations at the servers of a model."""

    prompts: Prompts

    def why_not(self, client: Client, model: str) -> str | None:
        """Why a server gives no log-likelihoods, a clause; None where it does."""
        (pair,) = self.prompts.pairs(Request(_PROBE, continuations=(Continuation(" Ready."),)))
        try:
            tokens, _ = self._tokens((*pair.context, *pair.continuation), model, client)
        except Fault as fault:
            return fault.reason
        known = [token.logprob for token in tokens[1:]]
        if len(set(known)) < 2 or not any(value < -_ROUNDING for value in known):
            return "the log-probabilities that the server gives are all alike"
        return None

    def score(self, request: Request, model: str, ask: Ask) -> Completion:
        """The log-likelihoods of a request's continuations, or of its whole prompt."""
        read, attempts = 0, 0
        scored: dict[Pair, Token] = {}
        pairs = self.prompts.pairs(request)
        for pair in dict.fromkeys(pairs):
            ids = (*pair.context, *pair.continuation)
            (tokens, prompt_tokens), tried = ask(functools.partial(self._tokens, ids, model))
            mine = tokens[len(pair.context) :]
            scored[pair] = Token(sum(token.logprob for token in mine), all(token.greedy for token in mine))
            read, attempts = read + prompt_tokens, attempts + tried
        logprobs = tuple(scored[pair].logprob for pair in pairs)
        greedy = tuple(scored[pair].greedy for pair in pairs)
        usage = Usage(read, None, attempts) if read else None
        return Completion("", 0, "choice", logprobs, greedy, usage=usage)

    def _tokens(self, ids: Sequence[int], model: str, client: Client) -> tuple[list[Token], int]:
        """What the server says of each token (of the first it cannot say anything), and how many it read."""
        wanted = {"max_tokens": 1, "echo": True, "logprobs": 1, "temperature": 0}
        try:
            body = client.post("completions", {"model": model, "prompt": list(ids), **wanted})
        except Fault as fault:
            if fault.remedy is Remedy.WITHOUT:  # nothing here can be left out
                raise Fault(fault.reason, Remedy.OTHER, status=fault.status) from None
            raise
        tokens = tokens_of(body, len(ids))
        said = counted(body.get("usage"), None, written=False).prompt
        return tokens, said or len(ids)


def tokens_of(body: Any, count: int) -> list[Token]:
    """The log-probabilities of a prompt of `count` tokens in a reply. Raises Fault where they are not there."""
    choices = body.get("choices") if isinstance(body, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    logprobs = first.get("logprobs") if isinstance(first, dict) else None
    values = logprobs.get("token_logprobs") if isinstance(logprobs, dict) else None
    tops = logprobs.get("top_logprobs") if isinstance(logprobs, dict) else None
    if not isinstance(values, list) or not isinstance(tops, list):
        raise Fault("the server gives no log-probabilities of a prompt", Remedy.OTHER)
    if len(values) not in (count, count + 1) or len(tops) != len(values):
        raise Fault(
            f"the server gives log-probabilities of {len(values)} tokens for a prompt of {count}",
            Remedy.OTHER,
        )
    first_token = Token(0.0, True)
    return [first_token, *map(_token, values[1:count], tops[1:count])]


def _token(value: Any, top: Any) -> Token:
    known = number_of(value)
    if known is None or not _LEAST <= known <= _ROUNDING or not isinstance(top, dict) or not top:
        raise Fault("a log-probability that the server gives is none", Remedy.OTHER)
    best = [other for other in map(number_of, top.values()) if other is not None]
    return Token(min(known, 0.0), known >= max(best, default=known) - 1e-6)
