"""A preview as lines for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from harness.corpus.inventory import guessed_lines, not_read_line
from harness.preview.preview import Preview
from harness.preview.shows import DISCORDANCE, SMALL, Shows, in_points
from harness.quantities import counted, listed, spelled
from harness.steps import typed

WIDTH = 110
INDENT = 14
"""Columns of the words at the left."""


def lines(preview: Preview) -> Iterator[str]:
    run = typed("compare", preview.called)
    yield f"{preview.path}: {preview.task}, probes {preview.probes}"
    for word, sentences in (
        ("documents", _documents(preview)),
        ("questions", _questions(preview)),
        ("gold", _gold(preview)),
        ("strategies", _strategies(preview)),
        ("shows", _shows(preview.shows)),
        (
            "time",
            [f"`{run} --dry-run` measures this machine, and says how long a run takes."],
        ),
    ):
        for index, sentence in enumerate(sentences):
            yield from _wrapped(sentence, f"  {word}" if not index else "")
    yield from _verdict(preview, run)


def _wrapped(sentence: str, word: str) -> list[str]:
    first = f"{word:<{INDENT}}"
    return textwrap.wrap(
        sentence, WIDTH, initial_indent=first, subsequent_indent=" " * INDENT, break_on_hyphens=False
    )


def _documents(preview: Preview) -> Iterator[str]:
    found = preview.documents
    if found is None:
        yield "None: the task names no corpus."
        return
    kinds = ", ".join(f"{files:,} {suffix}" for suffix, files in found.formats.items())
    about = "about " if found.estimated else ""
    missed = sum(group.files for group in found.not_read)
    read = f"{counted(found.documents, 'document')} ({kinds}), {counted(found.characters, 'character')}"
    yield f"{read}, {about}{counted(found.passages, 'passage')}." + (
        f" {missed:,} {'was' if missed == 1 else 'were'} not read:" if missed else ""
    )
    yield from (not_read_line(group) for group in found.not_read)
    yield from (f"{line}." for line in guessed_lines(found.guessed))


def _questions(preview: Preview) -> Iterator[str]:
    asked = preview.questions
    refused = f" ({asked.unanswerable:,} of them unanswerable)" if asked.unanswerable else ""
    yield f"{asked.test:,} test{refused}, {asked.train:,} train, {asked.dev:,} dev."


def _gold(preview: Preview) -> Iterator[str]:
    gold = preview.gold
    if gold is None:
        return
    named = f"{gold.named:,} of {counted(gold.answerable, 'answerable test question')} name their documents"
    found = f", and {gold.found:,} of {gold.looked_for:,} have an answer in them" if gold.looked_for else ""
    yield f"{named}{found}."


def _strategies(preview: Preview) -> Iterator[str]:
    yield f"{listed(row.strategy for row in preview.strategies if row.why_not is None)}."
    if preview.probes == "general":
        yield "Adapters of other tasks answer it too: what they forgot shows."
        return
    reasons: dict[str, list[str]] = {}
    for row in preview.strategies:
        if row.why_not is not None:
            reasons.setdefault(row.why_not.in_words, []).append(row.strategy)
    yield from (f"Not {listed(names)}: {why}" for why, names in reasons.items())


def _shows(shows: Shows) -> Iterator[str]:
    asked = counted(shows.questions, "test question")
    if shows.candidates < 2:
        yield f"{asked}, and nothing to compare."
        return
    need = f"{shows.questions_needed:,} show" if shows.questions_needed else "no number of them shows"
    can = (
        "no difference" if shows.smallest is None else f"a difference of {in_points(shows.smallest)} or more"
    )
    yield f"{asked} can show {can}; {need} one of {in_points(SMALL)}."
    if shows.groups < shows.questions:
        tied = "none" if shows.smallest_tied is None else f"{in_points(shows.smallest_tied)} or more"
        yield (
            f"They fall into {counted(shows.groups, 'group')} that share a document, a fact or their words; where all "
            f"of a group are right or wrong together, they show {tied}."
        )
    pair = "between two strategies"
    if shows.candidates > 2:
        pair = f"between the best of {spelled(shows.candidates)} strategies and another"
    yield f"(With 80 % power, {pair}, where two differ on {100 * DISCORDANCE:.0f} % of the questions.)"


def _verdict(preview: Preview, run: str) -> Iterator[str]:
    """What was found stands at the left and in one line each, so that editors and searches find file and line."""
    if not preview.findings:
        yield f"  Valid: nothing was found that would spoil a run. {run}"
        return
    things = "at this" if len(preview.findings) == 1 else f"at these {spelled(len(preview.findings))} things"
    yield f"  It can run ({run}), but look {things} first:"
    yield from (finding.text for finding in preview.findings)
