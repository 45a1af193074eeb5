"""Metrics for free text, as SQuAD defines them, and what counts as a refusal.

The normalisation and the two SQuAD metrics follow the official evaluation script of SQuAD 2.0 (Rajpurkar
et al., 2018): only ASCII punctuation is removed, so that figures agree with anybody else's.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)
_SENTENCE_END = re.compile(r"[.!?]+(?:\s|$)|\n")


def normalise(text: str) -> str:
    """Lower case, without ASCII punctuation and articles, words apart by single spaces."""
    return " ".join(_ARTICLES.sub(" ", text.lower().translate(_PUNCTUATION)).split())


def exact_match(reply: str, answers: Iterable[str]) -> float:
    """1 where the normalised reply is one of the normalised answers."""
    replied = normalise(reply)
    return float(any(replied == normalise(answer) for answer in answers))


def f1(reply: str, answers: Iterable[str]) -> float:
    """The best token F1 of the reply against any answer; two empty texts agree fully."""
    replied = normalise(reply).split()
    return max((_f1(replied, normalise(answer).split()) for answer in answers), default=0.0)


def _f1(replied: list[str], gold: list[str]) -> float:
    if not replied or not gold:
        return float(replied == gold)
    shared = sum((Counter(replied) & Counter(gold)).values())
    return 2.0 * shared / (len(replied) + len(gold))


def contains(reply: str, answers: Iterable[str]) -> float:
    """1 where an answer stands in the reply as whole words, both normalised."""
    return float(contains_normalised(normalise(reply), answers))


def contains_normalised(replied: str, answers: Iterable[str]) -> bool:
    """`contains` for a text that is normalised already (passages are searched many times over).

    An answer of which nothing is left ("The!") would stand in everything: it needs an empty text.
    """
    padded = f" {replied} "
    wanted = (normalise(answer) for answer in answers)
    return any(f" {answer} " in padded if answer else not replied for answer in wanted)


def is_refusal(reply: str, refusal: str | None) -> bool:
    """Whether the reply declines: it is the task's refusal text, or has it as its whole first sentence.

    A reply that goes on in the same sentence ("not in the documents, but it is five days") gives an answer
    after all and is none: counting it would reward hedged inventions.
    """
    declined = normalise(refusal or "")
    if not declined:
        return False
    first = _SENTENCE_END.split(reply.strip(), maxsplit=1)[0]
    return declined in (normalise(reply), normalise(first))
