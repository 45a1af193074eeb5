"""What the control says: how much better retrieval could win, and how much the reader loses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.analysis.decision.choice import Rules
from harness.analysis.decision.pairs import UNKNOWN, Pairs
from harness.analysis.decision.telling import Teller, Told, ends, interval
from harness.analysis.waterfall import BARE, CONTROL, READER

Block = Mapping[str, Any]


def headroom(task: Block, rules: Rules, excluded: Block) -> dict[str, Any]:
    """What the control says: {retrieval, reader, knowledge}; None where the runs it needs are missing."""
    control = task["strategies"].get(CONTROL)
    right = control["accuracy"]["mean"] if control else None
    if right is None or CONTROL in excluded:
        return {"retrieval": None, "reader": None, "knowledge": None}
    retrieval, knowledge = (_lead(rules.pairs, other, excluded) for other in (READER, BARE))
    if knowledge:
        low, delta = knowledge["ci_low"], knowledge["delta"]
        knowledge["already"] = low is not None and (low <= 0 or delta < rules.needs.accuracy_margin)
    return {"retrieval": retrieval, "reader": 1 - right, "knowledge": knowledge}


def _lead(pairs: Pairs, other: str, excluded: Block) -> dict[str, Any] | None:
    """The control's lead over another strategy; None where that did not run, or not fairly."""
    found = UNKNOWN if other in excluded else pairs.of(CONTROL, other)
    low, high = found.interval
    return None if found.delta is None else {"delta": found.delta, "ci_low": low, "ci_high": high}


def told(tell: Teller, decision: Block) -> Iterator[Told]:
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
