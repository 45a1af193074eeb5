"""Which system to take on a task: the choice, its figures, its reasons, what would change it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from harness.analysis.results.money import BreakEven


class Verdict(StrEnum):
    """How a task's decision ended."""

    RECOMMENDED = "recommended"
    UNDECIDED = "undecided"
    NONE_FEASIBLE = "none_feasible"
    NOT_COMPUTED = "not_computed"


class Basis(StrEnum):
    """What the choice goes by: expected dollars, or accuracy where an error or a query has no price."""

    VALUE = "value"
    ACCURACY = "accuracy"


@dataclass(frozen=True, slots=True)
class Reason:
    """A sentence and every number in it, by what it is."""

    text: str
    figures: dict[str, float | str | None]


class Met(StrEnum):
    """How a requirement turned out for a system."""

    MET = "met"
    MISSED = "missed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One requirement held against one system.

    `detail` is a clause, and `figures` holds every number in it. `miss`: the distance as a share of the limit.
    """

    requirement: str
    status: Met
    detail: str
    figures: dict[str, float]
    miss: float


@dataclass(frozen=True, slots=True)
class SettingFigures:
    """The point at which systems were valued. None: not set, or the run has no price for it."""

    monthly_queries: float
    horizon_months: float
    error_price_usd: float | None
    refresh_days: float | None
    usd_per_hour: float | None
    utilisation: float | None
    cycles: int | None
    monthly_queries_assumed: bool


@dataclass(frozen=True, slots=True)
class CandidateFigures:
    """One candidate at the setting; dollars are a month's. `pareto`: no other beats it without losing elsewhere."""

    accuracy: float
    monthly_usd: float | None
    people_usd: float | None
    cost_reason: str | None
    errors_usd: float | None
    total_usd: float | None
    feasible: bool
    requirements: tuple[Outcome, ...]
    probability_best: float | None
    pareto: bool


@dataclass(frozen=True, slots=True)
class Against:
    """The favourite against one rival. `delta`: its accuracy minus the rival's.

    `open`: why the rival is still in the race (`accuracy`, `value`, `cost`). `threshold`: the difference at which
    both are worth the same. `at_risk_usd`: what the rival would save a month at the interval's end. `questions`:
    how many in all would end it, `questions_more` further ones on `clusters_more` further clusters, or the reason
    why that is not known.
    """

    delta: float | None
    ci_low: float | None
    ci_high: float | None
    resolved: bool
    open: str | None
    threshold: float | None
    at_risk_usd: float | None
    questions: int | None
    questions_more: int | None
    clusters_more: int | None
    questions_reason: str | None


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
    """What the control with gold passages says: what retrieval could win, what the generator loses."""

    retrieval: Lead | None
    reader: float | None
    knowledge: Lead | None
    answerable: Lost | None


@dataclass(frozen=True, slots=True)
class Turn:
    """From `value` on the outcome is another one. `factor`: of the present value."""

    value: float
    winner: str | None
    status: Verdict
    factor: float | None


@dataclass(frozen=True, slots=True)
class Change:
    """What moving one input does, downwards and upwards. `down`, `up`: where another system is ahead;
    `verdict_*`: the first turn of any kind; `unknown_*`: from where on nothing can be weighed."""

    input: str
    label: str
    current: float | None
    searched_low: float | None
    searched_high: float | None
    why_not: str | None
    nearest: str | None
    down: Turn | None
    verdict_down: Turn | None
    unknown_down: float | None
    up: Turn | None
    verdict_up: Turn | None
    unknown_up: float | None
    text: str
    figures: dict[str, float | str | None]


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
class Decision:
    """One task's decision. `favourite`: the best bet, recommended or not. `why_not`: why nothing can be chosen.

    `unfit`: why nothing of this run may be recommended. `excluded`: system → the failed check that rules it out.
    `nearest`: where no system is feasible, the one that misses least. `pays_*_usd`: the prices of a wrong answer
    between which the favourite also has the least expected cost.
    """

    status: Verdict
    recommended: str | None
    favourite: str | None
    why_not: str
    unfit: str | None
    basis: Basis
    n: int
    setting: SettingFigures
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
    would_change: tuple[Change, ...]
    error_price: tuple[PriceBand, ...]
    pays_from_usd: float | None
    pays_to_usd: float | None
    map: DecisionMap | None
    reasons: tuple[Reason, ...]
    assumptions: tuple[Reason, ...]
    literature: Literature
    break_even: tuple[BreakEven, ...]
