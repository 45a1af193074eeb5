"""What may stand in a task file that names a task of lm-eval's in place of questions of its own."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from harness.spec.mistakes import raise_mistakes, repeated
from harness.spec.settings import ANY_LIST, Examples, Filled, Finetune, Retrieval, Strict
from harness.spec.taskspec import Probe, TaskSpec, check_name

SECTIONS_OF_LM_EVAL = ("questions", "prompt", "answer")
"""Sections of a task file that an lm-eval task brings itself."""
KEYS_OF_LM_EVAL = frozenset({"dataset_path", "output_type", "doc_to_text", "doc_to_target", "metric_list"})
"""Keys by which a task file of lm-eval's own form is known."""
_SHARED = {key: field.description for key, field in TaskSpec.model_fields.items()}


class LmEvalSpec(Strict):
    """A task of lm-eval's: its own prompts, filters and metrics, with what the strategies need beside it."""

    name: Annotated[str, AfterValidator(check_name)] = Field(
        description="What reports call the task: unaccented letters, digits, `-`, `_` and `.`; the members of a group "
        "are called `NAME.MEMBER`."
    )
    description: str = Field("", description=_SHARED["description"])
    probes: Probe = Field(description=_SHARED["probes"])
    lm_eval: Filled = Field(
        description="A task or group that lm-eval knows by this name, or the path of its YAML file, relative to "
        "this one."
    )
    corpus: Filled | None = Field(None, description=_SHARED["corpus"])
    query: Filled | None = Field(
        None,
        validate_default=True,
        description="What passages are looked for by: a field of the task's documents, or a template such as "
        "`{{question}}`. Needed with a corpus.",
    )
    gold: Filled | None = Field(
        None,
        description="The field with the id (or ids) of the corpus document that holds the answer: for `oracle` and "
        "for recall.",
    )
    train: Filled | None = Field(
        None,
        description="The split to fine-tune on, where it is not the task's own `training_split`.",
    )
    metrics: Annotated[tuple[Filled, ...], ANY_LIST] = Field(
        (),
        description='Which of the task\'s metrics are shown, as `METRIC`, or `"METRIC,FILTER"` where it has filters; '
        'the first is the primary one, "accuracy" in reports. By default all that can be, in the task\'s order.',
    )
    scales: dict[Filled, Annotated[float, Field(gt=0)]] = Field(
        {},
        description="The highest score of each metric whose scores are no shares from 0 to 1, such as `{rouge1: 100}`; "
        "its scores are divided by it. Scales of 100 are found where a right answer scores 100.",
    )
    chat_template: bool = Field(
        False,
        description="Put prompts into the model's chat template, as lm-eval's `--apply_chat_template` does.",
    )
    enable_thinking: bool | None = Field(
        None,
        validate_default=True,
        description="What the chat template is told, as `enable_thinking` of lm-eval's `hf` model; by default nothing, "
        "and the template's own way counts.",
    )
    think_end_token: Filled | None = Field(
        None,
        validate_default=True,
        description="The text that ends the model's thinking, such as `</think>`: what stands before it is not scored, "
        "as in lm-eval. Needed with `enable_thinking: true`.",
    )
    system: Filled | None = Field(None, description="A system message, as lm-eval's `--system_instruction`.")
    retrieval: Retrieval = Field(Retrieval(), description="How passages are found.")
    examples: Examples = Field(
        Examples(),
        description="How many examples few-shot strategies show; by default the task's own `num_fewshot`, else 4.",
    )
    finetune: Finetune = Field(Finetune(), description="How adapters are trained.")

    @field_validator("query")
    @classmethod
    def _query(cls, query: str | None, info: ValidationInfo) -> str | None:
        if query is None and info.data.get("corpus"):
            raise ValueError("is missing: with a corpus, say what passages are looked for by.")
        return query

    @field_validator("enable_thinking")
    @classmethod
    def _thinking(cls, thinking: bool | None, info: ValidationInfo) -> bool | None:
        if thinking is not None and not info.data.get("chat_template", True):
            raise ValueError("has no effect without `chat_template: true`.")
        return thinking

    @field_validator("think_end_token")
    @classmethod
    def _think_end(cls, token: str | None, info: ValidationInfo) -> str | None:
        if token is None and info.data.get("enable_thinking"):
            raise ValueError("is missing: with `enable_thinking: true`, say what ends the thinking.")
        if token and token.isdigit():
            raise ValueError(f"is {token!r}, the id of a token in lm-eval; give its text here.")
        return token

    @field_validator("metrics")
    @classmethod
    def _metrics(cls, metrics: tuple[str, ...]) -> tuple[str, ...]:
        raise_mistakes(repeated(metrics))
        return metrics
