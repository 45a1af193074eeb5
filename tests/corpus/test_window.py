"""Questions longer than the embedder reads are named, with their tokens; prefixes count among them."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli import main
from harness.corpus.embedder import Prefixes
from harness.corpus.window import REMEDY, cut_sentence, query_tokens, tell_cut_questions
from harness.records import Question
from tests.corpus.fakes import HashEmbedder, cut_into
from tests.fakes import Silent
from tests.run.worlds import questions, write_task


def asked(*words: int) -> list[Question]:
    return [Question(f"q{n}", " ".join(["word"] * count), ("yes",)) for n, count in enumerate(words)]


def test_special_tokens_and_prefix_count() -> None:
    embedder = HashEmbedder(prefixes=Prefixes(query="query: "))
    assert query_tokens(asked(1, 5), embedder, cut_into(16)) == {"q0": 5, "q1": 9}
    assert query_tokens(asked(1, 5), embedder, cut_into(16, query_prefix="")) == {"q0": 3, "q1": 7}


def test_those_that_are_too_long_are_named_with_a_remedy() -> None:
    """The embedder reads 64: two special tokens and 62 words are read whole."""
    progress = Silent()
    tell_cut_questions("mail", asked(62, 63, 1, 99), HashEmbedder(), cut_into(16), progress)
    (note,) = progress.notes
    assert note.startswith("  mail: 2 of 4 questions are longer than the 64 tokens that the embedder reads: ")
    assert "q1 (65 tokens) and q3 (101 tokens)" in note
    assert note.endswith(REMEDY)


def test_questions_that_are_read_whole_need_no_word() -> None:
    progress = Silent()
    assert tell_cut_questions("mail", asked(62), HashEmbedder(), cut_into(16), progress) == {"q0": 64}
    assert not progress.notes


def test_many_are_counted() -> None:
    assert "q4 (9 tokens) and 3 more. " in cut_sentence({f"q{n}": 9 for n in range(8)}, 8)
    assert cut_sentence({"a": 9, "b": 8}, 8).startswith("1 of 2 questions is longer")


@pytest.mark.models
@pytest.mark.parametrize("prefix", ["", "query: "])
def test_validate_names_them_for_the_default_embedder(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    default_embedder_folder: Path,
    prefix: str,
) -> None:
    """254 words of a token each are read whole; behind a prefix of two tokens they are not."""
    monkeypatch.setenv("HARNESS_CACHE", str(default_embedder_folder.parents[1]))
    rows = [{**row, "question": " ".join(["word"] * 254)} for row in questions()[:1]] + questions()[1:]
    path = write_task(tmp_path, test=rows, more=f"retrieval: {{query_prefix: '{prefix}'}}\n")
    assert main(["tasks", "validate", str(path)]) == 0
    said = capsys.readouterr().out
    assert ("1 of 24 questions is longer than the 256 tokens" in said) == bool(prefix)
    assert ("drill-0 (258 tokens)" in said) == bool(prefix)
