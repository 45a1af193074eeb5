"""What each step of retrieval adds, paired on the same questions: recall@k, and answers among the passages shown.

    python -m benchmarks.retrieval_steps [--split train] [--steps hybrid,headings] [TASK.yaml …]

Settings are chosen on training questions (`--split train`) and told on test questions. Needs the default embedder and
no language model; the last line is all figures as JSON. Without a task: `knowledge`, and those of the sets beside the
checkout that are there.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.analysis.statistics.clusters import Design
from harness.analysis.statistics.paired import compare
from harness.corpus.documents import Corpus, read_corpus
from harness.corpus.embedder import Embedder, SentenceTransformerEmbedder
from harness.corpus.opening import open_retriever
from harness.engines.catalogue import DEFAULT_EMBEDDER
from harness.engines.store import resolve
from harness.files import cache_root
from harness.progress import Terminal
from harness.records import Passage, Question
from harness.scoring.normal import normalise
from harness.scoring.text import contains_normalised
from harness.spec.settings import Retrieval
from harness.spec.strategy import retrieved
from harness.spec.task import Task, load_task

ROOT = Path(__file__).parents[1]
TASKS = (
    ROOT / "tasks" / "knowledge.yaml",
    *(ROOT / "tests" / "tasks" / f"{name}.yaml" for name in ("handbook", "peps", "squad2")),
)
DEPTHS = (1, 3, 5, 10)


@dataclass(frozen=True)
class Step:
    """Settings, and the step that they are held against."""

    name: str
    settings: Retrieval
    over: str | None = None


STEPS = (
    Step("dense", Retrieval(method="dense")),
    Step("bm25", Retrieval(method="bm25"), "dense"),
    Step("hybrid", Retrieval(method="hybrid"), "dense"),
    Step("headings", Retrieval(method="hybrid", headings=True), "hybrid"),
    Step("expand", Retrieval(method="hybrid", expand=1), "hybrid"),
    Step("128", Retrieval(method="hybrid", chunk_tokens=128, overlap_tokens=32), "hybrid"),
    Step("k5", Retrieval(method="hybrid", k=5), "hybrid"),
)


@dataclass(frozen=True)
class Figures:
    """Of one step on the questions of a split that have gold documents. `shown`: an answer is in the first k passages.

    `gains`: recall@k and `shown` less those of the step that it is held against, with 95 % intervals and p.
    """

    task: str
    split: str
    step: str
    n: int
    recall: dict[str, float]
    shown: float
    tokens: float
    search_ms: float
    over: str | None
    gains: dict[str, tuple[float, float | None, float | None, float | None]]


@dataclass(frozen=True)
class Found:
    """For each question: the share of its gold documents at k, and whether an answer is among what is shown."""

    recall: tuple[float, ...]
    shown: tuple[float, ...]


def measured(
    task: Task, split: str, step: Step, corpus: Corpus, embedder: Embedder, before: dict[str, Found]
) -> Figures:
    questions = [question for question in getattr(task, split) if question.gold_docs and question.answerable]
    way, k = retrieved(step.settings, DEFAULT_EMBEDDER), step.settings.k
    retriever = open_retriever(corpus, embedder, way, cache=cache_root(), progress=Terminal())
    next(retriever.search([questions[0].question], k))  # loads the embedder
    start = time.process_time()
    found = [*retriever.search([question.question for question in questions], max(DEPTHS))]
    search_ms = (time.process_time() - start) / len(questions) * 1000
    passages = [[ranked.passage for ranked in ranking] for ranking in found]
    pairs = list(zip(questions, passages, strict=True))
    own = Found(
        tuple(_recall(question, some[:k]) for question, some in pairs),
        tuple(_shown(question, some[:k]) for question, some in pairs),
    )
    before[step.name] = own
    texts = ["\n".join(passage.text for passage in some[:k]) for some in passages]
    return Figures(
        task.name, split, step.name, len(questions),
        {str(depth): _mean([_recall(q, some[:depth]) for q, some in pairs]) for depth in DEPTHS},
        _mean(own.shown), _mean(embedder.count_tokens(texts)), search_ms, step.over,
        dict(_gains(questions, own, before[step.over])) if step.over in before else {},
    )  # fmt: skip


def _recall(question: Question, passages: Sequence[Passage]) -> float:
    gold = set(question.gold_docs)
    return len(gold & {passage.doc_id for passage in passages}) / len(gold)


def _shown(question: Question, passages: Sequence[Passage]) -> float:
    texts = (normalise(f"{passage.title}\n{passage.text}") for passage in passages)
    return float(any(contains_normalised(text, question.answers) for text in texts))


def _gains(
    questions: Sequence[Question], own: Found, other: Found
) -> Iterator[tuple[str, tuple[float, float | None, float | None, float | None]]]:
    design = Design.of([question.cluster or question.gold_docs[0] for question in questions])
    for name in ("recall", "shown"):
        after, before = getattr(own, name), getattr(other, name)
        result = compare([new - old for new, old in zip(after, before, strict=True)], design)
        yield name, (result.delta or 0.0, result.ci_low, result.ci_high, result.p)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def line_of(row: Figures) -> str:
    recall = " ".join(f"{value:.3f}" for value in row.recall.values())
    gains = "; ".join(
        f"{name} {delta:+.3f} ({low:+.3f} to {high:+.3f}, p {p:.3f})"
        if low is not None
        else f"{name} {delta:+.3f}"
        for name, (delta, low, high, p) in row.gains.items()
    )
    held = f"  over {row.over}: {gains}" if gains else ""
    return (
        f"{row.task:10} {row.split:5} n={row.n:<4} {row.step:9} recall@{','.join(row.recall)} {recall}  "
        f"answer shown {row.shown:.3f}  {row.tokens:.0f} tokens  {row.search_ms:.1f} ms{held}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="What each step of retrieval adds.")
    parser.add_argument("tasks", nargs="*", type=Path)
    parser.add_argument("--split", choices=("train", "test"), action="append")
    parser.add_argument("--steps", default=",".join(step.name for step in STEPS))
    given = parser.parse_args()
    folder = resolve(DEFAULT_EMBEDDER, kind="embedder", cache=cache_root(), progress=Terminal())
    embedder = SentenceTransformerEmbedder(folder.path, folder.name, folder.sha256, "cpu")
    rows = []
    for path in given.tasks or [path for path in TASKS if is_there(path)]:
        task = load_task(path)
        corpus = read_corpus(task.corpus or "")
        before: dict[str, dict[str, Found]] = {}
        for step in (step for step in STEPS if step.name in given.steps.split(",")):
            for split in given.split or ["train", "test"]:
                row = measured(task, split, step, corpus, embedder, before.setdefault(split, {}))
                print(line_of(row), flush=True)
                rows.append(asdict(row))
    print(json.dumps(rows))
    return 0


def is_there(path: Path) -> bool:
    """Whether a task has its data: those of `tests` lie beside the checkout."""
    return not path.is_relative_to(ROOT / "tests") or (ROOT.parent / "shared" / "data").exists()


if __name__ == "__main__":
    raise SystemExit(main())
