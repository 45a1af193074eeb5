"""A strategy for the requests of an lm-eval job: whose weights answer, and which passages enter the documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from harness.corpus.documents import read_corpus
from harness.corpus.inventory import tell
from harness.corpus.retriever import open_retriever
from harness.corpus.window import tell_cut_questions
from harness.engines.engine import AdapterRef
from harness.errors import InputError
from harness.finetune.store import load_or_train
from harness.lmeval.documents import canonical
from harness.lmeval.prompts import LmEvalPrompts
from harness.records import Question
from harness.run.plan import obstacle, setup_of
from harness.run.prepare import TaskContext
from harness.run.prompts import Prompt
from harness.run.tools import Tools
from harness.spec.strategy import Strategy
from harness.spec.system import Examples, System
from harness.spec.task import Task


@dataclass
class Member:
    """One task of ours behind the job: its prompts, and the adapter that is trained for it."""

    context: TaskContext
    system: System
    tools: Tools
    _prompts: dict[tuple[str, int], Prompt] = field(default_factory=dict)

    @property
    def prompts(self) -> LmEvalPrompts | None:
        """The prompts of lm-eval's task; None where the task is one of our own files."""
        prompts = self.context.prompts_of_task
        return prompts if isinstance(prompts, LmEvalPrompts) else None

    @cached_property
    def adapter(self) -> AdapterRef | None:
        """The adapter of the strategy, trained now or found in the cache."""
        if not self.system.adapted:
            return None
        tools = self.tools
        assert tools.trainer is not None  # else it would not be served
        training = self.context.training(self.system, self.context.seed)
        return load_or_train(tools.trainer, training, tools.cache, tools.progress).ref

    @cached_property
    def _questions(self) -> dict[str, Question]:
        assert self.prompts
        opened = self.prompts.opened
        asked = {question.id: question for question in self.context.task.test}
        return {canonical([opened.doc(question)]): question for question in asked.values()}

    def prompt(self, request: Any) -> Prompt:
        """The prompt of the document behind a request, with what the strategy puts into it.

        Raises InputError where the same without passages is not what the request says.
        """
        assert self.prompts
        name = self.context.task.name
        question = self._questions.get(canonical([request.doc]))
        if question is None:
            raise InputError(
                f"the job's document {request.doc_id} is none of the task {name!r}: name the same task."
            )
        shots = self._shots(question, request)
        key = (question.id, shots)
        if key not in self._prompts:
            examples = (Examples(shots),) if shots else ()
            system = replace(self.system, context=(*examples, *self.system.context))
            (self._prompts[key],) = self.context.prompts(system, [question])
        return self._prompts[key]

    def _shots(self, question: Question, request: Any) -> int:
        """How many examples the job shows: as many as make the very prompt that the request holds."""
        assert self.prompts
        opened, render = self.prompts.opened, self.prompts.render
        for shots in dict.fromkeys((0, opened.shots)):
            _, plain = opened.requests(question, "", shots, render)
            if plain[request.idx][0] == request.args[0]:
                return shots
        raise InputError(
            f"the job builds its prompts otherwise than the task {self.context.task.name!r}: say chat_template, system "
            "and examples there as the job's flags do (--apply_chat_template, --system_instruction, --num_fewshot)."
        )


@dataclass(frozen=True)
class Served:
    """The members by the name that lm-eval knows each by; the only one answers to every name."""

    members: dict[str, Member]

    def _member(self, task_name: str) -> Member:
        found = self.members.get(task_name) or (
            next(iter(self.members.values())) if len(self.members) == 1 else None
        )
        if found is None:
            known = ", ".join(self.members)
            raise InputError(f"the job asks {task_name!r}, which is none of the tasks served here: {known}.")
        return found

    def adapter(self, task_name: str) -> AdapterRef | None:
        return self._member(task_name).adapter

    def prompt(self, request: Any) -> Prompt | None:
        """The prompt in place of the request's own; None where the strategy leaves it as it is."""
        member = self._member(request.task_name)
        return member.prompt(request) if member.system.passages else None


def served(strategy: Strategy, tasks: Sequence[Task], tools: Tools, seed: int) -> Served:
    """Make a strategy ready for a job. Raises InputError where one of the tasks cannot serve it."""
    if "examples" in strategy.context:
        raise InputError(
            "examples are the job's own here: leave them to --num_fewshot and take a strategy without."
        )
    members: dict[str, Member] = {}
    embedder = None
    setup = setup_of(tools.engine, tools.embedder_name, seed)
    for task in tasks:
        system = setup(task, strategy)
        why = obstacle(task, system, tools.engine, trainable=tools.trainer is not None)
        if why:
            raise InputError(f"strategy {strategy.name}: {why}.", path=task.path)
        retriever = None
        if system.passages:
            assert task.corpus is not None
            embedder = embedder or tools.embedder()
            corpus = read_corpus(task.corpus)
            tell(task.name, corpus.inventory, tools.progress)
            tell_cut_questions(task.name, task.test, embedder, system.passages, tools.progress)
            retriever = open_retriever(
                corpus,
                embedder,
                system.passages,
                cache=tools.cache,
                progress=tools.progress,
            )
        member = Member(TaskContext(task, tools.engine, retriever, seed), system, tools)
        if system.passages and member.prompts is None:
            raise InputError(
                "passages enter lm-eval's documents; name a task file with lm_eval.", path=task.path
            )
        name = member.prompts.opened.task.config.task if member.prompts else task.name
        members[name] = member
    return Served(members)
