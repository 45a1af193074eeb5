"""The engine over OpenAI-compatible servers of one model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property

from harness.engines.endpoint.asking import Asker
from harness.engines.endpoint.client import Body, Client, Path
from harness.engines.endpoint.dialect import Dialect
from harness.engines.endpoint.faults import Fault, Remedy
from harness.engines.endpoint.holding import keeps_to, probe, roomy, unwrapped
from harness.engines.endpoint.prompts import Prompts
from harness.engines.endpoint.replies import answer_start, completion_of, reply_of
from harness.engines.endpoint.scoring import Scorer
from harness.engines.endpoint.servers import Servers
from harness.engines.endpoint.streams import read_stream
from harness.engines.engine import (
    Ability,
    AdapterRef,
    Clock,
    Completion,
    EngineIdentity,
    LoadFacts,
    Message,
    PromptFacts,
    RenderedPrompt,
    Request,
    TimedCompletion,
    Usage,
)
from harness.engines.reasoning import THINKING_TOKENS
from harness.errors import NoAnswer, PromptTooLong
from harness.records import TemplateFacts
from harness.spec.forms import AnswerForm

WHOLE, SLACK, LEAST_READ = 0.85, 16, 0.5
"""A server that read less of a prompt than this share of what it reads of others, less a few tokens, has cut it."""

Manner = tuple[int, bool]
"""Tokens for thoughts, and whether stop texts are sent."""


class EndpointEngine:
    """Implements `Engine` over the servers of a model. Many threads may call `complete` at once; each waits until it
    may ask.

    `scorer` None: the servers can give no log-likelihoods, for want of its tokenizer. Without one in `prompts`, tokens
    that the server does not count are estimated.
    """

    def __init__(
        self,
        identity: EngineIdentity,
        servers: Servers,
        dialect: Dialect,
        asker: Asker,
        *,
        window: int,
        prompts: Prompts,
        scorer: Scorer | None,
        note: Callable[[str], None],
    ) -> None:
        self.identity, self.concurrency, self.window = identity, servers.most, window
        self._servers, self._dialect, self._asker = servers, dialect, asker
        self._prompts, self._scorer, self._note = prompts, scorer, note
        self._told: set[str] = set()
        self._held: dict[AnswerForm, str | None] = {}
        """Form → why the server does not hold replies to it."""
        self._room = 0
        """Tokens for thoughts, beside those of an answer."""
        self._read_share = LEAST_READ
        """The largest share of a prompt's tokens, as counted here, that the server said it had read."""

    @property
    def abilities(self) -> frozenset[Ability]:
        known = {Ability.COUNT, Ability.RENDER} if self._prompts.chat else set()
        return frozenset(known | ({Ability.SCORE} if self._scores else set()))

    @cached_property
    def _scores(self) -> bool:
        """Whether the server gives log-likelihoods; it is asked for some where a task needs them."""
        if self._scorer is None:
            return False
        why = self._scorer.why_not(self._servers.first.client, self.identity.name)
        if why:
            self._tell("scores", f"it gives no log-likelihoods: {why}.")
        return why is None

    def why_not_held(self, form: AnswerForm) -> str | None:
        """Servers that do not know the parameter may pass over it, so one reply shows whether it is held."""
        if form not in self._held:
            self._held[form] = self._tried_form(probe(form), form)
        return self._held[form]

    def _tried_form(self, request: Request, form: AnswerForm) -> str | None:
        def work(client: Client) -> str | None:
            try:
                reply = reply_of(client.post(*self._body(self._roomy(request), self.identity.name)))
            except Fault as fault:
                if fault.parameter == "response_format" or fault.remedy is Remedy.OTHER:
                    return fault.reason
                raise
            content = reply.content[answer_start(reply.content) :]
            return None if keeps_to(form, content) else "the server does not hold replies to a form"

        try:
            return self._asker.ask(work)[0]
        except NoAnswer as error:
            return str(error).rstrip(".")

    def facts(self) -> LoadFacts:
        """What the servers refused until now; of their weights nothing is known."""
        return LoadFacts(None, None, self._dialect.unsent, machines=self._servers.hosts)

    def template_facts(self) -> TemplateFacts | None:
        return None

    def inspect(self, request: Request) -> PromptFacts:
        return self._prompts.facts(request)

    def load(self, adapter: AdapterRef | None) -> None:
        """Does nothing: the server holds its adapters ready."""

    def release(self) -> None:
        """Does nothing: no weights are here."""

    def close(self) -> None:
        """Let threads that wait end with ModelUnavailable, and close the connections."""
        self._asker.close()

    def render(
        self, messages: Sequence[Message], *, prefill: bool = False, thinking: bool | None = False
    ) -> str:
        return self._prompts.render(messages, prefill=prefill, thinking=thinking)

    def show(
        self, request: Request, turns: Sequence[Message], *, thinking: bool | None = False
    ) -> RenderedPrompt:
        return self._prompts.show(request, turns, thinking=thinking)

    # Answering

    def complete(
        self,
        requests: Sequence[Request],
        adapter: AdapterRef | None = None,
        *,
        job: Sequence[Request] = (),  # noqa: ARG002 - what prompts share is for the server to see
    ) -> list[Completion]:
        return [self._answer(request, self._model(adapter)) for request in requests]

    def _model(self, adapter: AdapterRef | None) -> str:
        if adapter is None:
            return self.identity.name
        assert adapter.served is not None  # adapters of folders belong to local models
        return adapter.served

    def _answer(self, request: Request, model: str) -> Completion:
        if request.scored:
            assert self._scorer is not None  # the plan asks for Ability.SCORE first
            return self._scorer.score(request, model, self._asker.ask)

        def work(client: Client) -> Completion:
            roomy = self._roomy(request)
            reply = reply_of(client.post(*self._body(roomy, model)))
            return completion_of(reply, roomy.decoding, self._prompts.count)

        attempts, better = 0, True
        while better:
            asked = self._manner(request)
            completion, again = self._asker.ask(lambda client: self._or_withheld(work, client))
            attempts += again
            better = self._better(completion, request, asked)
        return self._checked(completion, request, attempts)

    def _roomy(self, request: Request) -> Request:
        """The request with the room for thoughts that this model has shown to need."""
        decoding = roomy(request.decoding)
        room = max(decoding.thinking_tokens, self._room)
        return replace(request, decoding=replace(decoding, thinking_tokens=room))

    def _manner(self, request: Request) -> Manner:
        """How it would be asked now."""
        stops = not request.decoding.stop_at_once and "stop" not in self._dialect.unsent
        return self._roomy(request).decoding.thinking_tokens, stops and bool(request.decoding.stop)

    def _better(self, completion: Completion, request: Request, asked: Manner) -> bool:
        """Whether a reply without a word may have some if it is asked for as from now on.

        The limit fell among thoughts that the server does not leave out, or a stop text stood before the first word.
        """
        if completion.text.strip() or not completion.completion_tokens:
            return False
        if completion.finish_reason == "length":
            if not completion.reasoning_tokens:
                return False
            self._room = min(THINKING_TOKENS, self.window // 4)
            more = f"{self._room:,} tokens more are allowed for that, and counted apart"
            self._tell("thinks", f"it thinks before it answers; {more}.")
        elif asked[1]:
            self._dialect.without("stop", "a stop text ended a reply before its first word")
        return self._manner(request) != asked

    def _body(self, request: Request, model: str) -> tuple[Path, Body]:
        if isinstance(request.prompt, str):
            return "completions", self._dialect.text(request, model)
        return "chat/completions", self._dialect.chat(request, model)

    def _or_withheld(self, work: Callable[[Client], Completion], client: Client) -> Completion:
        """The answer; an empty one where the server's filter keeps it back, since that is what its users get."""
        try:
            return work(client)
        except Fault as fault:
            if fault.remedy is not Remedy.WITHHELD:
                raise
            self._tell("withheld", f"{fault.reason}; such answers are empty ones.")
            return Completion("", 0, "stop")

    def _checked(self, completion: Completion, request: Request, attempts: int) -> Completion:
        """An answer with what is known of asking for it. Raises PromptTooLong where the server cut the prompt."""
        completion = unwrapped(completion, request.decoding)
        facts, usage = self.inspect(request), completion.usage
        if usage is None:
            self._tell(
                "usage", f"the server does not say how many tokens it read; they are {self._counting}."
            )
            # Somebody pays for each attempt, whoever counts its tokens.
            usage = Usage(facts.tokens, None, attempts) if attempts > 1 else None
            return replace(completion, usage=usage)
        # Ollama reads the end of a prompt that is longer than its num_ctx, and says nothing. Its other counts tell: a
        # tokenizer that is not quite the model's own is off by as much for all prompts.
        read_share = usage.prompt_tokens / max(facts.tokens, 1)
        self._read_share = max(self._read_share, min(read_share, 1.0))
        if self._prompts.chat and usage.prompt_tokens < WHOLE * self._read_share * facts.tokens - SLACK:
            read = f"the server read {usage.prompt_tokens:,} of the prompt's {facts.tokens:,} tokens"
            raise PromptTooLong(read, attempts)
        return replace(completion, usage=replace(usage, attempts=attempts))

    @property
    def _counting(self) -> str:
        return "counted by its tokenizer" if self._prompts.chat else "estimated from characters"

    def _tell(self, what: str, sentence: str) -> None:
        """Say a thing once."""
        if what not in self._told:
            self._told.add(what)
            self._note(f"{self.identity.name}: {sentence}")

    # Timing

    def time(self, request: Request, adapter: AdapterRef | None, clock: Clock) -> TimedCompletion:
        """One streamed reply, asked for once. TTFT is that of the first token of the answer, behind any thoughts."""
        model = self._model(adapter)
        if request.scored:
            return self._timed_score(request, model, clock)

        def work(client: Client) -> TimedCompletion:
            roomy = self._roomy(request)
            path, body = self._body(roomy, model)
            start = clock()
            stream = read_stream(client.stream(path, self._dialect.streamed(body)), clock)
            completion = completion_of(stream.reply, roomy.decoding, self._prompts.count)
            assert stream.first_s is not None
            assert stream.last_s is not None
            return TimedCompletion(completion, stream.first_s - start, stream.last_s - start)

        better = True
        while better:  # what was timed was no answer, and nothing failed
            asked = self._manner(request)
            timed = self._asker.once(work)
            better = self._better(timed.completion, request, asked)
        return replace(timed, completion=self._checked(timed.completion, request, 1))

    def _timed_score(self, request: Request, model: str, clock: Clock) -> TimedCompletion:
        assert self._scorer is not None
        start = clock()
        completion = self._scorer.score(request, model, lambda work: (self._asker.once(work), 1))
        seconds = clock() - start
        return TimedCompletion(completion, seconds, seconds)
