"""Questions to choose settings on, where a task has no dev file: split from its training questions.

They are held out of training and of examples. They stand to the rest as the test questions do: where those ask for
facts that training tells in other words, a wording is held out and its fact stays; else whole facts are held out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from harness.files import sha256_text
from harness.quantities import counted
from harness.records import Question
from harness.spec.task import Task

LEAST_DEV, MOST_DEV = 30, 100
"""Fewer tell nothing of settings; more cost more than they tell."""
MOST_SHARE = 3
"""At most one in three training questions is held out."""


def with_dev(task: Task, seed: int) -> Task:
    """The task with dev questions split from train; as it is where it has some, or too few to split."""
    wanted = min(MOST_DEV, max(LEAST_DEV, len(task.train) // 5))
    if task.dev or wanted * MOST_SHARE > len(task.train):
        return task
    held = _held_out(task, wanted, seed)
    if len(held) < LEAST_DEV:
        return task
    kept = "their facts stay in training in other words" if tells_test(task) else "with their facts"
    remark = (
        f"{task.name}: settings are chosen on {counted(len(held), 'training question')}, held out of training and "
        f"examples, {kept}; name a file of your own under questions.dev to train on all."
    )
    return replace(
        task,
        train=tuple(question for question in task.train if question.id not in held),
        dev=tuple(question for question in task.train if question.id in held),
        remarks=(*task.remarks, remark),
    )


def tells_test(task: Task) -> bool:
    """Whether most test questions ask for facts that training tells in other words."""
    told = {question.fact_id for question in task.train if question.fact_id}
    asked = [question.fact_id for question in task.test if question.fact_id and question.answerable]
    return 2 * sum(fact in told for fact in asked) > len(asked)


def _held_out(task: Task, wanted: int, seed: int) -> set[str]:
    """The ids that are held out, whole facts or single wordings of them, until there are enough."""
    held: set[str] = set()
    for group in _drawn(task, seed):
        if len(held) + len(group) <= wanted:
            held |= {question.id for question in group}
    return held


def _drawn(task: Task, seed: int) -> Iterator[Sequence[Question]]:
    """What may be held out together, in a seeded order."""
    mirrored = tells_test(task)
    left = Counter(fact_of(question) for question in task.train)
    groups: dict[str, list[Question]] = {}
    for question in sorted(task.train, key=lambda one: sha256_text(f"dev:{seed}:{one.id}")):
        fact = fact_of(question)
        if not mirrored:
            groups.setdefault(fact, []).append(question)
        elif fact == question.id or (fact not in groups and left[fact] > 1):
            groups[fact] = [question]
    yield from groups.values()


def fact_of(question: Question) -> str:
    """What a question shares with others: its cluster, else its fact; its own id where it stands alone."""
    return question.cluster or question.fact_id or question.id
