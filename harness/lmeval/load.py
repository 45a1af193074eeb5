"""A task file that names an lm-eval task → tasks like any other, or all that is wrong with it, before a model loads."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

from harness.errors import InputError, InputErrors, collecting, raise_all, shown
from harness.files import sha256_json, sha256_text
from harness.lmeval import library, survey
from harness.lmeval.build import open_group, open_leaf
from harness.lmeval.data import distinct, load_data
from harness.lmeval.documents import canonical, names_context, put_in_front
from harness.lmeval.groups import task_groups
from harness.lmeval.opened import Opened, question_of
from harness.lmeval.prompts import LmEvalPrompts
from harness.lmeval.remarks import obstacles, remarks
from harness.lmeval.shares import TRIED, MetricShares, metric_shares
from harness.lmeval.taskfiles import locate
from harness.lmeval.trust import strange_code
from harness.records import Question
from harness.run.plan import sampled
from harness.spec.lmevalspec import LmEvalSpec
from harness.spec.questions import same_words
from harness.spec.task import Task, taken_names
from harness.spec.yamlfile import YamlFile, load_yaml


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run needs of a task; no other document is made a question. By default all of it."""

    questions: int | None = None
    """Test questions that are asked: the sample that the plan takes. None: every one."""
    seed: int = 0
    training: bool = True
    """Whether anything is trained. All test questions are looked at then: none of them may stand in training."""


def open_tasks(tasks: Sequence[Task], *, allow_code: bool, wanted: Wanted = Wanted()) -> list[Task]:
    """The tasks as they were, and in place of those that name a task of lm-eval's, what that name means.

    Raises InputErrors with the mistakes of all of them. lm-eval is imported only where one of its tasks is named.
    """
    opened: list[Task] = []
    errors: list[InputError] = []
    for task in tasks:
        with collecting(errors):
            opened += open_task(task, allow_code, wanted) if isinstance(task.spec, LmEvalSpec) else [task]
    raise_all([*errors, *taken_names(opened)])
    return opened


def open_task(task: Task, allow_code: bool, wanted: Wanted) -> list[Task]:
    """The one task, or the several of a group, that a task file of ours names."""
    spec, file = task.spec, load_yaml(task.path)
    assert isinstance(spec, LmEvalSpec)
    library.import_lm_eval()
    located = locate(spec, file)
    errors = [error for leaf in located.leaves for error in survey.mistakes(leaf, spec.metrics)]
    if not allow_code:
        configs = [leaf.config for leaf in located.leaves] + [group.config for group in located.groups]
        errors += [error for config in configs for error in strange_code(config)]
    raise_all(distinct(errors))
    if not located.leaves:
        raise file.error(("lm_eval",), f"is the group {located.group!r}, which has no task in it.")
    data = load_data(located.leaves)
    usable = {leaf.name: survey.usable(leaf, spec.metrics) for leaf in located.leaves}
    theirs = {name: open_leaf(leaf, data[name]) for name, (leaf, _) in usable.items()}
    ours = {name: _task(task, file, located.group, name, opened, wanted) for name, opened in theirs.items()}
    groups = task_groups(
        [open_group(group, theirs) for group in located.groups],
        {name: made.name for name, made in ours.items()},
        spec.name,
        located.group or "",
    )
    return [
        replace(
            made,
            remarks=(*usable[name][1], *made.remarks),
            groups=tuple(group for group in groups if made.name in group.tasks),
        )
        for name, made in ours.items()
    ]


# From lm-eval's task to ours


def _task(task: Task, file: YamlFile, group: str | None, name: str, theirs: Any, wanted: Wanted) -> Task:
    spec = task.spec
    assert isinstance(spec, LmEvalSpec)
    if group:
        origin = f"{name}, of the lm-eval group {group}."
        member = re.sub(r"[^A-Za-z0-9._-]+", "-", name)
        spec = spec.model_copy(
            update={"name": f"{spec.name}.{member}", "description": f"{spec.description} {origin}".strip()}
        )
    opened = _open(spec, file, theirs)
    places = {str(place): place for place in range(len(opened.test))}
    asked_of = places if wanted.training else sampled(places, wanted.questions, wanted.seed)
    test = _questions(
        opened, {id_: opened.test[place] for id_, place in places.items() if id_ in asked_of}, name
    )
    learnt = opened.train if wanted.training else ()
    train = _questions(opened, {f"train-{place}": doc for place, doc in enumerate(learnt)}, name)
    asked = {same_words(question): question.id for question in reversed(test)}
    left_out = {
        question.id: f"it is also the test document {asked[same_words(question)]}"
        if same_words(question) in asked
        else "it has no right answer"
        for question in train
        if same_words(question) in asked or not (question.answers or opened.rolling)
    }
    digest = sha256_json(
        [canonical([theirs.config.to_dict()]), version("lm_eval"), sha256_text(canonical(opened.test))]
    )
    return Task(
        spec=opened.spec,
        path=task.path,
        test=test,
        train=tuple(question for question in train if question.id not in left_out),
        dev=(),
        corpus=task.corpus,
        files={**task.files, "test": digest, "train": sha256_text(canonical(opened.train))},
        lines={question.id: f"{task.path}: document {question.id} of {name}" for question in (*test, *train)},
        left_out=tuple(
            f"{task.path}: {name}: document {id_} is left out, since {why}." for id_, why in left_out.items()
        ),
        remarks=tuple(f"{task.path}: {name}: {remark}" for remark in remarks(opened, test, train)),
        prompts=lambda engine: LmEvalPrompts(opened, engine),
        obstacles=obstacles(opened),
    )


def _open(spec: LmEvalSpec, file: YamlFile, theirs: Any) -> Opened:
    """lm-eval's task with its documents, and our specification filled with what the task says."""
    from lm_eval.api.task import ConfigurableTask

    if not isinstance(theirs, ConfigurableTask):
        raise file.error(
            ("lm_eval",),
            "is a class of its own that does not build on lm-eval's ConfigurableTask; it cannot be asked here.",
        )
    config = theirs.config
    if spec.enable_thinking and theirs.OUTPUT_TYPE != "generate_until":
        raise file.error(
            ("enable_thinking",),
            f"is true, and {config.task} is scored by log-likelihoods ({theirs.OUTPUT_TYPE}), which lm-eval does not "
            "do of a model that thinks.",
        )
    shots = spec.examples.k if "examples" in spec.model_fields_set else config.num_fewshot or spec.examples.k
    if not names_context(theirs):
        put_in_front(theirs)
    test = tuple(theirs.eval_docs)
    opened = Opened(theirs, spec, test, tuple(_training(spec, file, theirs)), shots)
    _try_requests(opened, file)
    if opened.written:
        _try_filters(opened, file)
    by_metric = metric_shares(opened)
    strange = [metric for metric in (*spec.metrics, *spec.scales) if metric not in by_metric.scales]
    if strange:
        raise InputErrors([_no_share(opened, file, metric, by_metric) for metric in strange])
    shown = spec.metrics or by_metric.shares
    filled = spec.model_copy(
        update={
            "metrics": shown,
            "scales": {name: by_metric.scales[name] for name in shown if by_metric.scales[name] != 1},
            "examples": spec.examples.model_copy(update={"k": shots}),
        }
    )
    return replace(opened, spec=filled, named=spec.metrics, unfit=by_metric.reasons)


def _try_requests(opened: Opened, file: YamlFile) -> None:
    """Raises InputError where a class of the task's own makes other requests than its kind says, as squadv2 does."""
    from lm_eval.api.task import ConfigurableTask

    task = opened.task
    if type(task).construct_requests is ConfigurableTask.construct_requests:
        return
    doc = opened.test[0]
    try:
        made = task.construct_requests(
            doc=doc, ctx=str(task.doc_to_text(doc)), metadata=(task.config.task, 0, 1)
        )
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        raise file.error(("lm_eval",), f"its class fails on the document 0 ({what}).") from error
    opened.check_kinds("0", made if isinstance(made, list) else [made])


def _try_filters(opened: Opened, file: YamlFile) -> None:
    """Raises InputError where a filter leaves nothing of the right answers themselves: no reply could be right."""
    answers = [opened.answers(doc) for doc in opened.test[:TRIED]]
    texts = [right[0] for right in answers if right and right[0].strip()]
    if len(texts) < len(answers):
        return  # some have no answer to try
    for name, left in opened.filtered(opened.test[: len(texts)], texts).items():
        if not any(text not in (None, "", [], [""]) for text in left):
            text = f"its filter {name!r} leaves nothing of the right answers themselves, such as {shown(texts[0])}"
            raise file.error(("lm_eval",), f"{text}, so that no reply could be right.")


def _no_share(opened: Opened, file: YamlFile, metric: str, by_metric: MetricShares) -> InputError:
    """What is wrong with a metric of the task file that cannot stand as accuracy."""
    reason = by_metric.reasons.get(metric)
    why = (
        f"which is {reason}, so it cannot stand as accuracy; lm-eval's own figure is given beside"
        if reason
        else "which the task does not have"
    )
    can = f"it has {', '.join(by_metric.shares)}" if by_metric.shares else "no metric of the task can"
    named = opened.spec.metrics
    where = ("metrics", named.index(metric)) if metric in named else ("scales", metric)
    return file.error(where, f"is {metric!r}, {why} ({can}).")


def _training(spec: LmEvalSpec, file: YamlFile, theirs: Any) -> Iterable[Any]:
    """The documents that may be trained on; none where the task has no split for it."""
    config = theirs.config
    split = spec.train or config.training_split
    if split is None:
        return ()
    if split == (config.test_split or config.validation_split):
        if spec.train is None:
            return ()
        raise file.error(("train",), f"is {split!r}, the split that is tested.")
    if split not in theirs.dataset:
        known = ", ".join(theirs.dataset)
        raise file.error(("train",), f"is {split!r}, but the data have {known}.")
    if split == config.training_split and _are_examples(theirs):
        return theirs.sampler.df  # type: ignore[no-any-return]
    docs = theirs.dataset[split]
    try:
        return config.process_docs(docs) if config.process_docs else docs  # type: ignore[no-any-return]
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        raise file.error(("lm_eval",), f"its process_docs fails on the split {split!r} ({what}).") from error


def _are_examples(theirs: Any) -> bool:
    """Whether lm-eval holds the training documents already, as those that it draws examples from."""
    from lm_eval.api.samplers import SAMPLER_REGISTRY

    examples = theirs.fewshot_cfg
    own = examples.split is not None or examples.samples is not None
    return (
        not own and type(theirs.sampler) in SAMPLER_REGISTRY.values() and isinstance(theirs.sampler.df, list)
    )


def _questions(opened: Opened, docs: Mapping[str, Any], task: str) -> tuple[Question, ...]:
    questions: list[Question] = []
    unusable: dict[str, list[str]] = {}
    for name, doc in docs.items():
        try:
            questions.append(question_of(opened, doc, name))
        except Exception as error:  # noqa: BLE001 - templates and code of the task may raise anything
            unusable.setdefault(_reason(error), []).append(name)
    raise_all(
        [
            InputError(
                f"task {task!r}: document {first} {reason}{f' The same holds for {len(more)} more.' if more else ''}"
            )
            for reason, (first, *more) in unusable.items()
        ]
    )
    return tuple(questions)


def _reason(error: Exception) -> str:
    own = isinstance(error, InputError)
    return str(error) if own else f"cannot be put: {type(error).__name__}: {error}."
