"""What differs between the inputs of two runs: the likeliest causes of any difference, likeliest first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from harness.analysis.evidence import Pair
from harness.analysis.regression import inputs
from harness.analysis.regression.differing import Difference, differing
from harness.records import AdapterRecord, TemplateFacts
from harness.run.manifest import Manifest
from harness.spec.system import ModelRef, System


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


def changes(before: Manifest, after: Manifest) -> list[Change]:
    """All that differs between the inputs of two runs, likeliest cause first; systems are compared by name."""
    old, new = inputs.systems(before), inputs.systems(after)
    both = {pair: (old[pair], new[pair]) for pair in new if pair in old}
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


# What differs, by the part of a run's inputs


def weights(before: ModelRef, after: ModelRef) -> list[Difference]:
    """What differs in the base weights: the same hash is the same weights, under whatever name they were found."""
    nameless = (("name",), ("revision",)) if before.sha256 and after.sha256 else ()
    return [difference for difference in differing(before, after) if difference.path not in nameless]


def settings(before: Manifest, after: Manifest, pair: Pair) -> list[Difference]:
    """What is set otherwise for a system: in its task file, of what it uses."""
    task, name = pair
    old, new = (
        {**inputs.task_settings(manifest, task), **inputs.sections(manifest.systems_of(task)[name])}
        for manifest in (before, after)
    )
    return differing(old, new)


SHEET_NOISE = ("date", "source", "priced_on", "sections_from_shipped")
"""What a price list says of itself and no cost depends on."""


def prices(before: Manifest, after: Manifest) -> list[Difference]:
    """The price list as used, the prices of hosted models that both runs name, and what flags said of prices."""
    old, new = (
        {f"{price.model} ({price.kind})": price for price in manifest.api_prices}
        for manifest in (before, after)
    )
    flags = ("usd_per_hour", "utilisation", "tuning_cycles")
    parts: list[tuple[str, object, object]] = [
        ("price list ", inputs.price_list(before), inputs.price_list(after)),
        *((f"hosted price of {model} ", old[model], new[model]) for model in old if model in new),
        ("", inputs.flags(before, *flags), inputs.flags(after, *flags)),
        ("", inputs.tariff(before), inputs.tariff(after)),
    ]
    return [
        replace(difference, path=(f"{prefix}{difference.path[0]}", *difference.path[1:]))
        for prefix, *values in parts
        for difference in differing(*values)
        if difference.path[-1] not in SHEET_NOISE
    ]


def devices(manifest: Manifest, *runs: Manifest) -> dict[str, str | None]:
    """Where each model was computed that all `runs` have, by what a sentence calls that."""
    common = set.intersection(*({facts.label for facts in run.models} for run in runs))
    return {
        f"model {facts.label} device" if facts.label else "model device": facts.device
        for facts in manifest.models
        if facts.label in common
    }


KERNEL_LIBRARIES = ("torch", "transformers", "peft", "sentence-transformers", "faiss-cpu", "numpy")


def other_kernels(before: Manifest, after: Manifest) -> list[str]:
    """What may change the last bits of sums: `torch 2.9.0 → 2.10.0`. Empty: both runs computed alike.

    These facts decide which floating-point kernels run.
    """
    old, new = (
        {
            "machine cpu": manifest.machine.cpu,
            "machine accelerator": manifest.machine.accelerator,
            "machine threads": manifest.machine.threads,
            "machine workers": "; ".join(group.in_words for group in manifest.workers) or None,
            **devices(manifest, before, after),
            **{name: manifest.libraries.get(name) for name in KERNEL_LIBRARIES},
        }
        for manifest in (before, after)
    )
    return [difference.sentence.replace(":", "", 1) for difference in differing(old, new)]


def shaped(record: AdapterRecord, *more: str) -> dict[str, object]:
    """What shapes an adapter whatever machine trains it, and the fields of its record that `more` names."""
    names = ("recipe", "examples", "train_tokens", "base_sha256", *more)
    return {name: getattr(record, name) for name in names}


# The same as causes

Both = dict[Pair, tuple[System, System]]
"""The systems that both runs have, before and after."""


def _changes(
    cause: Cause, prefix: str, before: object, after: object, systems: Iterable[Pair] | None = None
) -> Iterator[Change]:
    touched = None if systems is None else tuple(systems)
    for difference in differing(before, after):
        yield _change(cause, prefix, difference, touched)


def _change(
    cause: Cause, prefix: str, difference: Difference, systems: tuple[Pair, ...] | None = None
) -> Change:
    return Change(cause, f"{prefix}{difference.name}", difference.before, difference.after, systems)


def _of_run(before: Manifest, after: Manifest) -> Iterator[Change]:
    """What holds for all systems of a run."""
    parts: tuple[tuple[Cause, str, Callable[[Manifest], object]], ...] = (
        (Cause.LIBRARY, "libraries ", lambda run: run.libraries),
        (Cause.MACHINE, "machine ", lambda run: run.machine),
        (Cause.MACHINE, "", lambda run: devices(run, before, after)),
        (Cause.SETTINGS, "", lambda run: inputs.flags(run, "seed", "seeds", "limit", "quick")),
        (Cause.PROGRAM, "", lambda run: {"commit": run.git_commit, "version": run.harness_version}),
    )
    for cause, prefix, read in parts:
        yield from _changes(cause, prefix, read(before), read(after))
    known = {model.label: model.template for model in before.models if model.template}
    for model in after.models:
        if model.template and model.label in known:  # runs of older versions did not keep it
            of = f"of {model.label} " if model.label else ""
            old, new = (_template(facts) for facts in (known[model.label], model.template))
            yield from _changes(Cause.PROMPT, f"chat template {of}", old, new)
    for price in prices(before, after):
        yield Change(Cause.PRICE, price.name, price.before, price.after)


def _template(facts: TemplateFacts) -> object:
    """How conversations are written, by what people call it."""
    turns = {"system message in turn": facts.system_turn, "several turns": facts.several_turns}
    return {**turns, "pinned date": facts.pinned_date, "thinking": facts.thinking}


def _of_systems(before: Manifest, after: Manifest, both: Both) -> Iterator[Change]:
    """What differs between systems of the same name, each sentence once with all that it concerns."""
    touched: dict[Change, list[Pair]] = {}
    for pair, (old, new) in both.items():
        for change in _changes(Cause.MODEL, "model ", old.model, new.model):
            touched.setdefault(change, []).append(pair)
        for difference in differing(inputs.sections(old), inputs.sections(new)):
            trained = new.adapter if difference.path[0] == inputs.FINETUNE else None
            home = trained.task if trained else pair[0]
            touched.setdefault(_change(Cause.SETTINGS, f"{home}: ", difference), []).append(pair)
    yield from (replace(change, systems=tuple(pairs)) for change, pairs in touched.items())
    embedding = [pair for pair, (_, new) in both.items() if new.passages or new.nearest]
    old_embedder, new_embedder = inputs.embedder(before), inputs.embedder(after)
    yield from _changes(Cause.INDEX, "embedder ", old_embedder, new_embedder, embedding)


def _of_tasks(before: Manifest, after: Manifest, both: Both) -> Iterator[Change]:
    for task in (name for name in before.tasks if name in after.tasks):
        mine = {pair: new for pair, (_, new) in both.items() if pair[0] == task}
        set_before, set_after = (inputs.task_settings(manifest, task) for manifest in (before, after))
        for difference in differing(set_before, set_after):
            cause = Cause.PROMPT if difference.path[0] == inputs.PROMPT else Cause.SETTINGS
            yield _change(cause, f"{task}: ", difference, tuple(mine))
        trained = [pair for pair, (_, new) in both.items() if new.adapter and new.adapter.task == task]
        shown = [pair for pair, system in mine.items() if system.examples]
        for difference in differing(inputs.training(before, task), inputs.training(after, task)):
            # dev questions only stop a training
            systems = trained if difference.path == (inputs.DEV,) else [*trained, *shown]
            name = f"{task}: {difference.name} questions"
            yield Change(Cause.TRAINING, name, difference.before, difference.after, tuple(systems))
        yield from _of_indexes(before, after, task, {pair: both[pair] for pair in mine})


def _of_indexes(before: Manifest, after: Manifest, task: str, mine: Both) -> Iterator[Change]:
    """What differs between the indexes that systems of the same name on a task look into."""
    touched: dict[Change, list[Pair]] = {}
    for pair, (old, new) in mine.items():
        indexed, anew = (
            inputs.index(run, task, system.passages) if system.passages else None
            for run, system in ((before, old), (after, new))
        )
        if indexed and anew:
            for change in _changes(Cause.INDEX, f"{task}: index ", indexed, anew):
                touched.setdefault(change, []).append(pair)
    yield from (replace(change, systems=tuple(pairs)) for change, pairs in touched.items())


def _of_adapters(before: Manifest, after: Manifest, both: Both) -> Iterator[Change]:
    old, new = (
        {key: shaped(record, "sha256") for key, record in inputs.adapters(manifest).items()}
        for manifest in (before, after)
    )
    for task, name, seed in (key for key in old if key in new):
        touched = [
            pair
            for pair, (_, system) in both.items()
            if system.adapter and (system.adapter.task, system.home_name) == (task, name)
        ]
        prefix, key = f"adapter {name} of {task} (seed {seed}) ", (task, name, seed)
        yield from _changes(Cause.ADAPTER, prefix, old[key], new[key], touched)
