"""Answers that stand in no parsed text of their gold documents: lost in parsing, or worded otherwise there."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from harness.corpus.documents import Corpus
from harness.quantities import counted, listed
from harness.scoring.kinds import stands_in, yes_or_no
from harness.scoring.normal import Words, normalise
from harness.spec.task import Task
from harness.spec.taskspec import TaskSpec

SHOWN = 5


def answers_found(task: Task, corpus: Corpus) -> dict[str, bool]:
    """Test question id → whether one of its answers stands in a gold document, title included, as `contains` finds it.

    Only of answerable questions with gold documents that are answered in words.
    """
    if not isinstance(task.spec, TaskSpec) or task.spec.answer.type != "text":
        return {}
    documents = {document.doc_id: document for document in corpus}

    @cache
    def text(doc_id: str) -> Words:
        document = documents[doc_id]
        return normalise(f"{document.title}\n{document.text}")

    return {
        question.id: any(
            stands_in(text(doc), question.answers, question.parts)
            for doc in question.gold_docs
            if doc in documents
        )
        for question in task.test
        if question.answerable
        and question.gold_docs
        and not question.choices
        and not yes_or_no(question.answers)
    }


def lost_in(found: Mapping[str, bool]) -> list[str]:
    """The questions without an answer in their gold documents."""
    return [name for name, stands in found.items() if not stands]


def loss_sentence(found: Mapping[str, bool]) -> str:
    """How many answers stand in no parsed text, and of which questions."""
    lost = lost_in(found)
    of = counted(len(found), "question")
    if not lost:
        which = "The question" if len(found) == 1 else f"Each of {of}"
        return f"{which} has an answer in the parsed text of its gold documents."
    verb, whose = ("has", "its") if len(lost) == 1 else ("have", "their")
    return (
        f"{len(lost):,} of {of} {verb} no answer in the parsed text of {whose} gold documents: it was lost in parsing, "
        f"or is worded otherwise there ({listed(lost, SHOWN)})."
    )
