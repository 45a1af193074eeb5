"""Which system to take on a task: the choice, its figures, its reasons, what would change it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from harness.analysis.results.figures import Interval
from harness.analysis.results.money import BreakEven
from harness.analysis.results.requirements import Outcome
from harness.spec.tariff import Tariff
from harness.steps import Step


class Verdict(StrEnum):
    """How a task's decision ended."""

    RECOMMENDED = "recommended"
    BEST_OF_JUDGED = "best_of_judged"
    """Recommended of those that could be judged; one that could not might have won."""
    UNDECIDED = "undecided"
    NONE_FEASIBLE = "none_feasible"
    NOT_COMPUTED = "not_computed"


STATUS_WORDS = {
    Verdict.RECOMMENDED: "recommended",
    Verdict.BEST_OF_JUDGED: "the best of those that could be judged",
    Verdict.UNDECIDED: "undecided",
    Verdict.NONE_FEASIBLE: "no strategy meets the requirements",
    Verdict.NOT_COMPUTED: "nothing to choose between",
}


def recommendation(status: Verdict, favourite: str | None) -> str:
    """A clause: `rag is recommended`, `undecided, rag is ahead`."""
    words = STATUS_WORDS[status]
    if status in (Verdict.RECOMMENDED, Verdict.BEST_OF_JUDGED):
        return f"{favourite} is {words}"
    return f"{words}, {favourite} is ahead" if status is Verdict.UNDECIDED and favourite else words


class Basis(StrEnum):
    """What the choice goes by: expected dollars, or accuracy where an error or a query has no price."""

    VALUE = "value"
    ACCURACY = "accuracy"


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence and every number in it, by what it is."""

    text: str
    figures: dict[str, float | str | None] = field(default_factory=dict)


MOST_REASONS = 5
"""More than so many nobody reads; results.json has them all."""

ASSUMED_MONTHLY_QUERIES = 10_000
"""Where nobody says a volume: the middle one of those for which tables show totals."""


@dataclass(frozen=True, slots=True)
class Setting:
    """The point at which systems are valued. None: not set, or the run has no price for it.

    `refresh_days` None: the knowledge does not change. `utilisation`: of shared machines. `peak_factor`: of kept-up
    ones, the peak over the mean load. `people_factor`: people's hours, as a multiple of the price list's.
    `token_factor`: what tokens cost, as a multiple of their prices in the run; None where no candidate pays for tokens.
    """

    monthly_queries: float = ASSUMED_MONTHLY_QUERIES
    horizon_months: float = 12.0
    error_price_usd: float | None = None
    refresh_days: float | None = None
    usd_per_hour: float | None = None
    utilisation: float | None = None
    cycles: int | None = None
    monthly_queries_assumed: bool = False
    tariff: Tariff = Tariff.KEPT_UP
    peak_factor: float | None = None
    people_factor: float = 1.0
    token_factor: float | None = None

    def with_value(self, field: str, value: float | None) -> Setting:
        changed: dict[str, Any] = {field: value}
        return replace(self, **changed)


@dataclass(frozen=True, slots=True)
class Condition:
    """Up to which price of a wrong answer `below` is the better choice, and from there on `then`, which costs more.

    `low_usd`, `high_usd`: the same price at the ends of the interval of the difference in accuracy.
    """

    below: str
    then: str
    error_price_usd: float
    low_usd: float
    high_usd: float


@dataclass(frozen=True, slots=True)
class CandidateFigures:
    """One candidate at the setting; dollars are a month's. `pareto`: no other beats it without losing elsewhere.

    `accuracy`: with changed facts credited as facts that training did not hold, `accuracy_measured` without.
    `beats_trivial`: whether it is shown to do better than the best reply that needs no model (None: not compared).
    """

    accuracy: float
    accuracy_measured: float
    monthly_usd: float | None
    people_usd: float | None
    cost_reason: str | None
    monthly_ci_usd: Interval | None
    errors_usd: float | None
    total_usd: float | None
    feasible: bool
    requirements: tuple[Outcome, ...]
    probability_best: float | None
    pareto: bool
    beats_trivial: bool | None = None


@dataclass(frozen=True, slots=True)
class Against:
    """The favourite against one rival. `delta`: its accuracy minus the rival's. `alike`: the whole interval lies
    within the margin of accuracy (two one-sided tests at 2.5 %), so that the difference does not matter. `reason`: why
    nothing could be shown, a clause.

    `open`: why the rival is still in the race (`accuracy`, `value`, `cost`). `threshold`: the difference at which
    both are worth the same. `at_risk_usd`: what the rival would save a month at the interval's end. `questions`:
    how many in all would end it, `questions_more` further ones on `clusters_more` further clusters, or the reason
    why that is not known.
    """

    delta: float | None
    ci_low: float | None
    ci_high: float | None
    resolved: bool
    alike: bool = False
    reason: str | None = None
    open: str | None = None
    threshold: float | None = None
    at_risk_usd: float | None = None
    questions: int | None = None
    questions_more: int | None = None
    clusters_more: int | None = None
    questions_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Lead:
    """The control's lead over another system. `already`: the knowledge was there already, or does not help."""

    delta: float
    ci_low: float | None
    ci_high: float | None
    already: bool = False


@dataclass(frozen=True, slots=True)
class Lost:
    """The share that the generator loses with the right passages, on `n` answerable questions."""

    lost: float | None
    n: int


@dataclass(frozen=True, slots=True)
class Headroom:
    """What the control with gold passages says: what retrieval could win, what the generator loses (a share)."""

    retrieval: Lead | None = None
    generator: float | None = None
    knowledge: Lead | None = None
    answerable: Lost | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """From `value` on the outcome is another one. `factor`: of the present value."""

    value: float
    winner: str | None
    status: Verdict
    factor: float | None

    @property
    def in_words(self) -> str:
        return recommendation(self.status, self.winner)


@dataclass(frozen=True, slots=True)
class Change:
    """What moving one input does, downwards and upwards. `down`, `up`: where another system is ahead;
    `verdict_*`: the first turn of any kind; `unknown_*`: from where on nothing can be weighed."""

    input: str
    label: str
    current: float | None
    searched_low: float | None = None
    searched_high: float | None = None
    why_not: str | None = None
    nearest: str | None = None
    down: Turn | None = None
    verdict_down: Turn | None = None
    unknown_down: float | None = None
    up: Turn | None = None
    verdict_up: Turn | None = None
    unknown_up: float | None = None
    text: str = ""
    figures: dict[str, float | str | None] = field(default_factory=dict)

    @property
    def turns(self) -> bool:
        """Whether moving the input changes anything at all."""
        turns = (self.down, self.verdict_down, self.unknown_down, self.up, self.verdict_up, self.unknown_up)
        return any(turn is not None for turn in turns)


@dataclass(frozen=True, slots=True)
class PriceBand:
    """Who has the least expected cost from this price of a wrong answer on."""

    from_usd: float
    winner: str | None
    status: Verdict


@dataclass(frozen=True, slots=True)
class DecisionMap:
    """Who is ahead: a row a refresh interval (None: never), a column a monthly volume."""

    monthly_queries: tuple[float, ...]
    refresh_days: tuple[float | None, ...]
    winners: tuple[tuple[str | None, ...], ...]
    statuses: tuple[tuple[Verdict, ...], ...]
    weighed: tuple[tuple[bool, ...], ...]
    pays_from_usd: tuple[tuple[float | None, ...], ...]
    pays_to_usd: tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Prior:
    """A piece of common advice beside what was measured."""

    advice: str
    source: str
    measured: str | None
    settled: bool
    monthly_queries: float | None
    verdict: str
    text: str


@dataclass(frozen=True, slots=True)
class Shape:
    """A published difference of accuracies (`expected_*`, None: no end) beside the one measured here."""

    shape: str
    source: str
    expected_low: float | None
    expected_high: float | None
    measured: float | None
    ci_low: float | None
    ci_high: float | None
    certain: bool
    verdict: str
    text: str


@dataclass(frozen=True, slots=True)
class Literature:
    """What the field expects; it takes no part in the decision."""

    priors: tuple[Prior, ...]
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class MetricVerdict:
    """How the decision ends where another metric counts as the accuracy. `same`: as under the primary one."""

    metric: str
    status: Verdict
    recommended: str | None
    favourite: str | None
    same: bool

    @property
    def in_words(self) -> str:
        """`lora is recommended`, and the like: a clause."""
        return recommendation(self.status, self.favourite)


@dataclass(frozen=True, slots=True)
class Decision:
    """One task's decision. `favourite`: the best bet, recommended or not. `why_not`: why nothing can be chosen.

    `what_to_do`, `how_sure`, `what_would_change`: a sentence each, in the order in which a reader asks; `reasons` is
    all the rest. `condition`: where accuracy and cost pull apart. `unjudged`: those of `excluded` that might have won.
    `unfit`: why nothing of this run may be recommended. `excluded`: system → the failed check that rules it out.
    `nearest`: where no system is feasible, the one that misses least. `pays_*_usd`: the prices of a wrong answer
    between which the favourite also has the least expected cost. `next_steps`: what would settle it, and a stronger
    generator where this one is too weak.
    """

    status: Verdict
    recommended: str | None
    favourite: str | None
    why_not: str
    unfit: str | None
    basis: Basis
    n: int
    setting: Setting
    requirements: dict[str, float | str | bool]
    candidates: dict[str, CandidateFigures]
    chances_reason: str | None
    excluded: dict[str, str]
    against: dict[str, Against]
    nearest: str | None
    headroom: Headroom
    pareto_dimensions: tuple[str, ...]
    questions_needed: int | None
    questions_more: int | None
    questions_reason: str | None
    would_change: tuple[Change, ...] = ()
    error_price: tuple[PriceBand, ...] = ()
    pays_from_usd: float | None = None
    pays_to_usd: float | None = None
    map: DecisionMap | None = None
    condition: Condition | None = None
    unjudged: tuple[str, ...] = ()
    what_to_do: Reason = Reason("")
    how_sure: Reason = Reason("")
    what_would_change: Reason = Reason("")
    reasons: tuple[Reason, ...] = ()
    assumptions: tuple[Reason, ...] = ()
    literature: Literature = Literature((), ())
    break_even: tuple[BreakEven, ...] = ()
    by_metric: tuple[MetricVerdict, ...] = ()
    other_metrics: Reason = Reason("")
    next_steps: tuple[Step, ...] = ()
    caveats: Reason = Reason("")
    """The last clauses of `how_sure`, for where the figures stand beside it."""

    @property
    def headline(self) -> str:
        """What to do, in one sentence."""
        return self.what_to_do.text

    @property
    def rival(self) -> str | None:
        """The system that the favourite is held against first: the one its condition names, else the next best."""
        if self.condition:
            return self.condition.then
        others = (
            name
            for name, row in self.against.items()
            if self.candidates[name].feasible and row.delta is not None
        )
        return max(others, key=lambda name: self.candidates[name].accuracy, default=None)

    @property
    def why(self) -> tuple[Reason, ...]:
        """The reasons that people read."""
        return self.reasons[:MOST_REASONS]

    def left_out(self, system: str) -> str:
        """That an excluded system is left out, and why: a sentence."""
        return f"{system} is left out: {self.excluded[system]}"

    @property
    def by_value(self) -> bool:
        return self.basis is Basis.VALUE


@dataclass(frozen=True, slots=True)
class Standing:
    """A decision in short. `why_not`: why nothing can be chosen; `unfit`: why nothing may be recommended."""

    status: Verdict
    recommended: str | None
    favourite: str | None
    why_not: str = ""
    unfit: str | None = None

    @property
    def in_words(self) -> str:
        return recommendation(self.status, self.favourite)

    def same_as(self, other: Standing) -> bool:
        """Whether both say the same, whatever the reason."""
        own = (self.status, self.recommended, self.favourite)
        return own == (other.status, other.recommended, other.favourite)


@dataclass(frozen=True, slots=True)
class TurnedInput:
    """An input whose value differs from the run's own. `alone`: it turns the verdict by itself."""

    input: str
    label: str
    own: float | str | bool | None
    now: float | str | bool | None
    alone: bool


@dataclass(frozen=True, slots=True)
class Turned:
    """How other terms turned a task's verdict: under the run's own terms, now, and which input did it."""

    own: Standing
    now: Standing
    turned: bool
    changed: tuple[TurnedInput, ...]
    text: str = ""
    figures: dict[str, float | str | None] = field(default_factory=dict)
