"""Questions against what the embedder reads: an embedder drops the end of a text that is too long without a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.corpus.embedder import Embedder, Prefixes
from harness.progress import Progress
from harness.quantities import counted, listed
from harness.records import Question
from harness.spec.context import Gold, Nearest, Retrieved

SHOWN = 5
REMEDY = (
    "Begin with what is asked, shorten them, or name an embedder that reads more (--embedder, docs/tasks.md)."
)


def prefixes_of(embedder: Embedder, passages: Retrieved | Gold) -> Prefixes:
    """What stands before questions and passages: as the task says, else as the embedder's own files say."""
    return embedder.prefixes.given(passages.query_prefix, passages.passage_prefix)


def query_prefix_of(embedder: Embedder, searched: Retrieved | Gold | Nearest) -> str:
    """What stands before questions alone."""
    return embedder.prefixes.given(searched.query_prefix, None).query


def query_tokens(
    questions: Sequence[Question], embedder: Embedder, searched: Retrieved | Gold | Nearest
) -> dict[str, int]:
    """Question id → tokens that the embedder would have to read, prefix and special tokens included."""
    prefix = query_prefix_of(embedder, searched)
    counts = embedder.count_tokens([prefix + question.question for question in questions])
    return {question.id: count for question, count in zip(questions, counts, strict=True)}


def tell_cut_questions(
    task: str,
    questions: Sequence[Question],
    embedder: Embedder,
    searched: Retrieved | Gold | Nearest,
    progress: Progress,
) -> dict[str, int]:
    """`query_tokens`; says which of the questions are too long, and what to do about it."""
    tokens = query_tokens(questions, embedder, searched)
    if cut := cut_sentence(tokens, embedder.max_tokens):
        progress.note(f"  {task}: {cut} {REMEDY}")
    return tokens


def too_long(tokens: Mapping[str, int], reads: int) -> dict[str, int]:
    """The questions with more tokens than the embedder reads."""
    return {name: count for name, count in tokens.items() if count > reads}


def cut_sentence(tokens: Mapping[str, int], reads: int, asked: int | None = None) -> str:
    """Which questions are too long, and what that means; empty where every question is read whole.

    `asked`: how many questions there are, where `tokens` are those of the longer ones only.
    """
    cut = too_long(tokens, reads)
    if not cut:
        return ""
    named = listed((f"{name} ({count:,} tokens)" for name, count in cut.items()), SHOWN)
    verb = "is" if len(cut) == 1 else "are"
    return (
        f"{len(cut):,} of {counted(asked or len(tokens), 'question')} {verb} longer than the {reads:,} tokens that the "
        f"embedder reads: {named}. Only the beginning of each is used to look for passages."
    )
