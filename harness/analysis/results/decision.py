"""Which system to take on a task: the choice with its figures and reasons."""

from __future__ import annotations

from dataclasses import dataclass

from harness.analysis.results.figures import Interval
from harness.analysis.results.literature import NOTHING_EXPECTED, Literature
from harness.analysis.results.money import BreakEven
from harness.analysis.results.reason import MOST_REASONS, UNSAID, Reason
from harness.analysis.results.requirements import Outcome
from harness.analysis.results.setting import Setting
from harness.analysis.results.turns import Change, DecisionMap, PriceBand
from harness.analysis.results.verdict import Basis, MetricVerdict, Verdict
from harness.steps import Step


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

    `accuracy`: with changed facts credited as facts that training did not hold, `accuracy_measured` without; both as
    if all candidates had answered the same questions.
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
    what_to_do: Reason = UNSAID
    how_sure: Reason = UNSAID
    what_would_change: Reason = UNSAID
    reasons: tuple[Reason, ...] = ()
    assumptions: tuple[Reason, ...] = ()
    literature: Literature = NOTHING_EXPECTED
    break_even: tuple[BreakEven, ...] = ()
    by_metric: tuple[MetricVerdict, ...] = ()
    other_metrics: Reason = UNSAID
    next_steps: tuple[Step, ...] = ()
    caveats: Reason = UNSAID
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
