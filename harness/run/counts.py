"""How many tokens a request reads and writes."""

from __future__ import annotations

from harness.engines.engine import Wanted


def read_tokens(wanted: Wanted, tokens: int, longest: int) -> int:
    """What a server reads for a request: to score options, the prompt once with each of them."""
    return longest * len(wanted.continuations) if wanted.continuations else tokens


def written_tokens(wanted: Wanted) -> int:
    """What it writes at most."""
    return 1 if wanted.scored else wanted.decoding.max_tokens
