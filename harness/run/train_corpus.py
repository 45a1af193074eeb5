"""What a fine-tune is trained on, as a corpus: whoever retrieves from it has read the same text."""

from __future__ import annotations

from collections.abc import Sequence

from harness.corpus.document import Document
from harness.corpus.documents import Corpus
from harness.records import Inventory, Question
from harness.run.wording import target_text
from harness.spec.task import Task

PREFIX = "train:"
"""Before the id of a training question where it names a document, so that it is none of the corpus."""


def corpus_of_train(task: Task, questions: Sequence[Question]) -> Corpus:
    """A document for each question: its words, and the reply that is taught to it."""
    documents = tuple(
        Document(f"{PREFIX}{question.id}", "", f"{question.question}\n{target_text(task, question)}")
        for question in sorted(questions, key=lambda question: question.id)
    )
    characters = sum(len(document.text) for document in documents)
    return Corpus(documents, Inventory(0, len(documents), characters))
