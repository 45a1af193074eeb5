"""Why: sentences made of the figures of a task's own block of results.json.

`told` is the block with the decision's figures in it (`decision/candidates`, `decision/against`, …), but not yet
its sentences.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.analysis.decision.choice import BY_VALUE, NONE_FEASIBLE, RECOMMENDED
from harness.analysis.decision.needs import MISSED, UNKNOWN
from harness.analysis.decision.telling import Teller, Told, joined
from harness.analysis.decision.timed import timed
from harness.analysis.waterfall import CONTROL, READER

Block = Mapping[str, Any]


def reasons(task: Block, decision: Block) -> list[Told]:
    """In this order: the verdict, the rivals, what is open, requirements, what was left out, mechanism, chances."""
    tell = Teller({**task, "decision": decision})
    return [
        *_unfit(tell, decision),
        *_verdict(tell, decision),
        *_rivals(tell, decision),
        *_worth_it(tell, decision),
        *_open(tell, decision),
        *_requirements(decision),
        *_excluded(tell, decision),
        *_headroom(tell, decision),
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
    )
    if 0 < decision["candidates"][favourite]["accuracy"] < 0.5:
        poor = (
            f"Its mean {tell.graded} is below a half" if tell.graded else "It is wrong more often than right"
        )
        yield tell.say(f"{poor}: the best of these, and not thereby good enough.")
    if any(row["status"] == UNKNOWN for row in decision["candidates"][favourite]["requirements"]):
        yield tell.say(f"{favourite} cannot be recommended before what is required of it has been checked.")


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


def _none(tell: Teller, decision: Block) -> Iterator[Told]:
    nearest = decision["nearest"]
    if nearest is None:
        yield tell.say("No candidate answered this task.")
        return
    yield tell.say(f"No strategy meets the requirements. The nearest is {nearest}:")
    yield from _outcomes(decision, nearest, MISSED)


def _outcomes(decision: Block, name: str, status: str) -> Iterator[Told]:
    for index, outcome in enumerate(decision["candidates"][name]["requirements"]):
        if outcome["status"] == status:
            at = f"decision/candidates/{name}/requirements/{index}/figures"
            figures = {f"{at}/{figure}": value for figure, value in outcome["figures"].items()}
            yield {
                "text": f"{name}: {LABELS[outcome['requirement']]}: {outcome['detail']}.",
                "figures": figures,
            }


LABELS = {
    "min_accuracy": "accuracy",
    "max_latency_s": "latency",
    "monthly_budget_usd": "budget",
    "max_memory_gb": "memory",
    "citations": "citations",
    "in_house": "data",
    "refresh_days": "update interval",
}


def _rivals(tell: Teller, decision: Block) -> Iterator[Told]:
    """The favourite against each feasible rival: accuracy with its interval, then money."""
    favourite = decision["favourite"]
    for rival, row in decision["against"].items():
        if not decision["candidates"][rival]["feasible"] or row["delta"] is None:
            continue
        at = f"decision/against/{rival}"
        compared = tell.say(
            f"Against {rival} ({tell.mean('right')}): {{delta:points}}{_ends(row)}, {_resolved(row)}.",
            right=f"decision/candidates/{rival}/accuracy",
            delta=f"{at}/delta",
            **_interval(at, row),
        )
        yield joined(
            compared, *_prices(tell, decision, str(favourite), rival), *_as_good(tell, decision, rival)
        )


def _ends(row: Block) -> str:
    return " ({low:end} to {high:end})" if row["ci_low"] is not None else ""


def _interval(at: str, row: Block) -> dict[str, str]:
    """The places of an interval's ends; none where the questions show none."""
    return {"low": f"{at}/ci_low", "high": f"{at}/ci_high"} if row["ci_low"] is not None else {}


def _resolved(row: Block) -> str:
    if row["resolved"]:
        return "the difference is resolved"
    if row["ci_low"] is None:
        return "with no interval, as these questions do not show how much others would differ"
    return "the difference is not resolved"


def _as_good(tell: Teller, decision: Block, rival: str) -> Iterator[Told]:
    """Why an unresolved difference does not keep a cheaper strategy from being recommended."""
    row = decision["against"][rival]
    if decision["basis"] == BY_VALUE or row["resolved"] or row["open"] or decision["favourite"] is None:
        return
    own, other = (decision["candidates"][name]["monthly_usd"] for name in (decision["favourite"], rival))
    if own is not None and other is not None and own <= other:
        yield tell.say(
            f"{decision['favourite']} is not less accurate by {{margin:share}} or more, and no dearer.",
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


def _worth_it(tell: Teller, decision: Block) -> Iterator[Told]:
    """Where an error has no price: at which prices the favourite would be chosen for money's sake too."""
    if decision["favourite"] is None or decision["basis"] == BY_VALUE or len(decision["candidates"]) < 2:
        return
    name, low, high = decision["favourite"], decision["pays_from_usd"], decision["pays_to_usd"]
    if low is None:
        known = all(
            row["monthly_usd"] is not None for row in decision["candidates"].values() if row["feasible"]
        )
        if known:
            yield tell.say(f"At no price of a wrong answer does {name} have the least expected cost.")
        return
    ends = {
        (True, True): "where a wrong answer costs between {low:dollars} and {high:dollars}",
        (True, False): "where a wrong answer costs {low:dollars} or more",
        (False, True): "where a wrong answer costs {high:dollars} or less",
        (False, False): "whatever a wrong answer costs",
    }[bool(low), high is not None]
    places = {"low": "decision/pays_from_usd"} if low else {}
    places |= {"high": "decision/pays_to_usd"} if high is not None else {}
    yield tell.say(f"{name} also has the least expected cost {ends}.", **places)


def _open(tell: Teller, decision: Block) -> Iterator[Told]:
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


def _requirements(decision: Block) -> Iterator[Told]:
    """Who misses what, and what nobody could check; the nearest of none has been told."""
    for name in decision["candidates"]:
        if decision["status"] != NONE_FEASIBLE or name != decision["nearest"]:
            yield from _outcomes(decision, name, MISSED)
        yield from _outcomes(decision, name, UNKNOWN)


def _excluded(tell: Teller, decision: Block) -> Iterator[Told]:
    for name, row in decision["excluded"].items():
        yield tell.say(f"{name} is left out, and nothing here speaks for or against it: {row}")


def _headroom(tell: Teller, decision: Block) -> Iterator[Told]:
    """What the control says: better retrieval, a better reader, or knowledge that was there already."""
    room = decision["headroom"]
    if room.get("retrieval"):
        right = (
            f"the mean {tell.graded} is {{oracle:percent}}" if tell.graded else "{oracle:percent} are right"
        )
        yield tell.say(
            f"With the right passages ({CONTROL}) {right}, with the passages found ({READER}) {{rag:percent}}: "
            f"better retrieval could win {{delta:points}}{_ends(room['retrieval'])}.",
            oracle=f"strategies/{CONTROL}/accuracy/mean",
            rag=f"strategies/{READER}/accuracy/mean",
            delta="decision/headroom/retrieval/delta",
            **_interval("decision/headroom/retrieval", room["retrieval"]),
        )
    if room.get("reader") is not None:
        lost = (
            f"{{lost:percent}} of {tell.graded} is still missing"
            if tell.graded
            else "{lost:percent} are still wrong"
        )
        yield tell.say(
            f"With the right passages in the prompt, {lost}: the reader loses {'it' if tell.graded else 'them'}, "
            "a matter for fine-tuning or a larger model.",
            lost="decision/headroom/reader",
        )
    base = room.get("knowledge")
    if base and base["already"]:
        yield tell.say(
            "The right passages bring {delta:points} ({low:end} to {high:end}) over the bare model: the knowledge "
            "was there already, or the reader cannot use them.",
            delta="decision/headroom/knowledge/delta",
            low="decision/headroom/knowledge/ci_low",
            high="decision/headroom/knowledge/ci_high",
        )


def _chances(tell: Teller, decision: Block) -> Iterator[Told]:
    favourite = decision["favourite"]
    if favourite is None or len(decision["candidates"]) < 2:
        return
    if decision["chances_reason"]:
        yield tell.say(f"How likely each is the best cannot be told: {decision['chances_reason']}.")
        return
    best = "is worth most" if decision["basis"] == BY_VALUE else "is the most accurate"
    yield tell.say(
        f"Resampling the questions, {favourite} {best} in {{chance:percent}} of the draws.",
        chance=f"decision/candidates/{favourite}/probability_best",
    )


def assumptions(task: Block, decision: Block) -> list[Told]:
    """What nobody said and the decision had to take for granted."""
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
