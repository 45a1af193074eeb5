"""Training prompts with passages: the answer mostly, what misleads always."""

from __future__ import annotations

import random

from harness.records import Passage, Question, Ranked
from harness.run.distractors import GOLD_SHARE, training_passages

ASKED = Question("q", "How long?", ("14 days",), gold_docs=("right",))


def ranked(doc: str, number: int = 0, text: str = "something else") -> Ranked:
    return Ranked(Passage(f"{doc}#{number}", doc, doc, text), 0.5)


GOLD = [ranked("right", 0, "It is 14 days."), ranked("right", 1)]
WRONG = [ranked(f"wrong-{number}") for number in range(10)]


def many(found: list[Ranked], k: int = 3, asked: Question = ASKED) -> list[tuple[Ranked, ...]]:
    rng = random.Random(1)
    return [training_passages(asked, found, lambda: GOLD, k, rng) for _ in range(400)]


def with_answer(prompts: list[tuple[Ranked, ...]]) -> float:
    return sum(GOLD[0] in shown for shown in prompts) / len(prompts)


def test_the_gold_passage_is_put_in_mostly_where_retrieval_missed_it() -> None:
    prompts = many(WRONG)
    assert abs(with_answer(prompts) - GOLD_SHARE) < 0.06
    assert all(len(shown) == 3 for shown in prompts)
    places = {shown.index(GOLD[0]) for shown in prompts if GOLD[0] in shown}
    assert places == {0, 1, 2}


def test_the_gold_document_is_taken_out_of_some_where_retrieval_found_it() -> None:
    prompts = many([GOLD[0], *WRONG])
    assert abs(with_answer(prompts) - GOLD_SHARE) < 0.06
    without = [shown for shown in prompts if GOLD[0] not in shown]
    assert all(not any(one.passage.doc_id == "right" for one in shown) for shown in without)
    assert all(len(shown) == 3 for shown in without)


def test_the_passage_with_the_answer_is_put_in_where_another_of_its_document_was_found() -> None:
    assert with_answer(many([GOLD[1], *WRONG])) > 0.7


def test_there_is_always_a_distractor_and_the_answer_stays() -> None:
    alike = [ranked("right", number) for number in range(2, 5)]
    for found in ([GOLD[0], *alike], [*alike[:2], GOLD[0], *alike[2:]]):
        prompts = many([*found, *WRONG])
        assert all(any(one.passage.doc_id != "right" for one in shown) for shown in prompts)
        assert with_answer(prompts) > 0.7


def test_what_cannot_be_known_is_left_as_it_was_found() -> None:
    assert set(many([GOLD[0], *WRONG], asked=Question("q", "?", ("a",)))) == {(GOLD[0], *WRONG[:2])}
    assert set(many([GOLD[0]], k=1)) == {(GOLD[0],)}, "there is nothing else to show"


def test_no_passage_stands_there_twice() -> None:
    """The gold passage need not hold the answer by the letter: it was found, and is what the gold document has."""
    gold = ranked("right", 0, "Two weeks.")
    rng = random.Random(1)
    for _ in range(50):
        again = Ranked(gold.passage, 0.9)
        shown = training_passages(ASKED, [gold, *WRONG], lambda again=again: [again], 3, rng)
        assert len({one.passage.chunk_id for one in shown}) == 3
