"""How strategies are set up for a task: the optional sections of a task file, each with its defaults.

The defaults are the recipe every strategy gets unless its task says otherwise; the bounds keep a task
from racing a strategy that nobody would deploy.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from harness.spec.addresses import without_secrets


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty.")
    return text


Filled = Annotated[str, Field(min_length=1), AfterValidator(_filled)]
# Lists come as tuples from YAML and as lists from a run's manifest: only the container is lax.
ANY_LIST = Field(strict=False)


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


Method = Literal["dense", "bm25", "hybrid"]


class Retrieval(Strict):
    """How strategies that retrieve find their passages."""

    method: Method = Field(
        "hybrid",
        description="How passages are ranked: by the embedder (`dense`), by the words that they share with the "
        "question (`bm25`), or by both, fused by rank (`hybrid`).",
    )
    candidates: int = Field(
        50,
        ge=10,
        le=1000,
        description="Passages that each ranking of `hybrid` hands to the fusion, and that `rerank` ranks again.",
    )
    rerank: Annotated[Filled, AfterValidator(without_secrets)] | None = Field(
        None,
        description="A cross-encoder that ranks the candidates again: a folder, a name on the model hub, or a server's "
        "`/rerank` (`http://HOST:PORT/v1#NAME`).",
    )
    within: tuple[Filled, ...] = Field(
        (),
        strict=False,
        description="Search only in documents whose id is like one of these, such as `policies/*`; without it, in all.",
    )
    expand: int = Field(
        0,
        ge=0,
        le=10,
        description="Neighbours shown with a passage, so many before it and so many behind: found by a short passage, "
        "read in a longer one.",
    )
    headings: bool = Field(
        False,
        description="Whether the headings that a passage stands under follow its title, in index and prompt.",
    )
    k: int = Field(3, ge=1, le=100, description="Passages put into the prompt.")
    chunk_tokens: int = Field(
        64,
        ge=16,
        le=8192,
        description="The longest passage, in tokens of the embedder, and at most what it reads.",
    )
    overlap_tokens: int = Field(
        16,
        ge=0,
        validate_default=True,
        description="Tokens that two neighbouring passages share, at most half of one.",
    )
    max_prompt_tokens: int = Field(
        2048,
        ge=64,
        description="The prompt's budget in tokens; passages over it are dropped whole, the lowest-ranked first, "
        "and counted.",
    )
    query_prefix: str | None = Field(
        None,
        description='What stands before a question when it is embedded, such as `"query: "` for e5. By default what '
        "the embedder's own files say; empty: nothing.",
    )
    passage_prefix: str | None = Field(
        None,
        description='The same for a passage, such as `"passage: "`; its tokens count among `chunk_tokens`.',
    )

    @field_validator("overlap_tokens")
    @classmethod
    def _overlap(cls, overlap: int, info: ValidationInfo) -> int:
        most = info.data.get("chunk_tokens", 256) // 2
        # The default gives way to small chunks only down to 32 tokens; below, the author has to say.
        if overlap > most:
            raise ValueError(f"is {overlap}, but must be at most half of chunk_tokens, {most}.")
        return overlap


class Examples(Strict):
    """How strategies that show examples choose them."""

    k: int = Field(
        4,
        ge=1,
        le=32,
        description="Examples from train put into the prompt: the same for all questions, or each question's nearest.",
    )


class Finetune(Strict):
    """How an adapter is trained (LoRA on all linear layers, alpha twice the rank)."""

    rank: int = Field(
        16,
        ge=1,
        le=256,
        description="The adapter's rank; alpha is twice as much. From 32 on it is rank-stabilised.",
    )
    learning_rate: float = Field(
        5e-4, gt=0, le=0.1, description="The highest learning rate; it decays linearly to 0."
    )
    batch_size: int = Field(8, ge=1, le=32, description="Training questions per optimiser step.")
    max_examples: int | None = Field(
        None, ge=8, description="Train on a seeded sample of so many questions; without it, on all."
    )
    max_epochs: int = Field(8, ge=1, le=10, description="The most passes over the training questions.")
    replay: float | None = Field(
        None,
        gt=0,
        le=1,
        description="Against forgetting: the base model's own answers to general prompts are learnt as well, as many "
        "as this share of the training questions.",
    )
    patience: int = Field(2, ge=1, description="Epochs without a better dev loss after which training stops.")
    min_epochs: int = Field(
        1, ge=1, validate_default=True, description="The fewest passes before it may stop early."
    )

    @field_validator("min_epochs")
    @classmethod
    def _min_epochs(cls, epochs: int, info: ValidationInfo) -> int:
        most = info.data.get("max_epochs", epochs)
        if epochs > most:
            raise ValueError(f"is {epochs}, but max_epochs is {most}.")
        return epochs
