"""Every reply beside its question, so that a reader can see what a figure is made of."""

from __future__ import annotations

from harness.analysis.accuracy import ScoredAnswer
from harness.analysis.evidence import Asked, Evidence
from harness.analysis.results import Scores
from harness.report import numbers
from harness.report.view import Details, Replies

SHOWN_QUESTIONS = 200
SHOWN_CHARACTERS = 600


def replies(run: Evidence, scores: Scores) -> dict[str, Details]:
    """Task → the replies to its first 200 questions, by every strategy."""
    found = {}
    for task, questions in run.questions.items():
        metric = next(iter(run.spec(task).get("metrics", ())), "")
        answered: dict[str, list[tuple[str, ScoredAnswer]]] = {}
        for (of_task, strategy), scored in scores.items():
            for one in scored if of_task == task else ():
                answered.setdefault(one.row.question_id, []).append((strategy, one))
        rows = [
            _one(asked, answered.get(question_id, []), metric)
            for question_id, asked in list(questions.items())[:SHOWN_QUESTIONS]
        ]
        left = len(questions) - len(rows)
        note = f"The first {len(rows)} questions; {left} more stand in answers.jsonl." if left else ""
        found[task] = Details(f"Every reply to the {len(rows)} questions", note, tuple(rows))
    return found


def _one(asked: Asked, answered: list[tuple[str, ScoredAnswer]], metric: str) -> Replies:
    question = asked.question
    return Replies(
        question_id=question.id,
        question=_cut(question.question),
        answers=question.answers or ("(unanswerable: the right reply is a refusal)",),
        replies=tuple(
            (strategy, verdict(one.scores[metric]), _cut(one.row.prediction)) for strategy, one in answered
        ),
    )


def verdict(score: float) -> str:
    """`✓ right`, `✗ wrong`, or the share that a graded metric gave."""
    if score in (0.0, 1.0):
        return "✓ right" if score else "✗ wrong"
    return f"≈ {numbers.percent(score)}"


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[:SHOWN_CHARACTERS]} …"
