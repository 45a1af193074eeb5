"""The plain records that flow between the rooms. No behaviour beyond (de)serialisation."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a task. Any one of `answers` is right; an unanswerable question has none."""

    id: str
    question: str
    answers: tuple[str, ...]
    gold_docs: tuple[str, ...] = ()
    answerable: bool = True
    choices: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    fact_id: str | None = None
    cluster: str | None = None

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> Question:
        """Build a question from a decoded `questions.jsonl` row; keys it does not know are left out."""
        return cls(
            id=row["id"],
            question=row["question"],
            answers=tuple(row["answers"]),
            gold_docs=tuple(row.get("gold_docs") or ()),
            answerable=row.get("answerable", True),
            choices=tuple(row.get("choices") or ()),
            tags=tuple(row.get("tags") or ()),
            fact_id=row.get("fact_id"),
            cluster=row.get("cluster"),
        )


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk of a document as a reader sees it. `chunk_id` is `<doc_id>#<n>`, unique in its corpus."""

    chunk_id: str
    doc_id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage and its similarity to a query (cosine, higher is closer)."""

    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat: role is `system`, `user` or `assistant`."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A continuation and what stands before it, as token ids: what a log-likelihood is asked of."""

    context: tuple[int, ...]
    continuation: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Likelihood:
    """Sum of the log-probabilities (nats) of a continuation's tokens, and whether greedy decoding writes them."""

    logprob: float
    greedy: bool


@dataclass(frozen=True, slots=True)
class Prompt:
    """A rendered prompt, ready for an engine, and what went into it."""

    text: str
    tokens: tuple[int, ...]
    sha256: str
    retrieved: tuple[Ranked, ...] = ()
    """Everything retrieved, best first, whether or not it was shown to the model."""
    shown: int = 0
    """How many of `retrieved` (from the front) stand in the prompt."""
    dropped: int = 0
    """How many passages the strategy wanted to show and the budget did not allow."""
    pairs: tuple[Pair, ...] = ()
    """What is scored in place of an answer in words; none where the model writes."""


@dataclass(frozen=True, slots=True)
class Decoding:
    """How an answer is generated: greedily, up to `max_tokens` or the first of `stop`."""

    max_tokens: int
    stop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Generation:
    """The answer to one prompt.

    `completion_tokens` counts the ids that were generated up to and including the first end token.
    `finish_reason` is `stop` (end token or stop string), `length` (cut by max_tokens) or `choice` (the prompt's
    pairs were scored, and nothing was written; `choice_logprobs` and `greedy` have an entry each).
    """

    text: str
    completion_tokens: int
    finish_reason: str
    choice_logprobs: tuple[float, ...] | None = None
    greedy: tuple[bool, ...] | None = None


@dataclass(frozen=True, slots=True)
class Timed:
    """One generation measured alone: seconds from its start to the first and to the last token."""

    generation: Generation
    ttft_s: float
    e2e_s: float


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One line of `answers.jsonl`. `retrieved` holds {doc_id, chunk_id, score}, best first."""

    task: str
    strategy: str
    question_id: str
    seed: int
    prediction: str
    choice_logprobs: tuple[float, ...] | None
    prompt_tokens: int
    completion_tokens: int
    finish_reason: str
    retrieved: tuple[dict[str, Any], ...]
    shown_passages: int
    dropped_passages: int
    prompt_sha256: str
    batch: int
    """Number of the batch within (task, strategy); its wall time stands in `batches.jsonl`."""
    cached: bool = False
    adapter: str | None = None
    metrics: dict[str, Any] | None = None
    """What the task's own code made of the answer, by metric; None where this program scores it (`scoring/`)."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, row: dict[str, Any]) -> AnswerRow:
        known = {name: row[name] for name in cls.__slots__ if name in row}
        known["retrieved"] = tuple(row["retrieved"])
        logprobs = row.get("choice_logprobs")
        known["choice_logprobs"] = None if logprobs is None else tuple(logprobs)
        return cls(**known)


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One line of `batches.jsonl`: how long one batch of the answer pass took, wall clock, seconds."""

    task: str
    strategy: str
    batch: int
    questions: int
    completion_tokens: int
    wall_s: float
    seed: int = 0


@dataclass(frozen=True, slots=True)
class TimingRow:
    """One line of `timings.jsonl`: one question answered alone by a warmed-up model, seconds.

    `retrieve_s` is None where the strategy does not retrieve. `merged` is False only for the row that
    shows an adapter unmerged beside its merged (deployed) form.
    """

    task: str
    strategy: str
    question_id: str
    block: int
    position: int
    retrieve_s: float | None
    ttft_s: float
    e2e_s: float
    prompt_tokens: int
    completion_tokens: int
    merged: bool = True


@dataclass(frozen=True, slots=True)
class LossPoint:
    """One point of a loss curve (mean negative log-likelihood per answer token, nats)."""

    step: int
    epoch: float
    train_loss: float | None = None
    dev_loss: float | None = None


FIT_EXAMPLES = 100
"""So many training answers, at most, are asked again of an adapter once it is trained."""


@dataclass(frozen=True, slots=True)
class AdapterRecord:
    """What is known of a trained adapter; stored beside its weights and in the run's manifest."""

    key: str
    sha256: str
    task: str
    strategy: str
    base_sha256: str
    recipe: dict[str, Any]
    examples: int
    epochs: float
    steps: int
    train_tokens: int
    seconds: float
    device: str
    train_loss: float
    dev_loss: float | None
    train_fit: float
    """Share of (at most FIT_EXAMPLES) training answers reproduced token for token, teacher-forced."""
    stopped: str
    loss_curve: tuple[LossPoint, ...] = field(default=())
    logit_shift: float | None = None
    """How far the adapter moves a logit at answer positions of (at most 16) training examples: mean absolute
    difference from the base weights. None in records from before it was measured."""


@dataclass(frozen=True, slots=True)
class TrainingQuestion:
    """One line of `training.jsonl`: a question that a strategy may learn from. `split`: `train` or `dev`."""

    task: str
    split: str
    question: Question


@dataclass(frozen=True, slots=True)
class PromptSample:
    """One line of `prompts.jsonl`: the first prompt of a task and strategy, as the model read it."""

    task: str
    strategy: str
    question_id: str
    messages: int
    text: str
    skeleton: str
    """The same conversation with its n-th content replaced by `%%n%%`: what the chat template itself writes."""
    first_tokens: tuple[int, ...]
    """The prompt's first ids, at most 8."""
    added_tokens: tuple[int, ...]
    """Ids that the tokenizer puts around any text by itself: those of the empty text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTier:
    """Prices of a request whose prompt is longer than `above_prompt_tokens`, dollars a million tokens."""

    above_prompt_tokens: int
    input_usd_per_mtok: float | None
    output_usd_per_mtok: float | None
    cached_usd_per_mtok: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiPrice:
    """A hosted model's prices on the day of a run, dollars a million tokens. `kind`: `base` or `fine-tuned`.

    `asked`: the name that the user gave. `reason`: why a price is None.
    """

    asked: str
    model: str
    provider: str
    kind: str
    input_usd_per_mtok: float | None
    output_usd_per_mtok: float | None
    cached_usd_per_mtok: float | None = None
    per_request_usd: float = 0.0
    tiers: tuple[PriceTier, ...] = ()
    training_usd_per_mtok: float | None = None
    training_source: str | None = None
    priced_on: str | None = None
    source: str | None = None
    reason: str | None = None
