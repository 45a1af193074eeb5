"""What may stand in a task file. The JSON schema, the editor's hints and the docs come from these models.

Strict: unknown keys and wrong types are refused, never repaired. A check that looks at more than one
field hangs on the field that should be mended, so that all mistakes of a file show at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from harness.errors import did_you_mean, shown
from harness.quantities import listed
from harness.records import Question
from harness.scoring.citations import NUMBER
from harness.scoring.table import METRICS, AnswerType, metrics_for
from harness.spec.forms import ANY_OBJECT, AnswerForm, fault_of_form
from harness.spec.kinds import METRIC as KIND_MATCH
from harness.spec.kinds import tolerance_of
from harness.spec.mistakes import Loc, raise_mistakes, repeated
from harness.spec.settings import ANY_LIST, Examples, Filled, Finetune, Retrieval, Strict
from harness.spec.system import Form

Probe = Literal["knowledge", "behaviour", "general"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_PLACEHOLDER = re.compile(r"\{(\s*)([A-Za-z_]\w*)\s*\}")
_MOST_FILLED = 20
_KNOWN_PLACEHOLDER = re.compile(r"\{(question|labels)\}")


def _known_metric(name: str) -> str:
    if name.replace("-", "_").lower() == "macro_f1":
        raise ValueError(
            "is macro-F1, which is of all answers together: the report of every task with labels has it, and no "
            "verdict can rest on it. Leave it out."
        )
    if name not in METRICS:
        raise ValueError(
            f"is {shown(name)}, which is none of {', '.join(METRICS)}{did_you_mean(name, METRICS)}."
        )
    return name


MetricName = Annotated[
    str, AfterValidator(_known_metric), Field(json_schema_extra=lambda schema: schema.update(enum=[*METRICS]))
]


def check_name(name: str) -> str:
    """The name of a task, which names folders and keys too; raises ValueError with a sentence."""
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"is {shown(name)}, but a name is made of unaccented letters, digits, '-', '_' and '.', "
            "and starts with a letter or a digit."
        )
    return name


def fill(template: str, *, question: str = "", labels: tuple[str, ...] = ()) -> str:
    """Put the question and the labels where `{question}` and `{labels}` stand; other braces stay as they are.

    One pass, so that a question with `{labels}` in its own words is left alone.
    """
    values = {"question": question, "labels": ", ".join(labels)}
    return _KNOWN_PLACEHOLDER.sub(lambda match: values[match[1]], template)


def _as_json(schema: Any) -> Any:
    """A schema as it stands in a task file, as the JSON that a run keeps of it."""
    if isinstance(schema, Mapping):
        return json.dumps(schema, ensure_ascii=False)
    if isinstance(schema, str):
        try:
            known = isinstance(json.loads(schema), dict)
        except (ValueError, RecursionError):
            known = False
        if not known:
            raise ValueError("is no JSON object.")
    return schema


class QuestionFiles(Strict):
    """The question files (JSONL), relative to the task file."""

    test: Filled = Field(description="The questions every strategy is measured on.")
    train: Filled | None = Field(
        None,
        description="Questions to fine-tune on and to show as examples; strategies that do so need them.",
    )
    dev: Filled | None = Field(
        None,
        description="Watched for early stopping, and what `--tune` chooses settings on; neither sees test. Without it "
        "a tenth of train is held back, where some fact is asked in more than one wording; `--tune` takes a fifth.",
    )
    near_copies: Literal["keep", "leave_out"] = Field(
        "keep",
        description="`leave_out`: train and dev questions that are nearly a test question, or share a `cluster` with "
        "one, are left out. For tickets, templates and other questions that recur in nearly the same words.",
    )


class Answer(Strict):
    """What a right answer looks like, and where the model stops writing."""

    type: AnswerType = Field(
        description="`text`: a short phrase. `label`: one of `labels`. `json`: one JSON object. "
        "`choice`: one of the question's own `choices`, picked by log-likelihood."
    )
    max_tokens: int = Field(
        ge=1, description="The most tokens of an answer; one that is cut there is counted as cut."
    )
    stop: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], ANY_LIST] = Field(
        (),
        description='Texts that end an answer and are no part of it, such as `"\\n"` (in double quotes). One before '
        "the first word ends nothing.",
    )
    labels: Annotated[tuple[Filled, ...], ANY_LIST] | None = Field(
        None,
        validate_default=True,
        description="The labels to choose from: for type `label`, and only there.",
    )
    json_schema: Annotated[str, BeforeValidator(_as_json)] | None = Field(
        None,
        description="A JSON schema that right answers fit: for type `json`, and only there. Strategies that are held "
        "to their form (`rag[constrained]`) write nothing else; without one, any JSON object.",
        json_schema_extra={
            "anyOf": [{"type": "object", "additionalProperties": {}}, {"type": "string"}, {"type": "null"}]
        },
    )
    refusal: Filled | None = Field(
        None,
        description="The right reply to a question with `answerable: false`: for type `text`, and only there.",
    )
    citations: Filled | None = Field(
        None,
        description='How a reply names the passage that it is from, with `{n}` for its number, such as `"[{n}]"`: '
        "passages are numbered, and prompts with passages ask for it. For type `text`, and only there.",
    )

    tolerance: Annotated[str, BeforeValidator(tolerance_of)] | None = Field(
        None,
        description="How far the number of a reply may be from the right one under `kind_match`: a number, such as "
        "`0.5`, or a share, such as `2%`. It holds for questions whose answers are numbers; a question may have its "
        "own.",
        json_schema_extra={"anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}, {"type": "null"}]},
    )

    @field_validator("stop")
    @classmethod
    def _stop(cls, stop: tuple[str, ...]) -> tuple[str, ...]:
        raise_mistakes(
            [
                (
                    (index,),
                    f"is a backslash and {text[1:]!r}: write {chr(34)}{text}{chr(34)} in double quotes.",
                )
                for index, text in enumerate(stop)
                if re.fullmatch(r"(\\[nrt])+", text)
            ]
        )
        return stop

    @field_validator("labels")
    @classmethod
    def _labels(cls, labels: tuple[str, ...] | None, info: ValidationInfo) -> tuple[str, ...] | None:
        kind = info.data.get("type")
        if kind == "label" and labels is None:
            raise ValueError("is missing: type label needs the labels to choose from.")
        if kind not in ("label", None) and labels is not None:
            raise ValueError(f"is for type label only; the type here is {kind}.")
        if labels is not None and len(labels) < 2:
            raise ValueError("needs at least two labels.")
        raise_mistakes([*repeated(labels or ()), *_padded(labels or ())])
        return labels

    @field_validator("json_schema")
    @classmethod
    def _json_schema(cls, schema: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("type")
        if schema is not None and kind not in ("json", None):
            raise ValueError(f"is for type json only; the type here is {kind}.")
        if schema is not None and (fault := fault_of_form(AnswerForm(schema=schema))):
            raise ValueError(f"is no schema that replies can be held to: {fault}.")
        return schema

    @property
    def form(self) -> AnswerForm | None:
        """What answers can be held to; None for text, and for options that are each question's own."""
        if self.type == "label":
            return AnswerForm(self.labels or ())
        return AnswerForm(schema=self.json_schema or ANY_OBJECT) if self.type == "json" else None

    @field_validator("citations")
    @classmethod
    def _citations(cls, form: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("type")
        if form is None:
            return None
        if kind not in ("text", None):
            raise ValueError(f"is for type text only; the type here is {kind}.")
        if form.count(NUMBER) != 1:
            raise ValueError(f"is {shown(form)}, and must contain {NUMBER} once, where the number goes.")
        if form.strip() == NUMBER or re.search(r"\d", form):
            raise ValueError(
                f"is {shown(form)}: write a sign around {NUMBER}, such as [{NUMBER}], and no digit."
            )
        return form.strip()

    @field_validator("refusal")
    @classmethod
    def _refusal(cls, refusal: str | None, info: ValidationInfo) -> str | None:
        kind = info.data.get("type")
        if refusal is not None and kind not in ("text", None):
            raise ValueError(f"is for type text only; the type here is {kind}.")
        return refusal


class PromptText(Strict):
    """The words around a question, the same for every strategy."""

    system: Filled = Field(
        description="The system message; `{labels}` stands for the labels, separated by commas."
    )
    question: Filled = Field(
        "{question}",
        description="The user's turn; it must contain `{question}`, where the question goes, and may contain "
        "`{labels}`.",
    )

    @field_validator("system")
    @classmethod
    def _system(cls, text: str) -> str:
        return _check_placeholders(text, ("labels",))

    @field_validator("question")
    @classmethod
    def _question(cls, text: str) -> str:
        _check_placeholders(text, ("question", "labels"))
        if "{question}" not in text:
            raise ValueError("must contain {question}, where the question goes.")
        return text


class TaskSpec(Strict):
    """A task: questions, how they are put, what a right answer is, and how it is scored."""

    name: Annotated[str, AfterValidator(check_name)] = Field(
        description="What reports call the task: unaccented letters, digits, `-`, `_` and `.`."
    )
    description: str = Field("", description="One sentence for whoever reads the list of tasks.")
    probes: Probe = Field(
        description="`knowledge`: facts a model has to get from somewhere. `behaviour`: how it should reply. "
        "`general`: what it knew before; every adapter of the run answers it too, to see what a fine-tune forgets."
    )
    corpus: Filled | None = Field(
        None,
        description="Folder, file or glob of the documents; strategies that retrieve, and `oracle`, need it.",
    )
    questions: QuestionFiles = Field(description="The question files.")
    answer: Answer = Field(description="What a right answer looks like.")
    prompt: PromptText = Field(description="The words around a question.")
    metrics: Annotated[tuple[MetricName, ...], ANY_LIST] = Field(
        min_length=1,
        description='How answers are scored (below); the first is the primary one, "accuracy" in reports.',
    )
    retrieval: Retrieval = Field(Retrieval(), description="How passages are found.")
    examples: Examples = Field(Examples(), description="How examples are chosen.")
    finetune: Finetune = Field(Finetune(), description="How adapters are trained.")

    @field_validator("prompt")
    @classmethod
    def _prompt(cls, prompt: PromptText, info: ValidationInfo) -> PromptText:
        answer: Answer | None = info.data.get("answer")
        if answer and not answer.labels:
            texts = {"system": prompt.system, "question": prompt.question}
            sentence = "has {labels}, but answer.labels is not set."
            raise_mistakes([((key,), sentence) for key, text in texts.items() if "{labels}" in text])
        return prompt

    @field_validator("metrics")
    @classmethod
    def _metrics(cls, metrics: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        answer: Answer | None = info.data.get("answer")
        mistakes = repeated(metrics)
        for index, name in enumerate(metrics if answer else ()):
            assert answer
            fitting = metrics_for(answer.type)
            if name not in fitting:
                text = f"is {name!r}, which cannot score answers of type {answer.type}"
                mistakes.append(((index,), f"{text}; use {', '.join(fitting)}."))
            elif METRICS[name].judges == "refusal" and answer.refusal is None:
                mistakes.append(
                    ((index,), f"is {name!r}, which needs answer.refusal: what the model should reply.")
                )
        if answer and answer.tolerance is not None and KIND_MATCH not in metrics:
            raise ValueError(f"has no {KIND_MATCH}, the metric that answer.tolerance is for.")
        raise_mistakes(mistakes)
        return metrics

    @property
    def system_message(self) -> str:
        """The system message as the model reads it."""
        return fill(self.prompt.system, labels=self.answer.labels or ())

    def user_message(self, question: str) -> str:
        """The user's turn for a question, without any context."""
        return fill(self.prompt.question, question=question, labels=self.answer.labels or ())


def options_of(question: Question, form: Form | None, spec: object) -> tuple[str, ...]:
    """What a system of that form chooses from to answer a question of a task; nothing where it writes its answer."""
    if form == "options" and isinstance(spec, TaskSpec):
        return spec.answer.labels or ()
    return question.choices


def _check_placeholders(text: str, known: tuple[str, ...]) -> str:
    """Refuse `{word}` that nothing replaces. Other braces, as of a JSON example, are the author's own."""
    if any(text.count(f"{{{word}}}") > _MOST_FILLED for word in known):
        raise ValueError(f"has a placeholder more than {_MOST_FILLED} times.")
    for match in _PLACEHOLDER.finditer(text):
        word = match[2]
        if word in known and match[0] != f"{{{word}}}":
            raise ValueError(f"has {match[0]}: write {{{word}}} without blanks.")
        if word not in known and not match[1]:
            allowed = listed(f"{{{name}}}" for name in known)
            raise ValueError(
                f"has {match[0]}, which nothing replaces{did_you_mean(word, known)}; it may have {allowed}."
            )
    return text


def _padded(texts: tuple[str, ...]) -> list[tuple[Loc, str]]:
    sentence = "has blanks around it, and replies are compared without."
    return [
        ((i,), f"is {shown(text)}: it {sentence}") for i, text in enumerate(texts) if text != text.strip()
    ]
