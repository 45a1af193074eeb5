"""The Python file beside an exported task: this project's metrics, in one file that needs nothing of it.

lm-eval's own metrics strip case and punctuation in another way, and call a graded score of a question with
several right answers 1 as soon as it is above 0. So a task of texts or of JSON brings its own: the source of
`scoring/`, copied as it stands, so that a score cannot differ.
"""

from __future__ import annotations

import inspect
import re
from types import ModuleType

from harness.scoring import characters, choice, chunks, kinds, normal, refusal, squad, structured, text
from harness.scoring.table import METRICS, AnswerType
from harness.spec.taskspec import TaskSpec

FILE = "metrics.py"
FUNCTION = "metrics.process_results"
_FUTURE = "from __future__ import annotations\n"
_INSIDE = re.compile(r"^from harness\..*\n", re.MULTILINE)
"""What one of the copied modules takes from another stands in the same file."""

_HEAD = '''\
"""How this task is scored: lm-eval calls `process_results` with a document and what the model replied.

lm-eval's own metrics cannot say it: they strip case and punctuation in another way, and they call a graded score
of a question with several right answers 1 as soon as it is above 0. Needs Python's standard library alone.
Written by `harness tasks export`; these are the functions that `harness compare` scores with.
"""

from __future__ import annotations
'''

_TEXT = '''\
from typing import Any

METRICS = {{{metrics}}}
TAKES: dict[str, tuple[str, ...]] = {takes}  # what of a document each is given behind the reply
REFUSAL = {refusal!r}  # the right reply to an unanswerable question, where the task has such


def process_results(doc: dict[str, Any], results: Sequence[Any]) -> dict[str, float]:
    """The score of one document by each metric, in [0, 1].

    `results` holds the reply, or for a question with choices a pair (log-likelihood, is greedy) for each of them.
    """
    choices = doc.get("choices")
    reply = choices[best([result[0] for result in results])] if choices else results[0]
    return {{name: score(name, reply, doc) for name in METRICS}}


def score(metric: str, reply: str, doc: dict[str, Any]) -> float:
    """An unanswerable question wants the refusal, and no other does; a chosen option is right or wrong as a whole."""
    refused = is_refusal(reply, REFUSAL)
    if metric == "refusal":
        return float(refused != doc["answerable"])
    if not doc["answerable"]:
        return float(refused)
    if doc.get("choices"):
        return float(is_right(reply, doc["answers"]))
    if gives_up(reply, doc["answers"], REFUSAL):
        return 0.0
    return METRICS[metric](reply, *(doc[key] for key in TAKES[metric]))
'''

_JSON = '''\
METRICS = {{{metrics}}}


def process_results(doc: dict[str, Any], results: list[str]) -> dict[str, float]:
    """The score of one document by each metric: 1 or 0."""
    return {{name: metric(results[0], doc["answers"]) for name, metric in METRICS.items()}}
'''

_PARTS: dict[AnswerType, tuple[tuple[ModuleType, ...], str]] = {
    "text": ((characters, chunks, normal, refusal, squad, text, kinds, choice), _TEXT),
    "json": ((structured,), _JSON),
}


def scorer(spec: TaskSpec) -> str | None:
    """The text of the file, or None where lm-eval's own metrics give the same scores."""
    if spec.answer.type not in _PARTS:
        return None
    modules, glue = _PARTS[spec.answer.type]
    bodies = [_INSIDE.sub("", inspect.getsource(module).partition(_FUTURE)[2]).strip() for module in modules]
    metrics = ", ".join(f"{name!r}: {METRICS[name].function.__name__}" for name in spec.metrics)
    takes = {name: METRICS[name].takes for name in spec.metrics}
    filled = glue.format(metrics=metrics, takes=takes, refusal=spec.answer.refusal)
    return "\n\n\n".join([_HEAD.strip(), *bodies, filled])
