"""What a described run answered.

Systems are right on the same questions as far as their counts allow (the first ones of each group), so that who is
better is plain and intervals are narrow; `swap` makes them right on others.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.analysis.expert.asked import REFUSAL, Row, document, gold, keeper, label, word
from tests.analysis.expert.described import Described, Race
from tests.analysis.runs import answer

RECALL = 0.9


def answers(race: Race, run: Described) -> Iterator[Row]:
    for system, seeds in race.right.items():
        for seed, counts in enumerate(seeds):
            yield from _answered(race, system, seed, right_on(race, system, counts))


def _answered(race: Race, system: str, seed: int, right: set[int]) -> Iterator[Row]:
    spoilt = iter(
        ["empty"] * race.empty.get(system, 0)
        + ["cut"] * race.cut.get(system, 0)
        + ["half"] * race.half.get(system, 0)
    )
    for index in range(race.n - race.missing.get(system, 0) - race.too_long.get(system, 0)):
        fault = None if index in right else next(spoilt, None)
        text = {None: reply, "cut": _rambling, "half": _half, "empty": lambda *_: ""}[fault](
            race, system, index, index in right
        )
        yield answer(
            race.name,
            system,
            f"{race.name}-{index}",
            **{
                "prediction": text,
                "seed": seed,
                "prompt_sha256": f"{index}-{_prompt(system)}",
                "finish_reason": "length" if fault == "cut" else "stop",
                "adapter": sha(race.name, system, seed),
                "completion_tokens": max(1, len(text.split())),
                **_shown(race, system, index, right),
                **_choice(race, system, index in right),
            },
        )


def failures(race: Race, _: Described) -> Iterator[Row]:
    for system, lost in race.too_long.items():
        for index in range(race.n - lost, race.n):
            row = {"task": race.name, "strategy": system, "question_id": f"{race.name}-{index}", "seed": 0}
            yield {**row, "reason": "the prompt is too long", "attempts": 1, "final": True}


def right_on(race: Race, system: str, counts: tuple[int, ...]) -> set[int]:
    """Of each group the first `counts` questions, the last `swap` of them exchanged with the next wrong ones."""
    groups = race.groups
    if len(counts) != len(groups):
        raise ValueError(f"{system}: {len(groups)} groups of questions, but {len(counts)} counts")
    found: set[int] = set()
    first = 0
    for size, count in zip(groups, counts, strict=True):
        if count > size:
            raise ValueError(f"{system}: {count} of {size} right")
        found |= set(range(first, first + count))
        first += size
    if swapped := race.swap.get(system, 0):
        wrong = [index for index in range(race.n) if index not in found]
        found = {*sorted(found)[:-swapped], *wrong[:swapped]}
    return found


def reply(race: Race, system: str, index: int, right: bool) -> str:
    if system in race.refuses:
        return REFUSAL
    if index >= race.n - race.unanswerable:
        return REFUSAL if right else _stranger(system, index)
    if race.labels:
        own = label(race, index)
        return own if right else next(label for label in race.labels if label != own)
    answer = keeper(index if index >= race.alike else 0)
    if system in race.lists:
        some = [keeper((index + step) % race.n) for step in range(1, 6)]
        return ", ".join([*some[:3], answer if right else _stranger(system, index), *some[3:]])
    if not right:
        same = race.shift.get(system) == 0.0
        return _stranger("base" if same else system, index)
    if system in race.rambles:
        return _rambling(race, system, index, right)
    return f"It is {answer}." if system in race.verbose else answer


def _stranger(system: str, index: int) -> str:
    """A name that answers no question; each system has its own."""
    return f"{word(200_000 + index)} {system.replace('+', ' ')}".title()


def _half(race: Race, _: str, index: int, __: bool) -> str:
    return keeper(index).split()[0]


def _rambling(race: Race, system: str, index: int, right: bool) -> str:
    around = [word(250_000 + 60 * (index % 500) + step) for step in range(58)]
    return " ".join([*around[:30], keeper(index) if right else _stranger(system, index), *around[30:]])


def _shown(race: Race, system: str, index: int, right: set[int]) -> Row:
    """The passages that a system read. Retrieval finds the gold document where the answer is right first of all."""
    if system == "oracle":
        documents = [gold(race, index)] if index < race.n - race.unanswerable and not race.labels else []
    elif "rag" in system and race.probes != "general":
        share = race.recall.get(system, RECALL)
        order = [*sorted(right), *(i for i in range(race.n) if i not in right)]
        found = order.index(index) < share * race.n
        documents = [document(race, index if found else (index + race.n // 2) % race.n)]
    else:
        return {}
    ranked = [{"doc_id": name, "chunk_id": f"{name}#0", "score": 0.5} for name in documents]
    return {"retrieved": ranked, "shown_passages": len(ranked)}


def _choice(race: Race, system: str, right: bool) -> Row:
    if race.probes != "general":
        return {}
    likely = [-1.0, -2.0] if right else [-2.0, -1.0]
    moved = [value - 0.1 * ("lora" in system) for value in likely]
    return {"choice_logprobs": moved, "finish_reason": "choice", "prediction": "yes" if right else "no"}


def _prompt(system: str) -> str:
    """What only the weights tell apart reads the same prompt."""
    name = system.partition("@")[0]
    return {"lora": "base", "lora+rag": "rag"}.get(name, name)


def sha(task: str, system: str, seed: int) -> str | None:
    """Of the adapter that answers: `lora@facts` is the one of task `facts`."""
    name, _, trained_for = system.partition("@")
    return f"{name}-{trained_for or task}-{seed}" if "lora" in name else None
