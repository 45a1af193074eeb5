"""Questions that hold control tokens of the model: which they are, and what that means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.quantities import counted, listed
from harness.records import Question

SHOWN = 5


@dataclass(frozen=True, slots=True)
class ControlTokens:
    """What a question or a prompt holds: control tokens, which are read as text, and texts that mark turns without
    being tokens, which nobody can tell from the template's own."""

    quoted: tuple[str, ...] = ()
    imitated: tuple[str, ...] = ()


def control_tokens_of(question: Question, in_prompts: Iterable[ControlTokens]) -> ControlTokens:
    """What of that which its prompts hold stands in the question or its choices."""
    text, held = "\n".join([question.question, *question.choices]), [*in_prompts]
    quoted = dict.fromkeys(token for one in held for token in one.quoted if token in text)
    imitated = dict.fromkeys(tag for one in held for tag in one.imitated if tag in text)
    return ControlTokens(tuple(quoted), tuple(imitated))


def control_tokens_sentence(held: Mapping[str, ControlTokens], asked: int) -> str:
    """Which of `asked` questions hold control tokens, and what that means; empty where none does."""
    read = {name: one.quoted for name, one in held.items() if one.quoted}
    alike = {name: one.imitated for name, one in held.items() if one.imitated}
    sentences = [
        f"{_holding(read, asked)} control tokens of the model: {_named(read)}. They are read as text here; a server "
        "that takes them for tokens would see other turns."
        if read
        else "",
        f"{_holding(alike, asked)} what the chat template marks turns with: {_named(alike)}. The model has no token "
        "for it and cannot tell the question from a turn; leave such questions out."
        if alike
        else "",
    ]
    return " ".join(filter(None, sentences))


def _holding(named: Mapping[str, Sequence[str]], asked: int) -> str:
    return f"{len(named):,} of {counted(asked, 'question')} {'holds' if len(named) == 1 else 'hold'}"


def _named(named: Mapping[str, Sequence[str]]) -> str:
    return listed((f"{name} ({', '.join(tokens)})" for name, tokens in named.items()), SHOWN, apart="; ")
