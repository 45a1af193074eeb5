"""An example of training as token ids."""

from __future__ import annotations

from harness.engines.chat import ChatTokenizer
from harness.engines.tokens import encode
from harness.finetune.packing import TokenExample
from harness.finetune.trainer import Example


def encode_example(chat: ChatTokenizer, example: Example) -> TokenExample:
    """The tokens that are read and those that are learnt, the end token among them."""
    encoded = encode(chat, example.request)
    if not encoded.pairs:
        plain = isinstance(example.request.prompt, str)
        learnt = (*chat.encode_content(example.reply), chat.end_token)
        return TokenExample(
            encoded.prompt, learnt if plain else chat.encode_reply(example.reply), example.fact_id
        )
    pair = encoded.pairs[0]
    target = (*pair.continuation, chat.end_token)
    return TokenExample(pair.context, target[: chat.context_tokens - 1], example.fact_id)
