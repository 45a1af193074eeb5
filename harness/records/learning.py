"""What is kept of trainings, and of settings that were tried on dev questions."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.ranges import (
    Count,
    Known,
    Name,
    NonNegative,
    Positive,
    Seconds,
    Sha256,
    Share,
    Text,
    Usd,
    Values,
)


@dataclass(frozen=True, slots=True)
class LossPoint:
    """One point of a loss curve (mean negative log-likelihood per answer token, nats)."""

    step: Count
    epoch: NonNegative
    train_loss: NonNegative | None = None
    dev_loss: NonNegative | None = None
    dev_score: Share | None = None
    """Mean score of generated answers to the dev questions, by the task's first metric."""


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One line of `tuning.jsonl`: a setting of a system, tried on dev questions; or of `learning.jsonl`: a system that
    learns from `examples` training questions only, asked the test questions.

    `system`: id of the default that is tuned; `candidate`: id of the system with the setting, the same where it is the
    default itself; `settings`: what it changes, by name as in a task file. `stage` counts from 0 on; the last one
    decides. `examples`: training questions of a shorter training, None: of the recipe's own. `scores`: question id →
    score by the task's primary metric, without those whose answer could not be had. `seconds`: of answering what was
    not in the cache; `train_s` and `index_s` of what was made for it, also where it was there already.
    """

    task: Known
    system: Known
    candidate: Known
    settings: Values
    stage: Count
    questions: Count
    scores: dict[str, Share]
    seconds: Seconds
    train_s: Seconds
    index_s: Seconds
    prompt_tokens: Count
    completion_tokens: Count
    cached: Count
    """Answers that were in the cache."""
    usd: Usd | None = None
    """What its requests to a server cost; None: paid by the hour, or no price is known."""
    examples: Positive | None = None
    failed: Text | None = None
    """Why it could not be tried, a clause."""
    unfinished: bool = False
    """The run was stopped in its middle: it says what was paid for until then, and a later row what came of it."""
    propose_s: Seconds = 0.0
    """What proposing its system message took."""
    propose_usd: Usd | None = None
    """What proposing it cost, as `usd`; every trial of the message has it, though it was paid once."""

    @property
    def score(self) -> float | None:
        """Mean over the answers that were had."""
        return sum(self.scores.values()) / len(self.scores) if self.scores else None


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """One line of `proposals.jsonl`: a system message that a model proposed for a task.

    `model`: what the run calls the model whose systems try it; None: it has only one. `proposer`: the model that wrote
    it. `seconds`: its share of the time of requests that were asked together. `dropped`: why it is not tried, a clause.
    `usd`: as of `TrialRow`.
    """

    task: Known
    model: Name | None
    proposer: Name
    number: Count
    text: Text
    seconds: Seconds
    prompt_tokens: Count
    completion_tokens: Count
    dropped: Text | None = None
    usd: Usd | None = None


ALL_EPOCHS = "max_epochs"
"""What a record says of a training that ended with its last epoch, and was not stopped before."""


FIT_EXAMPLES = 100
"""The most training answers that an adapter is asked again once it is trained."""


@dataclass(frozen=True, slots=True)
class AdapterRecord:
    """What is known of a trained adapter; stored beside its weights and in the run's manifest."""

    key: Name
    sha256: Sha256
    task: Name
    strategy: Name
    base_sha256: Sha256 | None
    recipe: Values
    examples: Count
    epochs: NonNegative
    steps: Count
    train_tokens: Count
    seconds: Seconds
    device: Name
    train_loss: NonNegative
    dev_loss: NonNegative | None
    train_fit: Share
    """Share of (at most FIT_EXAMPLES) training answers reproduced token for token, teacher-forced."""
    stopped: Text
    loss_curve: tuple[LossPoint, ...] = ()
    logit_shift: NonNegative | None = None
    """How far the adapter moves a logit at answer positions of (at most 16) training examples: mean absolute
    difference from the base weights. None in records from before it was measured."""
    dev_score: Share | None = None
    """Of the epoch that is kept, by `dev_metric`; None where it was chosen by the dev loss alone."""
    dev_metric: Name | None = None
    kept_epoch: Count | None = None
    watched: Count | None = None
    """Dev questions that the kept epoch was chosen on; None in records from before they were counted."""
    precision: Name | None = None
    """The dtype that the steps were computed in; None in records from before it was kept."""
    held_back: Count | None = None
    """How many of them are training questions that were held back, since the task has no dev questions."""
    files: dict[str, str] = field(default_factory=dict)
    """Name → SHA-256 of every file beside this record; none in records from before they were kept."""

    @property
    def first_train_loss(self) -> float | None:
        return next((point.train_loss for point in self.loss_curve if point.train_loss is not None), None)
