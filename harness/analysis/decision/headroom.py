"""What the control says: how much better retrieval could win, and how much the reader loses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.analysis.decision.choice import Rules
from harness.analysis.decision.pairs import UNKNOWN, Pairs
from harness.analysis.decision.telling import Teller, Told, ends, interval, joined
from harness.analysis.validity.check import Status
from harness.analysis.waterfall import BARE, CONTROL, READER

Block = Mapping[str, Any]


def headroom(task: Block, rules: Rules, excluded: Block) -> dict[str, Any]:
    """What the control says: {retrieval, reader, knowledge, answerable}; None where the runs it needs are missing.

    `reader`: what it loses on all questions. `answerable`: {lost, n} on those with an answer, where some have none
    (those have no right passage either).
    """
    control = task["strategies"].get(CONTROL)
    right = control["accuracy"]["mean"] if control else None
    if right is None or CONTROL in excluded:
        return dict.fromkeys(("retrieval", "reader", "knowledge", "answerable"))
    retrieval, knowledge = (_lead(rules.pairs, other, excluded) for other in (READER, BARE))
    if knowledge:
        low, delta = knowledge["ci_low"], knowledge["delta"]
        knowledge["already"] = low is not None and (low <= 0 or delta < rules.needs.accuracy_margin)
    groups = control["groups"]
    some = groups.get("answerable") if "unanswerable" in groups else None
    return {
        "retrieval": retrieval,
        "reader": 1 - right,
        "knowledge": knowledge,
        "answerable": {"lost": 1 - some["mean"], "n": some["n"]} if some else None,
    }


def _lead(pairs: Pairs, other: str, excluded: Block) -> dict[str, Any] | None:
    """The control's lead over another strategy; None where that did not run, or not fairly."""
    found = UNKNOWN if other in excluded else pairs.of(CONTROL, other)
    low, high = found.interval
    return None if found.delta is None else {"delta": found.delta, "ci_low": low, "ci_high": high}


def told(tell: Teller, task: Block, decision: Block) -> Iterator[Told]:
    """What the control says: better retrieval, a better reader, or knowledge that was there already."""
    room = decision["headroom"]
    if room.get("retrieval"):
        right = (
            f"the mean {tell.graded} is {{oracle:percent}}" if tell.graded else "{oracle:percent} are right"
        )
        yield tell.say(
            f"With the right passages ({CONTROL}) {right}, with the passages found ({READER}) {{rag:percent}}: "
            f"better retrieval could win {{delta:points}}{ends(room['retrieval'])}.",
            oracle=f"strategies/{CONTROL}/accuracy/mean",
            rag=f"strategies/{READER}/accuracy/mean",
            delta="decision/headroom/retrieval/delta",
            **interval("decision/headroom/retrieval", room["retrieval"]),
        )
    if room.get("reader") is not None:
        yield joined(_reader(tell, decision), *_cut(tell, task))
    base = room.get("knowledge")
    if base and base["already"]:
        meaning = (
            ": it is not shown that they help. Too few questions may be why, or knowledge that was there already, or "
            "a reader that cannot use them"
            if base["ci_low"] <= 0
            else ": the knowledge was there already, or the reader cannot use them"
        )
        yield tell.say(
            f"The right passages bring {{delta:points}} ({{low:end}} to {{high:end}}) over the bare model{meaning}.",
            delta="decision/headroom/knowledge/delta",
            low="decision/headroom/knowledge/ci_low",
            high="decision/headroom/knowledge/ci_high",
        )


def _reader(tell: Teller, decision: Block) -> Told:
    """What is lost with the right passages in the prompt, on questions that have such passages."""
    lost = (
        f"{{lost:percent}} of {tell.graded} is still missing"
        if tell.graded
        else "{lost:percent} are still wrong"
    )
    on, places = "", {"lost": "decision/headroom/reader"}
    if decision["headroom"]["answerable"]:
        on, at = " on the {n:whole} questions with an answer", "decision/headroom/answerable"
        places = {"lost": f"{at}/lost", "n": f"{at}/n"}
    return tell.say(
        f"With the right passages in the prompt, {lost}{on}: the reader loses {'it' if tell.graded else 'them'}, a "
        "matter for fine-tuning or a larger model.",
        **places,
    )


def _cut(tell: Teller, task: Block) -> Iterator[Told]:
    """Where the control's answers were cut often enough to warn: that is the limit's doing, not the reader's."""
    for index, check in enumerate(task.get("validity", ())):
        if (
            check["check"] == "cut_answers"
            and check["status"] == Status.WARN
            and CONTROL in check["strategies"]
        ):
            yield tell.say(
                f"Of all answers of {CONTROL}, {{cut:percent}} were cut by the token limit before they were right.",
                cut=f"validity/{index}/figures/{CONTROL}: share",
            )
