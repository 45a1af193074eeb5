"""Exact match and F1 as the official evaluation script of SQuAD 2.0 computes them (Rajpurkar et al., 2018).

Figures agree with anybody else's. The normalisation is made for English text: it removes ASCII punctuation wherever it
stands, so that "3.5" equals "35"; `exact_match` and `f1` of `text.py` do not.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Iterable

_SQUAD_ARTICLES = re.compile(r"\b(a|an|the)\b")
_SQUAD_PUNCTUATION = str.maketrans("", "", string.punctuation)


def squad_normalise(text: str) -> str:
    """Lower case, without ASCII punctuation and articles, words apart by single spaces."""
    return " ".join(_SQUAD_ARTICLES.sub(" ", text.lower().translate(_SQUAD_PUNCTUATION)).split())


def squad_exact_match(reply: str, answers: Iterable[str]) -> float:
    """1 where the normalised reply is one of the normalised answers."""
    replied = squad_normalise(reply)
    return float(any(replied == answer for answer in _squad_gold(answers)))


def squad_f1(reply: str, answers: Iterable[str]) -> float:
    """The best F1 of the reply's words against any answer; two empty texts agree fully."""
    replied = squad_normalise(reply).split()
    return max(_squad_overlap(replied, answer.split()) for answer in _squad_gold(answers))


def _squad_gold(answers: Iterable[str]) -> list[str]:
    """Answers of which nothing is left do not count; where none remains, the right reply is empty."""
    return [normal for answer in answers if (normal := squad_normalise(answer))] or [""]


def _squad_overlap(replied: list[str], gold: list[str]) -> float:
    if not replied or not gold:
        return float(replied == gold)
    shared = sum((Counter(replied) & Counter(gold)).values())
    if not shared:
        return 0.0
    precision, recall = shared / len(replied), shared / len(gold)
    return 2 * precision * recall / (precision + recall)
