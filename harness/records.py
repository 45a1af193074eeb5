"""The plain records that flow between the rooms, and the lines of evidence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from harness.ranges import (
    Cosine,
    Count,
    Day,
    Known,
    LogProb,
    Name,
    NonNegative,
    Positive,
    Seconds,
    Seed,
    Sha256,
    Share,
    Text,
    Usd,
    Values,
)


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a task. Any one of `answers` is right; an unanswerable question has none.

    At most one of these says what else is right under `kind_match`: `parts`, all of which an answer has; `tolerance`,
    how far its number may be off (`0.5`, `2%`); `pattern`, a regular expression.
    """

    id: Name
    question: Text
    answers: tuple[Text, ...]
    gold_docs: tuple[Name, ...] = ()
    answerable: bool = True
    choices: tuple[Text, ...] = ()
    tags: tuple[Text, ...] = ()
    fact_id: Name | None = None
    cluster: Name | None = None
    parts: tuple[Text, ...] = ()
    tolerance: Text | None = None
    pattern: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRow(Question):
    """One line of `questions.jsonl`: a question as a run asked it.

    `fact_seen`: its fact is in the training set in other words; None where that has no sense. `query_tokens`: what the
    embedder would have to read to look for passages, prefix included; None where none are looked for. `answer_in_gold`:
    an answer stands in the parsed text of its gold documents; None where that was not looked for. `quoted`: control
    tokens of the model that it holds, which were read as text; `imitated`: texts that it holds and that the chat
    template marks turns with, without a token for them.
    """

    task: Name
    fact_seen: bool | None = None
    query_tokens: Count | None = None
    answer_in_gold: bool | None = None
    quoted: tuple[str, ...] = ()
    imitated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRow(Question):
    """One line of `training.jsonl`: a question that a strategy may learn from."""

    task: Name
    split: Literal["train", "dev"]


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk of a document as a reader sees it. `chunk_id` is `<doc_id>#<n>`, unique in its corpus.

    Where a task's systems cut it otherwise than its file says, `~` and a name of that cut follow.

    `place`: where in its document it stands ("page 3", "slide 2: Fees", "sheet Prices"); empty where a document has
    no such parts, as in evidence from before places were kept.
    """

    chunk_id: Name
    doc_id: Name
    title: Text
    text: Text
    place: Text = ""


Cause = Literal[
    "type",
    "empty",
    "lfs",
    "link",
    "encoding",
    "encrypted",
    "extra",
    "scanned",
    "broken",
    "large",
    "unreadable",
]
"""Why a file of a corpus was passed over: its type is not read; it has no text after parsing; it is a Git LFS
pointer; it is a linked folder, or a link to nothing; it is not UTF-8; it asks for a password; a library of the
`documents` extra is missing; it is a scan without text; it is damaged; it unpacks to more than is safe; the system
refuses to open it."""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A file of a corpus (or a record of a JSONL file) whose text is not among the documents.

    `path`: relative to the corpus, with `/`; of a record, with its line (`rows.jsonl:3`). `doc_id`: the id that its
    document would have; empty where it has none. `reason`: the end of the sentence "PATH was not read: …", without
    a full stop.
    """

    path: str
    cause: Cause
    reason: str
    doc_id: str = ""


@dataclass(frozen=True, slots=True)
class NotReadFiles:
    """Files of a corpus that were passed over for one `reason` (as of `PassedOver`), `paths`: the first of them."""

    reason: Text
    files: Count
    paths: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Inventory:
    """What a corpus holds, as it was read: files and documents with text, their characters, and what was passed over.

    `formats`: files by suffix (`.md`), of those that were read, in alphabetical order.
    """

    files: int
    documents: int
    characters: int
    formats: tuple[tuple[str, int], ...] = ()
    passed_over: tuple[PassedOver, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageRow(Passage):
    """One line of `passages.jsonl`: the text of a passage that was retrieved for a task."""

    task: Name


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage and its score for a query, higher is better; on which scale is for its ranking to say.

    Cosine for vectors, BM25's for words, the sum of reciprocal ranks for both; what a cross-encoder gives.
    """

    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class RankedDoc:
    """A passage that was retrieved, as evidence names it. `score` None: the run did not keep it."""

    doc_id: Known
    chunk_id: Known
    score: Cosine | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether a fast path of this program's own gives what transformers gives, as held against it on the very model.

    `used`: which of the two is used; `why`: what spoke against our own.
    """

    used: Literal["own", "library"]
    why: Text | None = None


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    """How a model's chat template writes conversations, found out by rendering some.

    `system_turn`: where the system message stands; `user`: the template has no place for one, so that it stands before
    the first user message, in the same turn. `several_turns`: whether it writes earlier turns, as examples need.
    `pinned_date`: what it is told the day is; None: it does not ask. `thinking`: whether the model may think before it
    answers; `off`: it could, and the template says that it shall not; None: nothing says that it can.
    """

    system_turn: Literal["own", "user"] = "own"
    several_turns: bool = True
    pinned_date: Day | None = None
    thinking: Literal["off", "on"] | None = None


FinishReason = Literal["stop", "length", "choice"]
"""Why an answer ended: an end token or a stop text; `max_tokens`; nothing was written, options were scored."""


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One line of `answers.jsonl`. `system` is the id of the one that answered; `retrieved`: best first."""

    task: Known
    system: Known
    question_id: Known
    seed: Seed
    prediction: Text
    choice_logprobs: tuple[LogProb, ...] | None
    prompt_tokens: Count
    completion_tokens: Count
    finish_reason: FinishReason
    retrieved: tuple[RankedDoc, ...]
    shown_passages: Count
    dropped_passages: Count
    prompt_sha256: Sha256
    batch: Count
    """Number of the batch within (task, system, seed); its wall time stands in `batches.jsonl`."""
    cached: bool = False
    adapter: Sha256 | None = None
    metrics: Values | None = None
    """What the task's own code made of the answer, by metric; None where this program scores it (`scoring/`)."""
    reasoning_tokens: Count = 0
    """Of the completion: thoughts before the answer, which `prediction` leaves out."""
    cached_tokens: Count | None = None
    """Of the prompt: those that the server says it had read before; None where nobody says."""
    attempts: Positive = 1
    """How often the server was asked until it answered."""
    repeat: Count = 0
    """0 in `answers.jsonl`; in `repeats.jsonl`, which time the question was asked again."""
    examples: tuple[Known, ...] = ()
    """Ids of the training questions that were found for this one and shown before it, the nearest first."""


@dataclass(frozen=True, slots=True)
class FailureRow:
    """One line of `failures.jsonl`: an answer that could not be had, and is missing until a later attempt has it.

    `reason`: a clause. `repeat`: as in the answer's own row. `final`: a result, which asking again does not change (a
    prompt longer than the model reads), so that nobody does. `timed`: of the timing pass, which asks nothing again.
    """

    task: Known
    system: Known
    question_id: Known
    seed: Seed
    reason: Text
    attempts: Positive = 1
    repeat: Count = 0
    final: bool = False
    timed: bool = False


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One line of `batches.jsonl`: how long one batch of the answer pass took, wall clock, seconds."""

    task: Known
    system: Known
    batch: Count
    questions: Positive
    completion_tokens: Count
    wall_s: Seconds
    seed: Seed = 0


@dataclass(frozen=True, slots=True)
class TimingRow:
    """One line of `timings.jsonl`: one question answered alone by a warmed-up model, seconds.

    `retrieve_s`: to find passages or examples; None where the system looks for none. `merged` is False only for the row
    that shows an adapter unmerged beside its merged (deployed) form. `warm` is True only for the row that shows a
    server which has read the same prompt before; the others ask it for a prompt that it has not in its cache.
    `cached_tokens`: of the prompt, that the server says it had read before.
    """

    task: Known
    system: Known
    question_id: Known
    block: Count
    position: Count
    retrieve_s: Seconds | None
    ttft_s: Seconds
    e2e_s: Seconds
    prompt_tokens: Count
    completion_tokens: Count
    merged: bool = True
    warm: bool = False
    cached_tokens: Count | None = None
    reasoning_tokens: Count = 0

    @property
    def deployed(self) -> bool:
        """Whether it stands for its system: an adapter as it would be deployed, a server new to the prompt."""
        return self.merged and not self.warm


@dataclass(frozen=True, slots=True)
class LossPoint:
    """One point of a loss curve (mean negative log-likelihood per answer token, nats)."""

    step: Count
    epoch: NonNegative
    train_loss: NonNegative | None = None
    dev_loss: NonNegative | None = None
    dev_score: Share | None = None
    """Mean score of generated answers to the dev questions, by the task's first metric."""


@dataclass(frozen=True, slots=True)
class TrialRow:
    """One line of `tuning.jsonl`: a setting of a system, tried on dev questions; or of `learning.jsonl`: a system that
    learns from `examples` training questions only, asked the test questions.

    `system`: id of the default that is tuned; `candidate`: id of the system with the setting, the same where it is the
    default itself; `settings`: what it changes, by name as in a task file. `stage` counts from 0 on; the last one
    decides. `examples`: training questions of a shorter training, None: of the recipe's own. `scores`: question id →
    score by the task's primary metric, without those whose answer could not be had. `seconds`: of answering what was
    not in the cache; `train_s` and `index_s` of what was made for it, also where it was there already.
    """

    task: Known
    system: Known
    candidate: Known
    settings: Values
    stage: Count
    questions: Count
    scores: dict[str, Share]
    seconds: Seconds
    train_s: Seconds
    index_s: Seconds
    prompt_tokens: Count
    completion_tokens: Count
    cached: Count
    """Answers that were in the cache."""
    usd: Usd | None = None
    """What its requests to a server cost; None: paid by the hour, or no price is known."""
    examples: Positive | None = None
    failed: Text | None = None
    """Why it could not be tried, a clause."""
    unfinished: bool = False
    """The run was stopped in its middle: it says what was paid for until then, and a later row what came of it."""
    propose_s: Seconds = 0.0
    """What proposing its system message took."""

    @property
    def score(self) -> float | None:
        """Mean over the answers that were had."""
        return sum(self.scores.values()) / len(self.scores) if self.scores else None


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """One line of `proposals.jsonl`: a system message that a model proposed for a task.

    `model`: what the run calls the model whose systems try it; None: it has only one. `proposer`: the model that wrote
    it. `seconds`: its share of the time of requests that were asked together. `dropped`: why it is not tried, a clause.
    """

    task: Known
    model: Name | None
    proposer: Name
    number: Count
    text: Text
    seconds: Seconds
    prompt_tokens: Count
    completion_tokens: Count
    dropped: Text | None = None


ALL_EPOCHS = "max_epochs"
"""What a record says of a training that ended with its last epoch, and was not stopped before."""
FIT_EXAMPLES = 100
"""So many training answers, at most, are asked again of an adapter once it is trained."""


@dataclass(frozen=True, slots=True)
class AdapterRecord:
    """What is known of a trained adapter; stored beside its weights and in the run's manifest."""

    key: Name
    sha256: Sha256
    task: Name
    strategy: Name
    base_sha256: Sha256 | None
    recipe: Values
    examples: Count
    epochs: NonNegative
    steps: Count
    train_tokens: Count
    seconds: Seconds
    device: Name
    train_loss: NonNegative
    dev_loss: NonNegative | None
    train_fit: Share
    """Share of (at most FIT_EXAMPLES) training answers reproduced token for token, teacher-forced."""
    stopped: Text
    loss_curve: tuple[LossPoint, ...] = ()
    logit_shift: NonNegative | None = None
    """How far the adapter moves a logit at answer positions of (at most 16) training examples: mean absolute
    difference from the base weights. None in records from before it was measured."""
    dev_score: Share | None = None
    """Of the epoch that is kept, by `dev_metric`; None where it was chosen by the dev loss alone."""
    dev_metric: Name | None = None
    kept_epoch: Count | None = None
    watched: Count | None = None
    """Dev questions that the kept epoch was chosen on; None in records from before they were counted."""
    precision: Name | None = None
    """The dtype that the steps were computed in; None in records from before it was kept."""
    held_back: Count | None = None
    """How many of them are training questions that were held back, since the task has no dev questions."""
    files: dict[str, str] = field(default_factory=dict)
    """Name → SHA-256 of every file beside this record; none in records from before they were kept."""


@dataclass(frozen=True, slots=True)
class PromptSample:
    """One line of `prompts.jsonl`: the first prompt of a task and system, as the model read it."""

    task: Known
    system: Known
    question_id: Known
    messages: Count
    text: Text
    skeleton: Text
    """The same conversation with its n-th content replaced by `%%n%%`: what the chat template itself writes."""
    first_tokens: tuple[Count, ...]
    """The prompt's first ids, at most 8."""
    added_tokens: tuple[Count, ...]
    """Ids that the tokenizer puts around any text by itself: those of the empty text."""
    system_turn: Literal["own", "user"] = "own"
    """As of `TemplateFacts`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTier:
    """Prices of a request whose prompt is longer than `above_prompt_tokens`, dollars a million tokens."""

    above_prompt_tokens: Count
    input_usd_per_mtok: Usd | None
    output_usd_per_mtok: Usd | None
    cached_usd_per_mtok: Usd | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiPrice:
    """A hosted model's prices on the day of a run, dollars a million tokens. `kind`: `base` or `fine-tuned`.

    `asked`: the name that the user gave. `reason`: why a price is None.
    """

    asked: Name
    model: Name
    provider: Name
    kind: Literal["base", "fine-tuned"]
    input_usd_per_mtok: Usd | None
    output_usd_per_mtok: Usd | None
    cached_usd_per_mtok: Usd | None = None
    per_request_usd: Usd = 0.0
    tiers: tuple[PriceTier, ...] = ()
    training_usd_per_mtok: Usd | None = None
    training_source: Text | None = None
    priced_on: Day | None = None
    source: Text | None = None
    reason: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMetric:
    """A metric that a group of lm-eval tasks aggregates. `filters` None: those that its members have."""

    metric: Name
    filters: tuple[Name, ...] | None = None
    by_size: bool = True
    """Whether a member counts by its documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskGroup:
    """A group of lm-eval tasks: the tasks of a run that are in it, and in groups within it."""

    name: Name
    tasks: tuple[Name, ...]
    metrics: tuple[GroupMetric, ...] = ()
