"""A described run → the run folder that a real run of it would have left, at $3.60 an hour of the machine.

Systems are right on the same questions as far as their counts allow (the first ones of each group), so that who is
better is plain and intervals are narrow; `swap` makes them right on others. Questions, answers and documents are made
of invented words, each its own, so that nothing is a near copy of anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.spec.prices import load_prices
from tests.analysis.expert.described import Described, Race
from tests.analysis.runs import MACHINE, answer, timing, write_run

Row = dict[str, Any]
REFUSAL = "Not in the documents."
SECONDS = 1.0
RECALL = 0.9
FIT = 0.95
SHIFT = 0.5
_SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]


def write_described(folder: Path, run: Described) -> Path:
    tables: dict[str, list[Row]] = {
        name: [row for race in run.races for row in rows(race, run)]
        for name, rows in (
            ("questions", questions),
            ("training", training),
            ("passages", passages),
            ("answers", answers),
            ("failures", failures),
            ("batches", batches),
            ("timings", timings),
        )
    }
    return write_run(folder, manifest=manifest(run), **tables)


def word(number: int) -> str:
    """An invented word, another one for every number below 343,000 (and for none above)."""
    number, last = divmod(number * 7919 % 343_000, 70)
    first, second = divmod(number, 70)
    return _SYLLABLES[first] + _SYLLABLES[second] + _SYLLABLES[last]


def keeper(index: int) -> str:
    return f"{word(100_000 + index)} {word(150_000 + index)}".title()


# What was asked


def questions(race: Race, _: Described) -> Iterator[Row]:
    for index in range(race.n):
        same = 0 if index < race.alike else index
        row: Row = {
            "task": race.name,
            "id": f"{race.name}-{index}",
            "question": f"Who has kept the {word(same)} since the {word(50_000 + same)} was closed?",
            "answers": [keeper(same)],
            "gold_docs": [_gold(race, index)],
        }
        if race.labels:
            row |= {"answers": [_label(race, index)], "gold_docs": []}
        if race.probes == "general":
            row |= {"answers": ["yes"], "choices": ["yes", "no"], "gold_docs": []}
        if index >= race.n - race.unanswerable:
            row |= {"answers": [], "answerable": False, "gold_docs": []}
        if row["gold_docs"]:
            row |= {"answer_in_gold": not _is_lost(race, index)}
        if not race.labels:
            row |= {"query_tokens": 400 if index < race.long else 16}
        if race.taught:
            row |= {"fact_seen": index < race.taught}
        yield row


def _document(race: Race, index: int) -> str:
    index = 0 if index < race.alike else index
    return f"{race.name}-d{index % race.documents if race.documents else index}"


def _gold(race: Race, index: int) -> str:
    """The last `misnamed` questions name the document of another one."""
    return _document(race, index if index < race.n - race.misnamed else (index + 1) % race.n)


def _is_lost(race: Race, index: int) -> bool:
    return index >= race.n - race.unanswerable - race.lost


def _label(race: Race, index: int) -> str:
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
            right = _label(race, number) if race.labels else keeper(number)
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
        who = "somebody" if _is_lost(race, index) else keeper(index)
        texts.setdefault(_document(race, index), []).append(
            f"The {word(index)} is kept by {who} since the {word(50_000 + index)} was closed."
        )
    for document, sentences in texts.items():
        for number, text in enumerate(sentences):
            yield {
                "task": race.name,
                "chunk_id": f"{document}#{number}",
                "doc_id": document,
                "title": document,
                "text": text,
            }


# What was answered


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
                "adapter": _sha(race.name, system, seed),
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
        own = _label(race, index)
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
        documents = [_gold(race, index)] if index < race.n - race.unanswerable and not race.labels else []
    elif "rag" in system and race.probes != "general":
        share = race.recall.get(system, RECALL)
        order = [*sorted(right), *(i for i in range(race.n) if i not in right)]
        found = order.index(index) < share * race.n
        documents = [_document(race, index if found else (index + race.n // 2) % race.n)]
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


def _sha(task: str, system: str, seed: int) -> str | None:
    """Of the adapter that answers: `lora@facts` is the one of task `facts`."""
    name, _, trained_for = system.partition("@")
    return f"{name}-{trained_for or task}-{seed}" if "lora" in name else None


# How long it took, and what it cost


def timings(race: Race, _: Described) -> Iterator[Row]:
    for system in race.right:
        if "@" in system:
            continue
        seconds = race.seconds.get(system, SECONDS)
        for block in range(race.timed):
            took = seconds * (1 + 0.1 * (block * 37 % 101 / 101 - 0.5))
            if block == race.timed // 2:
                took = race.slow.get(system, took)
            more: Row = {"retrieve_s": 0.05 * seconds} if "rag" in system else {}
            row = timing(system, block, took, took / 2, 5, **more)
            yield {**row, "task": race.name, "question_id": f"{race.name}-{block % race.n}"}


def batches(race: Race, _: Described) -> Iterator[Row]:
    """Batches of one: a machine answers as many questions in an hour whether they come one by one or together."""
    for system, seeds in race.right.items():
        wall = race.seconds.get(system, SECONDS) * race.n
        for seed in range(len(seeds)):
            yield {
                "task": race.name,
                "strategy": system,
                "batch": 0,
                "questions": race.n,
                "completion_tokens": 5 * race.n,
                "wall_s": wall,
                "seed": seed,
            }


def manifest(run: Described) -> Row:
    plan = [
        {"task": race.name, "strategy": system, "seed": seed, "adapter": _sha(race.name, system, seed)}
        for race in run.races
        for system, seeds in race.right.items()
        for seed in range(len(seeds))
    ]
    trained = [entry for entry in plan if entry["adapter"] and "@" not in entry["strategy"]]
    return {
        "run_id": "made-up",
        "command": "harness compare",
        "status": run.status,
        "quick": run.quick,
        "model": {"name": "tiny", "dtype": "float32", "parameters": 1_000_000},
        "embedder": {"name": "words", "max_tokens": 256},
        "tasks": {
            race.name: {"spec": _spec(race), "questions": race.n, "train_questions": run.labelled}
            for race in run.races
        },
        "plan": plan,
        "adapters": [_adapter(run, entry) for entry in trained],
        "indexes": {
            race.name: {
                "documents": race.documents or race.n,
                "passages": race.n,
                "embed_tokens": 20 * race.n,
                "seconds": 10.0,
                "bytes": 1_000_000,
            }
            for race in run.races
        },
        "price_sheet": None if run.prices == "none" else _prices(),
        "load_s": 2.0,
        "first_query_s": 1.0,
    }


def _adapter(run: Described, entry: Row) -> Row:
    race = next(one for one in run.races if one.name == entry["task"])
    system = entry["strategy"]
    shift = race.shift.get(system, SHIFT)
    return {
        "task": race.name,
        "strategy": system,
        "seed": entry["seed"],
        "key": entry["adapter"],
        "sha256": entry["adapter"],
        "examples": run.labelled,
        "epochs": 3.0,
        "steps": 75,
        "train_tokens": 20 * run.labelled,
        "seconds": run.trained_s,
        "train_fit": race.fit.get(system, FIT),
        "logit_shift": shift,
        "bytes": 2_000_000,
    }


def _spec(race: Race) -> Row:
    if race.probes == "general":
        answered = {"type": "choice", "max_tokens": 80}
        return {"name": race.name, "probes": "general", "answer": answered, "metrics": ["choice"]}
    kind = "label" if race.labels else "text"
    about: Row = {"type": kind, "max_tokens": 80}
    if race.labels:
        about["labels"] = [*race.labels]
    else:
        about["refusal"] = REFUSAL.rstrip(".")
    metrics = [*(race.metrics or ("label" if race.labels else "contains",))]
    return {"name": race.name, "probes": race.probes, "answer": about, "metrics": metrics}


def _prices() -> Row:
    """The list that ships, with one machine at $3.60 an hour ($0.001 a second) in place of its own."""
    sheet = load_prices().as_used("cpu").model_dump(mode="json")
    sheet |= {"machine": MACHINE, "utilisation": 0.5, "default": {"cpu": "box", "cuda": "gpu"}}
    return {**sheet, "machines": [MACHINE, {**MACHINE, "name": "gpu", "kind": "cuda"}]}
