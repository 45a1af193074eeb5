"""The favourite against each of its rivals: how far apart they are, in what, and what would tell them apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.analysis.decision.choice import BY_VALUE
from harness.analysis.decision.telling import Teller, Told, ends, interval, joined

Block = Mapping[str, Any]


def compared(tell: Teller, decision: Block) -> Iterator[Told]:
    """The favourite against each feasible rival: accuracy with its interval, then money."""
    favourite = decision["favourite"]
    for rival, row in decision["against"].items():
        if not decision["candidates"][rival]["feasible"] or row["delta"] is None:
            continue
        at = f"decision/against/{rival}"
        compared = tell.say(
            f"Against {rival} ({tell.mean('right')}): {{delta:points}}{ends(row)}, {_resolved(row)}.",
            right=f"decision/candidates/{rival}/accuracy",
            delta=f"{at}/delta",
            **interval(at, row),
        )
        yield joined(
            compared, *_prices(tell, decision, str(favourite), rival), *_as_good(tell, decision, rival)
        )


def _resolved(row: Block) -> str:
    if row["resolved"]:
        return "the difference is resolved"
    if row["ci_low"] is None:
        return "with no interval, as these questions do not show how much others would differ"
    return "the difference is not resolved"


def _as_good(tell: Teller, decision: Block, rival: str) -> Iterator[Told]:
    """Why an unresolved difference does not keep the favourite from being recommended: it is below the margin."""
    favourite, row = decision["favourite"], decision["against"][rival]
    if row["open"]:
        return
    if decision["basis"] == BY_VALUE:
        if row["at_risk_usd"] is not None:
            yield tell.say(
                f"At the interval's end {rival} would be cheaper in all by {{risk:dollars}} a month, which the margin "
                "of {margin:percent} covers.",
                risk=f"decision/against/{rival}/at_risk_usd",
                margin="decision/requirements/value_margin",
            )
        return
    own, other = (decision["candidates"][name]["monthly_usd"] for name in (favourite, rival))
    if not row["resolved"] and own is not None and other is not None and own <= other:
        yield tell.say(
            f"{favourite} is not less accurate by {{margin:share}} or more, and no dearer.",
            margin="decision/requirements/accuracy_margin",
        )


def _prices(tell: Teller, decision: Block, favourite: str, rival: str) -> Iterator[Told]:
    key = "total_usd" if decision["basis"] == BY_VALUE else "monthly_usd"
    if any(decision["candidates"][name][key] is None for name in (favourite, rival)):
        return
    what = "With wrong answers" if decision["basis"] == BY_VALUE else "Running it"
    yield tell.say(
        f"{what}: {{own:dollars}} against {{other:dollars}} a month.",
        own=f"decision/candidates/{favourite}/{key}",
        other=f"decision/candidates/{rival}/{key}",
    )


def worth_it(tell: Teller, decision: Block) -> Iterator[Told]:
    """Where an error has no price: at which prices the favourite would be chosen for money's sake too."""
    feasible = [row for row in decision["candidates"].values() if row["feasible"]]
    if decision["favourite"] is None or decision["basis"] == BY_VALUE or len(feasible) < 2:
        return
    among = " of those that meet the requirements" if len(feasible) < len(decision["candidates"]) else ""
    name, low, high = decision["favourite"], decision["pays_from_usd"], decision["pays_to_usd"]
    if low is None:
        if all(row["monthly_usd"] is not None for row in feasible):
            yield tell.say(f"At no price of a wrong answer does {name} have the least expected cost{among}.")
        return
    span = {
        (True, True): "where a wrong answer costs between {low:dollars} and {high:dollars}",
        (True, False): "where a wrong answer costs {low:dollars} or more",
        (False, True): "where a wrong answer costs {high:dollars} or less",
        (False, False): "whatever a wrong answer costs",
    }[bool(low), high is not None]
    places = {"low": "decision/pays_from_usd"} if low else {}
    places |= {"high": "decision/pays_to_usd"} if high is not None else {}
    yield tell.say(f"{name} also has the least expected cost{among} {span}.", **places)


def still_open(tell: Teller, decision: Block) -> Iterator[Told]:
    """What keeps a rival in the race, and how many questions would end it."""
    for rival, row in decision["against"].items():
        if not row["open"]:
            continue
        at = f"decision/against/{rival}"
        if row["open"] == "cost":
            yield tell.say(
                f"{decision['favourite']} and {rival} are not told apart by accuracy, and a cost that could tell is "
                "not known."
            )
        elif row["open"] == BY_VALUE:
            yield tell.say(
                f"At the interval's end {rival} would be cheaper in all by {{risk:dollars}} a month; the two are worth "
                "the same where the difference in accuracy is {even:points}.",
                risk=f"{at}/at_risk_usd",
                even=f"{at}/threshold",
            )
        else:
            yield tell.say(
                f"Whether {decision['favourite']} or {rival} should be chosen is open: the questions neither show that "
                "they differ nor rule out a difference of {margin:share} or more, which would matter.",
                margin="decision/requirements/accuracy_margin",
            )
        yield _questions(tell, at, rival, row)


def _questions(tell: Teller, at: str, rival: str, row: Block) -> Told:
    if row["questions_more"] is None:
        return tell.say(
            f"How many questions would decide against {rival} is not known: {row['questions_reason']}."
        )
    where = ", on about {clusters:whole} further documents or clusters," if row["clusters_more"] else ""
    places = {"clusters": f"{at}/clusters_more"} if row["clusters_more"] else {}
    return tell.say(
        f"About {{more:whole}} more questions{where} would decide against {rival} (80 % power, if the difference is as "
        "observed; a smaller one takes more).",
        more=f"{at}/questions_more",
        **places,
    )
