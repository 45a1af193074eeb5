"""Check of replies that need a form: is one wrong only by what stands round it?

A label in capitals and JSON in a code fence are wrong by their metrics, and a line of code makes them right. Where that
is all that a prompt lacks, a fine-tune that is ahead was bought for that line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from harness.analysis.results.checks import Check
from harness.analysis.validity.check import Case, Rule
from harness.records import Question
from harness.scoring.structured import exact_json
from harness.spec.taskspec import TaskSpec

WRAPPED = "wrapped_answers"
"""The name of the check."""
_FENCE = re.compile(r"```\w*\s(.*?)(?:```|$)", re.DOTALL)
_LEAD = re.compile(r"(?<!\w)(?:\w++ ){0,2}\w++:")
"""`Label:`, `The label is:`."""
_WORD = re.compile(r"[^\W_]+")


def not_wrapped(case: Case, rule: Rule) -> list[Check]:
    """Replies that are not right, and would be without what stands round the label or the JSON."""
    spec = case.run.manifest.tasks[case.task].spec
    if not isinstance(spec, TaskSpec) or spec.answer.type not in {"label", "json"}:
        return rule.absent("Neither labels nor JSON are asked for: replies need no form.")
    labels = spec.answer.labels or ()
    found = []
    for system, scored in case.own.items():
        if not len(scored):
            continue
        wrapped = 0
        for reply, asked, score in zip(
            scored.answers.prediction, scored.asked, scored.by(case.metric), strict=True
        ):
            wrapped += score == 0 and is_wrapped(reply, asked.question, labels)
        found.append((rule.finding(system, wrapped / len(scored)), len(scored)))
    if not found:
        return rule.absent("Nothing was answered.")
    return rule.shares("Replies that are wrong only by what stands round them", "answers", found)


def is_wrapped(reply: str, question: Question, labels: Sequence[str]) -> bool:
    """Whether a wrong reply holds a right answer and nothing else that counts.

    Labels (none: the answers are JSON): capitals, quotes, full stops, `Label:` before it, spaces for underscores.
    JSON: a code fence, words before and behind.
    """
    if not labels:
        return any(exact_json(text, question.answers) for text in _json_in(reply))
    text = reply.strip()
    written = {_words(text), _words(_LEAD.sub("", text, count=1))}
    meant = [label for label in labels if _words(label) in written]
    return len(meant) == 1 and meant[0] in question.answers


def _json_in(reply: str) -> Iterator[str]:
    if fenced := _FENCE.search(reply):
        yield fenced[1]
    starts = [place for bracket in "{[" if (place := reply.find(bracket)) >= 0]
    if starts:
        yield reply[min(starts) : max(map(reply.rfind, "}]")) + 1]


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.casefold()))
