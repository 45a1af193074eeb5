"""The favourite against its rivals, in sentences: behind it, ahead of it, alike, not told apart, still in the race."""

from __future__ import annotations

from collections.abc import Sequence

from harness.analysis.decision.case import Case
from harness.analysis.decision.caveats import (
    Figure,
    Reasons,
    aged,
    in_points,
    joined,
    reason,
)
from harness.analysis.decision.pairs import TRAININGS_DIFFER
from harness.analysis.results.decision import Against, Decision
from harness.analysis.results.reason import Reason
from harness.quantities import dollars, listed, percent, points, share, whole

NAMED = 4
"""The most rivals that are named in one sentence."""


def feasible_rivals(decision: Decision) -> list[str]:
    """The favourite's feasible rivals, the most accurate first."""
    rows = decision.candidates
    names = [name for name in decision.against if rows[name].feasible]
    return sorted(names, key=lambda name: -rows[name].accuracy)


def rivals(case: Case, decision: Decision) -> Reasons:
    """The favourite against all others at once: a sentence for those behind it, ahead of it, alike, not told apart."""
    name, kinds = decision.favourite, ("more", "less", "alike", "open")
    groups: dict[str, list[str]] = {kind: [] for kind in kinds}
    for rival in feasible_rivals(decision):
        if (against := decision.against[rival]).delta is not None:
            groups[_kind(against)].append(rival)
    right = f"has a {{}} mean {case.graded} than" if case.graded else "is right {} often than"
    higher, lower = ("higher", "lower") if case.graded else ("more", "less")
    as_often = f"has about the same mean {case.graded} as" if case.graded else "is right about as often as"
    margin = float(decision.requirements["accuracy_margin"])
    if groups["more"]:
        yield _gaps(decision, groups["more"], f"{name} {right.format(higher)}")
    if groups["less"]:
        yield _gaps(decision, groups["less"], f"{name} {right.format(lower)}")
    if groups["alike"]:
        alike = _gaps(decision, groups["alike"], f"{name} {as_often}")
        yield joined(alike, reason(f"Less than {share(margin)} does not matter.", margin=margin))
    for kind in ("more", "less", "alike"):
        for rival in groups[kind]:
            yield from _at_risk(decision, rival, decision.against[rival])
    for rival in groups["open"]:
        if not decision.against[rival].open:
            yield _not_shown(decision, rival)


def _kind(against: Against) -> str:
    if against.alike:
        return "alike"
    if not against.resolved or against.delta is None:
        return "open"
    return "more" if against.delta > 0 else "less"


def _gaps(decision: Decision, rivals: Sequence[str], lead: str) -> Reason:
    """`rag is right more often than lora (+55.0 points) and base (+80.0).`"""
    told: list[str] = []
    figures: dict[str, Figure] = {"more_rivals": max(0, len(rivals) - NAMED)}
    for rival in rivals:
        delta, since = decision.against[rival].delta, aged(decision, rival)
        told.append(f"{rival} ({points(delta)}{since.text and f'; {since.text}'})")
        figures |= {f"{rival}: delta": delta, **since.figures}
    return Reason(f"{lead} {listed(told, NAMED)}.", figures)


def _not_shown(decision: Decision, rival: str) -> Reason:
    """A difference that may be chance, and why it does not keep the favourite from being recommended."""
    against = decision.against[rival]
    since = aged(decision, rival)
    apart = reason(
        f"{decision.favourite} against {rival}{since.text and f' ({since.text})'}: {in_points(against)}, "
        f"{_doubt(against)}.",
        delta=against.delta,
        ci_low=against.ci_low,
        ci_high=against.ci_high,
        **since.figures,
    )
    return joined(apart, *_as_good(decision, rival, against))


BLIND = "without an interval, as these questions do not show how much others would differ"


def _doubt(against: Against) -> str:
    """Why it may be chance, a clause."""
    if against.reason:
        return f"which may be chance, as {against.reason}"
    if against.ci_low is None:
        return BLIND
    return "which may be chance"


def _at_risk(decision: Decision, rival: str, against: Against) -> Reasons:
    """What the margin of value covers."""
    if against.at_risk_usd is not None and not against.open:
        margin = decision.requirements["value_margin"]
        yield reason(
            f"At the interval's end {rival} would be cheaper in all by {dollars(against.at_risk_usd)} a month, "
            f"which the margin of {percent(float(margin))} covers.",
            at_risk_usd=against.at_risk_usd,
            margin=margin,
        )


def _as_good(decision: Decision, rival: str, against: Against) -> Reasons:
    """Why an unresolved difference does not keep the favourite from being recommended: it is below the margin."""
    own, other = (decision.candidates[name].monthly_usd for name in (str(decision.favourite), rival))
    if against.at_risk_usd is not None:
        yield from _at_risk(decision, rival, against)
    elif not (decision.by_value or against.resolved or own is None or other is None) and own <= other:
        margin = decision.requirements["accuracy_margin"]
        if against.ci_low is not None and against.ci_low < 0:
            yield reason(
                f"{rival} could win {share(-against.ci_low)} at most, less than the {share(float(margin))} that "
                f"matter, and {decision.favourite} costs no more.",
                at_most=-against.ci_low,
                margin=margin,
            )


def still_open(decision: Decision) -> Reasons:
    """What keeps a rival in the race, and what is known of how many questions would end it."""
    for rival, against in decision.against.items():
        if against.open and not decision.unfit:
            yield joined(_why_open(decision, rival, against), *_questions(decision, rival, against))


def _why_open(decision: Decision, rival: str, against: Against) -> Reason:
    if against.open == "cost":
        return reason(
            f"Accuracy does not decide between {decision.favourite} and {rival}, and a cost that would is not known."
        )
    if against.open == "value":
        return reason(
            f"At the interval's end {rival} would be cheaper in all by {dollars(against.at_risk_usd)} a month; the two "
            f"are worth the same where the difference in accuracy is {points(against.threshold)}.",
            at_risk_usd=against.at_risk_usd,
            threshold=against.threshold,
        )
    margin = decision.requirements["accuracy_margin"]
    why = f" ({against.reason})" if against.reason else f" ({BLIND})" if against.ci_low is None else ""
    who = "the trainings" if against.questions_reason == TRAININGS_DIFFER else "the questions"
    return reason(
        f"{decision.favourite} against {rival} ({points(against.delta)}): {who} show neither a difference nor "
        f"that it is within {share(float(margin))}{why}.",
        delta=against.delta,
        margin=margin,
    )


def _questions(decision: Decision, rival: str, against: Against) -> Reasons:
    """Nothing where the headline has said all that there is to say."""
    if against.questions_more is None:
        if against.questions_reason != decision.questions_reason:
            yield reason(
                f"How many questions would decide against {rival} is not known: {against.questions_reason}."
            )
        return
    clusters = against.clusters_more
    where = f", on about {whole(clusters)} further documents or clusters," if clusters else ""
    yield reason(
        f"About {whole(against.questions_more)} more{where} would decide in four cases of five if the difference is as "
        "it looks; a smaller one takes more.",
        questions_more=against.questions_more,
        clusters_more=clusters,
    )
