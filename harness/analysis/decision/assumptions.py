"""What nobody said and a decision had to take for granted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
    told += _rule(tell, decision)
    if decision["setting"]["refresh_days"] is None:
        told.append(tell.say("The knowledge is taken not to change."))
    told.append(
        tell.say("Costs are taken as measured; only what the questions leave open counts as uncertain.")
    )
    return [*told, *timed(tell, task, decision)]


def _rule(tell: Teller, decision: Block) -> Iterator[Told]:
    """By what the choice was made, and which margin it takes for nothing."""
    if decision["basis"] == BY_VALUE:
        yield tell.say(
            "A wrong answer has a price, so expected cost comes first: the strategy with the least is recommended, if "
            "at the interval's end no other is cheaper by more than {margin:percent} of its cost.",
            margin="decision/requirements/value_margin",
        )
        if tell.graded:
            yield tell.say(
                f"An answer with half of {tell.graded} is taken to cost half of what a wrong one costs."
            )
    elif decision["setting"]["error_price_usd"] is None:
        yield tell.say(
            "A wrong answer has no price, so accuracy comes first: of the strategies not shown to be less accurate "
            "than the best, the cheapest is recommended, if its interval against each of the others rules out that "
            "they are better by {margin:share} or more.",
            margin="decision/requirements/accuracy_margin",
        )
    else:
        unknown = [n for n, row in decision["candidates"].items() if row["monthly_usd"] is None]
        yield tell.say(f"The price of an error could not be used: the cost of {_and(unknown)} is not known.")


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "nobody"
