"""Does a served model answer as the local one does that is declared to have the same weights (`same_as`)?

No question is asked for it: the answers of the run are held against each other, strategy by strategy. Sums in another
order change the last bits of logits, and now and then a token that was nearly a tie; in float32 that is a few answers
in a hundred. A server that does not repeat itself may differ as often as it does from itself, where that was measured
(`--repeat`). Another chat template, other weights, quantisation or sampling change most of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.analysis.answers import Answers
from harness.analysis.results.checks import Check, Status
from harness.analysis.statistics.power import ALPHA
from harness.analysis.validity.check import Case, Finding, Rule
from harness.analysis.validity.paired import Drop, drop
from harness.quantities import counted, listed, percent, points
from harness.run.facts import ModelFacts
from harness.spec.system import System

EXACT = "float32"
"""The data type in which float noise hardly ever changes an answer."""
SHOWN = 3
"""Questions that the sentence names as the first to differ."""
NONE_SERVED = "No model of the run is behind a server."


@dataclass(frozen=True, slots=True)
class Agreement:
    """One strategy on both models. `differ`: ids of the questions that they answered in other words. `varies`: the
    share of questions that the server answered in other words when it was asked again; None: it was not.
    """

    served: System
    local: System
    n: int
    differ: tuple[str, ...]
    accuracy: Drop | None
    exact: bool
    varies: float | None

    @property
    def identical(self) -> float:
        return 1 - len(self.differ) / self.n

    @property
    def apart(self) -> bool:
        """Whether the accuracies differ by more than noise; both ways count."""
        change = self.accuracy
        if change is None or not change.lost + change.gained:
            return False
        return change.two_sided is not None and change.two_sided < ALPHA


def same_answers(case: Case, rule: Rule) -> list[Check]:
    """The share of answers that are the same to the letter, and the difference in accuracy."""
    served = [model for model in case.run.manifest.models if model.server is not None]
    if not served:
        return rule.absent(NONE_SERVED)
    found = [agreement for model in served for agreement in _agreements(case, model)]
    if not found:
        return rule.absent(_not_checked(served))
    figures: dict[str, float] = {}
    findings, parts = [], []
    for agreement in found:
        findings.append(_finding(rule, agreement))
        parts.append(_sentence(agreement, figures))
    return rule.verdict(findings, " ".join(parts), figures)


def _not_checked(served: list[ModelFacts]) -> str:
    """Why nothing was compared: nobody said which local model a served one is, or the two share no strategy."""
    named = [model for model in served if model.same_as]
    if named:
        pairs = listed(f"{model.label or model.name} and {model.same_as}" for model in named)
        return f"Not checked: no strategy was answered by both {pairs}."
    names = listed(model.label or model.name for model in served)
    return (
        f"Not checked: nobody said which other model of the run has the weights of {names} (same_as in the models "
        "file)."
    )


def _agreements(case: Case, model: ModelFacts) -> Iterator[Agreement]:
    """A served model's strategies beside those of the model that it is said to be."""
    models = case.run.manifest.models
    twin = next((one for one in models if one.label is not None and one.label == model.same_as), None)
    if twin is None:
        return
    for system in case.own:
        other = next((own for own in case.own if _alike(system, own, twin)), None)
        if system.model_label == model.label and other is not None:
            yield from _agreement(case, system, other, exact=EXACT in str(twin.dtype))


def _alike(system: System, other: System, twin: ModelFacts) -> bool:
    """Whether `other` is the same strategy on the twin. One trained here and one that a server holds differ."""
    same = (other.strategy, other.context, other.marks) == (system.strategy, system.context, system.marks)
    return other.model_label == twin.label and same and other.adapter == system.adapter


def _agreement(case: Case, served: System, local: System, *, exact: bool) -> Iterator[Agreement]:
    pairs = _both(case.own[served].answers, case.own[local].answers)
    if not pairs:
        return
    differ = tuple(name for name, reply, other in pairs if reply.strip() != other.strip())
    accuracy = drop(case.own[local], case.own[served], case.metric, case.clusters) if case.metric else None
    yield Agreement(served, local, len(pairs), differ, accuracy, exact, _varies(case, served))


def _varies(case: Case, served: System) -> float | None:
    again = _both(case.run.repeats[case.task, served.name], case.own[served].answers)
    return sum(reply.strip() != other.strip() for _, reply, other in again) / len(again) if again else None


def _both(some: Answers, others: Answers) -> list[tuple[str, str, str]]:
    """The questions that both answered under one seed, with the reply of each."""
    first = dict(zip(zip(others.question_id, others.seed, strict=True), others.prediction, strict=True))
    columns = zip(some.question_id, some.seed, some.prediction, strict=True)
    return [(name, reply, first[name, seed]) for name, seed, reply in columns if (name, seed) in first]


def _finding(rule: Rule, agreement: Agreement) -> Finding:
    """Fails where accuracies differ, or (in float32) more answers than noise explains; in fewer bits that warns."""
    status, limit = rule.limits.judge(min(1.0, agreement.identical + (agreement.varies or 0.0)))
    if agreement.apart:
        status = Status.FAIL
    elif status is Status.FAIL and not agreement.exact:
        status = Status.WARN
    return Finding(agreement.served.name, agreement.identical, status, limit)


def _sentence(agreement: Agreement, figures: dict[str, float]) -> str:
    name, other = agreement.served.name, agreement.local.name
    figures |= {f"{name}: identical": agreement.identical, f"{name}: answers": float(agreement.n)}
    what = f"{name} against {other}: {percent(agreement.identical)} of {counted(agreement.n, 'answer')} identical"
    if agreement.accuracy:
        figures |= {f"{name}: {key}": float(value) for key, value in agreement.accuracy.figures.items()}
        change = agreement.accuracy
        what += f", accuracy {points(change.delta)} ({change.lost} lost, {change.gained} gained)"
    if agreement.varies is not None:
        figures[f"{name}: varies"] = agreement.varies
        what += f", where {percent(agreement.varies)} change when the server is asked again"
    first = f"; the first to differ: {listed(agreement.differ[:SHOWN])}" if agreement.differ else ""
    return f"{what}{first}."
