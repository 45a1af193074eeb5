"""What differs between the inputs of two runs: the likeliest causes of any difference, likeliest first."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from harness.analysis.evidence import Pair
from harness.analysis.regression.differing import Difference, differing
from harness.analysis.regression.inputs import Facts, Inputs
from harness.spec.system import LoRA, ModelRef, System


class Cause(StrEnum):
    """What may have changed, in the order in which it is suspected."""

    MODEL = "model"
    ADAPTER = "adapter"
    TRAINING = "training questions"
    INDEX = "index"
    PROMPT = "prompt"
    SETTINGS = "settings"
    LIBRARY = "library"
    MACHINE = "machine"
    PRICE = "price"
    PROGRAM = "program"


@dataclass(frozen=True, slots=True)
class Change:
    """One input that differs, as text. `systems`: the (task, system) it can have moved; None: all."""

    cause: Cause
    name: str
    before: str
    after: str
    systems: tuple[Pair, ...] | None = None

    @property
    def sentence(self) -> str:
        """`model sha256: 0123456789ab → ba9876543210`."""
        return f"{self.name}: {self.before} → {self.after}"


def changes(before: Inputs, after: Inputs) -> list[Change]:
    """All that differs between the inputs of two runs, likeliest cause first; systems are compared by name."""
    both = {pair: system for pair, system in after.systems.items() if pair in before.systems}
    changed = [
        *_of_run(before, after),
        *_of_systems(before, after, both),
        *_of_tasks(before, after, both),
        *_of_adapters(before, after, both),
    ]
    order = list(Cause)
    return sorted(changed, key=lambda change: order.index(change.cause))


def touching(changed: Iterable[Change], pair: Pair) -> list[Change]:
    """The changes that can have moved one system on one task."""
    return [change for change in changed if change.systems is None or pair in change.systems]


def weights(before: ModelRef, after: ModelRef) -> list[Difference]:
    """What differs in the base weights: the same hash is the same weights, under whatever name they were found."""
    nameless = ("name", "revision") if before.sha256 and after.sha256 else ()
    return [change for change in differing(before, after) if change.name not in nameless]


SECTIONS = {
    "examples": ("k",),
    "retrieval": ("k", "chunk_tokens", "overlap_tokens", "max_prompt_tokens"),
    "finetune": tuple(f.name for f in dataclasses.fields(LoRA) if f.name not in ("task", "context")),
}
"""Section of a task file → the settings that a system takes from it."""


def sections(system: System) -> Facts:
    """A system's settings, by the section of the task file that they come from; what it does not use has none."""
    parts = {"examples": system.examples, "retrieval": system.passages, "finetune": system.adapter}
    return {
        section: {name: getattr(part, name) for name in SECTIONS[section]}
        for section, part in parts.items()
        if part is not None
    }


def settings(before: Inputs, after: Inputs, pair: Pair) -> list[Difference]:
    """What is set otherwise for a system: in its task file, of what it uses."""
    task, _ = pair
    old, new = ({**inputs.settings(task), **sections(inputs.systems[pair])} for inputs in (before, after))
    return differing(old, new)


def prices(before: Inputs, after: Inputs) -> list[Difference]:
    """The price list as used, the prices of hosted models that both runs name, and what flags said of prices."""
    old, new = before.hosted_prices, after.hosted_prices
    hosted = [
        difference
        for name in old
        if name in new
        for difference in _prefixed(f"hosted price of {name} ", differing(old[name], new[name]))
    ]
    listed = _prefixed("price list ", differing(before.price_list, after.price_list))
    return [*listed, *hosted, *differing(before.price_flags, after.price_flags)]


def _prefixed(prefix: str, differences: Iterable[Difference]) -> list[Difference]:
    return [dataclasses.replace(difference, name=f"{prefix}{difference.name}") for difference in differences]


KERNELS: tuple[tuple[str, Callable[[Inputs], Facts], tuple[str, ...]], ...] = (
    ("machine ", lambda run: run.machine, ("cpu", "accelerator", "threads")),
    ("model ", lambda run: run.device, ("device",)),
    (
        "", lambda run: run.libraries,
        ("torch", "transformers", "peft", "sentence-transformers", "faiss-cpu", "numpy"),
    ),
)  # fmt: skip
"""Facts that decide which floating-point kernels run, and so the last bits of every sum."""


def other_kernels(before: Inputs, after: Inputs) -> list[str]:
    """What may change the last bits of sums: `torch 2.9.0 → 2.10.0`. Empty: both runs computed alike."""
    return [
        f"{prefix}{difference.name} {difference.before} → {difference.after}"
        for prefix, read, keys in KERNELS
        for difference in differing(*({key: read(run).get(key) for key in keys} for run in (before, after)))
    ]


def indexes(before: Inputs, after: Inputs, task: str) -> list[Difference]:
    """What differs between the indexes of a task."""
    return differing(before.index(task) or {}, after.index(task) or {})


TRAINED_ON = ("recipe", "examples", "train_tokens", "base_sha256")
"""What shapes an adapter whatever machine trains it."""


def trainings(before: Facts, after: Facts, *more: str) -> list[Difference]:
    """What differs between the records of two adapters: what shaped them, and the `more` named."""
    old, new = ({key: record.get(key) for key in (*TRAINED_ON, *more)} for record in (before, after))
    return differing(old, new)


def _change(
    cause: Cause, prefix: str, difference: Difference, systems: Iterable[Pair] | None = None
) -> Change:
    touched = None if systems is None else tuple(systems)
    return Change(cause, f"{prefix}{difference.name}", difference.before, difference.after, touched)


def _of_run(before: Inputs, after: Inputs) -> Iterator[Change]:
    """What holds for all systems of a run."""
    parts: tuple[tuple[Cause, str, Callable[[Inputs], Facts]], ...] = (
        (Cause.LIBRARY, "libraries ", lambda run: run.libraries),
        (Cause.MACHINE, "machine ", lambda run: run.machine),
        (Cause.MACHINE, "model ", lambda run: run.device),
        (Cause.SETTINGS, "", lambda run: run.flags),
        (Cause.PROGRAM, "", lambda run: run.program),
    )
    for cause, prefix, read in parts:
        yield from (_change(cause, prefix, difference) for difference in differing(read(before), read(after)))
    yield from (_change(Cause.PRICE, "", difference) for difference in prices(before, after))


def _of_systems(before: Inputs, after: Inputs, both: dict[Pair, System]) -> Iterator[Change]:
    """What differs between systems of the same name, each sentence once with all that it concerns."""
    touched: dict[tuple[Cause, str, Difference], list[Pair]] = {}
    for pair, new in both.items():
        old = before.systems[pair]
        for difference in differing(old.model, new.model):
            touched.setdefault((Cause.MODEL, "model ", difference), []).append(pair)
        for difference in differing(sections(old), sections(new)):
            home = new.adapter.task if new.adapter and difference.name.startswith("finetune") else pair[0]
            touched.setdefault((Cause.SETTINGS, f"{home}: ", difference), []).append(pair)
    yield from (_change(*key, pairs) for key, pairs in touched.items())
    with_passages = [pair for pair, system in both.items() if system.passages]
    for difference in differing(before.embedder, after.embedder):
        yield _change(Cause.INDEX, "embedder ", difference, with_passages)


def _of_tasks(before: Inputs, after: Inputs, both: dict[Pair, System]) -> Iterator[Change]:
    for task in (name for name in before.tasks if name in after.tasks):
        mine = {pair: system for pair, system in both.items() if pair[0] == task}
        for difference in differing(before.settings(task), after.settings(task)):
            cause = Cause.PROMPT if difference.name.startswith("prompt.") else Cause.SETTINGS
            yield _change(cause, f"{task}: ", difference, mine)
        trained = [pair for pair, system in both.items() if system.adapter and system.adapter.task == task]
        shown = [pair for pair, system in mine.items() if system.examples]
        for difference in differing(before.training(task), after.training(task)):
            touched = (
                trained if difference.name == "dev" else [*trained, *shown]
            )  # dev questions only stop a training
            named = dataclasses.replace(difference, name=f"{difference.name} questions")
            yield _change(Cause.TRAINING, f"{task}: ", named, touched)
        if before.index(task) is not None and after.index(task) is not None:
            with_passages = [pair for pair, system in mine.items() if system.passages]
            for difference in indexes(before, after, task):
                yield _change(Cause.INDEX, f"{task}: index ", difference, with_passages)


def _of_adapters(before: Inputs, after: Inputs, both: dict[Pair, System]) -> Iterator[Change]:
    for (task, strategy, seed), record in before.adapters.items():
        again = after.adapters.get((task, strategy, seed))
        if again is None:
            continue
        touched = [
            pair
            for pair, system in both.items()
            if system.adapter and (system.adapter.task, system.strategy) == (task, strategy)
        ]
        for difference in trainings(record, again, "sha256"):
            yield _change(Cause.ADAPTER, f"adapter {strategy} of {task} (seed {seed}) ", difference, touched)
