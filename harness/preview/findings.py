"""What will spoil a run of a task though each of its files is well formed: a row per kind, sentences with a remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from harness.analysis.results.checks import Status
from harness.analysis.validity.table import CHECKS
from harness.corpus.embedder import SentenceTransformerEmbedder
from harness.corpus.loss import answers_found, loss_sentence, lost_in
from harness.corpus.window import REMEDY, cut_sentence, query_tokens
from harness.engines.catalogue import DEFAULT_EMBEDDER
from harness.preview.case import Case
from harness.preview.shows import Shows, in_points
from harness.quantities import counted, listed, percent
from harness.records import Inventory, Question
from harness.scoring.table import metrics_for
from harness.scoring.text import contains
from harness.spec.context import Retrieved
from harness.spec.copies import find_copies
from harness.spec.remarks import left_out, remarks
from harness.spec.strategy import retrieved
from harness.spec.taskspec import TaskSpec
from harness.spec.yamlfile import load_yaml

LARGE = 0.25
"""Where no smaller difference can be shown, most verdicts stay open."""
FEW_TRAIN = 50
LONG_WORDS = 8
"""Answers of more words are seldom given word for word."""
WORD_FOR_WORD = ("contains", "exact_match", "squad_exact_match")
BLIND = ("json_valid", "refusal")
"""Metrics that do not look at what is right."""
NAMED = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence of a kind, with the file and line that it is about where there is one."""

    kind: str
    text: str


def findings(case: Case, shows: Shows) -> tuple[Finding, ...]:
    """All findings, in the order of the table."""
    few = (Finding("few questions", text) for text in _few(case, shows))
    return (
        *few,
        *(Finding(kind, text) for kind, find in FINDINGS.items() for text in find(case)),
    )


def _few(case: Case, shows: Shows) -> Iterator[str]:
    """Questions that are too few to tell strategies apart."""
    if shows.candidates < 2 or (shows.smallest is not None and shows.smallest <= LARGE):
        return
    asked = counted(shows.questions, "test question")
    if shows.groups < shows.questions:
        asked += f" in {counted(shows.groups, 'group')}"
    can = "no difference" if shows.smallest is None else f"no difference below {in_points(shows.smallest)}"
    need = f"; {shows.questions_needed:,} show one of 10 points" if shows.questions_needed else ""
    place = _place(case, "questions", "test") if isinstance(case.task.spec, TaskSpec) else case.task.path
    yield f"{place}: {asked} can show {can}{need}. Write more of them."


def _as_they_came(case: Case) -> Iterable[str]:
    """What reading the task said: questions left out, examples of the starter, what lm-eval's tasks cannot do."""
    return (*left_out(case.task), *case.task.remarks)


def _untaught(case: Case) -> Iterator[str]:
    task = case.task
    if task.spec.probes == "general":
        return
    if not task.train:
        yield (
            f"{task.path}: there are no train questions, so nothing is fine-tuned and no examples are shown. Name some "
            "under `questions.train`, several wordings of each fact and none of them a test question."
            if isinstance(task.spec, TaskSpec)
            else f"{task.path}: there are no train questions, so nothing is fine-tuned. Name a split under `train`."
        )
    elif len(task.train) < FEW_TRAIN:
        taught = counted(len(task.train), "train question")
        yield (
            f"{task.lines[task.train[0].id]}: a fine-tune learns little from {taught}; {FEW_TRAIN} or more give it a "
            "chance."
        )


def _copied(case: Case) -> Iterator[str]:
    """Near copies of test questions among those to learn from, which may take a fine-tune out of the race."""
    task = case.task
    copies = find_copies(task.test, [*task.train, *task.dev])  # identical ones were left out
    if not copies:
        return
    first, of = copies[0], f"{len(copies):,} of {counted(len(task.test), 'test question')}"
    status, _ = CHECKS["no_test_question_in_training"].limits.judge(len(copies) / len(task.test))
    means = "leave out what learns from them" if status is Status.FAIL else "warn of that"
    remedy = (
        " Set `near_copies: leave_out` under `questions`, or keep all questions of a case in one file."
        if isinstance(task.spec, TaskSpec)
        else ""
    )
    yield (
        f"{task.lines[first.learnt.id]}: is nearly the test question at {task.lines[first.test.id]}. Near copies of "
        f"{of} are learnt from, and a report will {means}.{remedy}"
    )


def _labels_unsaid(case: Case) -> Iterator[str]:
    """A prompt that does not say between which labels to choose."""
    spec = case.task.spec
    if not isinstance(spec, TaskSpec) or not spec.answer.labels:
        return
    texts = f"{spec.system_message}\n{spec.user_message('')}".casefold()
    unsaid = [label for label in spec.answer.labels if label.casefold() not in texts]
    if unsaid:
        labels = counted(len(spec.answer.labels), "label")
        yield (
            f"{_place(case, 'prompt', 'system')}: does not name {len(unsaid):,} of {labels} ({listed(unsaid, NAMED)}), "
            "which a model cannot know without a fine-tune. Put {labels} where they shall stand."
        )


def _refusal_unsaid(case: Case) -> Iterator[str]:
    """Unanswerable questions under a prompt that does not say how to decline."""
    spec = case.task.spec
    if not isinstance(spec, TaskSpec) or spec.answer.refusal is None:
        return
    unanswerable = [question for question in case.task.test if not question.answerable]
    if unanswerable and not contains(
        f"{spec.system_message}\n{spec.user_message('')}", [spec.answer.refusal]
    ):
        yield (
            f"{_place(case, 'prompt', 'system')}: does not say `{spec.answer.refusal}`, and no other words count as a "
            f"refusal of {counted(len(unanswerable), 'unanswerable question')}. Ask for these words."
        )


def _blind(case: Case) -> Iterator[str]:
    """A first metric that a wrong answer may satisfy."""
    spec = case.task.spec
    if isinstance(spec, TaskSpec) and spec.metrics[0] in BLIND:
        others = [name for name in metrics_for(spec.answer.type) if name not in BLIND]
        yield (
            f"{_place(case, 'metrics', 0)}: {spec.metrics[0]} is called accuracy, and wrong answers may have it too. "
            f"Name {others[0]} first."
        )


def _wordy(case: Case) -> Iterator[str]:
    """Answers that nobody gives word for word, under a metric that asks for that."""
    spec = case.task.spec
    if not isinstance(spec, TaskSpec) or spec.metrics[0] not in WORD_FOR_WORD:
        return
    asked = [q for q in case.task.test if q.answers and not q.choices]
    long = [q for q in asked if min(len(answer.split()) for answer in q.answers) > LONG_WORDS]
    if len(long) > len(asked) / 4:
        yield (
            f"{case.task.lines[long[0].id]}: its shortest right answer has more than {LONG_WORDS} words, as with "
            f"{len(long):,} of {counted(len(asked), 'question')}, and {spec.metrics[0]} wants one word for word. "
            "Shorten them to what a right reply must say."
        )


def _too_long(case: Case) -> Iterator[str]:
    """Right answers that do not fit into `answer.max_tokens`."""
    spec = case.task.spec
    if not isinstance(spec, TaskSpec) or spec.answer.type == "choice":
        return
    most, count = spec.answer.max_tokens, case.tokenizers.count
    asked = [q for q in case.task.test if q.answers and not q.choices]
    shortest = {q.id: min(q.answers, key=lambda answer: len(answer.encode())) for q in asked}
    long = {
        name: text for name, text in shortest.items() if len(text.encode()) > most
    }  # a token has a byte or more
    tokens = dict(zip(long, count([*long.values()]), strict=True))
    cut = {name: size for name, size in tokens.items() if size > most}
    if cut:
        longest = max(cut, key=cut.__getitem__)
        yield (
            f"{_place(case, 'answer', 'max_tokens')}: {most} tokens are too few for the right answers of "
            f"{len(cut):,} of {counted(len(asked), 'question')}; that of {case.task.lines[longest]} has "
            f"{cut[longest]:,} ({case.tokenizers.counting}). Write {_roomy(cut[longest])} or more."
        )


def _roomy(tokens: int) -> int:
    """A limit with a quarter more than the longest answer, and of a round size."""
    return -(-tokens * 5 // 32) * 8


def _golden(case: Case) -> Iterator[str]:
    """Questions that do not say where their answer stands, though there are documents."""
    asked = [question for question in case.task.test if question.answerable]
    silent = [question for question in asked if not question.gold_docs]
    if case.corpus is None or not silent:
        return
    what = "recall and `oracle` are missing"
    if len(silent) < len(asked):
        what = "recall leaves them out, and `oracle` is shown nothing there"
    yield (
        f"{case.task.lines[silent[0].id]}: names no gold documents (`gold_docs`), as {len(silent):,} of "
        f"{counted(len(asked), 'question')} do not: {what}."
    )


def _lost(case: Case) -> Iterator[str]:
    """Answers that stand in none of their gold documents as they were parsed."""
    found = answers_found(case.task, case.corpus) if case.corpus else {}
    if lost_in(found):
        yield f"{case.task.path}: {loss_sentence(found)}"


def _unread(case: Case) -> Iterator[str]:
    """Documents of a type that is read, which were not."""
    inventory = case.corpus.inventory if case.corpus else Inventory(0, 0, 0)
    files = [file.path for file in inventory.passed_over if file.cause not in ("type", "empty")]
    if files:
        of = percent(len(files) / (len(files) + inventory.files))
        yield f"{case.task.path}: {listed(files, NAMED)} could not be read, {of} of the documents. Reasons stand above."


def _chunks(case: Case) -> Iterator[str]:
    """Passages longer than the default embedder reads, with which no run begins."""
    embedder, size = case.tokenizers.embedder, case.task.spec.retrieval.chunk_tokens
    if case.corpus is not None and embedder is not None and size > embedder.max_tokens:
        yield (
            f"{_place(case, 'retrieval', 'chunk_tokens')}: is {size}, and {DEFAULT_EMBEDDER} reads "
            f"{embedder.max_tokens} tokens. Write no more, or name an embedder that reads them (--embedder)."
        )


def _cut_questions(case: Case) -> Iterator[str]:
    """Questions that the default embedder would not read to their end."""
    if case.corpus is None or case.tokenizers.embedder is None:
        return
    passages = retrieved(case.task.spec.retrieval, DEFAULT_EMBEDDER)
    if cut := _cut(case.task.test, case.tokenizers.embedder, passages):
        yield f"{case.task.path}: {cut} {REMEDY}"


def _cut(questions: Sequence[Question], embedder: SentenceTransformerEmbedder, passages: Retrieved) -> str:
    """The tokenizer is read only where a question is so long in bytes that it may have too many tokens."""
    long = [q for q in questions if len(q.question.encode()) >= embedder.max_tokens // 2]
    if not long:
        return ""
    return cut_sentence(query_tokens(long, embedder, passages), embedder.max_tokens, len(questions))


def _place(case: Case, *keys: str | int) -> str:
    """`tasks/loans.yaml:12:3: prompt.system`."""
    return str(load_yaml(case.task.path).error(keys, "")).rstrip(": ")


FINDINGS: dict[str, Callable[[Case], Iterable[str]]] = {
    "as it came": _as_they_came,
    "questions": lambda case: remarks(case.task),
    "no training": _untaught,
    "near copies": _copied,
    "labels": _labels_unsaid,
    "refusal": _refusal_unsaid,
    "metric": _blind,
    "long answers": _wordy,
    "max_tokens": _too_long,
    "gold": _golden,
    "answers not found": _lost,
    "documents not read": _unread,
    "chunk_tokens": _chunks,
    "long questions": _cut_questions,
}
"""Kind → what finds it."""
