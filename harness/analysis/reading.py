"""Read a run folder, strictly: what a run wrote is believed only where it is whole and consistent.

Each line is checked by `run/rows.py`, and what does not fit together by `consistent.py`: an answer to a question that
nobody asked, by a system that the manifest does not know, two different answers to one question. All of it is an
InputError with file and line, because figures made of it would look like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from harness.analysis.answers import COLUMNS, Answers
from harness.analysis.consistent import Known
from harness.analysis.evidence import Asked, Evidence, Pair, Questions, TrainingQuestion
from harness.errors import InputError
from harness.records import (
    AnswerRow,
    BatchRow,
    FailureRow,
    Passage,
    PassageRow,
    PromptSample,
    ProposalRow,
    QuestionRow,
    TimingRow,
    TrainingRow,
    TrialRow,
)
from harness.run.facts import asked_sha256
from harness.run.folder import (
    ANSWERS,
    BATCHES,
    FAILURES,
    LEARNING,
    PASSAGES,
    PROMPTS,
    PROPOSALS,
    QUESTIONS,
    REPEATS,
    TIMINGS,
    TRAINING,
    TUNING,
)
from harness.run.manifest import Manifest
from harness.run.manifest_file import read_manifest
from harness.run.missing import still_missing
from harness.run.rows import Columns, Rows, read_columns, read_rows
from harness.spec.kinds import pattern_fault


def read_run(folder: Path, called: Callable[[Manifest], Manifest] | None = None) -> Evidence:
    """Read the run in `folder`. `called`: what changes the names of its systems before rows are read by them.

    Raises InputError where there is no run, where another version wrote it, and where a file is damaged.
    """
    manifest = read_manifest(folder)
    manifest = called(manifest) if called else manifest
    asked = read_rows(folder / QUESTIONS, QuestionRow, whole=True)
    questions = _questions(asked, manifest)
    passages = read_rows(folder / PASSAGES, PassageRow)
    answers = read_columns(folder / ANSWERS, AnswerRow)
    batches = read_rows(folder / BATCHES, BatchRow)
    timings = read_rows(folder / TIMINGS, TimingRow)
    training = read_rows(folder / TRAINING, TrainingRow, whole=True)
    prompts = read_rows(folder / PROMPTS, PromptSample, whole=True)
    failures = read_rows(folder / FAILURES, FailureRow)
    repeats = read_columns(folder / REPEATS, AnswerRow)
    trials, learnt = read_rows(folder / TUNING, TrialRow), read_rows(folder / LEARNING, TrialRow)
    proposals = read_rows(folder / PROPOSALS, ProposalRow)
    found = _passages(passages, manifest)
    known = Known(manifest, questions, found)
    _check(batches, known.wrong_system)
    answered, again = _answers(answers, known), _answers(repeats, known, again=True)
    return Evidence(
        folder=folder,
        manifest=manifest,
        questions=questions,
        answers=answered,
        batches=_by_pair(batches.all, manifest),
        timings=_by_pair(_timings(timings, known), manifest),
        failures=_by_pair(_failures(failures, known, (*answered.values(), *again.values())), manifest),
        repeats=again,
        passages=found,
        training=_training(training, manifest) if training.path.exists() else None,
        prompts=_prompts(prompts, known),
        proposals=_proposals(proposals, manifest),
        trials=_trials(trials, manifest),
        learnt=_trials(learnt, manifest, questions),
        torn_lines=sum(
            rows.torn
            for rows in (passages, answers, batches, timings, failures, repeats, trials, learnt, proposals)
        ),
    )


def read_questions(folder: Path, manifest: Manifest) -> Questions:
    """The questions of the run in `folder` alone. Raises InputError as `read_run` does."""
    return _questions(read_rows(folder / QUESTIONS, QuestionRow, whole=True), manifest)


def read_timings(folder: Path, manifest: Manifest) -> dict[Pair, tuple[TimingRow, ...]]:
    """The timed answers of the run in `folder` alone. Raises InputError as `read_run` does."""
    return _by_pair(_timings(read_rows(folder / TIMINGS, TimingRow), Known(manifest)), manifest)


C = TypeVar("C", BatchRow, TimingRow, PromptSample, QuestionRow, PassageRow, TrainingRow, FailureRow)


def _check(rows: Rows[C], wrong: Callable[[C], str | None]) -> None:
    """Raises InputError for the first row of which `wrong` says something."""
    for line, row in rows.numbered:
        if sentence := wrong(row):
            raise rows.error(line, sentence)


def _of_known_task(manifest: Manifest) -> Callable[[QuestionRow | PassageRow | TrainingRow], str | None]:
    known = manifest.tasks.keys()
    return lambda row: (
        None if row.task in known else f"is of task {row.task!r}, which run.json does not have."
    )


def _questions(rows: Rows[QuestionRow], manifest: Manifest) -> Questions:
    _check(rows, _of_known_task(manifest))
    questions: Questions = {}
    for line, row in rows.numbered:
        if row.pattern and (fault := pattern_fault(row.pattern)):
            raise rows.error(line, f"the pattern of question {row.id!r} {fault}")
        asked = Asked(
            row.task, row, row.fact_seen, row.query_tokens, row.answer_in_gold, row.quoted, row.imitated
        )
        if questions.setdefault(row.task, {}).setdefault(row.id, asked) != asked:
            raise rows.error(line, f"question {row.id!r} stands here twice.")
    for task, facts in manifest.tasks.items() if rows.all else ():
        if facts.questions not in (None, len(questions.get(task, ()))):
            text = f"has {len(questions.get(task, ()))} questions of task {task!r}; the run asked {facts.questions}."
            raise InputError(text, path=rows.path)
        if facts.asked not in (None, asked_sha256(row.question for row in questions.get(task, {}).values())):
            raise InputError(
                f"the questions of task {task!r} are not those that the run asked.", path=rows.path
            )
    return questions


def _passages(rows: Rows[PassageRow], manifest: Manifest) -> dict[tuple[str, str], Passage]:
    _check(rows, _of_known_task(manifest))
    passages: dict[tuple[str, str], Passage] = {}
    for line, row in rows.numbered:
        if passages.setdefault((row.task, row.chunk_id), row) != row:
            raise rows.error(line, f"passage {row.chunk_id!r} stands here twice, and differently.")
    return passages


def _answers(rows: Columns, known: Known, *, again: bool = False) -> dict[Pair, Answers]:
    """The answers of every planned system, each once, in an order of their own, whatever the order of the lines."""
    places: dict[tuple[str, str], list[int]] = {pair: [] for pair in known.planned}
    for place, pair in enumerate(zip(rows.of["task"], rows.of["system"], strict=True)):
        places.setdefault(pair, []).append(place)
    found: dict[Pair, Answers] = {}
    wrong: list[tuple[int, str]] = []
    for (task, system), some in places.items():
        for column in ("question_id", "seed", "repeat"):  # the last comes first
            some.sort(key=rows.of[column].__getitem__)
        answers = Answers(
            task, system, **{name: [rows.of[name][place] for place in some] for name in COLUMNS}
        )
        if sentence := known.wrong_system(answers):
            wrong.append((min(some), sentence))
            continue
        name = known.planned[task, system].name
        first, twice = _once(answers, name)
        mistakes = (*known.wrong_answers(answers, again=again).items(), *twice)
        wrong += [(some[place], sentence) for place, sentence in mistakes]
        found[task, name] = answers.taken(first) if len(first) < len(answers) else answers
    if wrong:
        place, sentence = min(wrong, key=lambda mistake: mistake[0])
        raise rows.error(rows.lines[place], sentence)
    return found


def _once(answers: Answers, name: str) -> tuple[list[int], list[tuple[int, str]]]:
    """The place of the first answer to each question; of each later one that differs, with a sentence about it.

    A resumed run may have written an answer again; only its batch and whether it was cached may differ then.
    """
    first: list[int] = []
    differing: list[tuple[int, str]] = []
    keys = answers.keys
    for place, key in enumerate(keys):
        if not first or key != keys[first[-1]]:
            first.append(place)
        elif _fixed(answers[first[-1]]) != _fixed(answers[place]):
            text = (
                f"answers question {key[-1]!r} ({answers.task}, {name}) again, and differently; evidence is never "
                "edited, so one of the two is not this run's."
            )
            differing.append((place, text))
    return first, differing


def _fixed(row: AnswerRow) -> tuple[object, ...]:
    """What must agree when a resumed run wrote a row again; the batch and the cache may differ."""
    return (row.prediction, row.finish_reason, row.completion_tokens, row.prompt_sha256, row.adapter)


def _failures(rows: Rows[FailureRow], known: Known, answered: Iterable[Answers]) -> list[FailureRow]:
    """The failures that no later answer has made good."""
    _check(
        rows,
        lambda row: known.wrong_system(row) or known.wrong_question(row.task, row.question_id, "misses"),
    )
    _check(rows, lambda row: known.wrong_seed(row.task, row.system, row.seed))
    had = ((a.task, a.system, name, seed, time) for a in answered for time, seed, name in a.keys)
    return still_missing(rows.all, had)


def _timings(rows: Rows[TimingRow], known: Known) -> list[TimingRow]:
    """Timing rows, the first of each block: a resumed run may have timed a torn block again."""
    first: dict[tuple[str, str, str, int, bool, bool], TimingRow] = {}
    for line, row in rows.numbered:
        wrong = (
            known.wrong_system(row)
            or known.wrong_question(row.task, row.question_id, "times")
            or known.wrong_times(row)
        )
        if wrong:
            raise rows.error(line, wrong)
        first.setdefault((row.task, row.system, row.question_id, row.block, row.merged, row.warm), row)
    return list(first.values())


def _training(rows: Rows[TrainingRow], manifest: Manifest) -> dict[str, tuple[TrainingQuestion, ...]]:
    _check(rows, _of_known_task(manifest))
    kept: dict[str, dict[str, TrainingQuestion]] = {}
    for line, row in rows.numbered:
        question = TrainingQuestion(row.task, row.split, row)
        if kept.setdefault(row.task, {}).setdefault(row.id, question) is not question:
            raise rows.error(line, f"question {row.id!r} stands here twice.")
    return {task: tuple(known.values()) for task, known in kept.items()}


def _trials(
    rows: Rows[TrialRow], manifest: Manifest, questions: Questions | None = None
) -> dict[tuple[str, str], tuple[TrialRow, ...]]:
    """The trials of each system, each setting and stage once. `questions`: of the run, where they were asked those."""
    known = {*manifest.untuned, *manifest.systems}
    kept: dict[tuple[str, str], list[TrialRow]] = {}
    seen: set[tuple[str, str, str, int]] = set()
    for line, row in rows.numbered:
        if row.task not in manifest.tasks or row.system not in known:
            raise rows.error(
                line, f"tries a system {row.system!r} on {row.task!r}, which run.json does not plan."
            )
        if questions is not None and not row.scores.keys() <= questions.get(row.task, {}).keys():
            raise rows.error(line, "scores a question that questions.jsonl lacks.")
        if (place := (row.task, row.system, row.candidate, row.stage)) in seen:
            raise rows.error(line, f"tries {row.settings} a second time.")
        if not row.unfinished:
            seen.add(place)
        kept.setdefault((row.task, row.system), []).append(row)
    return {place: tuple(some) for place, some in kept.items()}


def _proposals(rows: Rows[ProposalRow], manifest: Manifest) -> dict[str, tuple[ProposalRow, ...]]:
    """The messages proposed for each task, each once."""
    labels = {facts.label for facts in manifest.models}
    kept: dict[str, dict[tuple[str | None, int], ProposalRow]] = {}
    for line, row in rows.numbered:
        if row.task not in manifest.tasks or row.model not in labels:
            raise rows.error(line, "proposes a message for a task or a model that run.json lacks.")
        if kept.setdefault(row.task, {}).setdefault((row.model, row.number), row) is not row:
            raise rows.error(line, f"proposes message {row.number} a second time.")
    return {task: tuple(some.values()) for task, some in kept.items()}


def _prompts(rows: Rows[PromptSample], known: Known) -> dict[Pair, PromptSample]:
    kept: dict[Pair, PromptSample] = {}
    for line, row in rows.numbered:
        if wrong := known.wrong_system(row) or known.wrong_question(row.task, row.question_id, "shows"):
            raise rows.error(line, wrong)
        name = known.manifest.name(row.task, row.system)
        if kept.setdefault((row.task, name), row) is not row:
            raise rows.error(line, f"shows a prompt of {name} for {row.task} a second time.")
    return kept


R = TypeVar("R", BatchRow, TimingRow, FailureRow)


def _by_pair(rows: Iterable[R], manifest: Manifest) -> dict[Pair, tuple[R, ...]]:
    """Task and system → its rows in an order of their own columns, so that no figure hangs on that of the lines."""
    names = {(e.task, e.system): manifest.name(e.task, e.system) for e in manifest.plan}
    grouped: dict[Pair, list[R]] = {}
    for row in rows:
        grouped.setdefault((row.task, names[row.task, row.system]), []).append(row)
    return {pair: tuple(sorted(group, key=_place)) for pair, group in grouped.items()}


def _place(row: BatchRow | TimingRow | FailureRow) -> tuple[object, ...]:
    """Where a row stands among those of its task and system: batches by number, timings by block and place in it."""
    if isinstance(row, FailureRow):
        return row.repeat, row.seed, row.question_id
    if isinstance(row, BatchRow):
        return row.seed, row.batch
    return row.block, row.position, row.question_id, not row.merged, row.warm
