"""A system is a strategy made concrete: this model, this adapter or none, this context, with these settings.

Systems are what a run compares; a report has a row for each. Everything that shapes a system's answers, besides the
task's own wording and its corpus, stands in this value. Whoever wants to know how two systems differ compares values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from typing import Annotated, Any, Literal, get_args

from pydantic import Discriminator, Field, Tag

from harness.files import sha256_json
from harness.ranges import Count, Name, NonNegative, Positive, Seed, Sha256, Share, Text


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A model, named by what decides its answers. `sha256`: of its weights; None where nobody can see them.

    `server`: the address of the one that answers; None: this program reads the weights. `structured`: JSON answers
    are held to their form by the server.
    """

    name: Name
    sha256: Sha256 | None = None
    dtype: Name | None = None
    revision: Name | None = None
    server: Name | None = None
    structured: Literal[True] | None = None


@dataclass(frozen=True, slots=True)
class Examples:
    """The same `k` training questions with their answers, chosen by the seed, before every question."""

    k: Positive
    seed: Seed = 0
    kind: Literal["examples"] = "examples"


@dataclass(frozen=True, slots=True)
class Nearest:
    """The `k` training questions nearest to the question, with their answers, found by `embedder`; the nearest last.

    The question itself and near copies of it are never shown. `max_examples` None: found among all training questions,
    else among the seeded sample that a fine-tune on so many sees. `query_prefix` stands before all questions that are
    embedded; None: what the embedder's own files say.
    """

    k: Positive
    embedder: Name
    query_prefix: Text | None = None
    max_examples: Positive | None = None
    kind: Literal["nearest"] = "nearest"

    @property
    def index(self) -> str:
        """Names what is searched, whatever `k` is: contexts of a task that share it share an index."""
        return sha256_json([self.embedder, self.query_prefix, self.max_examples])[:16]


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The `k` best passages of the corpus, as far as the prompt's budget allows.

    `method`: how they are ranked; None: by `embedder` alone, whose tokens count in each way. `candidates`: what each
    ranking hands on where there is more than one. `rerank`: what ranks them again. `within`: ids of the documents that
    are searched; None: all. `expand`: neighbours shown before and behind each. `headings`: they stand in titles.
    Prefixes stand before what is embedded; None: what the embedder's own files say.
    `source` "train": the passages are training questions with their answers, in the place of the corpus: those that a
    fine-tune on `train_examples` (None: all) of them sees.
    """

    k: Positive
    chunk_tokens: Positive
    overlap_tokens: Count
    max_prompt_tokens: Positive
    embedder: Name
    query_prefix: Text | None = None
    passage_prefix: Text | None = None
    method: Literal["bm25", "hybrid"] | None = None
    candidates: Positive | None = None
    rerank: Name | None = None
    within: tuple[Name, ...] | None = None
    expand: Positive | None = None
    headings: Literal[True] | None = None
    source: Literal["train"] | None = None
    train_examples: Positive | None = None
    kind: Literal["retrieved"] = "retrieved"

    @property
    def embedded(self) -> bool:
        """Whether questions are embedded."""
        return self.method != "bm25"

    @property
    def of_train(self) -> bool:
        """Whether passages are training questions with their answers, not documents."""
        return self.source == "train"


@dataclass(frozen=True, slots=True)
class WholeCorpus:
    """Every document of the corpus, in the order of their ids."""

    kind: Literal["whole"] = "whole"


@dataclass(frozen=True, slots=True)
class Gold:
    """Passages of the documents that hold the answer, cut and limited as `Retrieved` ones are."""

    k: Positive
    chunk_tokens: Positive
    overlap_tokens: Count
    max_prompt_tokens: Positive
    embedder: Name
    query_prefix: Text | None = None
    passage_prefix: Text | None = None
    method: Literal["bm25", "hybrid"] | None = None
    candidates: Positive | None = None
    rerank: Name | None = None
    within: tuple[Name, ...] | None = None
    expand: Positive | None = None
    headings: Literal[True] | None = None
    kind: Literal["gold"] = "gold"

    @property
    def embedded(self) -> bool:
        """Whether questions are embedded."""
        return self.method != "bm25"


def gold_like(passages: Retrieved) -> Gold:
    """Gold passages that are cut, ranked and limited as these are."""
    shared = {field.name: getattr(passages, field.name) for field in fields(Gold) if field.name != "kind"}
    return Gold(**shared)


def way_of(passages: Retrieved | Gold) -> str:
    """How passages are found, in a few words: `hybrid, 64 tokens, with headings`."""
    parts = [passages.method or "dense", f"{passages.chunk_tokens} tokens"]
    if passages.headings:
        parts.append("with headings")
    if passages.expand:
        parts.append(f"{passages.expand} neighbours on each side")
    if passages.rerank:
        parts.append(f"ranked again by {passages.rerank}")
    if passages.within:
        parts.append(f"in {', '.join(passages.within)}")
    return ", ".join(parts)


_HOW_MANY = frozenset({"k", "max_prompt_tokens", "kind"})
_CUT = frozenset({"chunk_tokens", "overlap_tokens", "embedder", "passage_prefix", "headings", "source"})


def search_id(passages: Retrieved | Gold) -> str:
    """Sixteen hex digits that name how passages are cut and ranked: all settings but how many of them are shown."""
    facts = asdict(passages, dict_factory=_set_fields)
    return sha256_json({name: value for name, value in facts.items() if name not in _HOW_MANY})[:16]


def cut_id(passages: Retrieved | Gold) -> str:
    """Six hex digits that name what decides the text of each passage."""
    facts = asdict(passages, dict_factory=_set_fields)
    return sha256_json({name: value for name, value in facts.items() if name in _CUT})[:6]


@dataclass(frozen=True, slots=True)
class Instructions:
    """A system message in the place of the task's own, chosen on dev questions among some that a model proposed."""

    system: Text
    kind: Literal["instructions"] = "instructions"


_OF_RETRIEVAL = frozenset({"method", "candidates", "rerank", "within", "expand", "headings"})
_OF_TRAIN = frozenset({"source", "train_examples"})
_OF_PREFIXES = frozenset({"query_prefix", "passage_prefix"})
SINCE = (
    _OF_RETRIEVAL
    | _OF_TRAIN
    | _OF_PREFIXES
    | frozenset({"server", "structured", "model_label", "variant", "form"})
)
"""Fields that are no part of an id while they are None: systems of runs from before them keep theirs."""

Context = Annotated[
    Examples | Nearest | Retrieved | WholeCorpus | Gold | Instructions, Field(discriminator="kind")
]
"""What stands in the prompt besides the question, or before it in the place of the task's own words."""
Kind = Literal["examples", "nearest", "retrieved", "learnt", "whole", "gold"]
"""`learnt`: passages found in what a fine-tune was trained on."""
KINDS: tuple[Kind, ...] = get_args(Kind)

Form = Literal["constrained", "options"]
"""How an answer is held to its form. `constrained`: every token has to go on towards an answer of that form;
`options`: the likeliest of the task's labels is the answer, and nothing is written."""
FORMS: tuple[Form, ...] = get_args(Form)


@dataclass(frozen=True, slots=True)
class LoRA:
    """An adapter that this program trains: on `task`'s training questions, in prompts with `context`.

    `max_examples` None: on all training questions. The other fields are the recipe; alpha and rank stabilisation
    follow from the rank.
    """

    task: Name
    context: tuple[Context, ...] = ()
    max_examples: Positive | None = None
    rank: Positive = 16
    learning_rate: NonNegative = 5e-4
    batch_size: Positive = 8
    max_epochs: Positive = 8
    min_epochs: Positive = 1
    patience: Positive = 2
    warmup_share: Share = 0.05
    gradient_clip: NonNegative = 1.0
    enough_loss: NonNegative = 0.01
    """Training loss (nats per answer token, mean of an epoch) under which there is nothing left to learn."""

    @property
    def alpha(self) -> int:
        return 2 * self.rank

    @property
    def rank_stabilised(self) -> bool:
        """rsLoRA (arXiv 2312.03732) scales by 1/sqrt(rank), which keeps high ranks learning."""
        return self.rank >= 32


@dataclass(frozen=True, slots=True)
class ServedAdapter:
    """An adapter that the model's server holds, made for `task` elsewhere; `served`: what a request calls it.

    How it was trained is not known here.
    """

    task: Name
    served: Name


def _kind_of_adapter(adapter: Any) -> str:
    served = "served" in adapter if isinstance(adapter, dict) else isinstance(adapter, ServedAdapter)
    return "served" if served else "trained"


Adapter = Annotated[
    Annotated[LoRA, Tag("trained")] | Annotated[ServedAdapter, Tag("served")], Discriminator(_kind_of_adapter)
]


@dataclass(frozen=True)
class System:
    """One row of a report. `name` is for people, and unique within a task of a run.

    A system trained with several seeds is one system; rows of evidence say which seed answered.
    """

    name: Name
    strategy: Name
    model: ModelRef
    adapter: Adapter | None = None
    context: tuple[Context, ...] = ()
    control: bool = False
    """A control explains the others and is never recommended."""
    model_label: Name | None = None
    """What the run calls its model; None: it has only one."""
    variant: Name | None = None
    """What tells it from other systems of its strategy, for people: `n=50`."""
    form: Form | None = None
    """None: the model writes what it likes."""

    @cached_property
    def id(self) -> str:
        """Sixteen hex digits that name everything but what it is called: keys evidence, caches and comparisons."""
        facts: dict[str, Any] = asdict(self, dict_factory=_set_fields)
        del facts["name"]
        facts.pop("model_label", None)
        facts.pop("variant", None)
        return sha256_json(facts)[:16]

    @property
    def marks(self) -> tuple[str, ...]:
        """What stands in square brackets behind the strategy; nothing where it is run as the table has it."""
        return tuple(mark for mark in (self.form, self.variant) if mark)

    @property
    def home_name(self) -> str:
        """The name on the task that it was made for: `rag`, `lora[n=50]`, `rag[constrained]@large`."""
        return name_at_home(self.strategy, self.model_label, self.marks)

    def varied(self, variant: str | None) -> System:
        """The same system as a variant of its strategy, with the name that says so."""
        system = replace(self, variant=variant)
        return replace(system, name=system.home_name)

    @property
    def label(self) -> str:
        """The name; a control says that it is one."""
        return f"{self.name} (control)" if self.control else self.name

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of what stands in the prompt besides the question, in the order in which they enter it."""
        return tuple(
            "learnt" if isinstance(part, Retrieved) and part.of_train else part.kind
            for part in self.context
            if not isinstance(part, Instructions)
        )

    @property
    def adapted(self) -> bool:
        return self.adapter is not None

    @property
    def recipe(self) -> LoRA | None:
        """How the adapter is trained; None where there is none, or a server holds it already."""
        return self.adapter if isinstance(self.adapter, LoRA) else None

    @property
    def served(self) -> ServedAdapter | None:
        """The adapter that a server holds, where one answers."""
        return self.adapter if isinstance(self.adapter, ServedAdapter) else None

    @property
    def retrieved(self) -> Retrieved | None:
        """How passages are found, where they are."""
        return next((part for part in self.context if isinstance(part, Retrieved)), None)

    @property
    def reads_train(self) -> bool:
        """Whether its passages are training questions with their answers, not documents."""
        return self.retrieved is not None and self.retrieved.of_train

    @property
    def whole_corpus(self) -> bool:
        return any(isinstance(part, WholeCorpus) for part in self.context)

    @property
    def gold(self) -> Gold | None:
        return next((part for part in self.context if isinstance(part, Gold)), None)

    @property
    def examples(self) -> Examples | Nearest | None:
        """Training questions that stand in the prompt, the same for all questions or each question's nearest."""
        return next((part for part in self.context if isinstance(part, Examples | Nearest)), None)

    @property
    def nearest(self) -> Nearest | None:
        """How examples are found, where each question has its own."""
        return self.examples if isinstance(self.examples, Nearest) else None

    @property
    def searches(self) -> bool:
        """Whether something is looked for once the question is known: passages, or examples."""
        return self.retrieved is not None or self.nearest is not None

    @property
    def instructions(self) -> Instructions | None:
        """A system message of its own; None: it has the task's."""
        return next((part for part in self.context if isinstance(part, Instructions)), None)

    @property
    def passages(self) -> Retrieved | Gold | None:
        """Whatever passages stand in the prompt, found or given."""
        return self.retrieved or self.gold

    @property
    def bare(self) -> bool:
        """The model as it is: no adapter, nothing besides the question in the prompt, its answers free."""
        return not self.adapted and not self.kinds and not self.marks

    def on(self, task: str) -> System:
        """The same system under the name that it has on a task: `lora@TASK` where its adapter is another task's."""
        if self.adapter is None or self.adapter.task == task:
            return self
        return replace(self, name=f"{self.home_name}@{self.adapter.task}")

    def trained_elsewhere(self, task: str) -> bool:
        """Whether the adapter was trained for another task: it answers `task` to show what it forgot."""
        return self.adapter is not None and self.adapter.task != task


def bare_beside(systems: Mapping[str, System], system: System) -> str:
    """The name of the bare model that a system's times are told against: its own where it ran, else the first.

    Empty where no model ran as it is.
    """
    bare = [(name, other) for name, other in systems.items() if other.bare]
    own = (name for name, other in bare if other.model == system.model)
    return next(own, bare[0][0] if bare else "")


def name_at_home(strategy: str, model_label: str | None, marks: Sequence[str] = ()) -> str:
    """`rag`, or `rag@large` in a run of several models; with marks `rag[constrained]@large`."""
    named = f"{strategy}[{','.join(marks)}]" if marks else strategy
    return named if model_label is None else f"{named}@{model_label}"


def _set_fields(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in fields if value is not None or name not in SINCE}
