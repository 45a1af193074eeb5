"""Thoughts that a model writes before its answer: where they end, and how its template is told to leave them out.

What stands around a thought is learnt from the model's own files: from what its template writes around a thought that a
message brings (`reasoning_content`), else from pairs of tags in its template and among its tokens whose name says so
(`<think>` and `</think>`, `[THINK]`, `<|START_THINKING|>`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from harness.engines.engine import Engine

THINKING_TOKENS = 4096
"""What a model may write before its answer, beside the answer's `max_tokens`; at most a quarter of its window."""


def thinking_tokens(engine: Engine) -> int:
    """What the model of an engine may write for thoughts; 0 where nothing says that it thinks."""
    facts = engine.template_facts()
    thinks = facts is not None and facts.thinking == "on"
    return min(THINKING_TOKENS, engine.window // 4) if thinks else 0


_NAMED = re.compile(r"[<\[◁][/|]?[\w|:]*(?:think|thought|reason)[\w|:]*[>\]▷]", re.I)
_ENDS = (("begin", "end"), ("BEGIN", "END"), ("start", "end"), ("START", "END"))
_TAG = re.compile(r"(?:<[^<>\s]+>|\[[A-Z_]+\]|◁[^◁▷]+▷)$")


@dataclass(frozen=True, slots=True)
class Thoughts:
    """What stands around a thought: `opens` before it, and `closes` between it and the answer.

    `begun`: the prompt ends within one, so that the reply begins there.
    """

    opens: str
    closes: str
    begun: bool = False

    def answer_start(self, text: str) -> int | None:
        """Where the answer begins in a reply, special tokens shown; None while that cannot be told, or never does."""
        end = text.find(self.closes)
        if end >= 0:
            rest = text[end + len(self.closes) :]
            return len(text) - len(rest.lstrip())
        begun = text.lstrip()
        if self.begun or begun.startswith(self.opens):
            return None
        undecided = self.opens.startswith(begun) or self.closes.startswith(begun)
        return None if undecided else 0

    def opened(self, text: str) -> bool:
        """Whether a reply without an answer is a thought, and not the beginning of something else."""
        return self.begun or text.lstrip().startswith(self.opens)


Decode = Callable[[Sequence[int]], str]


@dataclass(frozen=True, slots=True)
class Reader:
    """Tokens → text: `bare` without special tokens, `whole` with them. `thoughts` None: the model has none."""

    bare: Decode
    whole: Decode
    thoughts: Thoughts | None = None


def around(text: str, thought: str, answer: str, prompt: str) -> tuple[str, str] | None:
    """What stands before `thought` and between it and `answer` in a conversation; None where one of them is missing.

    `prompt`: the same conversation up to where the reply begins.
    """
    at, then = text.find(thought), text.find(answer)
    if at < 0 or then < at:
        return None
    unequal = (place for place, (a, b) in enumerate(zip(text, prompt, strict=False)) if a != b)
    begins = next(unequal, min(len(text), len(prompt)))
    opens, closes = text[begins:at].strip(), text[at + len(thought) : then].strip()
    if not opens and (tag := _TAG.search(text[:at].rstrip())):  # the prompt opens the thought
        opens = tag[0]
    return (opens, closes) if opens and closes else None


def named_pair(texts: Iterable[str]) -> tuple[str, str] | None:
    """Two tags around thoughts, by their names, in the texts of a template and of special tokens."""
    tags = list(dict.fromkeys(tag for text in texts for tag in _NAMED.findall(text)))
    pairs = [(tag, end) for tag in tags for end in _ends(tag) if end in tags]
    # A template that opens a thought, or cuts one off, may name one of them only.
    alone = [
        (tag[0] + tag[2:], tag) if tag[1] == "/" else (tag, f"{tag[0]}/{tag[1:]}")
        for tag in tags
        if "|" not in tag
    ]
    return next(iter([*pairs, *alone]), None)


def _ends(tag: str) -> Iterator[str]:
    """What may close a tag."""
    yield f"{tag[0]}/{tag[1:]}"
    for opening, closing in _ENDS:
        if opening in tag:
            yield tag.replace(opening, closing)
