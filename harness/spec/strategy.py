"""A strategy is a point on two axes: which weights answer, and what stands in the context."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from harness.errors import InputError, did_you_mean
from harness.spec.settings import Examples as ExampleSettings
from harness.spec.settings import Finetune as FinetuneSettings
from harness.spec.settings import Retrieval as RetrievalSettings
from harness.spec.system import Context, Examples, Gold, LoRA, ModelRef, Retrieved, System


class Weights(StrEnum):
    """Whose weights answer."""

    BASE = "base"
    ADAPTED = "adapted"


class Source(StrEnum):
    """What is put into the context besides the question."""

    EXAMPLES = "examples"
    RETRIEVED = "retrieved"
    GOLD = "gold"


@dataclass(frozen=True, slots=True)
class Strategy:
    """One way to customize a model. `context` is ordered: its sources enter the prompt in this order."""

    name: str
    weights: Weights
    context: tuple[Source, ...]
    meaning: str = ""
    """What answers, completing "rag is …"."""
    control: bool = False
    """A control explains the others and is never recommended."""

    @property
    def adapted(self) -> bool:
        return self.weights is Weights.ADAPTED

    @property
    def uses_corpus(self) -> bool:
        return Source.RETRIEVED in self.context or Source.GOLD in self.context


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """Where a task's systems take their settings from: its file's sections, the embedder and the sampling seed."""

    task: str
    retrieval: RetrievalSettings
    examples: ExampleSettings
    finetune: FinetuneSettings
    embedder: str
    seed: int = 0


def system_of(strategy: Strategy, model: ModelRef, settings: TaskSettings) -> System:
    """The strategy made concrete for a task."""
    context = tuple(_context(source, settings) for source in strategy.context)
    adapter = _adapter(context, settings) if strategy.adapted else None
    return System(strategy.name, strategy.name, model, adapter, context, strategy.control)


def forgetting_system(trained: System, task: str) -> System:
    """The adapter of `trained` alone, to answer another task: it shows there what the fine-tune forgot."""
    return replace(trained, context=()).on(task)


def _context(source: Source, settings: TaskSettings) -> Context:
    if source is Source.EXAMPLES:
        return Examples(settings.examples.k, settings.seed)
    retrieval = settings.retrieval
    kind = Retrieved if source is Source.RETRIEVED else Gold
    return kind(
        retrieval.k,
        retrieval.chunk_tokens,
        retrieval.overlap_tokens,
        retrieval.max_prompt_tokens,
        settings.embedder,
    )


def _adapter(context: tuple[Context, ...], settings: TaskSettings) -> LoRA:
    finetune = settings.finetune
    return LoRA(
        settings.task,
        context,
        finetune.max_examples,
        finetune.rank,
        finetune.learning_rate,
        finetune.batch_size,
        finetune.max_epochs,
        finetune.min_epochs,
        finetune.patience,
    )


STRATEGIES: dict[str, Strategy] = {
    strategy.name: strategy
    for strategy in (
        Strategy("base", Weights.BASE, (), "the model as it is"),
        Strategy("few-shot", Weights.BASE, (Source.EXAMPLES,), "the model shown training examples"),
        Strategy("rag", Weights.BASE, (Source.RETRIEVED,), "the model shown retrieved passages"),
        Strategy(
            "few-shot+rag",
            Weights.BASE,
            (Source.EXAMPLES, Source.RETRIEVED),
            "the model shown training examples and retrieved passages",
        ),
        Strategy("lora", Weights.ADAPTED, (), "a fine-tune of the same weights"),
        Strategy(
            "lora+rag",
            Weights.ADAPTED,
            (Source.RETRIEVED,),
            "a fine-tune on prompts with retrieved passages, shown such passages",
        ),
        Strategy(
            "oracle",
            Weights.BASE,
            (Source.GOLD,),
            "the model shown the right passages: a control, not a candidate",
            control=True,
        ),
    )
}


def named(weights: Weights, *context: Source) -> str:
    """The name of the strategy at a point of the two axes; raises KeyError where the table has none."""
    names = {(one.weights, one.context): one.name for one in STRATEGIES.values()}
    return names[weights, context]


def meanings(names: Iterable[str]) -> tuple[str, ...]:
    """What each of the strategies is, as a clause: `rag is the model shown retrieved passages`."""
    return tuple(
        f"{name} is {STRATEGIES[name].meaning}" for name in dict.fromkeys(names) if name in STRATEGIES
    )


DEFAULT_STRATEGIES = ("base", "lora", "rag", "oracle")


def parse_strategies(names: Iterable[str]) -> tuple[Strategy, ...]:
    """Look strategies up by name, in the order given, each once.

    Raises InputError for a name that is not in the table, with the nearest one that is.
    """
    chosen: dict[str, Strategy] = {}
    for name in names:
        if name not in STRATEGIES:
            raise InputError(
                f"there is no strategy {name!r}{did_you_mean(name, STRATEGIES, 0.5)}; "
                f"the strategies are {', '.join(STRATEGIES)}."
            )
        chosen[name] = STRATEGIES[name]
    if not chosen:
        raise InputError(f"name at least one strategy: {', '.join(STRATEGIES)}.")
    return tuple(chosen.values())
