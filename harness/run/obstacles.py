"""Why a task or a model cannot serve a system, and what makes it: found out before anything is read or asked."""

from __future__ import annotations

from harness.engines.engine import Ability, Engine
from harness.run.facts import Obstacle
from harness.spec.system import System
from harness.spec.task import Task
from harness.spec.taskspec import TaskSpec
from harness.steps import Step

NAME_CORPUS = Step("Name your documents in the task file", "corpus: FOLDER")
NAME_TRAINING = Step("Name some in the task file", "questions: {train: FILE}")
NO_GOLD = Obstacle(
    "no test question names its gold documents", Step("Name them in the test file", '"gold_docs": ["ID"]')
)
NOT_TRAINED_THERE = Obstacle(
    "training behind a server is not possible here",
    Step("Name an adapter that it serves, in the models file", "adapters: {TASK: {model: NAME}}"),
)
NO_FINE_TUNE = Obstacle(
    "it controls a fine-tune, and none is trained beside it",
    Step("Compare it with one", "--strategies lora,rag-on-train"),
)
ONLY_FORGETTING = Obstacle(
    "the task is asked to show forgetting only, by base and the adapters of other tasks",
    Step("Name it beside the others to compare strategies on it"),
)
OWN_TASK = Step("Leave the strategy out, or write a task file of your own", "harness tasks new NAME")
NO_LABELS = Obstacle(
    "the task has no labels to choose from", Step("Name them in the task file", "answer: {labels: [A, B]}")
)
ADAPTABLE = Step("Take a model of linear layers in float32, bfloat16 or float16", "--model NAME")
SEVERAL_TURNS = Step("Take a chat model that writes several", "--model NAME")
LOCAL = Step("Take a local model", "--model NAME")
SCORING_SERVER = Step(
    "Name its tokenizer in the models file, and let it send prompts with their log-probabilities (echo)",
    "tokenizer: NAME",
)


def obstacle(task: Task, system: System, engine: Engine, *, trainable: bool = True) -> Obstacle | None:
    """Why the task or the engine cannot serve a system; None if they can."""
    if known := [task.obstacles[kind] for kind in system.kinds if kind in task.obstacles]:
        return Obstacle(known[0], OWN_TASK)
    if system.passages and not system.reads_train and task.corpus is None:
        return Obstacle("the task names no corpus to retrieve from", NAME_CORPUS)
    if system.whole_corpus and task.corpus is None:
        return Obstacle("the task names no corpus to show whole", NAME_CORPUS)
    if system.gold and not any(question.gold_docs for question in task.test):
        return NO_GOLD
    if system.reads_train and not task.train:
        return Obstacle("the task has no training questions to retrieve from", NAME_TRAINING)
    if system.recipe and engine.identity.server:
        return NOT_TRAINED_THERE
    if system.recipe and not task.train:
        return Obstacle("the task has no training questions to fine-tune on", NAME_TRAINING)
    if system.recipe and not trainable:
        return Obstacle(f"the weights of {engine.identity.name} cannot be adapted here", ADAPTABLE)
    if system.examples and not task.train and not task.prompts:
        return Obstacle("the task has no training questions to show as examples", NAME_TRAINING)
    if system.examples and not task.prompts and not _takes_examples(engine):
        why = f"the chat template of {engine.identity.name} writes one turn only, and examples are earlier turns"
        return Obstacle(why, SEVERAL_TURNS)
    return _formless(task, system, engine) or _scoreless(task, system, engine)


def _formless(task: Task, system: System, engine: Engine) -> Obstacle | None:
    """Why answers cannot be held to the form that a system asks for."""
    free = Step("Compare it without a form", f"--strategies {system.strategy}")
    if system.form is None:
        return None
    if not isinstance(task.spec, TaskSpec):
        return Obstacle("the task is lm-eval's, which says itself how it is answered", free)
    if system.form == "options":
        return None if task.spec.answer.labels else NO_LABELS
    form = task.spec.answer.form
    if form is None:
        return Obstacle(f"answers of type {task.spec.answer.type} have no form to be held to", free)
    unheld = engine.why_not_held(form)
    return Obstacle(unheld, free) if unheld else None


def _scoreless(task: Task, system: System, engine: Engine) -> Obstacle | None:
    """Why options cannot be told apart by their likelihood, where a system needs that."""
    scored = system.form == "options" or any(question.choices for question in task.test)
    if not scored or Ability.SCORE in engine.abilities:
        return None
    step = SCORING_SERVER if engine.identity.server else LOCAL
    return Obstacle(f"{engine.identity.name} gives no log-likelihoods of the options", step)


def _takes_examples(engine: Engine) -> bool:
    facts = engine.template_facts()
    return facts is None or facts.several_turns
