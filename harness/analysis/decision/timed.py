"""How firm a measured cost is, in a sentence among the assumptions of a decision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.analysis.decision.telling import Teller, Told


def timed(tell: Teller, task: Mapping[str, Any], decision: Mapping[str, Any]) -> Iterator[Told]:
    """What a firm cost rests on: how far the best bet's may be off, or whose nobody can say that of."""
    blocks = {name: task["strategies"].get(name, {}).get("cost") for name in decision["candidates"]}
    costs = {name: cost for name, cost in blocks.items() if cost and cost["per_query_usd"] is not None}
    if not costs:
        return
    least, favourite = min(costs, key=lambda name: costs[name]["timed_n"]), decision["favourite"]
    if costs[least]["per_query_ci_usd"] is None:
        questions = "question, which is" if costs[least]["timed_n"] == 1 else "questions, which are"
        yield tell.say(
            f"What {least} costs rests on {{n:whole}} timed {questions} too few to say how far it may be off.",
            n=f"strategies/{least}/cost/timed_n",
        )
    elif favourite in costs:
        at = f"strategies/{favourite}/cost"
        yield tell.say(
            f"A query of {favourite} costs {{cost:dollars}}, and {{low:dollars}} to {{high:dollars}} as far as its "
            "{n:whole} timed questions tell.",
            cost=f"{at}/per_query_usd",
            low=f"{at}/per_query_ci_usd/0",
            high=f"{at}/per_query_ci_usd/1",
            n=f"{at}/timed_n",
        )
