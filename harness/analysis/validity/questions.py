"""Checks of the questions themselves, against what reads them."""

from __future__ import annotations

from harness.analysis.results.figures import Check
from harness.analysis.validity.check import Case, Rule
from harness.corpus.window import SHOWN, cut_sentence, too_long
from harness.quantities import counted


def read_whole(case: Case, rule: Rule) -> list[Check]:
    """Of a question that is too long, the embedder reads the beginning: what is asked may stand behind it."""
    asked = {answer.asked.question.id: answer.asked for s in case.retrieving for answer in case.own[s]}
    tokens = {name: one.query_tokens for name, one in asked.items() if one.query_tokens is not None}
    embedder = case.run.manifest.embedder
    if not case.retrieving:
        return rule.absent("No strategy retrieves.")
    if not tokens or embedder is None or embedder.max_tokens is None:
        return rule.absent("The run did not keep how long its questions are.")
    reads = embedder.max_tokens
    cut = too_long(tokens, reads)
    share = len(cut) / len(tokens)
    longest = max(tokens.values())
    whole = f"The longest of {counted(len(tokens), 'question')} has {longest:,} tokens; the embedder reads {reads:,}."
    figures = {
        "share": share,
        "questions": float(len(tokens)),
        "too long": float(len(cut)),
        "embedder reads": float(reads),
        "longest": float(longest),
        "not named": float(max(0, len(cut) - SHOWN)),
        **{f"{name}: tokens": float(count) for name, count in [*cut.items()][:SHOWN]},
    }
    finding = [rule.finding(system, share) for system in case.retrieving]
    return rule.verdict(finding, cut_sentence(tokens, reads) or whole, figures)
