"""Who trains adapters: examples and a recipe in, an adapter in a folder and what it took out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from harness.engines.engine import EngineIdentity, Request
from harness.files import sha256_json
from harness.progress import Progress
from harness.records import ALL_EPOCHS, LossPoint, Question
from harness.spec.system import LoRA

KEY_VERSION = 4


@dataclass(frozen=True, slots=True)
class Example:
    """A request as it is asked in testing, and the reply that a fine-tune shall learn.

    A request that is scored has one continuation, which is learnt in the reply's place; so has a whole text.
    `fact_id`: examples with the same one are wordings of one fact. `question`: what replies are scored by; None where
    they are not.
    """

    request: Request
    reply: str = ""
    fact_id: str | None = None
    question: Question | None = None


@dataclass(frozen=True, slots=True)
class DevMetric:
    """What scores generated replies to dev questions: the task's first metric, how it has a model refuse, and cite."""

    name: str
    refusal: str | None = None
    citations: str | None = None


@dataclass(frozen=True, slots=True)
class Training:
    """A fine-tune that a run needs: what is trained on and watched, by which recipe and seed, for which strategy."""

    strategy: str
    recipe: LoRA
    examples: tuple[Example, ...]
    dev: tuple[Example, ...]
    seed: int
    metric: DevMetric | None = None
    """What the best epoch is chosen by; None: by the dev loss alone."""
    left_out: int = 0
    """Training examples that are longer than the model reads, and are no part of `examples`."""

    @property
    def label(self) -> str:
        return f"train {self.recipe.task}/{self.strategy}"


@dataclass
class Outcome:
    """What training leaves besides the weights. Losses are nats per answer token."""

    epochs: float = 0.0
    steps: int = 0
    train_tokens: int = 0
    """Tokens of all examples seen, each counted in full as if it had been read alone."""
    train_loss: float = math.nan
    dev_loss: float | None = None
    dev_score: float | None = None
    """By the task's metric, of the epoch that is kept; so is `dev_loss`."""
    kept_epoch: int | None = None
    watched: int = 0
    """Dev questions that the kept epoch was chosen on."""
    held_back: int = 0
    """How many of them are training questions that were held back, since the task has no dev questions."""
    train_fit: float = 0.0
    """Share of (at most 100) training answers that the adapter reproduces, token for token, teacher-forced."""
    logit_shift: float = 0.0
    """Mean absolute change of a logit at answer positions of (at most 16) training examples."""
    stopped: str = ALL_EPOCHS
    precision: str | None = None
    """The dtype that the steps were computed in."""
    seconds: float = 0.0
    """Of the training itself, wall clock: loading and writing weights are not part of it."""
    loss_curve: list[LossPoint] = field(default_factory=list)


class Trainer(Protocol):
    """Trains adapters of one model."""

    @property
    def identity(self) -> EngineIdentity: ...

    @property
    def weights(self) -> str:
        """The name of the file that an adapter's folder holds its weights in."""

    def key(self, training: Training) -> str:
        """Hash of everything that shapes an adapter."""

    def train(
        self,
        training: Training,
        folder: Path,
        progress: Progress,
        unfinished: Path | None = None,
    ) -> Outcome:
        """Train an adapter into `folder`. Raises TrainingFailed where nothing comes of it.

        `unfinished`: a folder to keep each epoch in, and to go on from where a training of the same key was killed.
        """


def recipe_facts(recipe: LoRA) -> dict[str, Any]:
    """The recipe as an adapter's key and record have it: without what the examples say themselves."""
    facts = asdict(recipe)
    told = ("task", "context", "max_examples")
    return {
        **{name: value for name, value in facts.items() if name not in told and value is not None},
        "alpha": recipe.alpha,
        "rank_stabilised": recipe.rank_stabilised,
        "targets": "all-linear",
        "optimizer": "AdamW",
        "schedule": "linear decay after warm-up",
    }


def adapter_key(
    identity: EngineIdentity,
    training: Training,
    plain: Callable[[Example], Any],
    precision: str | None = None,
    replay: Sequence[Sequence[int]] = (),
) -> str:
    """Hash of everything that shapes an adapter. `plain`: what an example is, as JSON values. `precision`: the dtype
    that its steps are computed in. `replay`: the tokens of general prompts whose answers are learnt as well."""
    return sha256_json(
        {
            **({"replay": replay} if replay else {}),
            "schema_version": KEY_VERSION,
            "base": identity.sha256,
            "dtype": identity.dtype,
            "precision": precision,
            "device": identity.device_kind,
            "recipe": recipe_facts(training.recipe),
            "seed": training.seed,
            "examples": [plain(example) for example in training.examples],
            "dev": [plain(example) for example in training.dev],
            "metric": training.metric and asdict(training.metric),
            "answers": [asdict(example.question) for example in training.dev if example.question],
        }
    )
