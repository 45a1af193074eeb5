"""What to do next: what would settle an open verdict, and a stronger generator where this one is too weak.

Each verdict's steps stand in one function. The steps of a failed check and of a requirement are those of its own rule.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from harness.analysis.decision.case import Case
from harness.analysis.decision.caveats import Figure, too_weak
from harness.analysis.decision.pairs import TRAININGS_DIFFER
from harness.analysis.decision.requirements.table import rows
from harness.analysis.results.decision import Decision
from harness.analysis.results.requirements import Met, Outcome
from harness.analysis.results.verdict import Verdict
from harness.analysis.validity.form import WRAPPED
from harness.engines.sizes import SizedModel, stronger
from harness.quantities import dollars, gigabytes, plain, whole
from harness.run.facts import ModelFacts
from harness.steps import Step, validate_again

MOST = 3
"""More than these nobody reads."""
RIVALS = "base,few-shot,rag,lora"
Steps = Iterator[Step]


def next_steps(case: Case, decision: Decision) -> tuple[Step, ...]:
    """At most `MOST`, the most helpful first, each once."""
    settling = _BY_VERDICT.get(decision.status)
    found = (
        *_wrapped(case, decision),
        *(settling(case, decision) if settling else ()),
        *_stronger(case, decision),
    )
    return tuple({step.in_words: step for step in found}.values())[:MOST]


def _wrapped(case: Case, decision: Decision) -> Steps:
    """Where a line of code makes so many replies right that another strategy may lead, or the best is better still."""
    best = _accuracy(case, decision.favourite)
    for check in case.checks:
        shares = {name: check.figures.get(f"{name}: share", 0.0) for name in decision.candidates}
        may_lead = any(share and _accuracy(case, name) + share >= best for name, share in shares.items())
        if check.check == WRAPPED and check.remedy and may_lead:
            yield check.remedy


def _accuracy(case: Case, name: str | None) -> float:
    return (case.systems[name].accuracy.mean if name else None) or 0.0


# Verdicts


def _best_of_judged(case: Case, decision: Decision) -> Steps:
    yield from _remedies(case, decision.unjudged)


def _not_computed(case: Case, decision: Decision) -> Steps:
    if case.waiting:
        yield Step("Wait for the rest, or go on with a run that was stopped", "harness compare --resume RUN")
    elif not decision.candidates:
        yield Step("Look at how answers are scored", validate_again(case.command, case.task))
    elif case.probes != "general":  # asked to show forgetting: nothing is to be chosen there
        yield Step("Compare it with other strategies", case.compare(f"--strategies {RIVALS}"))


def _none_feasible(case: Case, decision: Decision) -> Steps:
    """What the nearest would do, were as much required as it reaches."""
    nearest = decision.candidates[str(decision.nearest)]
    missed = [outcome for outcome in nearest.requirements if outcome.status is Met.MISSED]
    yield from _of_rules(case, missed)
    flags = [_reached(outcome) for outcome in missed if "value" in outcome.figures]
    if flags:
        text = f"Require only what {decision.nearest} reaches"
        yield Step(text, " ".join(("harness decide RUN", *flags)))


def _undecided(case: Case, decision: Decision) -> Steps:
    if case.completing:
        yield case.completing
    elif decision.why_not or not decision.against:
        yield from _remedies(case, decision.excluded)
    elif decision.unfit:
        yield from _beyond_trivial(case, decision)
        yield Step(
            "Read some answers beside what counts as right: prompt, answer or metrics of the task file may be at fault",
            validate_again(case.command, case.task),
        )
    elif rivals := [row for row in decision.against.values() if row.open]:
        reasons = {row.questions_reason for row in rivals}
        if TRAININGS_DIFFER in reasons:
            trained = max(row.seeds.n_seeds for row in case.systems.values() if row.seeds)
            text = "Train with more seeds, for a mean over trainings"
            yield Step(text, case.compare(f"--seeds {2 * trained}"))
        yield from _costs(case, decision)
        yield from _questions(case, decision)
        yield from _price_of_an_error(case, decision)
    else:
        best = decision.candidates[str(decision.favourite)]
        yield from _of_rules(case, (row for row in best.requirements if row.status is Met.UNKNOWN))


_BY_VERDICT: dict[Verdict, Callable[[Case, Decision], Steps]] = {
    Verdict.BEST_OF_JUDGED: _best_of_judged,
    Verdict.UNDECIDED: _undecided,
    Verdict.NONE_FEASIBLE: _none_feasible,
    Verdict.NOT_COMPUTED: _not_computed,
}


def _remedies(case: Case, systems: Iterable[str]) -> Steps:
    """Of the checks that these systems failed."""
    for name in systems:
        for check in case.excluded[name]:
            if check.remedy:
                yield check.remedy


def _of_rules(case: Case, outcomes: Iterable[Outcome]) -> Steps:
    yield from _flagged(case, (outcome.remedy for outcome in outcomes))


def _flagged(case: Case, steps: Iterable[Step | None]) -> Steps:
    """What is no more than a flag belongs to `compare`."""
    for step in steps:
        if step:
            flag = step.line.startswith("--")
            yield replace(step, line=case.compare(step.line)) if flag else step


def _reached(outcome: Outcome) -> str:
    """The flag of a limit with the value that was reached, rounded so that it is met."""
    row, value, limit = rows()[outcome.requirement], outcome.figures["value"], outcome.figures["required"]
    if outcome.requirement == "refresh_days":
        value, limit = value / 86_400, limit / 86_400
    size = 10 ** (math.floor(math.log10(value)) - 2) if value else 1.0
    rounded = (math.ceil if value > limit else math.floor)(value / size) * size
    return f"{row.flag} {rounded:.9f}".rstrip("0").rstrip(".")


def _costs(case: Case, decision: Decision) -> Steps:
    unknown = [
        candidate.economics
        for candidate in case.candidates_at(case.setting)
        if decision.candidates[candidate.name].monthly_usd is None
    ]
    yield from _flagged(case, (economics.remedy for economics in unknown))


def _beyond_trivial(case: Case, decision: Decision) -> Steps:
    """Where the best is above a constant reply by what matters, and so few questions do not show it: more of them."""
    gap = case.systems[str(decision.favourite)].over_trivial
    if gap and not gap.beats and gap.delta is not None and gap.delta > case.rules.margin:
        yield _more_questions(case, gap.questions_more)


def _questions(case: Case, decision: Decision) -> Steps:
    if case.limit is not None or decision.questions_more:
        yield _more_questions(case, decision.questions_more)


def _more_questions(case: Case, more: int | None) -> Step:
    """All of the task's where the run was limited, else so many to write (None: nobody knows how many)."""
    if case.limit is not None:
        text = f"Ask all questions: this run asked {whole(case.limit)} at most"
        return Step(text, case.compare(without="--limit"), {"limit": case.limit})
    some = f"about {whole(more)} more" if more else "more"
    text = f"Write {some} questions into the test file (questions.test), and compare again"
    return Step(text, case.compare(), {"questions_more": more})


def _price_of_an_error(case: Case, decision: Decision) -> Steps:
    """Where prices of a wrong answer would settle it, which, and for whom: at most two ranges."""
    bands, least = decision.error_price, case.rules.least_error_usd
    ends = (*(band.from_usd for band in bands[1:]), math.inf)
    settled = [
        (band.from_usd if band.from_usd > least else 0.0, end, band.winner)
        for band, end in zip(bands, ends, strict=False)
        if band.status is Verdict.RECOMMENDED and end > least
    ][:2]
    if decision.setting.error_price_usd is not None or not settled:
        return
    figures: dict[str, Figure] = {}
    clauses = []
    for place, (low, high, winner) in enumerate(settled):
        span = f"from {dollars(low)} on" if low else "at any price"
        if high < math.inf:
            span = f"from {dollars(low)} to {dollars(high)}" if low else f"up to {dollars(high)}"
        clauses.append(f"{span} take {winner}")
        figures |= {f"from_{place}": low or None, f"to_{place}": high if high < math.inf else None}
    text = f"Say what a wrong answer costs you: {', '.join(clauses)}"
    yield Step(text, "harness decide RUN --error-price USD", figures)


# The generator


def _stronger(case: Case, decision: Decision) -> Steps:
    """Models to try that fit into this machine, and what they take."""
    control = case.beside(decision.favourite).named("gold")
    if control is None or not too_weak(case, decision):
        return
    label = case.systems[control].system.model_label
    model = next((one for one in case.models if one.label == label), None)
    if model is None:
        return
    if model.server:
        yield Step(
            "Take a stronger generator, of this server or of another", case.compare("--model URL#NAME")
        )
    elif model.parameters:
        here = None if (model.device or "cpu") != "cpu" or case.memory_gb is None else case.memory_gb * 1e9
        found = stronger(model.parameters, here, model.dtype)
        yield from _to_try(case, model, found, fits=here is not None)


def _to_try(case: Case, model: ModelFacts, found: tuple[SizedModel, ...], *, fits: bool) -> Steps:
    """One that is fetched from the package index, else the smallest; and the largest."""
    if not found:
        figures: dict[str, Figure] = {"memory_gb": case.memory_gb}
        text = (
            f"No stronger generator that is known here fits into {gigabytes(case.memory_gb)}: take a server's"
        )
        yield Step(text, case.compare("--model http://HOST:PORT/v1#NAME"), figures)
    within = " that fits into this machine" if fits else ""
    near = [model for model in found if model.in_catalogue][:1] or found[:1]
    for place, other in enumerate(dict.fromkeys((*near, *found[-1:]))):
        times = other.parameters / float(model.parameters or 1)
        memory, download = other.memory_bytes(model.dtype) / 1e9, other.download_bytes / 1e9
        what = f"Or the strongest known here{within}" if place else f"Try a stronger generator{within}"
        takes = f"{plain(memory)} GB of memory, {plain(download)} GB to fetch"
        text = f"{what}: {takes}, about {plain(times)} times as long"
        figures = {"memory_gb": memory, "download_gb": download, "times": times}
        yield Step(text, case.compare(f"--model {other.name}"), figures)
