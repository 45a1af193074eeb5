"""Why: sentences made of the figures of a task's own block of results.json.

`told` is the block with the decision's figures in it (`decision/candidates`, `decision/against`, …), but not yet
its sentences.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.analysis.decision import caveats, headroom, rivals
from harness.analysis.decision.choice import BY_VALUE, NONE_FEASIBLE, RECOMMENDED
from harness.analysis.decision.needs import MISSED, UNKNOWN
from harness.analysis.decision.telling import Teller, Told, joined

Block = Mapping[str, Any]


def reasons(task: Block, decision: Block) -> list[Told]:
    """In this order: the verdict, rivals, what is open, requirements, warnings, who is left out, mechanism, chances."""
    tell = Teller({**task, "decision": decision})
    return [
        *_unfit(tell, decision),
        *_verdict(tell, decision),
        *rivals.compared(tell, decision),
        *rivals.worth_it(tell, decision),
        *rivals.still_open(tell, decision),
        *caveats.requirements(decision),
        *caveats.warnings(task, decision),
        *caveats.not_measured(task, decision),
        *caveats.excluded(task, decision),
        *headroom.told(tell, task, decision),
        *_chances(tell, decision),
    ]


def _unfit(tell: Teller, decision: Block) -> Iterator[Told]:
    if decision["unfit"]:
        yield tell.say(f"Nothing is recommended: {decision['unfit']}.")


def _verdict(tell: Teller, decision: Block) -> Iterator[Told]:
    status, favourite = decision["status"], decision["favourite"]
    if status == NONE_FEASIBLE:
        yield from _none(tell, decision)
        return
    if favourite is None:
        yield tell.say(decision["why_not"])
        return
    opening = "is recommended" if status == RECOMMENDED else "is the best bet so far, not a recommendation"
    yield joined(
        tell.say(
            f"{favourite} {opening}: {tell.mean('right')} on {{n:whole}} questions.",
            right=f"decision/candidates/{favourite}/accuracy",
            n="decision/n",
        ),
        *_money(tell, decision, favourite),
        *_people(tell, decision, favourite),
    )
    yield from _poor(tell, decision, favourite)
    if any(row["status"] == UNKNOWN for row in decision["candidates"][favourite]["requirements"]):
        yield tell.say(f"{favourite} cannot be recommended before what is required of it has been checked.")


def _poor(tell: Teller, decision: Block, favourite: str) -> Iterator[Told]:
    """The best of bad ones is called that; one without a right answer leads by what it costs alone."""
    accuracy = decision["candidates"][favourite]["accuracy"]
    others = any(row["feasible"] and row["accuracy"] for row in decision["candidates"].values())
    if accuracy == 0 and others:
        yield tell.say(
            "Not one of its answers is right: it leads by its cost alone, and is not thereby good enough."
        )
    elif 0 < accuracy < 0.5:
        poor = (
            f"Its mean {tell.graded} is below a half" if tell.graded else "It is wrong more often than right"
        )
        yield tell.say(f"{poor}: the best of these, and not thereby good enough.")


def _money(tell: Teller, decision: Block, name: str) -> Iterator[Told]:
    at = f"decision/candidates/{name}"
    if decision["candidates"][name]["monthly_usd"] is None:
        yield tell.say(f"What it costs is not known: {decision['candidates'][name]['cost_reason']}.")
    elif decision["basis"] == BY_VALUE:
        yield tell.say(
            "It is expected to cost {all:dollars} a month, {errors:dollars} of them for wrong answers.",
            all=f"{at}/total_usd",
            errors=f"{at}/errors_usd",
        )
    else:
        yield tell.say(
            "It costs {cost:dollars} a month at {volume:whole} queries.",
            cost=f"{at}/monthly_usd",
            volume="decision/setting/monthly_queries",
        )


def _people(tell: Teller, decision: Block, name: str) -> Iterator[Told]:
    """What the price sheet takes for people outweighs what was measured by far, so it never goes untold."""
    if decision["candidates"][name]["people_usd"]:
        yield tell.say(
            "{people:dollars} of it is people's time and labels, which the price sheet assumes; put in your own.",
            people=f"decision/candidates/{name}/people_usd",
        )


def _none(tell: Teller, decision: Block) -> Iterator[Told]:
    nearest = decision["nearest"]
    if nearest is None:
        yield tell.say("No candidate answered this task.")
        return
    yield tell.say(f"No strategy meets the requirements. The nearest is {nearest}:")
    yield from caveats.outcomes(decision, nearest, MISSED)


def _chances(tell: Teller, decision: Block) -> Iterator[Told]:
    favourite = decision["favourite"]
    if favourite is None or len(decision["candidates"]) < 2:
        return
    if decision["chances_reason"]:
        yield tell.say(f"How likely each is the best cannot be told: {decision['chances_reason']}.")
        return
    best = "is worth most" if decision["basis"] == BY_VALUE else "is the most accurate"
    yield tell.say(
        f"Resampling the questions, {favourite} {best} in {{chance:percent}} of the draws, "
        "which are not adjusted for the number of pairs.",
        chance=f"decision/candidates/{favourite}/probability_best",
    )
