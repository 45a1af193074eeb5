"""A request as token ids, for a local model.

Plain text is tokenised as lm-eval's own Hugging Face model does it, so that both read the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from harness.engines.chat import ChatTokenizer, marked
from harness.engines.engine import Continuation, Message, PromptFacts, RenderedPrompt, Request
from harness.files import sha256_json, sha256_text


@dataclass(frozen=True, slots=True)
class Pair:
    """A continuation and what stands before it: what a log-likelihood is computed of."""

    context: tuple[int, ...]
    continuation: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.context) + len(self.continuation)


@dataclass(frozen=True, slots=True)
class Encoded:
    """The tokens of a request. `pairs`: what is scored; none where a reply is written behind `prompt`."""

    prompt: tuple[int, ...]
    pairs: tuple[Pair, ...]
    sha256: str
    quoted: tuple[str, ...] = ()
    imitated: tuple[str, ...] = ()

    @property
    def beginnings(self) -> list[tuple[int, ...]]:
        """What the model reads before it writes, or before each of the pairs that it scores."""
        return [pair.context for pair in self.pairs] or [self.prompt]

    @property
    def facts(self) -> PromptFacts:
        longest = max(map(len, self.pairs), default=len(self.prompt))
        return PromptFacts(len(self.prompt), longest, self.sha256, self.quoted, self.imitated)


def encode(chat: ChatTokenizer, request: Request) -> Encoded:
    """The tokens that the model reads for a request."""
    if not isinstance(request.prompt, str):
        return _conversation(chat, request.prompt, request.continuations)
    if request.whole:
        pairs = windows(chat, request.prompt)
        prompt = tuple(token for pair in pairs for token in (*pair.context, *pair.continuation))
    else:
        pairs = tuple(_pair(chat, request.prompt, option) for option in request.continuations)
        prompt = pairs[0].context if pairs else chat.encode_whole(request.prompt)
    asked = [[pair.context, pair.continuation] for pair in pairs]
    quoted = chat.control.quoted(request.prompt)
    return Encoded(prompt, pairs, sha256_json({"tokens": prompt, "pairs": asked}), quoted)


def _conversation(
    chat: ChatTokenizer, messages: Sequence[Message], scored: Sequence[Continuation]
) -> Encoded:
    """A conversation, and the options that are scored behind it."""
    control, text = chat.control, chat.conversation(messages)
    prompt = chat.encode(text)
    options = [option.text for option in scored]
    pairs = tuple(
        Pair(prompt, (*chat.encode_content(option.text), *((chat.end_token,) if option.ends else ())))
        for option in scored
    )
    # What is quoted in an option shapes its tokens, and the text of the prompt does not tell.
    marked = [option for option in map(control.text, options) if control.quoted(option)]
    quoted = control.quoted("\n".join([text, *marked]))
    imitated = control.imitated([*(message.content for message in messages), *options])
    return Encoded(prompt, pairs, sha256_text("\n".join([text, *marked])), quoted, imitated)


def _pair(chat: ChatTokenizer, prompt: str, option: Continuation) -> Pair:
    """Context and continuation, tokenised as one text and split where the context's own tokens end.

    Blanks at the end of the context belong to the continuation. Without a context, the first token of any text
    stands for one.
    """
    context = prompt if option.context is None else option.context
    if not context.strip():
        tokens = chat.encode(context + option.text)
        if tokens[:1] == (chat.first_token,):
            return Pair(tokens[:1], tokens[1:])
        return Pair((chat.first_token,), tokens)
    whole = chat.encode_whole(context + option.text)
    before = chat.encode_whole(context.rstrip())
    return Pair(before, whole[len(before) :])


FIRST_TOKENS = 8
"""Of a prompt, that a run keeps."""


def rendered(
    chat: ChatTokenizer, request: Request, turns: Sequence[Message], *, thinking: bool | None
) -> RenderedPrompt:
    """A request as the model reads it. `turns`: the conversation it was made of, which plain text hides."""
    prompt, first = request.prompt, encode(chat, request).prompt[:FIRST_TOKENS]
    if isinstance(prompt, str):
        skeleton = chat.skeleton(turns, thinking=thinking) if turns else ""
        return RenderedPrompt(prompt, skeleton, first, chat.encode(""))
    skeleton, place = chat.conversation(marked(prompt)), chat.facts.system_turn
    return RenderedPrompt(chat.conversation(prompt), skeleton, first, chat.encode(""), place)


STRETCH = 131_072
"""Tokens of a whole text that are read at once, where the model would read more."""


def windows(chat: ChatTokenizer, text: str) -> tuple[Pair, ...]:
    """A text in stretches that the model can read: each token is predicted once, and where there are several
    stretches, the last one is as long as the others."""
    tokens = chat.encode_whole(text)
    most = min(chat.context_tokens, STRETCH)
    pairs = [Pair((chat.first_token,), tokens[:most])] if tokens else []
    for start in range(most, len(tokens), most):
        end = min(start + most, len(tokens))
        seen = tokens[max(0, end - most - 1) : end]
        pairs.append(Pair(seen[: len(seen) - (end - start)], tokens[start:end]))
    return tuple(pairs)


def shared_prefix(prompts: Iterable[Sequence[int]]) -> int:
    """How many leading tokens all prompts share, leaving each at least one of its own."""
    low: tuple[int, ...] | None = None
    high: tuple[int, ...] = ()  # with `low`, the two that differ first
    for prompt in map(tuple, prompts):
        low, high = prompt if low is None else min(low, prompt), max(high, prompt)
    if low is None:
        return 0
    limit = min(len(low), len(high)) - 1  # all between them begin with what these two share, and go on
    for position in range(max(limit, 0)):
        if low[position] != high[position]:
            return position
    return max(limit, 0)
