"""What the field expects before anything is measured, beside what was measured.

`PRIORS` is the field's common advice by kind of task, `shapes` are figures from papers (method, section 10). Neither
takes part in the decision. A run that differs is news, and the report says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.analysis.decision.pairs import Difference, Pairs
from harness.quantities import points, signed

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
    """What is advised for a kind of task, and the strategies that would follow it."""

    advice: str
    strategies: tuple[str, ...]


PRIORS = {
    "knowledge": Prior("facts that are private or change: retrieval", ("rag", "few-shot+rag", "lora+rag")),
    "behaviour": Prior("format, style and narrow behaviour: fine-tuning", ("lora", "lora+rag")),
    "general": Prior("what the model knows already: prompts", ("base", "few-shot")),
}
PROMPTS = ("base", "few-shot")


def literature(
    task: Mapping[str, Any], decision: Mapping[str, Any], pairs: Pairs, run: Mapping[str, Any]
) -> dict[str, Any]:
    """{priors, shapes} of one task. `run`: {parameters, adapters} of the whole run."""
    return {"priors": priors(task, decision), "shapes": shapes(task, pairs, run)}


def priors(task: Mapping[str, Any], decision: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The advice for the task's kind, for low volume, and on training from scratch."""
    rows = []
    known = PRIORS.get(task["probes"] or "")
    ran = set(decision["candidates"])
    if known:
        settled = "" if decision["status"] == "recommended" else ", but that is not settled"
        rows.append(_prior(known, decision["favourite"], settled, ran))
    rows.append(
        _prior(Prior("prompts first, above all at low volume", PROMPTS), *_at_low_volume(decision), ran)
    )
    rows.append(
        {
            "advice": "training from scratch: almost never",
            "source": UNSOURCED,
            "measured": None,
            "verdict": NOT_MEASURED,
            "text": "no strategy here trains from scratch",
        }
    )
    return rows


def _at_low_volume(decision: Mapping[str, Any]) -> tuple[str | None, str]:
    """Who wins at the map's lowest volume while the knowledge stays as it is."""
    if not decision["map"]:
        return None, ""
    return decision["map"]["winners"][0][
        0
    ], f" at {decision['map']['monthly_queries'][0]:,.0f} queries a month"


def _prior(prior: Prior, winner: str | None, where: str, ran: set[str]) -> dict[str, Any]:
    row = {"advice": prior.advice, "source": ADVICE, "measured": winner}
    followers = [name for name in prior.strategies if name in ran]
    if winner is None or len(ran) < 2:
        return {**row, "verdict": NOT_MEASURED, "text": "nothing was chosen here"}
    if not followers or len(followers) == len(ran):
        which = "none" if not followers else "all"
        return {**row, "verdict": NOT_MEASURED, "text": f"{which} of the strategies that ran follow it"}
    verdict = AS if winner in prior.strategies else DIFFERS
    return {**row, "verdict": verdict, "text": f"{winner} is ahead here{where}"}


@dataclass(frozen=True, slots=True)
class Shape:
    """A figure from a paper: the range in which a difference of accuracies was found there (None: no end)."""

    name: str
    source: str
    low: float | None
    high: float | None

    def held(self, found: Difference | None, why_not: str = "", what: str = "") -> dict[str, Any]:
        """The shape beside what was measured; `certain` where the interval does not speak both ways."""
        row: dict[str, Any] = {
            "shape": self.name, "source": self.source, "expected_low": self.low, "expected_high": self.high,
            "measured": None, "ci_low": None, "ci_high": None, "certain": False, "verdict": NOT_MEASURED,
            "text": why_not or "the strategies it speaks of did not both run",
        }  # fmt: skip
        if found is None or found.delta is None:
            return row
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        inside = low < found.delta < high
        certain = low < found.low and found.high < high if inside else found.high <= low or found.low >= high
        ends = f" ({signed(found.low)} to {signed(found.high)})" if found.bounded else ""
        text = f"{what}{': ' if what else ''}{points(found.delta)}{ends}"
        return row | {
            "measured": found.delta, "ci_low": found.interval[0], "ci_high": found.interval[1], "certain": certain,
            "verdict": AS if inside else DIFFERS, "text": text,
        }  # fmt: skip


UNSEEN = Shape("knowledge: rag − base", OVADIA, 0.23, 0.42)
PARAPHRASED = Shape("facts in the training set, several phrasings: lora − base", OVADIA, 0.04, 0.11)
RAW = Shape("fine-tuning on raw text: lora − base", OVADIA, -0.13, 0.06)
SMALL = Shape("models of 3 billion parameters or fewer: lora+rag − rag", SOUDANI, 0.0, None)
LARGE = Shape("models of 7 billion parameters or more: lora+rag − rag", SOUDANI, None, 0.0)
TURNED = Shape("behaviour and format: best fine-tune − best without", ADVICE, 0.0, None)
OWN_WORDS = Shape("a fine-tune's own training phrasings − new phrasings", PHRASINGS, 0.0, None)


def shapes(task: Mapping[str, Any], pairs: Pairs, run: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The shapes that speak of this kind of task."""
    if task["probes"] == "knowledge":
        return [
            UNSEEN.held(_pair(pairs, "rag", "base")),
            PARAPHRASED.held(
                _on_seen(task), "no test question asks a fact of the training set in other words"
            ),
            RAW.held(None, "adapters here are trained on questions and answers"),
            _mixed(pairs, run.get("parameters")),
            _own_words(task, run),
        ]
    if task["probes"] == "behaviour":
        return [_turned(task, pairs), _own_words(task, run)]
    return []


def _pair(pairs: Pairs, better: str, worse: str) -> Difference | None:
    found = pairs.of(better, worse)
    return None if found.delta is None else found


def _mixed(pairs: Pairs, parameters: float | None) -> dict[str, Any]:
    found = _pair(pairs, "lora+rag", "rag")
    if parameters is None:
        return SMALL.held(None, "the model's size is not recorded")
    if 3e9 < parameters < 7e9:
        return SMALL.held(None, "the model is between the sizes it speaks of")
    return (SMALL if parameters <= 3e9 else LARGE).held(found)


def _on_seen(task: Mapping[str, Any]) -> Difference | None:
    """lora − base on facts that training showed in other words: from the groups' means, intervals far apart."""
    lora, base = (_group(task, name, "fact_seen") for name in ("lora", "base"))
    return _apart(lora, base) if lora and base else None


def _group(task: Mapping[str, Any], strategy: str, group: str) -> Mapping[str, Any] | None:
    block = task["strategies"].get(strategy)
    found: Mapping[str, Any] | None = block["groups"].get(group) if block else None
    return found if found and found["mean"] is not None else None


def _apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> Difference:
    """Difference of two means by their own intervals (Newcombe 1998, method 10): unpaired, so rather too wide."""
    delta = one["mean"] - other["mean"]
    if one["ci_low"] is None or other["ci_low"] is None:
        return Difference(delta, -1.0, 1.0, None, bounded=False)
    low = ((one["mean"] - one["ci_low"]) ** 2 + (other["ci_high"] - other["mean"]) ** 2) ** 0.5
    high = ((one["ci_high"] - one["mean"]) ** 2 + (other["mean"] - other["ci_low"]) ** 2) ** 0.5
    return Difference(delta, max(-1.0, delta - low), min(1.0, delta + high), None)


def _turned(task: Mapping[str, Any], pairs: Pairs) -> dict[str, Any]:
    names = [name for name, block in task["strategies"].items() if "@" not in name and not block["control"]]
    means = {name: task["strategies"][name]["accuracy"]["mean"] for name in names}
    tuned = [name for name in names if name.startswith("lora") and means[name] is not None]
    others = [name for name in names if not name.startswith("lora") and means[name] is not None]
    if not tuned or not others:
        return TURNED.held(None)
    best, rest = max(tuned, key=lambda n: means[n]), max(others, key=lambda n: means[n])
    return TURNED.held(_pair(pairs, best, rest), what=f"{best} − {rest}")


def _own_words(task: Mapping[str, Any], run: Mapping[str, Any]) -> dict[str, Any]:
    """Share of training answers reproduced, less the accuracy on the test questions the adapter could know."""
    block = task["strategies"].get("lora")
    adapter = next(
        (a for a in run.get("adapters", ()) if block and a.get("sha256") == block["adapter"]), None
    )
    if block is None or adapter is None or adapter.get("train_fit") is None:
        return OWN_WORDS.held(None, "no adapter was trained")
    fair = _group(task, "lora", "fact_seen") or block["accuracy"]
    if fair["mean"] is None:
        return OWN_WORDS.held(None, "no answer of lora is there")
    fit = {"mean": adapter["train_fit"], "ci_low": adapter["train_fit"], "ci_high": adapter["train_fit"]}
    return OWN_WORDS.held(_apart(fit, fair), what="lora, teacher-forced on its training answers")


def expected(shape: Mapping[str, Any]) -> str:
    """The range in words: `+23.0 to +42.0 points`, `above 0`, `below 0`."""
    low, high = shape["expected_low"], shape["expected_high"]
    if high is None:
        return "above 0"
    if low is None:
        return "below 0"
    return f"{signed(low)} to {points(high)}"
