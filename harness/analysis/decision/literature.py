"""What the field expects before anything is measured, beside what was measured.

`ADVICE` is the field's common advice by kind of task, `SHAPES` are differences of accuracy from papers
(docs/method.md, "What the field expects"). Neither takes part in the decision. A run that differs is news, and the
report says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from harness.analysis.decision.case import Case
from harness.analysis.decision.pairs import Difference, apart
from harness.analysis.results.decision import Decision
from harness.analysis.results.figures import Estimate
from harness.analysis.results.literature import Literature, Prior, Shape
from harness.analysis.results.verdict import Verdict
from harness.analysis.statistics.intervals import wilson
from harness.quantities import listed, points, queries, signed_ends
from harness.spec.system import System

AS, DIFFERS, NOT_MEASURED = "as in the literature", "differs", "not measured"
GUIDES = (
    "Microsoft Learn, Compare and combine optimization strategies; "
    "Building Reliable AI Systems, chapter 5 (Manning)"
)
OVADIA, SOUDANI, PHRASINGS = "arXiv:2312.05934", "arXiv:2403.01432", "arXiv:2411.05059"
NOT_RUN = "the strategies it speaks of did not both run"


# Advice


@dataclass(frozen=True, slots=True)
class Advice:
    """What is advised for a kind of task (None: for every one), and which systems follow it."""

    probes: str | None
    text: str
    follows: Callable[[System], bool]


def _prompts_only(system: System) -> bool:
    return not system.adapted and system.passages is None


ADVICE = (
    Advice("knowledge", "facts that are private or change: retrieval", lambda system: bool(system.retrieved)),
    Advice("behaviour", "format, style and narrow behaviour: fine-tuning", lambda system: system.adapted),
    Advice("general", "what the model knows already: prompts", _prompts_only),
)
LOW_VOLUME = Advice(None, "prompts first, above all at low volume", _prompts_only)
FROM_SCRATCH = Prior(
    "training from scratch: almost never", "common advice, without a study", None, False, None, NOT_MEASURED,
    "no strategy here trains from scratch",
)  # fmt: skip


def priors(case: Case, decision: Decision) -> tuple[Prior, ...]:
    """The advice for the task's kind, for low volume, and on training from scratch."""
    best = decision.condition.then if decision.condition else decision.favourite  # the more accurate one
    known = [
        _prior(advice, case, decision, best, decision.status)
        for advice in ADVICE
        if advice.probes == case.probes
    ]
    winner, status, volume = None, Verdict.NOT_COMPUTED, None
    if decision.map:  # its first row and column: knowledge that stays as it is, at the lowest volume
        winner, status = decision.map.winners[0][0], decision.map.statuses[0][0]
        volume = decision.map.monthly_queries[0]
    return (*known, _prior(LOW_VOLUME, case, decision, winner, status, volume), FROM_SCRATCH)


def _prior(
    advice: Advice,
    case: Case,
    decision: Decision,
    winner: str | None,
    status: Verdict,
    volume: float | None = None,
) -> Prior:
    """Whether the winner follows the advice. Nothing is measured where all that ran do, or none does."""
    settled = status is Verdict.RECOMMENDED
    followers = [name for name in decision.candidates if advice.follows(case.systems[name].system)]
    failed = [name for name in decision.excluded if advice.follows(case.systems[name].system)]
    verdict = NOT_MEASURED
    if winner is None or len(decision.candidates) < 2:
        text = "nothing was chosen here"
    elif not followers and failed:
        text = f"{', '.join(failed)} would follow it, but failed a check"
    elif not followers or len(followers) == len(decision.candidates):
        text = f"{'all' if followers else 'none'} of the strategies that ran follow it"
    else:
        verdict = AS if winner in followers else DIFFERS
        where = "" if volume is None else f" at {queries(volume)} a month"
        text = f"{winner} is ahead here{where}{'' if settled else ', but that is not settled'}"
    return Prior(advice.text, GUIDES, winner, settled, volume, verdict, text)


# Shapes

Found = tuple[Difference | None, str]
"""A difference, and of what where the shape's name does not say it; or None, and why there is none."""


@dataclass(frozen=True, slots=True)
class Expected:
    """A difference of accuracies from a paper, from `low` to `high` (None: no end), and how it is measured here.

    `of_large`: whether it speaks of large models or of small ones; None: of all.
    """

    probes: tuple[str, ...]
    shape: str
    source: str
    low: float | None
    high: float | None
    measure: Callable[[Case], Found]
    of_large: bool | None = None


def _retrieval(case: Case) -> Found:
    return _pair(case, case.named("retrieved"), case.named())


def _both(case: Case) -> Found:
    return _pair(case, case.named("retrieved", adapted=True), case.named("retrieved"))


def _facts_seen(case: Case) -> Found:
    """The fine-tune on facts that training showed in other words: from the groups' means, which are unpaired."""
    tuned, bare = case.named(adapted=True), case.named()
    if failed := _failed(case, tuned, bare):
        return None, f"{failed[0]} failed a check"
    if tuned is None or bare is None:
        return None, NOT_RUN
    seen, before = (_seen(case, name) for name in (tuned, bare))
    return (apart(seen, before), "") if seen and before else (None, NONE_SEEN)


def _tuned_or_not(case: Case) -> Found:
    """The best fine-tune against the best system without one, of those that ran fairly."""
    means = {
        name: figures.accuracy.mean
        for name, figures in case.systems.items()
        if not figures.control and figures.accuracy.mean is not None
    }
    fair = [name for name in means if name not in case.excluded]
    tuned = [name for name in fair if case.systems[name].system.adapted]
    others = [name for name in fair if name not in tuned]
    if not tuned or not others:
        failed = [name for name in means if name in case.excluded]
        return None, f"{', '.join(failed)} failed a check" if failed else NOT_RUN
    best, rest = (max(names, key=lambda name: means[name]) for names in (tuned, others))
    return case.rules.pairs.of(best, rest), f"{best} − {rest}"


def _own_phrasings(case: Case) -> Found:
    """Share of training answers reproduced, less the accuracy on test questions about the same facts."""
    tuned = case.named(adapted=True)
    if tuned is None or tuned not in case.fits:
        return None, "no adapter was trained"
    if tuned in case.excluded:
        return None, f"{tuned} failed a check"
    fit, new = case.fits[tuned], _seen(case, tuned)
    if new is None:
        return None, NONE_SEEN
    low, high = (
        (float(end) for end in wilson(np.array(fit.share), np.array(fit.n))) if fit.n else (None, None)
    )
    difference = apart(Estimate(fit.share, low, high, fit.n), new)
    return difference, f"{tuned}, teacher-forced on its training answers"


NONE_SEEN = "no test question asks a fact of the training set in other words"
SMALL, LARGE = 3e9, 7e9
"""Parameters: of small models at most, of large ones at least."""
SHAPES = (
    Expected(("knowledge",), "knowledge: rag − base", OVADIA, 0.23, 0.42, _retrieval),
    Expected(("knowledge",), "facts in the training set, several phrasings: lora − base",
             OVADIA, 0.04, 0.11, _facts_seen),
    Expected(("knowledge",), "fine-tuning on raw text: lora − base", OVADIA, -0.13, 0.06,
             lambda _: (None, "adapters here are trained on questions and answers")),
    Expected(("knowledge",), "models of 3 billion parameters or fewer: lora+rag − rag",
             SOUDANI, 0.0, None, _both, of_large=False),
    Expected(("knowledge",), "models of 7 billion parameters or more: lora+rag − rag",
             SOUDANI, None, 0.0, _both, of_large=True),
    Expected(("behaviour",), "behaviour and format: best fine-tune − best without", GUIDES, 0.0, None, _tuned_or_not),
    Expected(("knowledge", "behaviour"), "a fine-tune's own training phrasings − new phrasings",
             PHRASINGS, 0.0, None, _own_phrasings),
)  # fmt: skip


def shapes(case: Case) -> tuple[Shape, ...]:
    """The shapes that speak of this kind of task, each beside what was measured, by model where there are several."""
    if len(case.labels) < 2:
        return _shapes(case)
    by_model = [(label, _shapes(case.of_model(label))) for label in case.labels]
    return tuple(replace(row, shape=f"{row.shape} ({label})") for label, rows in by_model for row in rows)


def _shapes(case: Case) -> tuple[Shape, ...]:
    """The shapes of one model."""
    large = case.parameters is not None and case.parameters >= LARGE
    return tuple(
        _compared(expected, *_measured(expected, case))
        for expected in SHAPES
        if case.probes in expected.probes and expected.of_large in (None, large)
    )


def _measured(expected: Expected, case: Case) -> Found:
    if expected.of_large is not None and case.parameters is None:
        return None, "the model's size is not recorded"
    if expected.of_large is not None and SMALL < (case.parameters or 0) < LARGE:
        return None, "the model is between the sizes it speaks of"
    return expected.measure(case)


def _compared(expected: Expected, found: Difference | None, note: str) -> Shape:
    """The shape beside the difference that was found. `certain`: the interval does not speak both ways."""
    row = (expected.shape, expected.source, expected.low, expected.high)
    if found is None or found.delta is None:
        return Shape(*row, None, None, None, False, NOT_MEASURED, NOT_RUN if found else note)
    low = -math.inf if expected.low is None else expected.low
    high = math.inf if expected.high is None else expected.high
    inside = low < found.delta < high
    certain = low < found.low and found.high < high if inside else found.high <= low or found.low >= high
    text = f"{note}{': ' if note else ''}{points(found.delta, *found.interval)}"
    verdict = AS if inside else DIFFERS
    return Shape(*row, found.delta, *found.interval, certain and found.bounded, verdict, text)


def _pair(case: Case, better: str | None, worse: str | None) -> Found:
    if failed := _failed(case, better, worse):
        return None, f"{listed(failed)} failed a check"
    return (None, NOT_RUN) if better is None or worse is None else (case.rules.pairs.of(better, worse), "")


def _failed(case: Case, *names: str | None) -> list[str]:
    return [name for name in names if name is not None and name in case.excluded]


def _seen(case: Case, name: str) -> Estimate | None:
    """The accuracy on facts that training showed."""
    found = case.systems[name].groups.get("fact_seen")
    return found if found and found.mean is not None else None


def literature(case: Case, decision: Decision) -> Literature:
    """What others found, beside this decision and what it rests on."""
    return Literature(priors(case, decision), shapes(case))


def expected_range(shape: Shape) -> str:
    """The range in words: `+23.0 to +42.0 points`, `above 0`, `below 0`."""
    if shape.expected_high is None:
        return "above 0"
    if shape.expected_low is None:
        return "below 0"
    return f"{signed_ends(shape.expected_low, shape.expected_high)} points"
