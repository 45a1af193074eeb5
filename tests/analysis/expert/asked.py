"""What a described run asked, of invented words, each its own, so that nothing is a near copy of anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.analysis.expert.described import Described, Race

Row = dict[str, Any]
REFUSAL = "Not in the documents."
_SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]


def word(number: int) -> str:
    """An invented word, another one for every number below 343,000 (and for none above)."""
    number, last = divmod(number * 7919 % 343_000, 70)
    first, second = divmod(number, 70)
    return _SYLLABLES[first] + _SYLLABLES[second] + _SYLLABLES[last]


def keeper(index: int) -> str:
    return f"{word(100_000 + index)} {word(150_000 + index)}".title()


def questions(race: Race, _: Described) -> Iterator[Row]:
    for index in range(race.n):
        same = 0 if index < race.alike else index
        row: Row = {
            "task": race.name,
            "id": f"{race.name}-{index}",
            "question": f"Who has kept the {word(same)} since the {word(50_000 + same)} was closed?",
            "answers": [keeper(same)],
            "gold_docs": [gold(race, index)],
        }
        if race.labels:
            row |= {"answers": [label(race, index)], "gold_docs": []}
        if race.probes == "general":
            row |= {"answers": ["yes"], "choices": ["yes", "no"], "gold_docs": []}
        if index >= race.n - race.unanswerable:
            row |= {"answers": [], "answerable": False, "gold_docs": []}
        if row["gold_docs"]:
            row |= {"answer_in_gold": not is_lost(race, index)}
        if not race.labels:
            row |= {"query_tokens": 400 if index < race.long else 16}
        if race.taught:
            row |= {"fact_seen": index < race.taught}
        yield row


def document(race: Race, index: int) -> str:
    index = 0 if index < race.alike else index
    return f"{race.name}-d{index % race.documents if race.documents else index}"


def gold(race: Race, index: int) -> str:
    """The last `misnamed` questions name the document of another one."""
    return document(race, index if index < race.n - race.misnamed else (index + 1) % race.n)


def is_lost(race: Race, index: int) -> bool:
    return index >= race.n - race.unanswerable - race.lost


def label(race: Race, index: int) -> str:
    passed = 0
    for label, count in race.labels.items():
        passed += count
        if index < passed:
            return label
    raise ValueError(f"{race.name} has {race.n} questions and fewer labels")


def training(race: Race, run: Described) -> Iterator[Row]:
    """Taught facts in other words, then others that no test question asks for, then what leaked."""
    for number in range(run.labelled):
        index = number if number < race.taught else 300_000 + number
        asked = f"Name whoever looks after our {word(index)}, which {word(50_000 + index)} left behind."
        right = [*race.labels][number % len(race.labels)] if race.labels else keeper(index)
        if number < race.leak:
            asked = f"Who has kept the {word(number)} since the {word(50_000 + number)} was closed?"
            right = label(race, number) if race.labels else keeper(number)
        yield {
            "task": race.name,
            "split": "train",
            "id": f"{race.name}-t{number}",
            "question": asked,
            "answers": [right],
        }


def passages(race: Race, _: Described) -> Iterator[Row]:
    texts: dict[str, list[str]] = {}
    for index in range(race.n - race.unanswerable):
        who = "somebody" if is_lost(race, index) else keeper(index)
        texts.setdefault(document(race, index), []).append(
            f"The {word(index)} is kept by {who} since the {word(50_000 + index)} was closed."
        )
    for name, sentences in texts.items():
        for number, text in enumerate(sentences):
            yield {
                "task": race.name,
                "chunk_id": f"{name}#{number}",
                "doc_id": name,
                "title": name,
                "text": text,
            }
