"""What answers: the protocol that the rest of the program knows, what it is asked, and what comes back.

An engine answers conversations; token ids are its private matter. Implementations: `transformers_engine.py` (a local
model), `endpoint/` (a server), `scripted.py` (replies from a list).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Literal, Protocol

from harness.ranges import Count, LogProb, Positive, Text
from harness.records import FinishReason, Proof, TemplateFacts
from harness.spec.forms import AnswerForm
from harness.spec.system import ModelRef

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation: role is `system`, `user` or `assistant`."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Decoding:
    """How a reply is generated: greedily, up to `max_tokens` or the first of `stop` behind its first word.

    A line break before any word ends nothing, but with `stop_at_once`, which is lm-eval's rule.
    `json`: the reply shall be JSON; a server that is told to hold answers to their form is asked for it.
    `thinking_tokens`: what a model that thinks before it answers may write for that, beside `max_tokens`.
    """

    max_tokens: int
    stop: tuple[str, ...] = ()
    json: bool = False
    thinking_tokens: int = 0
    form: AnswerForm | None = None
    """What the answer may be: a reply of no other form is written."""
    stop_at_once: bool = False

    def end_of(self, text: str) -> int | None:
        """The place of the first stop text that ends an answer; None where it goes on."""
        first = 0 if self.stop_at_once else len(text) - len(text.lstrip())
        return min((at for stop in self.stop if stop and (at := text.find(stop, first)) >= 0), default=None)

    @property
    def most(self) -> int:
        """The most tokens of a reply, thoughts included."""
        return self.max_tokens + self.thinking_tokens


@dataclass(frozen=True, slots=True)
class Continuation:
    """A text whose log-likelihood is asked for. `context`: what it follows; None: the request's prompt.

    `ends`: the reply ends with it, so that "cancel" is not likelier than "cancel an order" for being its beginning.
    """

    text: str
    context: str | None = None
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted behind a prompt: a reply, or log-likelihoods; as of a request, which adds the text.

    `continuations` are without what they follow.
    """

    decoding: Decoding = Decoding(1)
    continuations: tuple[Continuation, ...] = ()
    whole: bool = False

    @property
    def scored(self) -> bool:
        """Whether log-likelihoods are wanted, not a reply."""
        return self.whole or bool(self.continuations)


@dataclass(frozen=True, slots=True)
class Request:
    """One prompt, and what is wanted: a reply, or log-likelihoods.

    `prompt`: a conversation, which the engine puts into the model's chat template, or plain text. With
    `continuations` they are scored instead of a reply being written; with `whole` the prompt text itself is.
    `unique`: of a timed request to a server, what stands at the prompt's very front so that nothing of it was read
    before; local engines keep nothing between timed requests, and leave it out.
    """

    prompt: tuple[Message, ...] | str
    decoding: Decoding = Decoding(1)
    continuations: tuple[Continuation, ...] = ()
    whole: bool = False
    unique: str | None = None

    @property
    def scored(self) -> bool:
        """As of `Wanted`."""
        return self.whole or bool(self.continuations)

    @property
    def wanted(self) -> Wanted:
        """What is asked for, without the text of the prompt."""
        texts = tuple(Continuation(option.text, ends=option.ends) for option in self.continuations)
        return Wanted(self.decoding, texts, self.whole)


@dataclass(frozen=True, slots=True)
class PromptFacts:
    """What a model reads for a request. `tokens`: of the prompt; `longest`: at most at once, continuation included.

    `sha256` names the prompt, and what is scored behind plain text. Decoding and the options behind a conversation
    are not in it: whoever names an answer adds them, as `answer_key` does. `quoted`: control tokens of the model that
    stand in its contents, and are read as text; `imitated`: texts that the chat template marks turns with, which the
    model cannot tell from the template's own.
    """

    tokens: int
    longest: int
    sha256: str
    quoted: tuple[str, ...] = ()
    imitated: tuple[str, ...] = ()
    beginnings: tuple[tuple[int, ...], ...] = field(default=(), compare=False, repr=False)
    """What the model reads before it writes, or before each text that it scores, as tokens; of an engine that reads
    once what prompts share at the front. As long as the prompt, so whoever keeps facts leaves it out."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a server counted for a request. `cached_tokens`: of the prompt, that it had read before; None: not said.

    `attempts`: how often it was asked until it answered.
    """

    prompt_tokens: Count
    cached_tokens: Count | None = None
    attempts: Positive = 1


@dataclass(frozen=True, slots=True)
class Completion:
    """The answer to one request.

    `completion_tokens` counts the ids that were generated up to and including the first end token, `reasoning_tokens`
    those of them that were thoughts before the answer, which `text` leaves out. `finish_reason` is `stop` (end token
    or stop text), `length` (cut by max_tokens) or `choice` (scored, nothing was written; `choice_logprobs`, in nats,
    and `greedy` have an entry a continuation). `usage` None: nothing was counted but what `inspect` tells.
    """

    text: Text
    completion_tokens: Count
    finish_reason: FinishReason
    choice_logprobs: tuple[LogProb, ...] | None = None
    greedy: tuple[bool, ...] | None = None
    """Whether greedy decoding would write each continuation."""
    reasoning_tokens: Count = 0
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class TimedCompletion:
    """A completion measured alone: seconds from its start to the first and to the last token."""

    completion: Completion
    ttft_s: float
    e2e_s: float


@dataclass(frozen=True, slots=True)
class AdapterRef:
    """An adapter: one trained here, in a folder, with the SHA-256 of its weights; or one that a server holds, which
    knows it by the model name `served`. `merged`: as it would be deployed, added to the base.
    """

    folder: Path | None
    sha256: str | None
    merged: bool = True
    served: str | None = None


class Ability(StrEnum):
    """What not every engine can do."""

    SCORE = "score"
    """Give the log-likelihood of a continuation."""
    RENDER = "render"
    """Show the text that the model reads for a conversation."""
    COUNT = "count"
    """Count the tokens of a prompt as the model does; without it they are estimated, rather too many."""
    EXACT = "exact"
    """Give the same answer to the same request every time."""


@dataclass(frozen=True, slots=True)
class EngineIdentity:
    """Who answers: part of every cache key and of the manifest. `sha256`: of the weights, None where unseen.

    `server`, `structured`: as of a ModelRef.
    """

    name: str
    source: str
    sha256: str | None
    dtype: str | None
    device: str
    licence: str | None = None
    revision: str | None = None
    billed_by: Literal["hour", "token"] = "hour"
    server: str | None = None
    structured: Literal[True] | None = None

    @property
    def device_kind(self) -> str:
        """`cuda` of `cuda:0`: answers are shared between devices of a kind, not across kinds."""
        return self.device.split(":")[0]

    @property
    def model(self) -> ModelRef:
        return ModelRef(self.name, self.sha256, self.dtype, self.revision, self.server, self.structured)


@dataclass(frozen=True, slots=True)
class LoadFacts:
    """What is known once the weights are loaded; None: of a server, which does not say.

    `unsent`: parameters of decoding that the server refuses, and that are left out of requests. `decoding`: of
    replies; `training`: of packed examples, once an adapter was trained; `merging`: of adapters into the weights,
    where the library's way is to leave them beside. None: there was nothing to prove. `machines`: on how many a served
    model answers now.
    """

    load_s: float | None
    parameters: int | None
    unsent: tuple[str, ...] = ()
    decoding: Proof | None = None
    training: Proof | None = None
    merging: Proof | None = None
    machines: int = 1


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """A request as the model reads it, beside what its chat template writes by itself.

    `skeleton`: the same conversation with its n-th content replaced by `%%n%%`, empty for plain text; `system_turn`:
    where its system message stands, as of `TemplateFacts`.
    `first_tokens`: the prompt's first ids; `added_tokens`: those that the tokenizer puts around any text.
    """

    text: str
    skeleton: str = ""
    first_tokens: tuple[int, ...] = ()
    added_tokens: tuple[int, ...] = ()
    system_turn: Literal["own", "user"] = "own"


UNKNOWN_WINDOW = 10**9
"""Of a server that does not say how much its model reads: it refuses what is too long (`PromptTooLong`)."""


class Engine(Protocol):
    """A model that answers as itself or under an adapter."""

    @property
    def identity(self) -> EngineIdentity: ...

    @property
    def abilities(self) -> frozenset[Ability]: ...

    @property
    def concurrency(self) -> int:
        """1 for what answers batches, one at a time; of a server, how many single requests it is asked at once."""

    @property
    def window(self) -> int:
        """The longest prompt plus reply that the model reads, in tokens; UNKNOWN_WINDOW: its server does not say."""

    def facts(self) -> LoadFacts | None:
        """None before the weights are first loaded."""

    def template_facts(self) -> TemplateFacts | None:
        """How the model's conversations are written; needs no weights. None where a server does it, unseen."""

    def inspect(self, request: Request) -> PromptFacts:
        """How long a request is, and a hash that names its prompt; needs no weights."""

    def complete(
        self, requests: Sequence[Request], adapter: AdapterRef | None = None, *, job: Sequence[Request] = ()
    ) -> list[Completion]:
        """Answer a batch of requests of one kind (all written with the same decoding, or all scored).

        `job`: requests whose prompts share at the front what those of all that are asked alike share, which may be
        read once: all of these, or two of them (`Prompts.bounds`). Raises NoAnswer for a single request whose answer
        could not be had, ModelUnavailable where asking further requests is pointless.
        """

    def time(self, request: Request, adapter: AdapterRef | None, clock: Clock) -> TimedCompletion:
        """Answer one request alone, with nothing computed beforehand. Raises as `complete`, at the first failure."""

    def why_not_held(self, form: AnswerForm) -> str | None:
        """Why replies cannot be held to a form, a clause; None where they can. A server is asked once."""

    def load(self, adapter: AdapterRef | None) -> None:
        """Make an adapter (None: the model as it is) ready to answer, so that no answer waits for it."""

    def release(self) -> None:
        """Free the memory that the weights take; they are read again when they are next needed. `facts` stay."""

    def render(
        self, messages: Sequence[Message], *, prefill: bool = False, thinking: bool | None = False
    ) -> str:
        """The text of a conversation that ends where the reply begins; needs `Ability.RENDER`.

        `prefill`: the last message is the assistant's, who is to go on with it. `thinking`: whether a model that can
        think before it replies does; None: as its template has it.
        """

    def show(
        self, request: Request, turns: Sequence[Message], *, thinking: bool | None = False
    ) -> RenderedPrompt:
        """A request as the model reads it. `turns`: the conversation it was made of, which plain text hides."""


def is_served(engine: Engine) -> bool:
    """Whether single requests are sent to a server, which may fail one by one."""
    return engine.concurrency > 1 or engine.identity.server is not None
