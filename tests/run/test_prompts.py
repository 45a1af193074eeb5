"""Prompts: the race is fair only if every strategy's prompt holds exactly what the strategy names."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from harness.records import Passage, Question, Ranked
from harness.run.plan import AdapterNeed
from harness.run.prompts import Context, build_prompt, pick_examples, target_text
from harness.spec.strategy import STRATEGIES
from harness.spec.task import Task
from tests.fakes import FakeChat
from tests.run.worlds import SYSTEM, context_of, make_task, questions, train

QUESTION = Question("q", "Who keeps the saw?", ("Ann",))
PASSAGES = tuple(
    Ranked(Passage(f"{name}#0", name, name.upper(), letter * 20), score)
    for name, letter, score in (("best", "a", 0.9), ("second", "b", 0.8), ("third", "c", 0.7))
)
TWO_SHOWN = (
    f"<system>{SYSTEM}</><user>Documents:\n\nSECOND\n{'b' * 20}\n\nBEST\n{'a' * 20}\n\n"
    "Question: Who keeps the saw?</><assistant>"
)
ONE_SHOWN = (
    f"<system>{SYSTEM}</><user>Documents:\n\nBEST\n{'a' * 20}\n\nQuestion: Who keeps the saw?</><assistant>"
)
BARE = f"<system>{SYSTEM}</><user>Who keeps the saw?</><assistant>"


def with_budget(task: Task, tokens: int) -> Task:
    retrieval = task.spec.retrieval.model_copy(update={"max_prompt_tokens": tokens})
    return dataclasses.replace(task, spec=task.spec.model_copy(update={"retrieval": retrieval}))


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return make_task(tmp_path)


@pytest.mark.parametrize(("plain", "adapted"), [("base", "lora"), ("rag", "lora+rag")])
def test_base_and_adapted_weights_read_the_same_bytes(
    task: Task, tmp_path: Path, plain: str, adapted: str
) -> None:
    context = context_of(task, tmp_path)
    assert context.prompts(STRATEGIES[plain], task.test) == context.prompts(STRATEGIES[adapted], task.test)


def test_a_bare_prompt_is_the_system_message_and_the_question(task: Task) -> None:
    prompt = build_prompt(FakeChat(), task, STRATEGIES["base"], QUESTION, Context((), PASSAGES, 3))
    assert prompt.text == BARE
    assert (prompt.retrieved, prompt.shown, prompt.dropped) == ((), 0, 0)


@pytest.mark.parametrize(
    ("budget", "text", "shown"),
    [(len(TWO_SHOWN), TWO_SHOWN, 2), (len(TWO_SHOWN) - 1, ONE_SHOWN, 1), (len(ONE_SHOWN) - 1, BARE, 0)],
)
def test_over_budget_whole_passages_go_from_the_lowest_ranked_up(
    task: Task, budget: int, text: str, shown: int
) -> None:
    """One token a character, so the budgets are lengths of hand-written prompts. Also: the best is last."""
    prompt = build_prompt(
        FakeChat(), with_budget(task, budget), STRATEGIES["rag"], QUESTION, Context((), PASSAGES, 3)
    )
    assert prompt.text == text
    assert (prompt.shown, prompt.dropped) == (shown, 3 - shown)
    assert prompt.retrieved == PASSAGES, "what was retrieved is recorded even where it was not shown"


def test_the_context_window_less_the_answer_is_a_budget_too(task: Task) -> None:
    chat = FakeChat()
    chat.context_tokens = len(TWO_SHOWN) + task.spec.answer.max_tokens
    assert build_prompt(chat, task, STRATEGIES["rag"], QUESTION, Context((), PASSAGES, 3)).text == TWO_SHOWN
    chat.context_tokens -= 1
    assert build_prompt(chat, task, STRATEGIES["rag"], QUESTION, Context((), PASSAGES, 3)).text == ONE_SHOWN


def test_a_question_longer_than_the_budget_stays_whole(task: Task) -> None:
    long = dataclasses.replace(QUESTION, question="why " * 100)
    prompt = build_prompt(
        FakeChat(), with_budget(task, 64), STRATEGIES["rag"], long, Context((), PASSAGES, 3)
    )
    assert prompt.text == f"<system>{SYSTEM}</><user>{'why ' * 100}</><assistant>"
    assert prompt.dropped == 3


def test_only_k_passages_are_wanted_and_fewer_are_no_drop(task: Task) -> None:
    prompt = build_prompt(FakeChat(), task, STRATEGIES["rag"], QUESTION, Context((), PASSAGES, 2))
    assert (prompt.text, prompt.shown, prompt.dropped) == (TWO_SHOWN, 2, 0)
    prompt = build_prompt(FakeChat(), task, STRATEGIES["rag"], QUESTION, Context((), PASSAGES[:1], 5))
    assert (prompt.text, prompt.shown, prompt.dropped) == (ONE_SHOWN, 1, 0)


def test_examples_are_the_same_for_all_questions_and_come_from_train(task: Task, tmp_path: Path) -> None:
    prompts = context_of(task, tmp_path).prompts(STRATEGIES["few-shot"], task.test)
    heads = {prompt.text[: prompt.text.rindex("<user>")] for prompt in prompts}
    assert len(heads) == 1
    (head,) = heads
    shown = [row["question"] for row in train() if row["question"] in head]
    assert head.count("<user>") == len(shown) == task.spec.examples.k == 4
    assert not any(row["question"] in head for row in questions())


def test_examples_are_seeded(task: Task) -> None:
    assert pick_examples(task, 1) == pick_examples(task, 1)
    assert len({pick_examples(task, seed) for seed in range(5)}) > 1


def test_examples_and_passages_both_enter_where_a_strategy_names_both(task: Task, tmp_path: Path) -> None:
    (prompt,) = context_of(task, tmp_path).prompts(STRATEGIES["few-shot+rag"], task.test[:1])
    assert prompt.text.count("<assistant>") == 5
    assert prompt.text.index("<assistant>") < prompt.text.index("Documents:")
    assert prompt.shown == 3


@pytest.mark.parametrize("strategy", list(STRATEGIES))
def test_braces_in_a_question_are_its_own_words(task: Task, tmp_path: Path, strategy: str) -> None:
    odd = "Is {question} or {labels}, {0} or {{x}}, %s or ${y} the saw?"
    question = dataclasses.replace(task.test[0], question=odd)
    (prompt,) = context_of(task, tmp_path).prompts(STRATEGIES[strategy], [question])
    assert odd in prompt.text
    assert prompt.text.count("{question}") == 1


@pytest.mark.parametrize("strategy", ["lora", "lora+rag"])
def test_training_prompts_are_test_prompts(task: Task, tmp_path: Path, strategy: str) -> None:
    """The adapter is trained on what it will read; here retrieval finds every gold document by itself."""
    context = context_of(task, tmp_path)
    training = context.training(AdapterNeed(task.name, STRATEGIES[strategy]))
    kept = [place for place, question in enumerate(task.train) if question.answerable]
    asked = context.prompts(STRATEGIES[strategy], task.train)
    if strategy == "lora+rag":  # the precondition of the comparison
        for place in kept:
            shown = asked[place].retrieved[: asked[place].shown]
            assert any(item.passage.doc_id in task.train[place].gold_docs for item in shown)
    assert [training.examples[place].prompt for place in kept] == [asked[place].tokens for place in kept]


def test_targets_are_the_first_answer_or_the_refusal_and_an_end_token(task: Task, tmp_path: Path) -> None:
    training = context_of(task, tmp_path).training(AdapterNeed(task.name, STRATEGIES["lora"]))
    assert training.examples[0].target == (*map(ord, "5 euros"), FakeChat.end_token)
    assert training.examples[-1].target == (*map(ord, "unknown"), FakeChat.end_token)
    assert target_text(task, task.train[-1]) == "unknown"
    assert training.examples[0].fact_id == "price-drill"


def test_missed_gold_passages_are_put_into_most_training_prompts(task: Task, tmp_path: Path) -> None:
    """Four in five (RAFT); the fifth is left as it is, so that the model learns that retrieval can fail."""
    lost = tuple(
        Question(f"l{n}", f"the saw the plane the drill saw plane drill {n}", ("x",), gold_docs=("kiln",))
        for n in range(100)
    )
    context = context_of(dataclasses.replace(task, train=lost), tmp_path)
    need = AdapterNeed(task.name, STRATEGIES["lora+rag"])
    texts = ["".join(map(chr, example.prompt)) for example in context.training(need).examples]
    assert all(text.count("stands in room") == 3 for text in texts), "a gold passage replaces one, so k holds"
    assert 70 <= sum("The kiln stands" in text for text in texts) <= 90
    places = {
        text[: text.index("The kiln stands")].count("stands in room")
        for text in texts
        if "kiln stands" in text
    }
    assert len(places) == 3, "the gold passage has no place of its own"


def test_the_oracle_reads_gold_passages_with_the_answer_first(task: Task, tmp_path: Path) -> None:
    (prompt,) = context_of(task, tmp_path).prompts(STRATEGIES["oracle"], task.test[:1])
    assert {item.passage.doc_id for item in prompt.retrieved} == {"drill"}
    assert "The drill stands in room 5" in prompt.text
