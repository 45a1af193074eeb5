"""The nearest training questions: never the question itself, found in an index that is kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from harness.corpus.examples import ExampleFinder, open_examples
from harness.records import Question
from tests.fakes import Silent, WordEmbedder

ROOMS = ("drill", "saw", "lathe", "plane", "sander", "router", "anvil", "kiln")


def learnt() -> list[Question]:
    rows = [(f"price-{room}", f"What does the {room} cost today?") for room in ROOMS]
    rows += [(f"copy-{n}", f"Who keeps the {'big ' * (n % 2)}drill in room {n // 2}?") for n in range(30)]
    return [Question(id_, text, ("x",)) for id_, text in rows]


def opened(cache: Path, questions: Sequence[Question] | None = None, **options: Any) -> ExampleFinder:
    given = learnt() if questions is None else questions
    embedder = options.pop("embedder", None) or WordEmbedder()
    return open_examples(given, embedder, options.pop("prefix", ""), cache=cache, progress=Silent())


def found(finder: ExampleFinder, text: str, k: int = 3, id_: str = "asked") -> list[str]:
    (examples,) = finder.search([Question(id_, text, ("x",))], k)
    return [example.id for example in examples]


def test_the_nearest_come_first(tmp_path: Path) -> None:
    finder = opened(tmp_path)
    assert found(finder, "Say, what does a lathe cost?", 1) == ["price-lathe"]
    first, *others = found(finder, "Say, what does a lathe cost?", 5)
    assert first == "price-lathe"
    assert all(other.startswith("price-") for other in others)


def test_a_question_is_no_example_of_itself_nor_are_its_near_copies(tmp_path: Path) -> None:
    finder = opened(tmp_path)
    text = "What does the saw cost today?"
    assert "price-saw" in found(finder, "What is it that the saw may cost?", 2)
    assert "price-saw" not in found(finder, text, 8)
    assert "price-saw" not in found(finder, "what does the saw cost, today", 8)
    assert "price-saw" not in found(finder, "Something else that a saw may cost", 8, id_="price-saw")


def test_copies_in_the_places_of_examples_are_replaced_by_others(tmp_path: Path) -> None:
    """More near copies than are fetched beside the examples: the search goes on behind them."""
    copies = [Question(f"c{n}", f"Who keeps the drill in the room{'?' * n}", ("x",)) for n in range(40)]
    finder = opened(tmp_path, [*copies, *learnt()])
    examples = found(finder, "Who keeps the drill in the room", 4)
    assert len(examples) == 4
    assert not any(id_.startswith("c") and id_[1:].isdigit() for id_ in examples)


@pytest.mark.parametrize("k", [1, 2, 7, 100])
def test_there_are_as_many_as_wanted_as_far_as_there_are_some(tmp_path: Path, k: int) -> None:
    questions = learnt()[:7]
    assert len(found(opened(tmp_path, questions), "What costs how much?", k)) == min(k, len(questions))


def test_the_index_is_kept_and_made_again_where_anything_differs(tmp_path: Path) -> None:
    first, again = opened(tmp_path), opened(tmp_path)
    assert (first.info.reused, again.info.reused) == (False, True)
    assert first.info.key == again.info.key
    assert again.info.documents == len(learnt())
    assert again.info.embed_tokens == sum(len(question.question.split()) + 2 for question in learnt())
    fewer, prefixed = opened(tmp_path, learnt()[1:]), opened(tmp_path, prefix="query: ")
    assert len({first.info.key, fewer.info.key, prefixed.info.key}) == 3
    other = WordEmbedder()
    other.sha256 = "d" * 64
    assert not opened(tmp_path, embedder=other).info.reused


def test_a_damaged_index_is_named_and_made_again(tmp_path: Path) -> None:
    opened(tmp_path)
    (file,) = (tmp_path / "indexes").glob("*/index.faiss")
    file.write_bytes(file.read_bytes()[:-8])
    progress = Silent()
    finder = open_examples(learnt(), WordEmbedder(), "", cache=tmp_path, progress=progress)
    assert not finder.info.reused
    assert "it is built again" in progress.notes[0]
    assert found(finder, "Say, what does a lathe cost?", 1) == ["price-lathe"]


class Counting(WordEmbedder):
    """Keeps what it was asked to embed."""

    def __init__(self) -> None:
        super().__init__()
        self.embedded: list[str] = []

    def embed_queries(self, texts: Sequence[str], prefix: str) -> Any:
        self.embedded += texts
        return super().embed_queries(texts, prefix)


def test_a_training_question_is_embedded_once_whichever_others_it_stands_among(tmp_path: Path) -> None:
    embedder, questions = Counting(), learnt()
    whole = opened(tmp_path, questions, embedder=embedder)
    part = opened(tmp_path, questions[5:12], embedder=embedder)
    assert len(embedder.embedded) == len(set(embedder.embedded)) == len(questions)
    assert (whole.info.new_passages, part.info.new_passages, part.info.new_tokens) == (len(questions), 0, 0)
    assert part.info.embed_tokens == sum(len(one.question.split()) + 2 for one in questions[5:12])
    assert found(part, "Say, what does a sander cost?", 2) == found(
        opened(tmp_path / "elsewhere", questions[5:12]), "Say, what does a sander cost?", 2
    )
    prefixed = Counting()
    opened(tmp_path, questions[5:12], embedder=prefixed, prefix="query: ")
    assert len(prefixed.embedded) == 7
