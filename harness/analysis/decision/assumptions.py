"""What nobody said and a decision had to take for granted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from harness.analysis.decision.choice import BY_VALUE
from harness.analysis.decision.telling import Teller, Told
from harness.analysis.decision.timed import timed

Block = Mapping[str, Any]


def assumptions(task: Block, decision: Block) -> list[Told]:
    tell = Teller({**task, "decision": decision})
    told = []
    if decision["setting"]["monthly_queries_assumed"]:
        told.append(
            tell.say(
                "No volume was named: {volume:whole} queries a month are assumed, over {horizon:months}.",
                volume="decision/setting/monthly_queries",
                horizon="decision/setting/horizon_months",
            )
        )
    if decision["setting"]["error_price_usd"] is None:
        told.append(
            tell.say(
                "A wrong answer has no price, so accuracy comes first: of the strategies not shown to be less accurate "
                "than the best, the cheapest is recommended, if its interval against each of the others rules out that "
                "they are better by {margin:share} or more.",
                margin="decision/requirements/accuracy_margin",
            )
        )
    elif decision["basis"] != BY_VALUE:
        unknown = [n for n, row in decision["candidates"].items() if row["monthly_usd"] is None]
        told.append(
            tell.say(f"The price of an error could not be used: the cost of {_and(unknown)} is not known.")
        )
    if decision["basis"] == BY_VALUE and tell.graded:
        told.append(
            tell.say(f"An answer with half of {tell.graded} is taken to cost half of what a wrong one costs.")
        )
    if decision["setting"]["refresh_days"] is None:
        told.append(tell.say("The knowledge is taken not to change."))
    told.append(
        tell.say("Costs are taken as measured; only what the questions leave open counts as uncertain.")
    )
    return [*told, *timed(tell, task, decision)]


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "nobody"
