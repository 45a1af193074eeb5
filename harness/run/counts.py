"""How many tokens a request reads and writes."""

from __future__ import annotations

from harness.engines.engine import Request


def read_tokens(request: Request, tokens: int, longest: int) -> int:
    """What a server reads for a request: to score options, the prompt once with each of them."""
    return longest * len(request.continuations) if request.continuations else tokens


def written_tokens(request: Request) -> int:
    """What it writes at most."""
    return 1 if request.scored else request.decoding.max_tokens
