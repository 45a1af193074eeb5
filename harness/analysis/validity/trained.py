"""Was a fine-tune trained to its end? It fits its own training answers, or the check says why it stopped before."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.analysis.results.checks import Check, Status
from harness.analysis.validity.check import Case, Finding, Rule
from harness.quantities import counted, number, percent
from harness.records import ALL_EPOCHS, AdapterRecord
from harness.spec.system import System

UNLEARNT = 0.5
"""A training that ends with more than this share of its first loss left learnt less than half of what there was."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well one adapter gives its own training answers, and in words why no better (empty where it does)."""

    finding: Finding
    why: str
    figures: dict[str, float] = field(default_factory=dict)


def fits_training(case: Case, rule: Rule) -> list[Check]:
    """A fine-tune that cannot give its own training answers was never trained, or not to its end."""
    if not case.metric:
        return rule.absent("Whole texts are scored: there is no right answer that could be given again.")
    figures: dict[str, float] = {}
    fits, parts = [], []
    for system in case.adapted:
        for seed, trained in case.adapters(system).items():
            who = case.named(system, seed)
            fits.append(_fit(rule, system, who, trained))
            parts.append(f"{who} {percent(trained.train_fit)}")
            figures |= {f"{who}: reproduced": trained.train_fit, **fits[-1].figures}
    if not fits:
        return rule.absent("No adapter was trained for this task.")
    sentences = [
        f"Own training answers reproduced: {', '.join(parts)}.",
        *(fit.why for fit in fits if fit.why),
    ]
    return rule.verdict([fit.finding for fit in fits], " ".join(sentences), figures)


def _fit(rule: Rule, system: System, who: str, trained: AdapterRecord) -> Fit:
    finding = rule.finding(system, trained.train_fit)
    if finding.status is Status.PASS:
        return Fit(finding, "")
    first = trained.first_train_loss
    if not first:
        return Fit(finding, "")
    fell = f"its loss fell from {first:.2g} to {trained.train_loss:.2g} nats a token"
    figures = {
        f"{who}: epochs": trained.epochs,
        f"{who}: first loss": first,
        f"{who}: last loss": trained.train_loss,
    }
    if trained.stopped != ALL_EPOCHS:
        return Fit(finding, f"{who} stopped after {_epochs(trained)} ({trained.stopped}); {fell}.", figures)
    if trained.train_loss <= UNLEARNT * first:
        return Fit(finding, f"{who} went through all {_epochs(trained)} that it was given; {fell}.", figures)
    failed = Finding(system.name, trained.train_fit, Status.FAIL, rule.limits.warn)
    why = f"{who} is under-trained: in all {_epochs(trained)} that it was given {fell}."
    return Fit(failed, why, figures)


def _epochs(trained: AdapterRecord) -> str:
    whole = trained.epochs == int(trained.epochs)
    return counted(int(trained.epochs), "epoch") if whole else f"{number(trained.epochs)} epochs"
