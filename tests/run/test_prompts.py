"""Prompts: the race is fair only if every system's prompt holds exactly what its context names."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from harness.engines.engine import Request
from harness.records import Passage, Question, Ranked
from harness.run.prompts import Passages, Prompt, TaskFilePrompts, pick_examples
from harness.run.wording import target_text
from harness.spec.context import Examples
from harness.spec.strategy import STRATEGIES
from harness.spec.task import Task
from tests.run.worlds import SYSTEM, FallibleEngine, context_of, make_task, questions, system, train

QUESTION = Question("q", "Who keeps the saw?", ("Ann",))
PASSAGES = tuple(
    Ranked(Passage(f"{name}#0", name, name.upper(), letter * 20), score)
    for name, letter, score in (("best", "a", 0.9), ("second", "b", 0.8), ("third", "c", 0.7))
)
TWO_SHOWN = (
    f"[system] {SYSTEM}\n[user] Documents:\n\nSECOND\n{'b' * 20}\n\nBEST\n{'a' * 20}\n\n"
    "Question: Who keeps the saw?\n[assistant]"
)
ONE_SHOWN = (
    f"[system] {SYSTEM}\n[user] Documents:\n\nBEST\n{'a' * 20}\n\nQuestion: Who keeps the saw?\n[assistant]"
)
BARE = f"[system] {SYSTEM}\n[user] Who keeps the saw?\n[assistant]"


def with_retrieval(task: Task, **settings: Any) -> Task:
    retrieval = task.spec.retrieval.model_copy(update=settings)
    return dataclasses.replace(task, spec=task.spec.model_copy(update={"retrieval": retrieval}))


def with_budget(task: Task, tokens: int) -> Task:
    return with_retrieval(task, max_prompt_tokens=tokens)


def prompt_of(
    task: Task,
    strategy: str,
    question: Question = QUESTION,
    passages: Passages = PASSAGES,
    engine: FallibleEngine | None = None,
) -> Prompt:
    prompts = TaskFilePrompts(task, engine or FallibleEngine())
    return prompts.prompt(system(task, strategy).context, question, passages)


def text(of: Prompt | Request) -> str:
    """What the model reads."""
    return FallibleEngine().text(of.request if isinstance(of, Prompt) else of)


@pytest.mark.parametrize(("plain", "adapted"), [("base", "lora"), ("rag", "lora+rag")])
def test_base_and_adapted_weights_read_the_same_bytes(
    task: Task, tmp_path: Path, plain: str, adapted: str
) -> None:
    context = context_of(task, tmp_path)
    read, by_adapter = (context.prompts(system(task, name), task.test) for name in (plain, adapted))
    assert [*read] == [*by_adapter]
    assert [prompt.request for prompt in read] == [prompt.request for prompt in by_adapter]


def test_a_bare_prompt_is_the_system_message_and_the_question(task: Task) -> None:
    prompt = prompt_of(task, "base")
    assert text(prompt) == BARE
    assert (prompt.retrieved, prompt.shown, prompt.dropped) == ((), 0, 0)


@pytest.mark.parametrize(
    ("budget", "words", "shown"),
    [(len(TWO_SHOWN), TWO_SHOWN, 2), (len(TWO_SHOWN) - 1, ONE_SHOWN, 1), (len(ONE_SHOWN) - 1, BARE, 0)],
)
def test_over_budget_whole_passages_go_from_the_lowest_ranked_up(
    task: Task, budget: int, words: str, shown: int
) -> None:
    """One token a character, so the budgets are lengths of hand-written prompts. Also: the best is last."""
    prompt = prompt_of(with_budget(task, budget), "rag")
    assert text(prompt) == words
    assert prompt.facts.tokens == len(words)
    assert (prompt.shown, prompt.dropped) == (shown, 3 - shown)
    assert prompt.retrieved == PASSAGES, "what was retrieved is recorded even where it was not shown"


def test_the_context_window_less_the_answer_is_a_budget_too(task: Task) -> None:
    engine = FallibleEngine()
    engine.window = len(TWO_SHOWN) + task.own.answer.max_tokens
    assert text(prompt_of(task, "rag", engine=engine)) == TWO_SHOWN
    engine.window -= 1
    assert text(prompt_of(task, "rag", engine=engine)) == ONE_SHOWN


def test_a_question_longer_than_the_budget_stays_whole(task: Task) -> None:
    long = dataclasses.replace(QUESTION, question="why " * 100)
    prompt = prompt_of(with_budget(task, 64), "rag", long)
    assert text(prompt) == f"[system] {SYSTEM}\n[user] {'why ' * 100}\n[assistant]"
    assert prompt.dropped == 3


def test_only_k_passages_are_wanted_and_fewer_are_no_drop(task: Task) -> None:
    prompt = prompt_of(with_retrieval(task, k=2), "rag")
    assert (text(prompt), prompt.shown, prompt.dropped) == (TWO_SHOWN, 2, 0)
    prompt = prompt_of(with_retrieval(task, k=5), "rag", passages=PASSAGES[:1])
    assert (text(prompt), prompt.shown, prompt.dropped) == (ONE_SHOWN, 1, 0)


def with_citations(task: Task, form: str = "[{n}]") -> Task:
    answer = task.own.answer.model_copy(update={"citations": form})
    return dataclasses.replace(task, spec=task.own.model_copy(update={"answer": answer}))


def test_passages_that_may_be_cited_are_numbered_as_they_stand(task: Task) -> None:
    cites = with_citations(task, "(no. {n})")
    assert text(prompt_of(with_retrieval(cites, k=2), "rag")) == (
        f"[system] {SYSTEM}\n[user] Documents:\n\n(no. 1) SECOND\n{'b' * 20}\n\n(no. 2) BEST\n{'a' * 20}\n\n"
        "End the answer with the number of the document that it is from, as (no. 1) for the first.\n\n"
        "Question: Who keeps the saw?\n[assistant]"
    )
    assert text(prompt_of(cites, "base")) == BARE
    assert text(prompt_of(cites, "rag", passages=())) == BARE


def test_a_fine_tune_is_taught_to_cite_the_right_passage_it_sees(task: Task) -> None:
    """The number of the one that holds the answer; none where no right passage is shown, or nothing is answered."""
    prompts, contexts = (
        TaskFilePrompts(with_citations(task), FallibleEngine()),
        system(task, "lora+rag").context,
    )
    asked = Question("q", "Who keeps the saw?", ("bbb",), ("best", "second"))
    assert prompts.example(contexts, asked, PASSAGES).reply == "bbb [2]"
    worded = dataclasses.replace(asked, answers=("Ann",))
    assert prompts.example(contexts, worded, PASSAGES).reply == "Ann [3]"
    assert prompts.example(contexts, dataclasses.replace(worded, gold_docs=("x",)), PASSAGES).reply == "Ann"
    nothing = dataclasses.replace(worded, answers=(), answerable=False)
    assert prompts.example(contexts, nothing, PASSAGES).reply == "unknown"
    assert prompts.example((), asked, ()).reply == "bbb"


def test_examples_are_the_same_for_all_questions_and_come_from_train(task: Task, tmp_path: Path) -> None:
    texts = map(text, context_of(task, tmp_path).prompts(system(task, "few-shot"), task.test))
    heads = {words[: words.rindex("[user]")] for words in texts}
    assert len(heads) == 1
    (head,) = heads
    shown = [row["question"] for row in train() if row["question"] in head]
    assert head.count("[user]") == len(shown) == task.spec.examples.k == 4
    assert not any(row["question"] in head for row in questions())


def test_examples_are_seeded(task: Task) -> None:
    assert pick_examples(task, Examples(4, 1)) == pick_examples(task, Examples(4, 1))
    assert len({pick_examples(task, Examples(4, seed)) for seed in range(5)}) > 1


def test_nearest_examples_differ_by_question_and_the_nearest_stands_beside_it(
    task: Task, tmp_path: Path
) -> None:
    asked = [
        dataclasses.replace(task.test[0], question=f"How much is the {tool}?") for tool in ("saw", "kiln")
    ]
    for name, prompt in zip(
        ("saw", "kiln"),
        context_of(task, tmp_path).prompts(system(task, "few-shot-nearest"), asked),
        strict=True,
    ):
        *_, last = text(prompt).split("[user] ")[:-1]
        assert last.startswith(f"What is the price of the {name}?\n[assistant] {len(name)} euros")
        assert text(prompt).count("[assistant]") == 1 + task.spec.examples.k
        assert (prompt.retrieved, prompt.shown) == ((), 0)


def test_no_prompt_shows_the_question_itself_or_a_near_copy_as_an_example(task: Task, tmp_path: Path) -> None:
    """Training questions too: a fine-tune on such prompts would learn to copy."""
    learnt = next(question for question in task.train if question.id == "t-saw")
    copy = dataclasses.replace(learnt, id="other", question="What is the  price of this saw, the price?")
    near = dataclasses.replace(learnt, id="other", question="What is the price of the saw??")
    context, nearest = context_of(task, tmp_path), system(task, "few-shot-nearest")
    for question, shown in ((learnt, False), (near, False), (copy, True)):
        (prompt,) = context.prompts(nearest, [question])
        examples = text(prompt).rpartition("[user]")[0]
        assert ("the price of the saw?" in examples) == shown


def test_examples_and_passages_both_enter_where_a_strategy_names_both(task: Task, tmp_path: Path) -> None:
    (prompt,) = context_of(task, tmp_path).prompts(system(task, "few-shot+rag"), task.test[:1])
    words = text(prompt)
    assert words.count("[assistant]") == 5
    assert words.index("[assistant]") < words.index("Documents:")
    assert prompt.shown == 3


@pytest.mark.parametrize("strategy", list(STRATEGIES))
def test_braces_in_a_question_are_its_own_words(task: Task, tmp_path: Path, strategy: str) -> None:
    odd = "Is {question} or {labels}, {0} or {{x}}, %s or ${y} the saw?"
    question = dataclasses.replace(task.test[0], question=odd)
    (prompt,) = context_of(task, tmp_path).prompts(system(task, strategy), [question])
    assert odd in text(prompt)
    assert text(prompt).count("{question}") == 1


@pytest.mark.parametrize("strategy", ["lora", "lora+rag"])
def test_training_prompts_are_test_prompts(task: Task, tmp_path: Path, strategy: str) -> None:
    """The adapter is trained on what it will read; here retrieval finds every gold document by itself."""
    context, one = context_of(task, tmp_path), system(task, strategy)
    training = context.training(one, 0)
    kept = [place for place, question in enumerate(task.train) if question.answerable]
    asked = context.prompts(one, task.train)
    if strategy == "lora+rag":  # the precondition of the comparison
        for place in kept:
            shown = asked[place].retrieved[: asked[place].shown]
            assert any(item.passage.doc_id in task.train[place].gold_docs for item in shown)
    alike = [training.examples[place].request == asked[place].request for place in kept]
    assert all(alike) if strategy == "lora" else sum(alike) > len(alike) / 2, (
        "some go without the gold one (RAFT)"
    )
    for place, same in zip(kept, alike, strict=True):
        prompt = training.examples[place].request.prompt
        tool = task.train[place].gold_docs[0]
        assert same or f"The {tool} stands in" not in prompt[-1].content


def test_targets_are_the_first_answer_or_the_refusal(task: Task, tmp_path: Path) -> None:
    training = context_of(task, tmp_path).training(system(task, "lora"), 0)
    assert training.examples[0].reply == "5 euros"
    assert training.examples[-1].reply == "unknown"
    assert target_text(task, task.train[-1]) == "unknown"
    assert training.examples[0].fact_id == "price-drill"


def test_a_fine_tune_learns_to_write_what_is_scored_in_testing(tmp_path: Path) -> None:
    pick = {"id": "p", "question": "Left?", "answers": ["left"], "choices": ["left", "right"]}
    task = make_task(tmp_path, answer="choice", test=[pick], with_train=False, with_corpus=False)
    prompts = TaskFilePrompts(task, FallibleEngine())
    asked = prompts.prompt((), task.test[0], ()).request
    learnt = prompts.example((), task.test[0], ())
    assert [option.text for option in asked.continuations] == ["left", "right"]
    assert learnt.request == dataclasses.replace(asked, continuations=())
    assert learnt.reply == "left"


def test_missed_gold_passages_are_put_into_most_training_prompts(task: Task, tmp_path: Path) -> None:
    """Four in five (RAFT); the fifth is left as it is, so that the model learns that retrieval can fail."""
    lost = tuple(
        Question(f"l{n}", f"the saw the plane the drill saw plane drill {n}", ("x",), gold_docs=("kiln",))
        for n in range(100)
    )
    context = context_of(dataclasses.replace(task, train=lost), tmp_path)
    training = context.training(system(task, "lora+rag"), 0)
    texts = [text(example.request) for example in training.examples]
    assert all(words.count("stands in room") == 3 for words in texts), "a gold passage replaces one: k holds"
    assert 70 <= sum("The kiln stands" in words for words in texts) <= 90
    places = {
        words[: words.index("The kiln stands")].count("stands in room")
        for words in texts
        if "kiln stands" in words
    }
    assert len(places) == 3, "the gold passage has no place of its own"


def test_the_oracle_reads_gold_passages_with_the_answer_first(task: Task, tmp_path: Path) -> None:
    (prompt,) = context_of(task, tmp_path).prompts(system(task, "oracle"), task.test[:1])
    assert {item.passage.doc_id for item in prompt.retrieved} == {"drill"}
    assert "The drill stands in room 5" in text(prompt)
