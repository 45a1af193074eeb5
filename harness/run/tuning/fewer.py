"""Systems that learn from fewer examples: the parts of train that a learning curve asks."""

from __future__ import annotations

from dataclasses import replace

from harness.spec.context import Context, Nearest
from harness.spec.system import System
from harness.spec.task import Task

FIRST = 25


def learns(system: System) -> bool:
    """Whether more training questions may make a system better: an adapter of ours, or examples that are looked for."""
    return not system.control and (system.recipe is not None or system.nearest is not None)


def sizes(task: Task, system: System) -> tuple[int, ...]:
    """How many training questions the parts have: 25, twice as many, …, less than the system itself learns from."""
    most = learnt_from(system, len(task.train))
    counts = [FIRST]
    while 2 * counts[-1] < most:
        counts.append(2 * counts[-1])
    return tuple(count for count in counts if count < most)


def learnt_from(system: System, train: int) -> int:
    """How many training questions a system learns from, of so many that there are."""
    limits = [system.recipe.max_examples if system.recipe else None]
    limits += [system.nearest.max_examples if system.nearest else None]
    return min(train, *(limit or train for limit in limits))


def part_of(system: System, count: int) -> System:
    """The same system, having learnt from `count` training questions: `lora[n=50]`."""
    context = tuple(_fewer(part, count) for part in system.context)
    recipe = system.recipe
    adapter = system.adapter
    if recipe is not None:
        fewer = tuple(_fewer(part, count) for part in recipe.context)
        adapter = replace(recipe, max_examples=count, context=fewer)
    return replace(system, context=context, adapter=adapter).varied(f"n={count}")


def _fewer(part: Context, count: int) -> Context:
    return replace(part, max_examples=count) if isinstance(part, Nearest) else part
