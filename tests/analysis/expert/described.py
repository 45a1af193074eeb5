"""One line of words → what a made-up run holds: `n 200; right base 40, rag 140; seconds rag 2`.

Clauses are separated by `;`, and each begins with what it speaks of. `task NAME PROBES` begins another task. Every
clause, in the order in which `runs.md` explains them, is a field of `Race` or of `Described`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from typing import Any

Counts = tuple[int, ...]
"""How many are right: of each group of questions."""


@dataclass
class Race:
    """One task of a made-up run. Where a field is of systems, it maps their names to a value."""

    name: str = "facts"
    probes: str = "knowledge"
    n: int = 200
    right: dict[str, tuple[Counts, ...]] = field(default_factory=dict)
    """System → for each training seed, how many of each group of questions are right."""
    half: dict[str, int] = field(default_factory=dict)
    """So many of the other replies hold half of the answer."""
    swap: dict[str, int] = field(default_factory=dict)
    """So many right replies change places with wrong ones: as accurate, on other questions."""
    taught: int = 0
    """The facts of the first so many questions are in the training set, in other words; the others are not."""
    unanswerable: int = 0
    """The last so many questions have no answer in the documents; a refusal is right."""
    labels: dict[str, int] = field(default_factory=dict)
    """Label → how many questions it answers."""
    documents: int = 0
    """The questions are about so many documents; 0: each about its own."""
    alike: int = 0
    """The first so many questions are one and the same text."""
    metrics: tuple[str, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    timed: int = 20
    slow: dict[str, float] = field(default_factory=dict)
    """System → the seconds of one of its timed answers, far from the others."""
    fit: dict[str, float] = field(default_factory=dict)
    """Share of its training answers that an adapter reproduces."""
    shift: dict[str, float] = field(default_factory=dict)
    """How far an adapter moves the logits; at 0 it answers what base does."""
    leak: int = 0
    """So many test questions stand in the training set word for word."""
    recall: dict[str, float] = field(default_factory=dict)
    misnamed: int = 0
    """So many questions name the wrong gold document, which `oracle` reads."""
    lost: int = 0
    """The documents of the last so many answerable questions lost the answer in parsing."""
    long: int = 0
    """So many questions have 400 tokens; the embedder reads 256."""
    refuses: tuple[str, ...] = ()
    """Systems that refuse every question."""
    lists: tuple[str, ...] = ()
    """Systems whose replies list six candidates, the right one among them where they are right."""
    verbose: tuple[str, ...] = ()
    """Systems that wrap each right answer into a sentence."""
    rambles: tuple[str, ...] = ()
    """Systems whose right replies hold 60 words."""
    empty: dict[str, int] = field(default_factory=dict)
    cut: dict[str, int] = field(default_factory=dict)
    """So many of the wrong replies are empty, or cut by the token limit."""
    missing: dict[str, int] = field(default_factory=dict)
    """So many of the last questions were not answered."""
    too_long: dict[str, int] = field(default_factory=dict)
    """The prompts of the last so many questions cannot be read, however often they are asked."""

    @property
    def groups(self) -> Counts:
        """Sizes of the groups of questions, in their order, that `right` speaks of."""
        if self.labels:
            return tuple(self.labels.values())
        cuts = [0, *([self.taught] if self.taught else []), self.n - self.unanswerable, self.n]
        return tuple(b - a for a, b in itertools.pairwise(cuts) if b > a)


@dataclass
class Described:
    """A whole run. `prices`: `none` for a run without a price list."""

    races: list[Race]
    prices: str = "list"
    status: str = "complete"
    quick: bool = False
    trained_s: float = 600.0
    """Seconds of training an adapter."""
    labelled: int = 200
    """Training questions."""


def described(text: str) -> Described:
    """Raises ValueError for a clause that nothing reads."""
    run = Described([Race()])
    for key, rest in _clauses(text):
        race = run.races[-1]
        if key == "task":
            name, probes = rest.split()
            if race.right:
                race = Race()
                run.races.append(race)
            race.name, race.probes = name, probes
        elif key == "quick":
            run.quick = True
        elif key in {one.name for one in fields(Race)}:
            setattr(race, key, _READ.get(key, _per_system)(rest))
        elif key in {one.name for one in fields(Described)}:
            setattr(run, key, type(getattr(run, key))(rest))
        else:
            raise ValueError(f"no clause begins with {key!r}")
    return run


def _clauses(text: str) -> Iterator[tuple[str, str]]:
    for clause in filter(None, (part.strip() for part in text.split(";"))):
        key, _, rest = clause.partition(" ")
        yield key, rest.strip()


def _items(text: str) -> Iterator[tuple[str, str]]:
    for item in text.split(","):
        name, _, value = item.strip().rpartition(" ")
        yield name, value


def _per_system(text: str) -> dict[str, float]:
    return {name: float(value) for name, value in _items(text)}


def _counted(text: str) -> dict[str, int]:
    return {name: int(value) for name, value in _items(text)}


def _right(text: str) -> dict[str, tuple[Counts, ...]]:
    """`lora 100+8/104+6`: two seeds, two groups."""
    return {
        name: tuple(tuple(map(int, seed.split("+"))) for seed in value.split("/"))
        for name, value in _items(text)
    }


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


_READ: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(
        ("n", "taught", "unanswerable", "documents", "alike", "timed", "leak", "misnamed", "lost", "long"),
        int,
    ),
    **dict.fromkeys(("half", "swap", "labels", "empty", "cut", "missing", "too_long"), _counted),
    **dict.fromkeys(("metrics", "refuses", "lists", "verbose", "rambles"), _names),
    "right": _right,
}
