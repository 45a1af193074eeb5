"""One of lm-eval's tasks, opened: its documents as questions, and the calls that make its requests and its scores."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from unicodedata import normalize

from harness.errors import InputError, shown
from harness.lmeval.documents import FRONT, Doc, field_of, names_context, plain, several
from harness.lmeval.library import CONTEXT
from harness.records import Question
from harness.spec.lmevalspec import LmEvalSpec

FEWSHOT_SEED = 1234
"""What lm-eval seeds its choice of examples with."""


class KeptExamples:
    """Keeps the examples that the task's sampler draws for each document in turn.

    A document then shows the examples that lm-eval would show, in whatever order and however often it is asked.
    """

    def __init__(self, sampler: Any) -> None:
        self._sampler = sampler
        self._drawn: list[Sequence[Doc]] = []
        self.place: int | None = None
        """Of the document that is asked, among the test documents; None while examples are drawn."""

    def sample(self, n: int, *args: Any, **options: Any) -> Sequence[Doc]:
        if self.place is None:
            self._drawn.append(self._sampler.sample(n, *args, **options))
            return self._drawn[-1]
        return self._drawn[self.place]


@dataclass(frozen=True)
class Opened:
    """An lm-eval task with the documents that are asked, those that may be trained on, and how they are asked."""

    task: Any
    """lm-eval's `ConfigurableTask`."""
    spec: LmEvalSpec
    test: tuple[Doc, ...]
    train: tuple[Doc, ...]
    shots: int
    """How many examples few-shot strategies show."""
    named: tuple[str, ...] = ()
    """The metrics that the task file asks for."""
    unfit: Mapping[str, str] = field(default_factory=dict)
    """Each metric that cannot stand as accuracy, with the reason as a clause."""

    @property
    def indispensable(self) -> tuple[str, ...]:
        """The metrics without which the task has no figures: those that its file asks for, else the primary one."""
        return self.named or self.spec.metrics[:1]

    @property
    def kind(self) -> str:
        return str(self.task.OUTPUT_TYPE)

    @property
    def written(self) -> bool:
        """Whether the model writes its answers; it scores given texts otherwise."""
        return self.kind == "generate_until"

    @property
    def rolling(self) -> bool:
        """Whether whole texts are scored, before which nothing can stand."""
        return self.kind == "loglikelihood_rolling"

    @property
    def _asked(self) -> str:
        """The kind of requests that lm-eval makes of a document."""
        return "loglikelihood" if self.kind == "multiple_choice" else self.kind

    @property
    def mutual(self) -> bool:
        """Whether each option is scored a second time, without the question before it."""
        return "acc_mutual_info" in self.task._metric_fn_list

    def doc(self, question: Question) -> Doc:
        return self._doc(question.id)

    def _doc(self, name: str) -> Doc:
        split, _, place = name.rpartition("-")
        return self.train[int(place)] if split else self.test[int(place)]

    # Asking

    @cached_property
    def _examples(self) -> KeptExamples:
        """Every test document's examples, drawn in their order, as lm-eval does."""
        self.task.set_fewshot_seed(FEWSHOT_SEED)
        self.task.sampler = examples = KeptExamples(self.task.sampler)
        for doc in self.test:
            self.task.fewshot_context(doc, num_fewshot=self.shots)
        return examples

    def requests(
        self, question: Question, passages: str, shots: int, render: Callable[..., str]
    ) -> tuple[str, list[tuple[Any, ...]]]:
        """The (last) context that lm-eval builds, and the arguments of each request that it makes.

        `passages` enters the document, before anything is rendered. `render` is the chat template's.
        """
        task, chat = self.task, self.spec.chat_template
        doc = {**self.doc(question), self._column: passages} if passages else self.doc(question)
        if shots:
            self._examples.place = int(question.id)
        context = task.fewshot_context(
            doc,
            num_fewshot=shots,
            system_instruction=self.spec.system,
            apply_chat_template=chat,
            fewshot_as_multiturn=chat,
            chat_template=render if chat else None,
            gen_prefix=task.doc_to_prefix(doc),
        )
        made = task.construct_requests(
            doc=doc,
            ctx=context,
            metadata=(task.config.task, 0, task.config.repeats),
            apply_chat_template=chat,
            chat_template=render if chat else None,
        )
        instances = made if isinstance(made, list) else [made]
        self.check_kinds(question.id, instances)
        return _text(context), [instance.args for instance in instances]

    def check_kinds(self, document: str, instances: Sequence[Any]) -> None:
        """Raises InputError where a document's requests are not all of the kind that the task says."""
        kinds = {instance.request_type for instance in instances}
        if kinds != {self._asked}:
            raise InputError(
                f"task {self.spec.name!r}: document {document} makes requests of the kinds "
                f"{', '.join(sorted(kinds))}; a task of the kind {self.kind} has to make {self._asked} alone."
            )

    @cached_property
    def _column(self) -> str:
        return CONTEXT if names_context(self.task) else FRONT

    # The right answer

    def gold(self, doc: Doc) -> list[int]:
        """Places of the right options of a multiple-choice document."""
        target = self.task.doc_to_text(doc) if self.task.multiple_input else self.task.doc_to_target(doc)
        options = self.task.doc_to_choice(doc)
        targets = target if isinstance(target, list) else [target]
        places = [
            options.index(text) if isinstance(text, str) and text in options else text for text in targets
        ]
        return [place for place in places if isinstance(place, int) and 0 <= place < len(options)]

    def answers(self, doc: Doc) -> tuple[str, ...]:
        """The right answers as text; none where whole texts are scored."""
        if self.rolling:
            return ()
        if self.kind == "multiple_choice":
            options = self.task.doc_to_choice(doc)
            return tuple(options[place] for place in self.gold(doc))
        target = self.task.doc_to_target(doc)
        if self.task.config.doc_to_choice is not None and isinstance(target, int):
            target = self.task.doc_to_choice(doc)[target]
        texts = target if isinstance(target, list) else [target]
        return tuple(str(text) for text in texts)

    def between(self, doc: Doc, prompt: str) -> str:
        """What stands between a prompt and its right answer where a fine-tune learns it: as in lm-eval's examples."""
        joined = prompt[-1:].isspace() or (self.spec.chat_template and not self.task.doc_to_prefix(doc))
        return "" if joined else str(self.task.config.target_delimiter)

    # Scores

    def results(self, document: str, responses: Sequence[Any]) -> dict[str, Any]:
        """lm-eval's metrics of the responses to a document, by its question's id, as METRIC or METRIC,FILTER.

        Raises InputError where a filter leaves nothing that could be scored.
        """
        task, doc = self.task, self._doc(document)
        metrics: dict[str, Any] = {}
        for name, filtered in self.filtered([doc] * len(responses), responses, task.config.repeats).items():
            if any(response is None or response in ([], ()) for response in filtered):
                raise InputError(
                    f"task {self.spec.name!r}: its filter {name!r} leaves nothing of the answer "
                    f"{shown(responses[0])} to document {document}; end it in take_first, or mend its pattern."
                )
            try:
                scores = _named(task.process_results(doc, filtered))
            except (Exception, SystemExit) as error:
                raise InputError(
                    f"task {self.spec.name!r}: the answer to document {document} cannot be scored: "
                    f"{type(error).__name__}: {error}."
                ) from error
            metrics |= {self.metric(metric, name): plain(value) for metric, value in scores.items()}
        return metrics

    def filtered(
        self, docs: Sequence[Doc], responses: Sequence[Any], repeats: int = 1
    ) -> dict[str, list[Any]]:
        """Filter → what it makes of a response to each document. Raises InputError where it fails."""
        from lm_eval.api.instance import Instance

        about = (self.task.config.task, 0, repeats)
        self.task._instances = instances = [
            Instance(self._asked, doc, (), place, about, resps=[response] * repeats)
            for place, (doc, response) in enumerate(zip(docs, responses, strict=True))
        ]
        try:
            self.task.apply_filters()
        except Exception as error:
            raise InputError(
                f"task {self.spec.name!r}: its filters fail: {type(error).__name__}: {error}."
            ) from error
        return {name: [instance.filtered_resps.get(name) for instance in instances] for name in self.filters}

    @property
    def filters(self) -> list[str]:
        return [ensemble.name for ensemble in self.task._filters]

    def metric(self, metric: str, name: str) -> str:
        return metric if name == "none" else f"{metric},{name}"

    def aggregates(
        self, rows: Sequence[Mapping[str, Any]], shown: Collection[str]
    ) -> dict[str, float | None]:
        """lm-eval's own aggregate of every metric but those `shown` as shares; `rows` in document order.

        None where it is no finite number (a perplexity may overflow) or cannot be worked out here.
        """
        aggregated: dict[str, float | None] = {}
        for metric, how in self.task.aggregation().items():
            for name in (self.metric(metric, filter_) for filter_ in self.filters):
                if name not in shown:
                    values = [row[name] for row in rows if row.get(name) is not None]
                    aggregated[name] = _aggregate(how, values)
        return aggregated


def question_of(opened: Opened, doc: Doc, name: str) -> Question:
    """A document as the rest of a run knows it. Raises InputError where a field is missing."""
    spec, task = opened.spec, opened.task
    text = (
        _query(doc, spec.query)
        if spec.query
        else task.doc_to_target(doc)
        if opened.rolling
        else task.doc_to_text(doc)
    )
    choices = tuple(map(str, task.doc_to_choice(doc))) if opened.kind == "multiple_choice" else ()
    return Question(
        id=name,
        question=str(text),
        answers=tuple(answer for answer in opened.answers(doc) if answer.strip()),
        gold_docs=tuple(normalize("NFC", name) for name in several(field_of(doc, spec.gold)))
        if spec.gold
        else (),
        choices=choices,
    )


def _query(doc: Doc, named: str) -> str:
    """What passages are looked for by. A key that a line of the data leaves out comes as None."""
    text = field_of({key: "" if value is None else value for key, value in doc.items()}, named)
    if not str(text).strip():
        raise InputError(f"has nothing in {named!r} that passages could be looked for by.")
    return str(text)


def _named(scores: Any) -> dict[str, Any]:
    """What a task's code gave as its scores. Raises TypeError where it is no mapping of names."""
    if not isinstance(scores, dict) or not all(isinstance(name, str) for name in scores):
        raise TypeError(f"a mapping of metrics to scores belongs there, and it gives {shown(scores)}")
    return scores


def _aggregate(how: Callable[[list[Any]], Any], values: list[Any]) -> float | None:
    try:
        aggregate = plain(how(values)) if values else None
    except (Exception, SystemExit):  # noqa: BLE001 - the author's code may raise anything
        return None
    return float(aggregate) if isinstance(aggregate, int | float) else None


def _text(context: Any) -> str:
    """The context, or where each option has its own the last of them."""
    return str(context[-1] if isinstance(context, list) else context)
