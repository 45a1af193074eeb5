"""What the field expects before anything is measured, beside what was measured.

`PRIORS` is the field's common advice by kind of task, `shapes` are figures from papers (method, section 10). Neither
takes part in the decision. A run that differs is news, and the report says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from harness.analysis.decision.choice import RECOMMENDED
from harness.analysis.decision.pairs import Difference, Pairs
from harness.analysis.statistics.intervals import wilson
from harness.analysis.waterfall import BARE, READER
from harness.quantities import points, queries, signed
from harness.records import FIT_EXAMPLES
from harness.spec.strategy import STRATEGIES, Source, Strategy, Weights, named

AS, DIFFERS, NOT_MEASURED = "as in the literature", "differs", "not measured"
ADVICE = (
    "Microsoft Learn, Compare and combine optimization strategies; "
    "Building Reliable AI Systems, chapter 5 (Manning)"
)
UNSOURCED = "common advice, without a study"
OVADIA = "arXiv:2312.05934"
SOUDANI = "arXiv:2403.01432"
PHRASINGS = "arXiv:2411.05059"


@dataclass(frozen=True, slots=True)
class Prior:
    """What is advised for a kind of task, and which strategies would follow it."""

    advice: str
    follows: Callable[[Strategy], bool]


def _retrieves(strategy: Strategy) -> bool:
    return Source.RETRIEVED in strategy.context


def _prompts(strategy: Strategy) -> bool:
    return not strategy.adapted and not strategy.uses_corpus


PRIORS = {
    "knowledge": Prior("facts that are private or change: retrieval", _retrieves),
    "behaviour": Prior("format, style and narrow behaviour: fine-tuning", lambda one: one.adapted),
    "general": Prior("what the model knows already: prompts", _prompts),
}
TUNED, MIXED = named(Weights.ADAPTED), named(Weights.ADAPTED, Source.RETRIEVED)


def literature(
    task: Mapping[str, Any], decision: Mapping[str, Any], pairs: Pairs, run: Mapping[str, Any]
) -> dict[str, Any]:
    """{priors, shapes} of one task. `run`: {parameters, adapters} of the whole run."""
    return {"priors": priors(task, decision), "shapes": shapes(task, pairs, run, decision["excluded"])}


def priors(task: Mapping[str, Any], decision: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The advice for the task's kind, for low volume, and on training from scratch."""
    rows = []
    known = PRIORS.get(task["probes"] or "")
    if known:
        rows.append(_prior(known, decision["favourite"], decision["status"], None, decision))
    low = Prior("prompts first, above all at low volume", _prompts)
    rows.append(_prior(low, *_at_low_volume(decision), decision))
    rows.append(
        {
            "advice": "training from scratch: almost never",
            "source": UNSOURCED,
            "measured": None,
            "settled": False,
            "monthly_queries": None,
            "verdict": NOT_MEASURED,
            "text": "no strategy here trains from scratch",
        }
    )
    return rows


def _at_low_volume(decision: Mapping[str, Any]) -> tuple[str | None, str, float | None]:
    """Who is ahead at the map's lowest volume while the knowledge stays as it is, how settled that is, and where."""
    grid = decision["map"]
    if not grid:
        return None, "", None
    return grid["winners"][0][0], grid["statuses"][0][0], grid["monthly_queries"][0]


def _prior(
    prior: Prior, winner: str | None, status: str, volume: float | None, decision: Mapping[str, Any]
) -> dict[str, Any]:
    """Whether the winner is one that follows the advice. Nothing is measured where all that ran do, or none does.

    `settled`: whether that winner is recommended, and not the best bet of an undecided task.
    """
    row = {
        "advice": prior.advice,
        "source": ADVICE,
        "measured": winner,
        "settled": winner is not None and status == RECOMMENDED,
        "monthly_queries": volume,
    }
    ran = list(decision["candidates"])
    followers = [name for name in ran if prior.follows(STRATEGIES[name])]
    out = [name for name in decision["excluded"] if prior.follows(STRATEGIES[name])]
    if winner is None or len(ran) < 2:
        return {**row, "verdict": NOT_MEASURED, "text": "nothing was chosen here"}
    if not followers and out:
        return {
            **row,
            "verdict": NOT_MEASURED,
            "text": f"{', '.join(out)} would follow it, but failed a check",
        }
    if not followers or len(followers) == len(ran):
        which = "none" if not followers else "all"
        return {**row, "verdict": NOT_MEASURED, "text": f"{which} of the strategies that ran follow it"}
    verdict = AS if winner in followers else DIFFERS
    doubt = "" if row["settled"] else ", but that is not settled"
    where = "" if volume is None else f" at {queries(volume)} a month"
    return {**row, "verdict": verdict, "text": f"{winner} is ahead here{where}{doubt}"}


@dataclass(frozen=True, slots=True)
class Shape:
    """A figure from a paper: the range in which a difference of accuracies was found there (None: no end)."""

    name: str
    source: str
    low: float | None
    high: float | None

    def held(self, found: Difference | str, what: str = "") -> dict[str, Any]:
        """The shape beside what was measured, or why nothing was, a clause.

        `certain`: the interval does not speak both ways.
        """
        row: dict[str, Any] = {
            "shape": self.name, "source": self.source, "expected_low": self.low, "expected_high": self.high,
            "measured": None, "ci_low": None, "ci_high": None, "certain": False, "verdict": NOT_MEASURED,
        }  # fmt: skip
        if isinstance(found, str):
            return {**row, "text": found}
        assert found.delta is not None  # `_pair` and `_apart` give a clause where nothing was measured
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        inside = low < found.delta < high
        certain = low < found.low and found.high < high if inside else found.high <= low or found.low >= high
        ends = f" ({signed(found.low)} to {signed(found.high)})" if found.bounded else ""
        return row | {
            "measured": found.delta, "ci_low": found.interval[0], "ci_high": found.interval[1],
            "certain": certain and found.bounded, "verdict": AS if inside else DIFFERS,
            "text": f"{what}{': ' if what else ''}{points(found.delta)}{ends}",
        }  # fmt: skip


UNSEEN = Shape("knowledge: rag − base", OVADIA, 0.23, 0.42)
PARAPHRASED = Shape("facts in the training set, several phrasings: lora − base", OVADIA, 0.04, 0.11)
RAW = Shape("fine-tuning on raw text: lora − base", OVADIA, -0.13, 0.06)
SMALL = Shape("models of 3 billion parameters or fewer: lora+rag − rag", SOUDANI, 0.0, None)
LARGE = Shape("models of 7 billion parameters or more: lora+rag − rag", SOUDANI, None, 0.0)
TURNED = Shape("behaviour and format: best fine-tune − best without", ADVICE, 0.0, None)
OWN_WORDS = Shape("a fine-tune's own training phrasings − new phrasings", PHRASINGS, 0.0, None)


Out = Mapping[str, str]
"""Strategy → why it is out of the race."""


def shapes(
    task: Mapping[str, Any], pairs: Pairs, run: Mapping[str, Any], out: Out | None = None
) -> list[dict[str, Any]]:
    """The shapes that speak of this kind of task. `out`: strategies that failed a check, which show nothing."""
    out = out or {}
    if task["probes"] == "knowledge":
        return [
            UNSEEN.held(_pair(pairs, READER, BARE, out)),
            PARAPHRASED.held(_on_seen(task, out)),
            RAW.held("adapters here are trained on questions and answers"),
            _mixed(pairs, run.get("parameters"), out),
            OWN_WORDS.held(_own_words(task, run, out), OWN),
        ]
    if task["probes"] == "behaviour":
        return [_turned(task, pairs, out), OWN_WORDS.held(_own_words(task, run, out), OWN)]
    return []


def _pair(pairs: Pairs, better: str, worse: str, out: Out) -> Difference | str:
    fallen = [name for name in (better, worse) if name in out]
    found = pairs.of(better, worse)
    if fallen:
        return f"{' and '.join(fallen)} failed a check"
    return "the strategies it speaks of did not both run" if found.delta is None else found


def _mixed(pairs: Pairs, parameters: float | None, out: Out) -> dict[str, Any]:
    if parameters is None:
        return SMALL.held("the model's size is not recorded")
    if 3e9 < parameters < 7e9:
        return SMALL.held("the model is between the sizes it speaks of")
    return (SMALL if parameters <= 3e9 else LARGE).held(_pair(pairs, MIXED, READER, out))


def _on_seen(task: Mapping[str, Any], out: Out) -> Difference | str:
    """lora − base on facts that training showed in other words: from the groups' means, intervals far apart."""
    if TUNED in out or BARE in out:
        return f"{TUNED if TUNED in out else BARE} failed a check"
    if not {TUNED, BARE} <= task["strategies"].keys():
        return "the strategies it speaks of did not both run"
    tuned, bare = (_seen(task, name) for name in (TUNED, BARE))
    return _apart(tuned, bare) if tuned and bare else NONE_SEEN


NONE_SEEN = "no test question asks a fact of the training set in other words"


def _seen(task: Mapping[str, Any], strategy: str) -> Mapping[str, Any] | None:
    """The accuracy on facts that training showed."""
    found: Mapping[str, Any] | None = task["strategies"][strategy]["groups"].get("fact_seen")
    return found if found and found["mean"] is not None else None


def _apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> Difference:
    """Difference of two means by their own intervals (Newcombe 1998, method 10): unpaired, so rather too wide."""
    delta = one["mean"] - other["mean"]
    if one["ci_low"] is None or other["ci_low"] is None:
        return Difference(delta, -1.0, 1.0, None, bounded=False)
    low = ((one["mean"] - one["ci_low"]) ** 2 + (other["ci_high"] - other["mean"]) ** 2) ** 0.5
    high = ((one["ci_high"] - one["mean"]) ** 2 + (other["mean"] - other["ci_low"]) ** 2) ** 0.5
    return Difference(delta, max(-1.0, delta - low), min(1.0, delta + high), None)


def _turned(task: Mapping[str, Any], pairs: Pairs, out: Out) -> dict[str, Any]:
    """The best fine-tune against the best strategy without one, of those that ran fairly."""
    means = {
        name: block["accuracy"]["mean"]
        for name, block in task["strategies"].items()
        if name in STRATEGIES and not block["control"] and block["accuracy"]["mean"] is not None
    }
    fair = [name for name in means if name not in out]
    tuned = [name for name in fair if STRATEGIES[name].adapted]
    others = [name for name in fair if not STRATEGIES[name].adapted]
    if not tuned or not others:
        fallen = [name for name in means if name in out]
        return TURNED.held(
            f"{', '.join(fallen)} failed a check"
            if fallen
            else "the strategies it speaks of did not both run"
        )
    best, rest = (max(some, key=lambda name: means[name]) for some in (tuned, others))
    return TURNED.held(_pair(pairs, best, rest, out), f"{best} − {rest}")


OWN = "lora, teacher-forced on its training answers"


def _own_words(task: Mapping[str, Any], run: Mapping[str, Any], out: Out) -> Difference | str:
    """Share of training answers reproduced, less the accuracy on test questions about the same facts."""
    block = task["strategies"].get(TUNED)
    adapter = next(
        (a for a in run.get("adapters", ()) if block and a.get("sha256") == block["adapter"]), None
    )
    if block is None or adapter is None or adapter.get("train_fit") is None:
        return "no adapter was trained"
    if TUNED in out:
        return f"{TUNED} failed a check"
    new = _seen(task, TUNED)
    if new is None:
        return NONE_SEEN
    share, n = adapter["train_fit"], min(FIT_EXAMPLES, adapter.get("examples") or 0)
    low, high = (float(end) for end in wilson(np.array(share), np.array(n))) if n else (None, None)
    return _apart({"mean": share, "ci_low": low, "ci_high": high}, new)


def expected(shape: Mapping[str, Any]) -> str:
    """The range in words: `+23.0 to +42.0 points`, `above 0`, `below 0`."""
    low, high = shape["expected_low"], shape["expected_high"]
    if high is None:
        return "above 0"
    if low is None:
        return "below 0"
    return f"{signed(low)} to {points(high)}"
