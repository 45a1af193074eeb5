"""Metrics for multiple choice, answered by the log-likelihood of each option's text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def best(scores: Sequence[float]) -> int:
    """Index of the highest score; the first of equals."""
    return max(range(len(scores)), key=lambda index: scores[index])


def is_right(option: str, answers: Iterable[str]) -> bool:
    """Whether the option is one of the right ones: the same text, for "A" and "The" are options too."""
    return option.strip() in {answer.strip() for answer in answers}


def by_likelihood(choices: Sequence[str], logprobs: Sequence[float], answers: Iterable[str]) -> float:
    """1 where the option with the highest log-likelihood (natural log, whole option) is right."""
    return float(is_right(choices[best(logprobs)], answers))


def per_character(choices: Sequence[str], logprobs: Sequence[float], answers: Iterable[str]) -> float:
    """The same per character of the option, which takes the advantage from short options."""
    scores = [value / max(1, len(text)) for text, value in zip(choices, logprobs, strict=True)]
    return float(is_right(choices[best(scores)], answers))
