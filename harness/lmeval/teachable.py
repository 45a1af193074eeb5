"""Whether what a fine-tune is taught would be scored right by the task's own filters and metric, and what mends it.

lm-eval puts `target_delimiter` between prompt and answer, so a fine-tune learns the blank with the answer, and
`exact_match` counts blanks. The task's own code scores the taught replies; nothing is guessed of its names.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import InputError, shown
from harness.lmeval.greedy import decoding_of
from harness.lmeval.opened import Opened
from harness.records import Question

LOOKED_AT = 20
"""Training documents whose replies are scored; of a task without any, test documents."""
LOOK = "look at doc_to_target, filter_list and metric_list, unless a reply is meant to be worded otherwise"
_DEFAULT_FILTER = "none"
_STRIP = "{function: remove_whitespace}"


@dataclass(frozen=True)
class _Reply:
    """The right answer to a document, with what stands between it and the prompt, and what ends it."""

    document: str
    between: str
    answer: str
    stops: tuple[str, ...]

    @property
    def taught(self) -> str:
        return self.between + self.answer

    @property
    def written(self) -> str:
        """What is left of it where decoding ends at a stop text."""
        return _cut(self.taught, self.stops)


def remarks(opened: Opened, test: Sequence[Question], train: Sequence[Question]) -> list[str]:
    """A sentence for each filter under which the primary metric counts right answers, as they are taught, as wrong."""
    if not opened.written or not opened.spec.metrics:
        return []
    asked = [question for question in train or test if question.answers][:LOOKED_AT]
    try:
        replies = [_reply(opened, question, taught=bool(train)) for question in asked]
    except Exception:  # noqa: BLE001 - the author's code may raise anything; a run says what
        return []
    metric = opened.spec.metrics[0].partition(",")[0]
    names = [opened.metric(metric, filter_) for filter_ in opened.filters]
    try:
        wrong = [
            [reply for reply in replies if _is_wrong(opened, reply, reply.written, name)] for name in names
        ]
    except InputError as error:
        return [str(error)]
    return [
        _sentence(opened, name, filter_, found, len(replies), taught=bool(train))
        for name, filter_, found in zip(names, opened.filters, wrong, strict=True)
        if found
    ]


def _reply(opened: Opened, question: Question, *, taught: bool) -> _Reply:
    def last(history: Sequence[Mapping[str, str]], **_: Any) -> str:
        return history[-1]["content"]

    prompt, arguments = opened.requests(question, "", 0, last)
    doc = opened.doc(question)
    between = opened.between(doc, prompt) if taught else ""
    return _Reply(question.id, between, opened.answers(doc)[0], decoding_of(arguments[0][1]).stop)


def _is_wrong(opened: Opened, reply: _Reply, written: str, name: str) -> bool:
    """Whether the metric gives what is written less than its highest score; not so where it gives none.

    Raises InputError where it cannot be scored.
    """
    score = opened.results(reply.document, [written]).get(name)
    best = opened.spec.scales.get(name, 1.0)
    return isinstance(score, bool | int | float) and score < best * (1 - 1e-6)


def _sentence(
    opened: Opened, name: str, filter_: str, wrong: Sequence[_Reply], tried: int, *, taught: bool
) -> str:
    first = wrong[0]
    what = "right answers as a fine-tune is taught them" if taught else "right answers"
    cut = f", cut to {shown(first.written)} at a stop text" if first.written != first.taught else ""
    mend = _mend(opened, name, filter_, wrong) or LOOK
    return (
        f"{name} counts {len(wrong)} of {tried} {what} as wrong, such as {shown(first.taught)}{cut}: {mend}."
    )


# What mends it


def _mend(opened: Opened, name: str, filter_: str, wrong: Sequence[_Reply]) -> str | None:
    """What to write so that every one of these replies is right, as an instruction; None where nothing known does it.

    The fewest changes that do, of those to the task's file; else another filter of the task's.
    """
    stops = sorted({stop for reply in wrong for stop in reply.stops if stop in reply.taught})
    changes = [
        _Change(bare, strip, options, tuple(stops) if longer else ())
        for bare, strip in ((False, False), (True, False), (False, True))
        for options in ((), *OPTIONS)
        for longer in ((False, True) if stops else (False,))
    ]
    for change in sorted(changes[1:], key=lambda change: len(change.lines(filter_))):
        with _with_options(opened, name, change.options) as known:
            if known and _all_right(opened, wrong, change, name):
                return " and ".join(change.lines(filter_))
    for other in (other for other in opened.filters if other != filter_):
        metric = opened.metric(name.partition(",")[0], other)
        if _all_right(opened, wrong, changes[0], metric):
            return f'show the other filter first: `metrics: ["{metric}"]`'
    return None


OPTIONS = (("ignore_case",), ("ignore_punctuation",), ("ignore_case", "ignore_punctuation"))
"""What lm-eval's exact_match can be told to overlook."""


@dataclass(frozen=True)
class _Change:
    """Lines of a task's file that shape how a taught reply is scored."""

    bare: bool
    strip: bool
    options: tuple[str, ...]
    stops: tuple[str, ...]
    """Texts at which decoding shall not stop."""

    def written(self, reply: _Reply) -> str:
        text = _cut(reply.answer if self.bare else reply.taught, set(reply.stops) - {*self.stops})
        return text.strip() if self.strip else text

    def lines(self, filter_: str) -> list[str]:
        beside = " and ".join(f"`{option}: true`" for option in self.options)
        return [
            *(['write `target_delimiter: ""` into its lm-eval file'] if self.bare else []),
            *([f"write {beside} beside its metric in metric_list"] if self.options else []),
            *([_strip(filter_)] if self.strip else []),
            *(
                [f"take {' and '.join(map(shown, self.stops))} out of generation_kwargs.until"]
                if self.stops
                else []
            ),
        ]


def _all_right(opened: Opened, wrong: Sequence[_Reply], change: _Change, metric: str) -> bool:
    try:
        return not any(_is_wrong(opened, reply, change.written(reply), metric) for reply in wrong)
    except InputError:
        return False


def _strip(filter_: str) -> str:
    if filter_ == _DEFAULT_FILTER:
        steps = f"[{_STRIP}, {{function: take_first}}]"
        return f"write `filter_list: [{{name: stripped, filter: {steps}}}]` into its lm-eval file"
    return f"put `{_STRIP}` first into its filter {filter_!r}"


@contextlib.contextmanager
def _with_options(opened: Opened, name: str, options: Sequence[str]) -> Iterator[bool]:
    """Score with further options of lm-eval's exact_match. False where the metric is another, or has them already."""
    if not options:
        yield True
        return
    metric = name.partition(",")[0]
    given = opened.task._metric_fn_kwargs.get(metric)
    known = (
        metric == "exact_match"
        and given is not None
        and not opened.task.config.process_results
        and not any(given.get(option) for option in options)
    )
    if not known:
        yield False
        return
    opened.task._metric_fn_kwargs[metric] = {**given, **dict.fromkeys(options, True)}
    try:
        yield True
    finally:
        opened.task._metric_fn_kwargs[metric] = given


def _cut(text: str, stops: Sequence[str] | set[str]) -> str:
    ends = [place for stop in stops if (place := text.find(stop)) >= 0]
    return text[: min(ends, default=len(text))]
