"""A strategy for the requests of an lm-eval job: whose weights answer, and which passages enter the documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from harness.corpus.documents import read_corpus
from harness.corpus.gold import with_gold_ids
from harness.corpus.inventory import tell
from harness.corpus.retrievers import retrievers_of
from harness.corpus.window import tell_cut_questions
from harness.engines.engine import AdapterRef
from harness.errors import InputError, raise_all, shown
from harness.finetune.store import load_or_train
from harness.lmeval.documents import canonical
from harness.lmeval.prompts import LmEvalPrompts
from harness.quantities import listed
from harness.records import Question
from harness.run.obstacles import obstacle
from harness.run.plan import setup_of
from harness.run.prepare import TaskContext
from harness.run.prompts import Prompt
from harness.run.tools import Tools
from harness.spec.context import Examples
from harness.spec.strategy import Strategy
from harness.spec.system import System
from harness.spec.task import Task


@dataclass
class Member:
    """One task of ours behind the job: its prompts, and the adapter that is trained for it."""

    context: TaskContext
    system: System
    tools: Tools
    _prompts: dict[tuple[str, int], Prompt] = field(default_factory=dict)
    _asked: str | None = None
    _made: dict[int, list[tuple[Any, ...]]] = field(default_factory=dict)

    @property
    def prompts(self) -> LmEvalPrompts | None:
        """The prompts of lm-eval's task; None where the task is one of our own files."""
        prompts = self.context.prompts_of_task
        return prompts if isinstance(prompts, LmEvalPrompts) else None

    @property
    def name(self) -> str:
        """What a job calls the task."""
        return str(self.prompts.opened.task.config.task) if self.prompts else self.context.task.name

    @cached_property
    def adapter(self) -> AdapterRef | None:
        """The adapter of the strategy, trained now or found in the cache."""
        if not self.system.adapted:
            return None
        tools = self.tools
        assert tools.model.trainer is not None  # else it would not be served
        training = self.context.training(self.system, self.context.seed)
        return load_or_train(tools.model.trainer, training, tools.cache, tools.progress).ref

    @property
    def trained(self) -> AdapterRef | None:
        """The adapter where it has been asked for; this trains none."""
        return vars(self).get("adapter")

    @property
    def dropped(self) -> int:
        """How many passages did not fit into the prompts that were asked."""
        return sum(prompt.dropped for prompt in self._prompts.values())

    def prompt(self, request: Any) -> Prompt | None:
        """What is read in place of a request's own prompt; None where that is read as it is.

        Raises InputError where the request's prompt is not what the task puts to the strategy, passages left aside:
        a fine-tune would be asked otherwise than it was taught, and passages would enter other prompts.
        """
        if not self.prompts:
            self._check_own(request)
            return None
        question = self._question(request)
        shots = self._shots(question, request)
        if not self.system.passages:
            return None
        key = (question.id, shots)
        if key not in self._prompts:
            examples = (Examples(shots),) if shots else ()
            system = replace(self.system, context=(*examples, *self.system.context))
            (self._prompts[key],) = self.context.prompts(system, [question])
        return self._prompts[key]

    @cached_property
    def _questions(self) -> dict[str, Question]:
        assert self.prompts
        opened = self.prompts.opened
        return {canonical([opened.doc(question)]): question for question in self.context.task.test}

    @cached_property
    def _places(self) -> dict[str, Question]:
        return {question.id: question for question in self.context.task.test}

    def _question(self, request: Any) -> Question:
        """The question of the request's document: the one in its place, where several hold the same document."""
        assert self.prompts
        doc = canonical([request.doc])
        here = self._places.get(str(request.doc_id))
        if here and canonical([self.prompts.opened.doc(here)]) == doc:
            return here
        question = self._questions.get(doc)
        if question is None:
            raise InputError(
                f"the job's document {request.doc_id} is none of the task {self.context.task.name!r}: name the same "
                "task."
            )
        return question

    def _shots(self, question: Question, request: Any) -> int:
        """How many examples the job shows: as many as make the very prompt that the request holds.

        A fine-tune was taught without any. A text to be scored has to be the same too.
        """
        assert self.prompts
        opened = self.prompts.opened
        parts = 1 if opened.written else 2
        asked = list(request.args[:parts])
        allowed = (0,) if self.system.adapted else tuple(dict.fromkeys((0, opened.shots)))
        made = []
        for shots in allowed:
            plain = self._plain(question, shots)
            made += [list(plain[request.idx][:parts])] if request.idx < len(plain) else []
            if made and made[-1] == asked:
                return shots
        own = "".join(made[0]) if made else ""
        hint = " A fine-tune is asked with --num_fewshot 0." if self.system.adapted else ""
        raise InputError(
            f"the job builds its prompts otherwise than the task {self.context.task.name!r}: "
            f"{difference(''.join(asked), own)} (document {request.doc_id}). Say chat_template, system and examples "
            "there as the job's flags do (--apply_chat_template, --fewshot_as_multiturn, --system_instruction, "
            f"--num_fewshot, --seed), or leave the flags out.{hint}"
        )

    def _plain(self, question: Question, shots: int) -> list[tuple[Any, ...]]:
        """The arguments of the requests without passages; kept until another document is asked."""
        assert self.prompts
        if self._asked != question.id:
            self._asked = question.id
            self._made.clear()
        if shots not in self._made:
            _, self._made[shots] = self.prompts.opened.requests(question, "", shots, self.prompts.render)
        return self._made[shots]

    @cached_property
    def _texts(self) -> frozenset[str]:
        """The prompts of a task of our own, as the model reads them."""
        made = self.context.prompts(self.system, self.context.task.test)
        turns = [prompt.request.prompt for prompt in made]
        return frozenset(self.tools.model.engine.render(turn) for turn in turns if not isinstance(turn, str))

    def _check_own(self, request: Any) -> None:
        """A fine-tune for a task of our own answers the task that `tasks export` makes of it, and no other."""
        if self.system.adapted and request.args[0] not in self._texts:
            name = self.context.task.name
            raise InputError(
                f"document {request.doc_id} of the job's task {request.task_name!r} is asked otherwise than the "
                f"questions of {name!r}, on which its fine-tune is trained; it answers that task alone, as `tasks "
                f"export {name} --to lm-eval DIR` writes it, with --apply_chat_template."
            )


def difference(job: str, task: str) -> str:
    """Shows where two prompts part, and how each goes on."""
    at = next((at for at, pair in enumerate(zip(job, task, strict=False)) if pair[0] != pair[1]), None)
    at = min(len(job), len(task)) if at is None else at
    place = f"after {shown(job[max(0, at - 20) : at])}" if at else "at its start"
    return f"{place} the job's has {shown(job[at : at + 40])}, the task's {shown(task[at : at + 40])}"


@dataclass(frozen=True)
class Served:
    """The members by the name that lm-eval knows each by; the weights as they are answer to every name."""

    members: dict[str, Member]

    def check_names(self, names: Iterable[str]) -> None:
        """Raises InputError where the job asks a task that the strategy was not made for."""
        others = [name for name in dict.fromkeys(names) if self._member(name) is None]
        if others and self._particular:
            raise InputError(
                f"the job asks {listed(others)}, and task= serves {listed(list(self.members))} alone: passages and "
                "fine-tunes belong to one task. Start one job per task, each with its own task=."
            )

    @property
    def _particular(self) -> bool:
        """Whether the strategy brings anything of its own to a task."""
        return any(member.system.adapted or member.system.passages for member in self.members.values())

    def _member(self, task_name: str) -> Member | None:
        only = next(iter(self.members.values())) if len(self.members) == 1 else None
        return self.members.get(task_name) or (only if only and not only.prompts else None)

    def adapter(self, task_name: str) -> AdapterRef | None:
        member = self._member(task_name)
        return member.adapter if member else None

    def prompt(self, request: Any) -> Prompt | None:
        """The prompt in place of the request's own; None where the strategy leaves it as it is."""
        member = self._member(request.task_name) if self._particular else None
        return member.prompt(request) if member else None

    def facts(self) -> dict[str, Any]:
        """What answered, for the results of a job; adapters as far as they were asked."""
        members = self.members.items()
        return {
            "tasks": list(self.members),
            "adapters": {name: member.trained.sha256 for name, member in members if member.trained},
            "passages": {
                name: retriever.key
                for name, member in members
                for retriever in member.context.retrievers or ()
            },
            "passages_dropped": {name: member.dropped for name, member in members if member.dropped},
        }


def served(strategy: Strategy, tasks: Sequence[Task], tools: Tools, seed: int) -> Served:
    """Make a strategy ready for a job. Raises InputError where one of the tasks cannot serve it."""
    if {"examples", "nearest"} & {*strategy.context}:
        raise InputError(
            "examples are the job's own here: leave them to --num_fewshot and take a strategy without."
        )
    members: dict[str, Member] = {}
    embedder = None
    setup = setup_of(tools.model.engine, tools.embedder_name, seed)
    for task in tasks:
        system = setup(task, strategy)
        why = obstacle(task, system, tools.model.engine, trainable=tools.model.trainer is not None)
        if why:
            raise InputError(f"strategy {strategy.name}: {why.in_words}", path=task.path)
        retrievers = None
        if system.passages:
            assert task.corpus is not None
            embedder = embedder or tools.embedder()
            corpus = read_corpus(task.corpus)
            tell(task.name, corpus.inventory, tools.progress)
            task, unknown = with_gold_ids(task, corpus)
            raise_all(unknown)
            tell_cut_questions(task.name, task.test, embedder, system.passages, tools.progress)
            retrievers = retrievers_of(
                corpus, embedder, cache=tools.cache, progress=tools.progress, reranker=tools.reranker
            )
            retrievers.of(system.passages)
        member = Member(TaskContext(task, tools.model.engine, retrievers, seed), system, tools)
        if system.passages and member.prompts is None:
            raise InputError(
                "passages enter lm-eval's documents; name a task file with lm_eval.", path=task.path
            )
        members[member.name] = member
    return Served(members)
