"""A system is a strategy made concrete: this model, this adapter or none, this context, with these settings.

Systems are what a run compares; a report has a row for each. Everything that shapes a system's answers, besides the
task's own wording and its corpus, stands in this value. Whoever wants to know how two systems differ compares values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Annotated, Any, Literal, get_args

from pydantic import Discriminator, Tag

from harness.files import sha256_json
from harness.ranges import Name, NonNegative, Positive, Sha256, Share
from harness.spec.context import (
    Context,
    Examples,
    Gold,
    Instructions,
    Kind,
    Nearest,
    Retrieved,
    examples_of,
    instructions_of,
    passages_of,
    set_fields,
    whole_corpus,
)


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
    replay: Share | None = None
    """So many answers of the base model to general prompts, by the count of training questions, are learnt as well."""

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
        facts: dict[str, Any] = asdict(self, dict_factory=set_fields)
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
        return whole_corpus(self.context)

    @property
    def gold(self) -> Gold | None:
        return next((part for part in self.context if isinstance(part, Gold)), None)

    @property
    def examples(self) -> Examples | Nearest | None:
        """Training questions that stand in the prompt, the same for all questions or each question's nearest."""
        return examples_of(self.context)

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
        return instructions_of(self.context)

    @property
    def passages(self) -> Retrieved | Gold | None:
        """Whatever passages stand in the prompt, found or given."""
        return passages_of(self.context)

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


def name_at_home(strategy: str, model_label: str | None, marks: Sequence[str]) -> str:
    """`rag`, or `rag@large` in a run of several models; with marks `rag[constrained]@large`."""
    named = f"{strategy}[{','.join(marks)}]" if marks else strategy
    return named if model_label is None else f"{named}@{model_label}"
