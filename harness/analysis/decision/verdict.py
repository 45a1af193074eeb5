"""One task's decision as it stands in results.json: the choice, its figures, its reasons, what would change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from harness.analysis.decision import chances, headroom, outlook
from harness.analysis.decision.assumptions import assumptions
from harness.analysis.decision.candidates import Candidate, CandidatesAt, Setting
from harness.analysis.decision.choice import (
    BY_VALUE,
    NONE_FEASIBLE,
    NOT_COMPUTED,
    RECOMMENDED,
    UNDECIDED,
    Choice,
    Contest,
    Entrant,
    Rules,
    choose,
)
from harness.analysis.decision.literature import literature
from harness.analysis.decision.needs import unpriced
from harness.analysis.decision.pairs import Power
from harness.analysis.decision.reasons import reasons
from harness.spec.requirements import Requirements

Block = dict[str, Any]
NOTHING_AHEAD: Block = {
    "would_change": [],
    "error_price": [],
    "pays_from_usd": None,
    "pays_to_usd": None,
    "map": None,
}


@dataclass(frozen=True)
class Case:
    """All that a task's decision rests on. `task`: its block of results.json so far."""

    task: Mapping[str, Any]
    candidates_at: CandidatesAt
    rules: Rules
    setting: Setting
    excluded: Mapping[str, str] = field(default_factory=dict)
    """Strategy → the failed check that forbids it; `candidates_at` leaves these out."""
    unfit: str | None = None
    """Why nothing of this run may be recommended, a clause: it was quick, or is not complete."""
    volume_assumed: bool = False
    """Nobody named a number of queries."""
    run: Mapping[str, Any] = field(default_factory=dict)
    """{parameters, adapters}: what the literature's shapes ask of the whole run."""
    seed: int = 0


def verdict(case: Case) -> Block:
    """The decision block: plain JSON values, no NaN, the same for the same case."""
    candidates = case.candidates_at(case.setting)
    choice = choose(candidates, case.rules, case.setting)
    block: Block = {
        **_standing(case, choice),
        "basis": choice.basis,
        "n": max((len(entrant.candidate.scores) for entrant in choice.entrants), default=0),
        "setting": {
            **asdict(case.setting),
            "monthly_queries_assumed": case.volume_assumed,
        },
        "requirements": _requirements(case.rules.needs),
        **_candidates(case, choice),
        "excluded": dict(case.excluded),
        "against": _against(case, choice),
        "nearest": choice.nearest.name if choice.nearest else None,
        "headroom": headroom.headroom(case.task, case.rules, case.excluded),
        "pareto_dimensions": list(chances.pareto(choice.entrants)[0]),
    }
    block |= _questions(block)
    ahead = not block["why_not"]
    block |= _ahead(case) if ahead else dict(NOTHING_AHEAD)
    block["would_change"] = outlook.tell_changes(case.task, block)
    return {
        **block,
        "reasons": reasons(case.task, block),
        "assumptions": assumptions(case.task, block) if ahead else [],
        "literature": literature(case.task, block, case.rules.pairs, case.run),
    }


def standing(case: Case) -> Block:
    """{status, recommended, favourite, why_not, unfit} alone: a thousandth of the work of the whole block."""
    return _standing(case, choose(case.candidates_at(case.setting), case.rules, case.setting))


def _standing(case: Case, choice: Choice) -> Block:
    unfit = case.unfit or _useless(choice)
    status, why_not = _status(case, choice)
    if status == RECOMMENDED and unfit:
        status = UNDECIDED
    return {
        "status": status,
        "recommended": choice.winner if status == RECOMMENDED else None,
        "favourite": None if why_not else choice.winner,
        "why_not": why_not,
        "unfit": unfit,
    }


def _status(case: Case, choice: Choice) -> tuple[str, str]:
    """The status, and where nothing can be chosen, why."""
    names = [entrant.name for entrant in choice.entrants]
    if not names and case.excluded:
        return UNDECIDED, "Every candidate is left out because of a failed check."
    if not names:
        return NOT_COMPUTED, "No candidate has an accuracy here, so there is nothing to choose."
    if len(names) == 1 and choice.status != NONE_FEASIBLE:
        if case.excluded:
            return (
                UNDECIDED,
                f"Only {names[0]} is left to choose, and a race with one runner decides nothing.",
            )
        return NOT_COMPUTED, f"Only {names[0]} answered this task, so there is nothing to choose between."
    return choice.status, ""


def _useless(choice: Choice) -> str | None:
    """The best of those that are all wrong is nothing to recommend, whatever one that is ruled out can do."""
    if not choice.entrants or any(entrant.accuracy for entrant in choice.feasible):
        return None
    if not any(entrant.accuracy for entrant in choice.entrants):
        return "not one candidate gave a right answer"
    return "not one candidate that meets the requirements gave a right answer" if choice.feasible else None


def _requirements(needs: Requirements) -> Block:
    """What was asked for, without what was left at nothing."""
    return {
        name: value
        for name, value in needs.model_dump(mode="json").items()
        if value is not None and value is not False
    }


def _candidates(case: Case, choice: Choice) -> Block:
    """Each candidate at the setting; `chances_reason`: why nobody's chance of being the best is known."""
    best = chances.probability_best(
        choice.entrants, case.rules.clusters, case.setting, choice.basis, case.seed
    )
    _, front = chances.pareto(choice.entrants)
    rows = {
        entrant.name: {
            "accuracy": entrant.accuracy,
            "monthly_usd": entrant.monthly_usd,
            "people_usd": _people(case, entrant),
            "cost_reason": unpriced(entrant.candidate) if entrant.monthly_usd is None else None,
            "errors_usd": _less(entrant.total_usd, entrant.monthly_usd),
            "total_usd": entrant.total_usd,
            "feasible": entrant.feasible,
            "requirements": [outcome.to_json() for outcome in entrant.outcomes],
            "probability_best": best.of.get(entrant.name),
            "pareto": entrant.name in front,
        }
        for entrant in choice.entrants
    }
    return {"candidates": rows, "chances_reason": best.reason}


def _people(case: Case, entrant: Entrant) -> float | None:
    """The part of its monthly cost that the price sheet takes for people's time and labels."""
    if entrant.monthly_usd is None:
        return None
    setting = case.setting
    return entrant.candidate.economics.people_monthly_usd(setting.horizon_months, setting.refresh_days)


def _less(whole: float | None, part: float | None) -> float | None:
    return None if whole is None or part is None else whole - part


def _against(case: Case, choice: Choice) -> dict[str, Block]:
    """The favourite against every other candidate; `open`: why the rival is still in the race, or None.

    `at_risk_usd`: what the rival would save a month at the interval's end; settled where the margin covers that.
    """
    favourite = choice.favourite
    if favourite is None:
        return {}
    contests = {contest.rival: contest for contest in choice.open}
    power = Power(case.rules.clusters, case.rules.pairs.family)
    rows = {}
    for entrant in choice.entrants:
        if entrant is not favourite:
            found = case.rules.pairs.of(favourite.name, entrant.name)
            low, high = found.interval
            contest = contests.get(entrant.name)
            rows[entrant.name] = {
                "delta": found.delta,
                "ci_low": low,
                "ci_high": high,
                "resolved": found.resolved,
                **_contest(contest, _at_risk(case, choice, entrant, found.low)),
                **_needed(contest, power, favourite.candidate, entrant.candidate),
            }
    return rows


def _contest(contest: Contest | None, risk: float | None) -> Block:
    if contest is None:
        return {"open": None, "threshold": None, "at_risk_usd": risk}
    return {"open": contest.why, "threshold": contest.threshold, "at_risk_usd": risk}


def _at_risk(case: Case, choice: Choice, rival: Entrant, low: float) -> float | None:
    """By how much a month the rival would be cheaper in all, were the difference in accuracy `low`; None if not."""
    own = choice.favourite.monthly_usd if choice.favourite else None
    if choice.basis != BY_VALUE or not rival.feasible or own is None or rival.monthly_usd is None:
        return None
    stake = case.setting.monthly_queries * (case.setting.error_price_usd or 0.0)
    risk = own - rival.monthly_usd - stake * low
    return risk if risk > 0 else None


def _needed(contest: Contest | None, power: Power, favourite: Candidate, rival: Candidate) -> Block:
    """How many further questions would end a contest, on how many further clusters; or why that is not known."""
    names = ("questions", "questions_more", "clusters_more", "questions_reason")
    if contest is None:
        return dict.fromkeys(names)
    need = power.needed(favourite, rival, contest.limits)
    whole = None if need.questions is None else len(favourite.scores) + need.questions
    return dict(zip(names, (whole, need.questions, need.clusters, need.reason), strict=True))


def _questions(block: Block) -> Block:
    """How many questions would decide the whole, None where it is decided or not a matter of questions."""
    still = [row for row in block["against"].values() if row["open"]]
    known = bool(still) and all(row["questions"] is not None for row in still)
    return {
        "questions_needed": max(row["questions"] for row in still) if known else None,
        "questions_more": max(row["questions_more"] for row in still) if known else None,
        "questions_reason": next((row["questions_reason"] for row in still if row["questions_reason"]), None),
    }


def _ahead(case: Case) -> Block:
    """What would change the choice, by asking the same function at other settings.

    As at the user's own, nothing is recommended of an unfit run, nor where no feasible candidate is ever right.
    """

    def choice_at(setting: Setting) -> Choice:
        choice = choose(case.candidates_at(setting), case.rules, setting)
        unfit = choice.status == RECOMMENDED and (case.unfit or _useless(choice))
        return replace(choice, status=UNDECIDED) if unfit else choice

    return outlook.outlook(choice_at, case.setting)
