"""Checks of the questions themselves: against what reads them, and against the documents that hold their answers."""

from __future__ import annotations

from harness.analysis.results.checks import Check
from harness.analysis.validity.check import Case, Rule
from harness.corpus.loss import SHOWN as NAMED
from harness.corpus.loss import loss_sentence, lost_in
from harness.corpus.window import SHOWN, cut_sentence, too_long
from harness.quantities import counted


def read_whole(case: Case, rule: Rule) -> list[Check]:
    """Whether the embedder reads questions to their end: of one that is too long it reads the beginning alone."""
    searching = [system for system in case.own if system.searches]
    asked = {name: one for system in searching for name, one in case.own[system].questions.items()}
    tokens = {name: one.query_tokens for name, one in asked.items() if one.query_tokens is not None}
    embedder = case.run.manifest.embedder
    if not searching:
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
    finding = [rule.finding(system, share) for system in searching]
    return rule.verdict(finding, cut_sentence(tokens, reads) or whole, figures)


def answers_in_documents(case: Case, rule: Rule) -> list[Check]:
    """An answer in no parsed document can be found by nobody: parsing lost it, or it is worded otherwise there."""
    asked = {name: one for scored in case.own.values() for name, one in scored.questions.items()}
    found = {name: one.answer_in_gold for name, one in asked.items() if one.answer_in_gold is not None}
    reading = [system for system in case.own if system.passages and not system.reads_train]
    if not reading:
        return rule.absent("No strategy puts passages into the prompt.")
    if not found:
        return rule.absent("The run did not look for answers in gold documents.")
    lost = lost_in(found)
    figures = {
        "share": len(lost) / len(found),
        "questions": float(len(found)),
        "lost": float(len(lost)),
        "not named": float(max(0, len(lost) - NAMED)),
    }
    findings = [rule.finding(system, figures["share"]) for system in reading]
    return rule.verdict(findings, loss_sentence(found), figures)
