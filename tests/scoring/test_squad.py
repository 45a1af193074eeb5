"""The SQuAD metrics by name equal the official evaluation script, held against a second writing of it."""

from __future__ import annotations

import random
import re
import string

import pytest

from harness.scoring.squad import squad_exact_match, squad_f1, squad_normalise

PIECES = (
    "the", "The", "a", "an", "A", "An", "cat", "Cat", "dogs", "3.5", "35", "$1,000.50", "U.S.A.",
    "O'Neil", "isn't", "the-atre",
    "café", "“q”", "北京", "—", "-", "!", "?", "...", "", " ", "\t", "\n", "\u00a0", "a.n", "th", "e",
    "İ", "ß", "x_y", "`", "a-the",
)  # fmt: skip


def official_normal(text: str) -> str:
    """SQuAD 2.0's steps one by one: lower case, punctuation, articles, white space."""
    text = text.lower()
    kept = [character for character in text if character not in set(string.punctuation)]
    text = re.compile(r"\b(a|an|the)\b", re.UNICODE).sub(" ", "".join(kept))
    return " ".join(text.split())


def official_scores(answers: list[str], reply: str) -> tuple[float, float]:
    golds = [answer for answer in answers if official_normal(answer)]
    if not golds:
        golds = [""]
    exact = max(int(official_normal(gold) == official_normal(reply)) for gold in golds)
    return float(exact), max(official_f1(gold, reply) for gold in golds)


def official_f1(gold: str, reply: str) -> float:
    gold_tokens = official_normal(gold).split() if gold else []
    reply_tokens = official_normal(reply).split() if reply else []
    same, rest = 0, list(gold_tokens)
    for token in reply_tokens:
        if token in rest:
            rest.remove(token)
            same += 1
    if not gold_tokens or not reply_tokens:
        return float(int(gold_tokens == reply_tokens))
    if same == 0:
        return 0.0
    precision, recall = 1.0 * same / len(reply_tokens), 1.0 * same / len(gold_tokens)
    return (2 * precision * recall) / (precision + recall)


def test_twenty_thousand_random_pairs() -> None:
    draw = random.Random(0)

    def text() -> str:
        return "".join(draw.choice(PIECES) + draw.choice(("", " ", " ")) for _ in range(draw.randrange(6)))

    matched = 0
    for _ in range(20_000):
        reply, answers = text(), [text() for _ in range(draw.randrange(4))]
        if draw.random() < 0.3 and answers:
            reply = answers[0].upper() + draw.choice(("", ".", " the"))
        exact, overlap = official_scores(answers, reply)
        assert squad_exact_match(reply, answers) == exact, (reply, answers)
        assert squad_f1(reply, answers) == overlap, (reply, answers)
        matched += exact == 1
    assert 2_000 < matched < 18_000  # both outcomes were tried


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("The  Cat, a dog\tand AN owl!", "cat dog and owl"),
        ("theatre", "theatre"),
        ("the-atre", "theatre"),  # punctuation goes first
        ("$1,000.50", "100050"),
        ("Café “Zürich”", "café “zürich”"),  # only ASCII punctuation goes
        ("The", ""),
    ],
)
def test_normalisation(text: str, normal: str) -> None:
    assert squad_normalise(text) == normal
