"""What stands in a prompt besides the question: the values that a system's context is made of, with every setting."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Annotated, Any, Literal, get_args

from pydantic import Field

from harness.files import sha256_json
from harness.ranges import Count, Name, Positive, Seed, Text


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
class Passages:
    """How passages of the corpus are cut and ranked, and how many are shown, as far as the prompt's budget allows.

    `method`: how they are ranked; None: by `embedder` alone, whose tokens count in each way. `candidates`: what each
    ranking hands on where there is more than one. `rerank`: what ranks them again. `within`: ids of the documents that
    are searched; None: all. `expand`: neighbours shown before and behind each. `headings`: they stand in titles.
    Prefixes stand before what is embedded; None: what the embedder's own files say.
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

    @property
    def embedded(self) -> bool:
        """Whether questions are embedded."""
        return self.method != "bm25"


@dataclass(frozen=True, slots=True)
class Retrieved(Passages):
    """The `k` best passages.

    `source` "train": they are training questions with their answers, in the place of the corpus: those that a
    fine-tune on `train_examples` (None: all) of them sees.
    """

    source: Literal["train"] | None = None
    train_examples: Positive | None = None
    kind: Literal["retrieved"] = "retrieved"

    @property
    def of_train(self) -> bool:
        """Whether passages are training questions with their answers, not documents."""
        return self.source == "train"


@dataclass(frozen=True, slots=True)
class WholeCorpus:
    """Every document of the corpus, in the order of their ids."""

    kind: Literal["whole"] = "whole"


@dataclass(frozen=True, slots=True)
class Gold(Passages):
    """Passages of the documents that hold the answer, cut, ranked and limited as `Retrieved` ones are."""

    kind: Literal["gold"] = "gold"


def gold_like(passages: Retrieved) -> Gold:
    """Gold passages that are cut, ranked and limited as these are."""
    return Gold(**{field.name: getattr(passages, field.name) for field in fields(Passages)})


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
    facts = asdict(passages, dict_factory=set_fields)
    return sha256_json({name: value for name, value in facts.items() if name not in _HOW_MANY})[:16]


def cut_id(passages: Retrieved | Gold) -> str:
    """Six hex digits that name what decides the text of each passage."""
    facts = asdict(passages, dict_factory=set_fields)
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
    | frozenset({"server", "structured", "model_label", "variant", "form", "replay"})
)
"""Fields that are no part of an id while they are None: systems of runs from before them keep theirs."""

Context = Annotated[
    Examples | Nearest | Retrieved | WholeCorpus | Gold | Instructions, Field(discriminator="kind")
]
"""What stands in the prompt besides the question, or before it in the place of the task's own words."""
Kind = Literal["examples", "nearest", "retrieved", "learnt", "whole", "gold"]
"""`learnt`: passages found in what a fine-tune was trained on."""
KINDS: tuple[Kind, ...] = get_args(Kind)


def set_fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in pairs if value is not None or name not in SINCE}


Contexts = tuple[Context, ...]


def passages_of(contexts: Contexts) -> Retrieved | Gold | None:
    """The part of a context that puts passages into the prompt."""
    return next((part for part in contexts if isinstance(part, Retrieved | Gold)), None)


def whole_corpus(contexts: Contexts) -> bool:
    """Whether every document of the corpus stands in the prompt."""
    return any(isinstance(part, WholeCorpus) for part in contexts)


def examples_of(contexts: Contexts) -> Examples | Nearest | None:
    """The part of a context that puts examples into the prompt."""
    return next((part for part in contexts if isinstance(part, Examples | Nearest)), None)


def instructions_of(contexts: Contexts) -> Instructions | None:
    """A system message of its own; None: it is the task's."""
    return next((part for part in contexts if isinstance(part, Instructions)), None)
