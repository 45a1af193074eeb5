"""What a run keeps of the models, tasks, indexes, adapters and machine that it used: the parts of its manifest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Tag

from harness.errors import InputError
from harness.files import sha256_json
from harness.ranges import (
    Bytes,
    Count,
    Finite,
    Name,
    Positive,
    Seconds,
    Seed,
    Sha256,
    Share,
    Text,
    Usd,
    Values,
)
from harness.records import AdapterRecord, ApiPrice, NotReadFiles, Proof, Question, TemplateFacts
from harness.spec.context import Gold, Nearest, Retrieved, search_id
from harness.spec.lmevalspec import LmEvalSpec
from harness.spec.models import TokenPrice
from harness.spec.system import System
from harness.spec.taskspec import TaskSpec
from harness.steps import Step

DECLARED = "declared with the model"
"""Where a price comes from that a person gives for a model (usd_per_hour, usd_per_mtok)."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a system does not apply to a task, a clause, and what makes it apply (None: in runs that did not say)."""

    why: Text
    step: Step | None = None

    @property
    def in_words(self) -> str:
        """The clause, ended as a sentence, and the step."""
        return f"{self.why}. {self.step.in_words}" if self.step else f"{self.why}."


def by_obstacle(found: Mapping[str, Obstacle]) -> list[tuple[list[str], Obstacle]]:
    """What does not apply, together where it is for one reason."""
    names: dict[str, list[str]] = {}
    for name, obstacle in found.items():
        names.setdefault(obstacle.in_words, []).append(name)
    return [(together, found[together[0]]) for together in names.values()]


def nothing_left(what: str, found: Mapping[str, Mapping[str, Obstacle]]) -> InputError:
    """An error: nothing is left to compare, with every reason. `found`: task → system → why."""
    lines = [f"{task}: {name}: {why.in_words}" for task, row in found.items() for name, why in row.items()]
    return InputError("\n".join([f"{what}:", *lines]))


def _typed(value: Any) -> Any:
    """An obstacle of a run that kept it as a text."""
    return Obstacle(value) if isinstance(value, str) else value


KeptObstacle = Annotated[Obstacle, BeforeValidator(_typed)]
"""As a manifest keeps it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """A model that answered. `load_s`: known once its weights were loaded; `parameters`: else as its files hold them.

    `usd_per_hour`, `usd_per_mtok`: what its own machine or its tokens cost, as declared. `listed_prices`: of its
    tokens, as it is and fine-tuned, by the price list of hosted models on the run's day. `same_as`: the name of another
    model of the run that is declared to have the same weights. `template`: None where a server applies it. `decoding`,
    `training`, `merging`: whether our own fast paths were used, as in `LoadFacts`; None: not asked.
    """

    name: Name
    source: Text | None = None
    sha256: Sha256 | None = None
    dtype: Name | None = None
    device: Name | None = None
    licence: Text | None = None
    revision: Name | None = None
    billed_by: Literal["hour", "token"] = "hour"
    server: Name | None = None
    structured: Literal[True] | None = None
    parameters: Count | None = None
    label: Name | None = None
    """What the run calls it, and its systems behind an @; None: the run has no other."""
    load_s: Seconds | None = None
    first_query_s: Seconds | None = None
    usd_per_hour: Usd | None = None
    usd_per_mtok: TokenPrice | None = None
    listed_prices: tuple[ApiPrice, ...] = ()
    same_as: Name | None = None
    upfront_usd: dict[Name, Usd] = field(default_factory=dict)
    """Task → what making the adapter cost that the model's server holds for it, as declared."""
    template: TemplateFacts | None = None
    decoding: Proof | None = None
    training: Proof | None = None
    merging: Proof | None = None
    unsent: tuple[Name, ...] = ()
    """Parameters of decoding that its server refuses, and that requests leave out."""
    endpoints: tuple[Name, ...] = ()
    """Addresses of further servers that it was asked at; those of a resumed run may be others."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses that were asked; none if its weights are read here."""
        return (self.server, *self.endpoints) if self.server else ()

    @property
    def by_token(self) -> bool:
        """Whether its tokens are paid for, and not the hours of a machine. What is declared decides."""
        if self.usd_per_mtok is not None or self.usd_per_hour is not None:
            return self.usd_per_mtok is not None
        return self.billed_by == "token"

    def token_price(self, *, adapted: bool = False) -> ApiPrice | None:
        """The price of its tokens: as declared, else as listed for the model or (`adapted`) its fine-tuned variant."""
        declared = self.usd_per_mtok
        if declared is None:
            kind = "fine-tuned" if adapted else "base"
            return next((price for price in self.listed_prices if price.kind == kind), None)
        return ApiPrice(
            asked=self.name,
            model=self.name,
            provider=self.server or self.name,
            kind="base",
            input_usd_per_mtok=declared.input,
            output_usd_per_mtok=declared.output,
            cached_usd_per_mtok=declared.cached,
            source=DECLARED,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedderFacts:
    """What embedded questions and passages. `max_tokens`: the longest text it reads whole."""

    name: Name
    sha256: Sha256
    max_tokens: Positive | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFacts:
    """An index as a run used it. `seconds`: to build it, also where it was reused. `bytes`: on disk.

    Prefixes: what stood before questions and passages when they were embedded; empty: nothing; None: not kept.
    `files`, `characters`: of the corpus that were read; `passed_over`: those that were not, by reason. `search`: the
    `search_id` of the systems that use it; None: all of the task's, in runs from before there could be several.
    `kind`: how it is searched ("flat": exactly); `recall`: of the ten nearest, the share that a search which is not
    exact finds, over `recall_queries`. `new_passages`, `new_tokens`, `new_s`: what building it embedded anew, and how
    long that took, where other vectors were there already: the measured cost of taking in a changed corpus.
    """

    search: Name | None = None
    key: Name | None = None
    sha256: Sha256 | None = None
    documents: Count | None = None
    passages: Count | None = None
    embed_tokens: Count | None = None
    seconds: Seconds | None = None
    reused: bool = False
    bytes: Bytes | None = None
    query_prefix: Text | None = None
    passage_prefix: Text | None = None
    files: Count | None = None
    characters: Bytes | None = None
    passed_over: tuple[NotReadFiles, ...] = ()
    kind: Name | None = None
    recall: Share | None = None
    recall_queries: Count | None = None
    new_passages: Count | None = None
    new_tokens: Count | None = None
    new_s: Seconds | None = None

    @property
    def exact(self) -> bool:
        return self.kind in (None, "flat")

    @property
    def refreshed(self) -> bool:
        """Whether building it found vectors of an earlier corpus, or of a build that was stopped."""
        return None not in (self.new_tokens, self.embed_tokens) and self.new_tokens != self.embed_tokens


def index_of(
    first: Mapping[str, IndexFacts],
    others: Mapping[str, Sequence[IndexFacts]],
    task: str,
    passages: Retrieved | Gold | None,
) -> IndexFacts | None:
    """The index of a task that passages of these settings come from. `first`, `others`: as in the manifest."""
    if passages is None:
        return None
    leading = (first[task],) if task in first else ()
    known, way = (*leading, *others.get(task, ())), search_id(passages)
    return next((facts for facts in known if facts.search in (way, None)), None)


def examples_of(
    indexes: Mapping[str, Sequence[IndexFacts]], task: str, nearest: Nearest | None
) -> IndexFacts | None:
    """The index of a task that examples of these settings are found in; `indexes`: as in the manifest."""
    known = indexes.get(task, ()) if nearest else ()
    return next((facts for facts in known if nearest and facts.search == nearest.index), None)


def asked_sha256(questions: Iterable[Question]) -> str:
    """Names questions with all that decides whether an answer is right, in whatever order they come."""
    return sha256_json(sorted(map(_named, questions)))


def _named(asked: Question) -> tuple[object, ...]:
    """A question of no kind is named as it was before there were kinds."""
    name = asked.id, asked.question, asked.answers, asked.choices, asked.gold_docs, asked.answerable
    kind = asked.parts, asked.tolerance, asked.pattern
    return (*name, *kind) if any(kind) else name


LM_EVAL, TASK_FILE = "lm_eval", "task file"


def _kind_of_spec(spec: Any) -> str:
    lm_eval = LM_EVAL in spec if isinstance(spec, dict) else isinstance(spec, LmEvalSpec)
    return LM_EVAL if lm_eval else TASK_FILE


Spec = Annotated[
    Annotated[TaskSpec, Tag(TASK_FILE)] | Annotated[LmEvalSpec, Tag(LM_EVAL)], Discriminator(_kind_of_spec)
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """A task as the run asked it. `spec`: its file's content; `files`: sha256 of each file, by role.

    `asked`: names its questions and their right answers (`asked_sha256`); None in runs from before it was kept.
    `unfit`: those of its metrics whose scores turned out as no shares, so that none is an accuracy.
    """

    spec: Spec
    fingerprint: Sha256 | None = None
    files: dict[Name, Sha256] = field(default_factory=dict)
    questions: Count | None = None
    asked: Sha256 | None = None
    train_questions: Count | None = None
    left_out: tuple[Text, ...] = ()
    unfit: tuple[Name, ...] = ()

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that stand as accuracy, the primary one first."""
        return tuple(name for name in self.spec.metrics if name not in self.unfit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One system on one task, trained with one seed. `adapter`: sha256 of the one that answered."""

    task: Name
    system: Name
    seed: Seed = 0
    adapter: Sha256 | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedAdapter:
    """An adapter that a run used: its training record, for which system and seed, and its size on disk.

    `left_out`: training examples that it did not see, since they are longer than the model reads.
    """

    system: Name
    seed: Seed
    record: AdapterRecord
    reused: bool
    bytes: Bytes
    left_out: Count = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """What an lm-eval task makes of all answers of a system together, where that is no mean of scores."""

    task: Name
    system: Name
    seed: Seed
    metric: Name
    value: Finite | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeds:
    sampling: Seed
    training: tuple[Seed, ...]
    order: Seed


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """What was chosen for a system on dev questions. `chosen`: id of the one that is compared, under the same name.

    `settings`: what it changes of the `default`, by name as in a task file. `best`: what the best besides the default
    changes; None where no other could be tried. Scores: means over the same dev questions. `p`: as of
    `run/tuning/choice.py`. `tried`: settings, the default among them; `questions`: of dev, that decided; `from_train`:
    they were split from the training questions.
    """

    task: Name
    default: System
    chosen: Name
    settings: Values
    best: Values | None
    why: Literal["better", "chance", "nothing better", "few", "unable"]
    p: Share | None
    default_score: Share | None
    best_score: Share | None
    tried: Count
    questions: Count
    from_train: bool


class TimingOrder(StrEnum):
    """How the systems of several models take turns in the timing pass."""

    INTERLEAVED = "interleaved"
    """All models in memory: every system answers each question in turn."""
    ABBA = "A B B A"
    """One model in memory at a time: each answers half of the questions, then, in the opposite order, the other half.

    Two blocks, in which positions count through.
    """
