"""How much effort each strategy got before it was compared."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.analysis.results.figures import Estimate
from harness.ranges import Count, NonNegative, Share, Values
from harness.records import ProposalRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A setting that was tried on dev. `settings`: what it changes of the default, which changes nothing.

    `score`: mean over the `n` answers that count: of the whole training where it came to one, else of the short one
    (`examples`). `seconds`: of its answers, its training and its index; those of answers from the cache as long as the
    others took. `usd`: of requests to a server. `failed`: why it could not be tried.
    """

    settings: Values
    label: str
    score: Share | None
    n: Count
    seconds: NonNegative
    train_s: NonNegative
    prompt_tokens: Count
    completion_tokens: Count
    usd: NonNegative | None = None
    examples: Count | None = None
    dropped: bool = False
    """Whether others did better early, so that it was not asked everything."""
    chosen: bool = False
    failed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """The search of one system's settings. `said`: what came of it, a clause; `why`, `p`: as of `run/tuning/choice.py`.

    `seconds`, `usd`: of all trials, which its one-off cost holds.
    """

    why: str
    said: str
    p: Share | None
    questions: Count
    from_train: bool
    trials: tuple[Trial, ...]
    seconds: NonNegative
    usd: NonNegative | None

    @property
    def tried(self) -> int:
        """Settings that were tried, the default among them."""
        return sum(trial.failed is None for trial in self.trials)


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningPoint:
    """Accuracy after learning from `examples` training questions. `name`: `lora[n=50]`; of all, the system itself.

    `seconds`: of its training and its answers.
    """

    name: str
    examples: Count
    accuracy: Estimate
    seconds: NonNegative | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """When a curve passes a rival. `more`: training questions that it takes beyond those that there are, with a 95 %
    interval; None: more than `LIMIT` times those that there are, if ever.
    """

    rival: str
    more: Count | None
    low: Count | None
    high: Count | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedPoint:
    """What the fitted curve says of so many examples, with a 95 % interval."""

    examples: Count
    mean: Share
    low: Share
    high: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningCurve:
    """A system over the examples that it learns from. `fitted`: wrong answers as a power of the examples, up to `LIMIT`
    times those that there are; empty, with a `reason`, where that cannot be fitted. `slope`: the power; 0: more
    examples change nothing. `reach`: None where no other strategy is more accurate.
    """

    points: tuple[LearningPoint, ...]
    slope: NonNegative | None = None
    slope_low: NonNegative | None = None
    slope_high: NonNegative | None = None
    fitted: tuple[FittedPoint, ...] = ()
    reach: Reach | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What each strategy of a task got. `budget`: the most settings that were tried of each; None: none were.

    `tuning`: system → its search; `untuned`: systems with settings that nobody searched.
    `learning`: system → its learning curve.
    """

    budget: Count | None = None
    tuning: dict[str, Tuning] = field(default_factory=dict)
    untuned: tuple[str, ...] = ()
    learning: dict[str, LearningCurve] = field(default_factory=dict)
    proposals: tuple[ProposalRow, ...] = ()
    """System messages that a model proposed, in their order."""
