"""Near copies are found, other words for the same fact are not, and the index misses none."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.records import Question
from harness.scoring.likeness import NEAR, triples
from harness.spec.copies import find_copies


def asked(text: str, *answers: str, id_: str = "q", choices: tuple[str, ...] = ()) -> Question:
    return Question(id_, text, answers or ("x",), choices=choices)


def test_in_a_script_without_spaces_the_order_of_characters_counts() -> None:
    (copy,) = find_copies(
        [asked("请问是谁在七号房间里保管电钻、锯子和锤子?")],
        [asked("请问是谁在七号房间里保管电钻、锯子和锤子呢?")],
    )
    assert not copy.exact
    assert find_copies([asked("谁在七号房间保管电钻?")], [asked("电钻在谁房间保管七号?")]) == []


@pytest.mark.parametrize(
    ("test", "learnt", "exact"),
    [
        ("Who keeps the drill in room seven?", "who keeps the drill, in room seven", True),
        ("Who keeps the drill in room seven?", "Who keeps a drill in room seven?", True),
        ("Who keeps the drill in room seven?", "In room seven, who keeps the drill?", False),
        ("When does the Marigold leave Port Quill?", "When does the Marigold leave from Port Quill?", False),
        ("When does the Marigold leave Port Quill?", "When does the Marrigold leave Port Quill?", False),
    ],
)
def test_a_copy_is_a_copy_whatever_its_spelling(test: str, learnt: str, exact: bool) -> None:
    (copy,) = find_copies([asked(test)], [asked("Nothing like it."), asked(learnt, id_="t")])
    assert (copy.learnt.id, copy.exact) == ("t", exact)
    assert copy.likeness >= NEAR


@pytest.mark.parametrize(
    ("test", "learnt"),
    [
        # pairs of one fact in the shipped tasks and in question sets from elsewhere
        ("At what times do duty managers swap over?", "Duty manager changeover times?"),
        ("For how long can the Turnstone run her emergency generator?", "Emergency generator endurance, Turnstone?"),
        ("What is the weekly standby pay in Digital Services?", "Standby rate on the Digital Services rota?"),
        ("In what year was Rene Goulaine de Laudonniere born?", "In what year was Prince Louis de Conde born?"),
        ("3 - 4?", "3 + 5?"),
    ],
)  # fmt: skip
def test_the_same_fact_in_other_words_is_no_copy(test: str, learnt: str) -> None:
    assert find_copies([asked(test)], [asked(learnt)]) == []


def test_nearly_the_same_words_with_another_answer_are_no_copy() -> None:
    """Slots of a template differ by one word, and what was learnt of the one is wrong for the other."""
    test = asked("How many passengers may the Marigold carry on a winter crossing to Port Quill?", "212")
    other = asked("How many passengers may the Marigold carry on a summer crossing to Port Quill?", "340")
    assert triples(test.question) != triples(other.question)
    assert find_copies([test], [other]) == []
    unanswerable = Question("u", test.question.replace("winter", "wintry"), (), answerable=False)
    assert find_copies([test], [unanswerable]) == []
    assert find_copies([unanswerable], [unanswerable])[0].exact


def test_the_same_words_over_other_choices_are_another_question() -> None:
    test = asked("Which of these is a capital?", "Paris", choices=("Paris", "Lyon"))
    assert (
        find_copies([test], [asked("Which of these is a capital?", "Oslo", choices=("Oslo", "Bergen"))]) == []
    )


def test_the_likest_is_named_and_exact_ones_come_first() -> None:
    learnt = [
        asked("who keeps the small drill in room seven now", id_="near"),
        asked("who keeps the small drill in room seven now?", id_="same"),
        asked("who keeps small drills in room seven now", id_="other"),
    ]
    test = [asked("who keep the small drill in room seven now", id_="a"), asked(learnt[1].question, id_="b")]
    assert [(copy.test.id, copy.learnt.id) for copy in find_copies(test, learnt)] == [
        ("b", "near"),
        ("a", "near"),
    ]


@given(st.lists(st.text("abcd ", min_size=1, max_size=25), max_size=12), st.text("abcd ", max_size=25))
def test_the_index_misses_no_near_copy(texts: list[str], text: str) -> None:
    """Against all pairs compared one by one."""
    learnt = [asked(other, id_=f"t{n}") for n, other in enumerate(texts)]
    mine = triples(text)
    likeness = [
        len(mine & theirs) / len(mine | theirs) if mine and theirs else 0.0
        for theirs in (triples(other) for other in texts)
    ]
    found = [copy for copy in find_copies([asked(text)], learnt) if not copy.exact]
    exact = [copy for copy in find_copies([asked(text)], learnt) if copy.exact]
    if not exact:
        assert bool(found) == any(value >= NEAR for value in likeness)
        assert all(copy.likeness == pytest.approx(max(likeness)) for copy in found)


def test_two_thousand_questions_against_ten_thousand() -> None:
    """Twenty million pairs, compared one by one, would take minutes."""
    rng = random.Random(0)
    words = ["".join(rng.choices("abcdefghijklmnoprstuvwy", k=rng.randint(2, 9))) for _ in range(3000)]
    weights = [1 / (n + 1) for n in range(3000)]

    def question(n: int) -> Question:
        return asked(" ".join(rng.choices(words, weights, k=rng.randint(6, 18))), str(n % 50), id_=f"q{n}")

    learnt = [question(n) for n in range(10_000)]
    test = [question(n) for n in range(10_000, 12_000)]
    typed = learnt[77].question.replace(" ", "  ", 1) + " q"
    test.append(asked(typed, *learnt[77].answers, id_="leak"))
    found = find_copies(test, learnt)
    assert [(copy.test.id, copy.learnt.id) for copy in found] == [("leak", "q77")]
