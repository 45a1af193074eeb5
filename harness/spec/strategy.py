"""A strategy is a point on two axes: which weights answer, and what stands in the context."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from harness.errors import InputError, InputErrors, did_you_mean
from harness.spec.context import Context, Examples, Kind, Nearest, Retrieved, WholeCorpus, gold_like
from harness.spec.settings import Examples as ExampleSettings
from harness.spec.settings import Finetune as FinetuneSettings
from harness.spec.settings import Retrieval as RetrievalSettings
from harness.spec.system import FORMS, Form, LoRA, ModelRef, ServedAdapter, System, name_at_home


@dataclass(frozen=True, slots=True)
class Strategy:
    """One way to customize a model. `meaning` completes "rag is …"."""

    name: str
    meaning: str
    context: tuple[Kind, ...] = ()
    """What stands in the prompt besides the question, in this order."""
    adapted: bool = False
    """Whether an adapter answers, trained on prompts with the same context."""
    control: bool = False
    """A control explains the others and is never recommended."""
    form: Form | None = None
    """How its answers are held to their form; None, as in the table: not at all."""


@dataclass(frozen=True, slots=True)
class TaskSettings:
    """What a task's systems take their settings from: its file's sections, the embedder and the sampling seed."""

    task: str
    retrieval: RetrievalSettings
    examples: ExampleSettings
    finetune: FinetuneSettings
    embedder: str
    seed: int = 0
    model_label: str | None = None
    """What the run calls the model; None: it has only one."""
    served: str | None = None
    """What the model's server calls an adapter that it holds for this task; None: it holds none."""


def system_of(strategy: Strategy, model: ModelRef, settings: TaskSettings) -> System:
    """The strategy made concrete for a task."""
    context = tuple(_context(kind, settings) for kind in strategy.context)
    adapter: LoRA | ServedAdapter | None = None
    if strategy.adapted and settings.served is not None:
        adapter = ServedAdapter(settings.task, settings.served)
    elif strategy.adapted:
        adapter = LoRA(settings.task, context, **settings.finetune.model_dump())
    label, form = settings.model_label, strategy.form
    name = name_at_home(strategy.name, label, (form,) if form else ())
    return System(
        name, strategy.name, model, adapter, context, strategy.control, model_label=label, form=form
    )


def forgetting_system(trained: System, task: str) -> System:
    """The adapter of `trained` alone, to answer another task: it shows there what the fine-tune forgot.

    Its answers are free there: the form is that of the task it was trained for.
    """
    return replace(trained, context=(), form=None).on(task)


def _context(kind: Kind, settings: TaskSettings) -> Context:
    if kind == "examples":
        return Examples(settings.examples.k, settings.seed)
    if kind == "nearest":
        return Nearest(settings.examples.k, settings.embedder, settings.retrieval.query_prefix)
    if kind == "whole":
        return WholeCorpus()
    if kind == "learnt":
        return _learnt(settings)
    found = retrieved(settings.retrieval, settings.embedder)
    return found if kind == "retrieved" else gold_like(found)


def _learnt(settings: TaskSettings) -> Retrieved:
    """Passages of a task's own retrieval, each a training question with its answer, whole as far as embedders read."""
    return replace(
        retrieved(settings.retrieval, settings.embedder),
        chunk_tokens=WHOLE_TOKENS,
        overlap_tokens=0,
        within=None,
        expand=None,
        headings=None,
        source="train",
        train_examples=settings.finetune.max_examples,
    )


def retrieved(settings: RetrievalSettings, embedder: str) -> Retrieved:
    """How a strategy that retrieves finds its passages; what a method does not use, and what is off, is None."""
    given = settings.model_dump()
    for name in ("within", "expand", "headings"):
        given[name] = given[name] or None
    if settings.method == "dense":
        given["method"] = None
    if settings.method != "hybrid" and not settings.rerank:
        given["candidates"] = None
    return Retrieved(**given, embedder=embedder)


WHOLE_TOKENS = 256
"""A training question and its answer are one passage up to here, or as long as the embedder reads."""

STRATEGIES: dict[str, Strategy] = {
    strategy.name: strategy
    for strategy in (
        Strategy("base", "the model as it is"),
        Strategy("few-shot", "the model shown training examples", ("examples",)),
        Strategy(
            "few-shot-nearest", "the model shown the training examples nearest to the question", ("nearest",)
        ),
        Strategy("rag", "the model shown retrieved passages", ("retrieved",)),
        Strategy(
            "few-shot+rag", "the model shown training examples and retrieved passages",
            ("examples", "retrieved"),
        ),
        Strategy(
            "few-shot-nearest+rag", "the model shown the nearest training examples and retrieved passages",
            ("nearest", "retrieved"),
        ),
        Strategy("full-context", "the model shown the whole corpus", ("whole",)),
        Strategy("lora", "a fine-tune of the same weights", adapted=True),
        Strategy(
            "lora+rag", "a fine-tune on prompts with retrieved passages, shown such passages",
            ("retrieved",), adapted=True,
        ),
        Strategy(
            "oracle", "the model shown the right passages: a control, not a candidate",
            ("gold",), control=True,
        ),
        Strategy(
            "rag-on-train", "the model shown passages out of what the fine-tune was trained on: a control",
            ("learnt",), control=True,
        ),
    )
}  # fmt: skip


def named(*context: Kind, adapted: bool = False) -> str:
    """The name of the strategy with this context. Raises StopIteration where the table has none."""
    return next(row.name for row in STRATEGIES.values() if (row.context, row.adapted) == (context, adapted))


def meanings(names: Iterable[str]) -> tuple[str, ...]:
    """What each of the strategies is, as a clause: `rag is the model shown retrieved passages`."""
    return tuple(
        f"{name} is {STRATEGIES[name].meaning}" for name in dict.fromkeys(names) if name in STRATEGIES
    )


def rank(system: System, *, hosted: bool) -> float:
    """How simple a system is, from 0 on: the place of its strategy in the table, which goes from simple to involved.

    `hosted`: a service answers it, so there is no machine to keep: of one strategy on two models, that is the simpler.
    A strategy that the table does not know (of another version's run) counts as the most involved; one whose answers
    are held to a form is a little more involved than the same with free ones.
    """
    place = dict(zip(STRATEGIES, range(len(STRATEGIES)), strict=True)).get(system.strategy, len(STRATEGIES))
    return place + (0.25 if system.form else 0) - (0.5 if hosted else 0)


@dataclass(frozen=True, slots=True)
class Choice:
    """What `--strategies` names: a strategy on the model of that label; None: on every model of the run."""

    strategy: Strategy
    model_label: str | None = None


def parse_choices(names: Iterable[str]) -> tuple[Choice, ...]:
    """`rag`, `rag@LABEL` or `rag[constrained]@LABEL`, in the order given. Raises InputError as `parse_strategy`."""
    chosen: dict[Choice, None] = {}
    for given in names:
        name, at, label = given.partition("@")
        if at and not label:
            raise InputError(f"{given}: name a model of the run behind the @, or leave the @ out.")
        chosen[Choice(parse_strategy(name), label or None)] = None
    if not chosen:
        raise InputError(f"name at least one strategy: {', '.join(STRATEGIES)}.")
    return tuple(chosen)


def strategies_by_model(
    choices: Sequence[Choice], labels: Sequence[str | None]
) -> tuple[tuple[Strategy, ...], ...]:
    """The strategies of each model of a run, by its label (None: it has none), each once.

    Raises InputErrors where a choice names no model of the run, or a model is left without any strategy.
    """
    known = [label for label in labels if label is not None]
    errors = []
    for label in dict.fromkeys(row.model_label for row in choices):
        if label is not None and label not in known:
            models = f"the models are {', '.join(known)}" if known else "name it with --model LABEL=NAME"
            errors.append(
                InputError(f"there is no model called {label!r}{did_you_mean(label, known, 0.5)}; {models}.")
            )
    by_model = tuple(
        tuple(dict.fromkeys(row.strategy for row in choices if row.model_label in (None, label)))
        for label in labels
    )
    errors += [
        InputError(
            f"--strategies asks nothing of the model {label}; leave the model out, or ask it something."
        )
        for label, strategies in zip(labels, by_model, strict=True)
        if not strategies and not errors
    ]
    if errors:
        raise InputErrors(errors)
    return by_model


DEFAULT_STRATEGIES = ("base", "few-shot", "few-shot-nearest", "rag", "lora", "oracle", "rag-on-train")


def parse_strategy(given: str) -> Strategy:
    """The strategy of a name: `rag`, or `rag[constrained]`.

    Raises InputError for a name that is not in the table, or a form that is none, with the nearest one that is.
    """
    name, bracket, rest = given.partition("[")
    if name not in STRATEGIES:
        raise InputError(
            f"there is no strategy {name!r}{did_you_mean(name, STRATEGIES, 0.5)}; "
            f"the strategies are {', '.join(STRATEGIES)}."
        )
    if not bracket:
        return STRATEGIES[name]
    form = next((form for form in FORMS if rest == f"{form}]"), None)
    if form is None:
        raise InputError(
            f"{given}: behind a strategy stands how its answers are held to their form, "
            f"{' or '.join(f'{name}[{form}]' for form in FORMS)}{did_you_mean(rest.rstrip(']'), FORMS, 0.5)}."
        )
    return replace(STRATEGIES[name], form=form)
