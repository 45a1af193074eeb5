"""What a run was asked to do: everything `--resume` needs to go on in the same way."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from harness.engines.catalogue import DEFAULT_BASE
from harness.errors import InputError
from harness.ranges import Count, Day, Name, Positive, Seed, Usd, Values
from harness.run.within import Within
from harness.spec.bounds import LEAST, MOST_CYCLES, MOST_USD_PER_HOUR
from harness.spec.models import ModelEntry
from harness.spec.pinned import PINNED_DATE
from harness.spec.strategy import DEFAULT_STRATEGIES, Strategy, parse_choices, strategies_by_model
from harness.spec.tariff import Tariff


def _known(name: str) -> str:
    try:
        parse_choices([name])
    except InputError:
        raise ValueError("there is no such strategy") from None
    return name


def _tariff(requirements: dict[str, Any]) -> dict[str, Any]:
    if requirements.get("tariff", Tariff.KEPT_UP) not in [*Tariff]:
        raise ValueError(f"its tariff must be one of {', '.join(Tariff)}")
    return requirements


StrategyName = Annotated[str, AfterValidator(_known)]


@dataclass(frozen=True, slots=True)
class Settings:
    """The flags of `compare`. `tasks` are absolute paths of task files (in a run's manifest, seen from its folder)."""

    tasks: tuple[Name, ...]
    strategies: tuple[StrategyName, ...] = DEFAULT_STRATEGIES
    """As given: `rag`, or `rag@LABEL` for one model of several."""
    models: tuple[ModelEntry, ...] = (ModelEntry(model=DEFAULT_BASE),)
    """Each with a name where there are several (`spec/labels.py`)."""
    embedder: Name | None = None
    date: Day = PINNED_DATE
    """What a chat template that asks for it is told the day is."""
    limit: Positive | None = None
    latency_queries: Count = 20
    seed: Seed = 0
    seeds: Positive = 1
    """How many times each adapter is trained, with the seeds `seed`, `seed` + 1, …"""
    repeat: Positive = 1
    """How many times servers are asked every question, to see how much their answers vary."""
    max_usd: Usd | None = None
    """The most that the requests to servers may cost; None: any amount."""
    forgetting: tuple[Name, ...] | None = ()
    """Absolute paths of tasks that show what adapters forget, besides those of `tasks` that probe general
    knowledge; None: no task does."""
    tune: Positive | None = None
    """How many settings of each strategy are tried on dev questions, the default among them; None: none is."""
    learning_curve: bool = False
    """Whether strategies that learn from examples are also asked with fewer of them."""
    within: Within | None = None
    """What was left out so that the run fits into a time; None: nobody limited it."""
    optimise_prompt: Positive | None = None
    """How many system messages a model proposes and dev questions choose among; None: none."""
    optimise_with: Name | None = None
    """The model that proposes them, as `--model` names one; None: the one that answers."""
    quick: bool = False
    use_cache: bool = True
    allow_task_code: bool = False
    prices: Name | None = None
    machine: Name | None = None
    monthly_queries: Positive | None = None
    requirements: Annotated[Values, AfterValidator(_tariff)] | None = None
    """What the user needs of a strategy, as given (`analysis/decision/requirements`); the volume among it."""
    usd_per_hour: Annotated[float, Field(ge=LEAST, le=MOST_USD_PER_HOUR)] | None = None
    utilisation: Annotated[float, Field(ge=LEAST, le=1)] | None = None
    tuning_cycles: Annotated[int, Field(ge=1, le=MOST_CYCLES)] | None = None
    price_as: tuple[Name, ...] = ()

    @property
    def tries(self) -> int | None:
        """The most settings that are tried of a strategy, the default among them; None: nothing is searched.

        Messages take their places among the settings of `tune`; alone they come beside the default.
        """
        return self.tune or (1 + self.optimise_prompt if self.optimise_prompt else None)

    @property
    def labels(self) -> tuple[str | None, ...]:
        """What systems call their models, in order; a single model needs no label."""
        return tuple(entry.name for entry in self.models) if len(self.models) > 1 else (None,)

    @property
    def strategies_by_model(self) -> tuple[tuple[Strategy, ...], ...]:
        """The strategies of each model. Raises InputErrors where `strategies` and `models` do not fit."""
        return strategies_by_model(parse_choices(self.strategies), tuple(entry.name for entry in self.models))

    @property
    def adapted(self) -> bool:
        """Whether any strategy answers with an adapter."""
        return any(choice.strategy.adapted for choice in parse_choices(self.strategies))

    @property
    def training_seeds(self) -> tuple[int, ...]:
        return tuple(range(self.seed, self.seed + self.seeds))

    @property
    def task_files(self) -> tuple[str, ...]:
        """Every task file of the run: what was asked for, then those that only show what adapters forget."""
        return tuple(dict.fromkeys([*self.tasks, *(self.forgetting or ())]))

    def stored_in(self, folder: Path) -> Settings:
        """The settings for the manifest of a run in `folder`: a folder that moves with its tasks still finds them."""

        def seen(path: str) -> str:
            try:
                return Path(os.path.relpath(path, folder.resolve())).as_posix()
            except ValueError:  # on another drive
                return path

        return self._with_paths(seen)

    def found_from(self, folder: Path) -> Settings:
        """The settings of a run in `folder`, as its manifest keeps them, with absolute paths again."""
        return self._with_paths(lambda path: os.path.normpath(folder.resolve() / path))

    def _with_paths(self, change: Callable[[str], str]) -> Settings:
        forgetting = None if self.forgetting is None else tuple(map(change, self.forgetting))
        return replace(self, tasks=tuple(map(change, self.tasks)), forgetting=forgetting)


def one_model(
    model: str | None, *, revision: str | None = None, device: str | None = None, dtype: str | None = None
) -> tuple[ModelEntry, ...]:
    """The models of somebody who works with one, by default the default one."""
    return (ModelEntry(model=model or DEFAULT_BASE, revision=revision, device=device, dtype=dtype),)


@dataclass(frozen=True, slots=True)
class Effort:
    """How much of everything a run does; `--quick` does just enough to see that it works."""

    questions: int | None
    train_questions: int | None
    max_epochs: int | None
    latency_queries: int


def effort(settings: Settings) -> Effort:
    """The limits of a run; None means no limit. Under `--quick` a smaller `--limit` still holds."""
    if not settings.quick:
        return Effort(settings.limit, None, None, settings.latency_queries)
    return Effort(
        questions=min(settings.limit or 8, 8),
        train_questions=48,
        max_epochs=2,
        latency_queries=min(settings.latency_queries, 3),
    )
