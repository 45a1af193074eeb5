"""One search: a system's settings, tried on dev questions in stages, the default always among them.

All are asked a part of dev first (adapters: trained on a part of the examples), and those that do best there the rest.
Two changes that helped apart are tried together once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.files import sha256_text
from harness.records import Question, TrialRow
from harness.run.devsplit import LEAST_DEV, MOST_DEV, fact_of
from harness.run.tuning.choice import Choice, Finalist, Why, choose
from harness.run.tuning.trial import Ask, Candidate, Stage
from harness.spec.space import MESSAGE, Changes, changed, neighbours
from harness.spec.system import System

FEW_SETTINGS = 3
"""Up to so many are all asked everything."""
FIRST_SHARE = 3
"""The first stage asks one in so many dev questions."""
LEAST_EXAMPLES = 64
EXAMPLES_SHARE = 4
"""Adapters of the first stage are trained on one in so many examples, and on no fewer than these."""


@dataclass(frozen=True, slots=True)
class Space:
    """What is tried of one system: `single` in stages, and one place more for two of them together."""

    default: Candidate
    others: tuple[Candidate, ...]
    stages: tuple[Stage, ...]
    together: bool

    @property
    def settings(self) -> int:
        """The most settings that are tried."""
        return 1 + len(self.others) + self.together


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found. `best`: the best besides the default."""

    choice: Choice
    chosen: Candidate
    best: Candidate | None
    default_score: float | None
    best_score: float | None
    tried: int
    questions: int


def dev_of(questions: Sequence[Question], seed: int) -> tuple[Question, ...]:
    """The dev questions that settings are tried on, in a seeded order of which each stage takes the front."""
    drawn = sorted(questions, key=lambda question: sha256_text(f"tune:{seed}:{question.id}"))
    return tuple(drawn[:MOST_DEV])


def space_of(
    system: System,
    count: int,
    dev: Sequence[Question],
    examples: int,
    seed: int,
    *,
    messages: Sequence[str] = (),
    messages_alone: bool = False,
) -> Space:
    """What at most `count` trials of a system are. `examples`: training questions that there are.

    `messages`: system messages that were proposed; `messages_alone`: no other setting is tried.
    """
    together = count > FEW_SETTINGS and not messages_alone
    if messages_alone:
        changes: list[Changes] = [{MESSAGE: text} for text in messages[: count - 1]]
    else:
        changes = neighbours(system, count - 1 - together, seed, messages)
    others = tuple(Candidate(system, changed(system, each), each) for each in changes)
    together = together and len({name for each in changes for name in each}) > 1
    return Space(Candidate(system, system), others, _stages(system, len(others) + 1, dev, examples), together)


def _stages(system: System, count: int, dev: Sequence[Question], examples: int) -> tuple[Stage, ...]:
    everything = tuple(dev)
    if count <= FEW_SETTINGS:
        return (Stage(0, everything),)
    if system.recipe:
        some = min(examples, system.recipe.max_examples or examples) // EXAMPLES_SHARE
        if some < LEAST_EXAMPLES:
            return (Stage(0, everything),)
        return (Stage(0, everything, some), Stage(1, everything))
    first = max(LEAST_DEV, len(dev) // FIRST_SHARE)
    if len(dev) < 2 * first:
        return (Stage(0, everything),)
    return (Stage(0, everything[:first]), Stage(1, everything[first:]))


Each = Callable[[Callable[[Candidate], TrialRow], Sequence[Candidate]], Iterable[TrialRow]]
"""As `map`, which may do several at once."""


def search(space: Space, ask: Ask, each: Each = map) -> Found:
    """Try a space and choose. Settings that cannot be tried drop out; without the default there is no choice."""
    dev = {question.id: question for stage in space.stages for question in stage.questions}
    if len(dev) < LEAST_DEV or not space.others:
        return Found(Choice(0, Why.FEW), space.default, None, None, None, 0, len(dev))
    rows_of: dict[str, list[TrialRow]] = {}
    alive = [space.default, *space.others]
    for stage in space.stages:
        for candidate, row in zip(alive, each(_at(stage, ask), alive), strict=True):
            rows_of.setdefault(candidate.system.id, []).append(row)
        if stage is space.stages[0]:
            both = _together(space, rows_of)
        if stage is not space.stages[-1]:
            alive = _kept(alive, stage, rows_of)
    if both:
        last = space.stages[-1]
        rows_of[both.system.id] = [ask(both, Stage(last.number, tuple(dev.values())))]
        alive.append(both)
    return _found(space, alive, rows_of, dev)


def _at(stage: Stage, ask: Ask) -> Callable[[Candidate], TrialRow]:
    return lambda candidate: ask(candidate, stage)


def _found(
    space: Space,
    finalists: Sequence[Candidate],
    rows_of: Mapping[str, Sequence[TrialRow]],
    dev: Mapping[str, Question],
) -> Found:
    tried = sum(any(row.failed is None for row in rows) for rows in rows_of.values())
    left = [one for one in finalists if not any(row.failed for row in rows_of[one.system.id])]
    if space.default not in left:
        return Found(Choice(0, Why.UNABLE), space.default, None, None, None, tried, len(dev))
    judged = [_finalist(rows_of[one.system.id]) for one in left]
    choice = choose(judged, {name: fact_of(question) for name, question in dev.items()}, tried)
    best = left[choice.best] if choice.best is not None else None
    asked = set.intersection(*(set(one.scores) for one in judged))
    means = [math.fsum(one.scores[name] for name in asked) / len(asked) if asked else None for one in judged]
    best_score = means[choice.best] if choice.best is not None else None
    return Found(choice, left[choice.place], best, means[0], best_score, tried, len(asked))


def _finalist(rows: Sequence[TrialRow]) -> Finalist:
    """What decides of a setting: all rows of full trainings."""
    whole = [row for row in rows if row.examples is None]
    scores = {name: score for row in whole for name, score in row.scores.items()}
    return Finalist(scores, _cost(whole))


def _cost(rows: Sequence[TrialRow]) -> float:
    """Tokens that an answer reads and writes, on average."""
    tokens = sum(row.prompt_tokens + row.completion_tokens for row in rows)
    return tokens / max(1, sum(len(row.scores) for row in rows))


def _ranked(candidates: Sequence[Candidate], rows_of: Mapping[str, Sequence[TrialRow]]) -> list[Candidate]:
    """The settings that could be tried, the best of the last stage first, of equally good ones the cheaper."""
    last = {one.system.id: rows_of[one.system.id][-1] for one in candidates}
    able = [one for one in candidates if last[one.system.id].score is not None]
    return sorted(able, key=lambda one: (-(last[one.system.id].score or 0.0), _cost([last[one.system.id]])))


def _kept(
    alive: Sequence[Candidate], stage: Stage, rows_of: Mapping[str, Sequence[TrialRow]]
) -> list[Candidate]:
    """The settings that go on: the default, and the best of the others."""
    default, *others = alive
    return [default, *_ranked(others, rows_of)[: going_on(len(others), stage)]]


def going_on(others: int, stage: Stage) -> int:
    """How many of the others go on from a stage: half; a quarter where trainings were short, as long ones cost most."""
    return -(-others // (2 if stage.examples is None else 4))


def _together(space: Space, rows_of: Mapping[str, Sequence[TrialRow]]) -> Candidate | None:
    """The best values of the two settings that gained most apart; None where there is no place for it, or no two."""
    default = rows_of[space.default.system.id][0].score
    if not space.together or default is None:
        return None
    better: Changes = {}
    for one in _ranked(space.others, rows_of):
        gained = (rows_of[one.system.id][0].score or 0.0) > default
        if gained and len(one.changes) == 1 and len(better) < 2:
            better = {**one.changes, **better}
    system = changed(space.default.default, better)
    if len(better) < 2 or system.id in {one.system.id for one in space.others}:
        return None
    return Candidate(space.default.default, system, better)
