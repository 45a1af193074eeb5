"""Texts to token ids as lm-eval's own Hugging Face model makes them, so that both read the same."""

from __future__ import annotations

from harness.engines.chat import Chat
from harness.records import Pair


def pair(chat: Chat, context: str, continuation: str) -> Pair:
    """Context and continuation, tokenised as one text and split where the context's own tokens end.

    Blanks at the end of the context belong to the continuation. Without a context, the first token of any text
    stands for one.
    """
    if not context.strip():
        tokens = chat.encode(context + continuation)
        if tokens[:1] == (chat.first_token,):
            return Pair(tokens[:1], tokens[1:])
        return Pair((chat.first_token,), tokens)
    bare = context.rstrip()
    whole = chat.encode_whole(context + continuation)
    before = chat.encode_whole(bare)
    return Pair(before, whole[len(before) :])


def windows(chat: Chat, text: str) -> tuple[Pair, ...]:
    """A text in stretches that the model can read: each token is predicted once, and where there are several
    stretches, the last one is as long as the others."""
    tokens = chat.encode_whole(text)
    most = chat.context_tokens
    found = [Pair((chat.first_token,), tokens[:most])] if tokens else []
    for start in range(most, len(tokens), most):
        end = min(start + most, len(tokens))
        seen = tokens[max(0, end - most - 1) : end]
        found.append(Pair(seen[: len(seen) - (end - start)], tokens[start:end]))
    return tuple(found)
