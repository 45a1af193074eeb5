"""A preview says what a run will do, names what would spoil it, and calls nothing valid that will disappoint."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.corpus.documents import read_corpus
from harness.corpus.embedder import SentenceTransformerEmbedder
from harness.preview.case import Case, Tokenizers
from harness.preview.findings import findings
from harness.preview.preview import preview
from harness.preview.shows import shows
from harness.preview.words import lines
from harness.spec.strategy import DEFAULT_STRATEGIES
from harness.spec.task import load_task
from tests.run.worlds import questions, write_task

NOTHING_FETCHED = Tokenizers(None, None)


def case_of(path: Path) -> Case:
    task = load_task(path)
    corpus = read_corpus(task.corpus) if task.corpus else None
    return Case(task, task.name, corpus, NOTHING_FETCHED)


def found(path: Path) -> Mapping[str, str]:
    """Kind → what was found, without the folder's path."""
    return {
        finding.kind: finding.text.replace(f"{path.parent}/", "")
        for finding in preview(case_of(path)).findings
    }


def changed(path: Path, old: str, new: str) -> Path:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def many(count: int, **more: Any) -> list[dict[str, Any]]:
    return [{"id": f"q{n}", "question": f"Number {n}?", "answers": ["Ada"], **more} for n in range(count)]


# What a run will do


def test_documents_questions_and_gold_are_counted(tmp_path: Path) -> None:
    asked = [*questions(), {"id": "none", "question": "Who painted it?", "answers": [], "answerable": False}]
    seen = preview(case_of(write_task(tmp_path, test=asked)))
    assert seen.documents is not None
    assert (seen.documents.documents, seen.documents.formats) == (8, {".md": 8})
    assert (seen.documents.passages, seen.documents.estimated) == (8, True)
    assert (seen.questions.test, seen.questions.train, seen.questions.unanswerable) == (25, 8, 1)
    assert seen.gold is not None
    assert (seen.gold.answerable, seen.gold.named) == (24, 24)


def test_every_default_strategy_runs_or_says_why_not(tmp_path: Path) -> None:
    seen = preview(case_of(write_task(tmp_path, with_train=False, with_corpus=False)))
    assert [row.strategy for row in seen.strategies] == [*DEFAULT_STRATEGIES]
    assert [row.strategy for row in seen.strategies if row.why_not is None] == ["base"]
    text = "\n".join(lines(seen))
    assert "  strategies  base.\n" in text
    assert "Not rag and oracle: the task names no corpus to retrieve from" in text


def test_what_n_shows_is_the_smallest_difference_of_the_statistics(tmp_path: Path) -> None:
    """docs/method.md: at a discordance of 0.3 and α of 0.05, 100 questions see 0.15."""
    case = case_of(write_task(tmp_path, test=many(100), with_corpus=False))
    two, five = shows(case, 2), shows(case, 5)
    assert (two.questions, two.groups) == (100, 100)
    assert two.smallest == two.smallest_tied == pytest.approx(0.153, abs=0.001)
    assert two.questions_needed == 240
    assert five.smallest is not None
    assert five.smallest > 0.15  # one of ten pairs


def test_questions_that_hang_together_show_less(tmp_path: Path) -> None:
    asked = [{**row, "cluster": f"c{place // 4}"} for place, row in enumerate(many(100))]
    grouped = shows(case_of(write_task(tmp_path, test=asked, with_corpus=False)), 2)
    assert grouped.groups == 25
    assert grouped.smallest == pytest.approx(0.159, abs=0.003)
    assert grouped.smallest_tied == pytest.approx(2 * 0.159, abs=0.006)


def test_a_preview_loads_no_model() -> None:
    heavy = ["torch", "transformers", "pandas", "faiss", "sentence_transformers", "peft"]
    code = (
        "import sys; from harness.cli import main; "
        f"assert main(['tasks', 'validate']) == 0; print([m for m in {heavy} if m in sys.modules])"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip().endswith("[]")


# What would spoil it


def good(folder: Path, **options: Any) -> Path:
    """A task that nothing is said against."""
    train = "".join(f'{{"id": "t{n}", "question": "Which {n}?", "answers": ["Ada"]}}\n' for n in range(60))
    path = write_task(folder, **{"test": many(100), "with_corpus": False, **options})
    (folder / "workshop" / "train.jsonl").write_text(train, encoding="utf-8")
    return path


def test_a_task_is_valid_where_nothing_was_found(tmp_path: Path) -> None:
    path = good(tmp_path)
    assert found(path) == {}
    assert "Valid: nothing was found" in "\n".join(lines(preview(case_of(path))))


def test_few_questions_and_no_training_are_named_with_what_would_do(tmp_path: Path) -> None:
    path = write_task(tmp_path, test=many(4), with_train=False)
    said = found(path)
    assert said["few questions"].startswith(
        "workshop.yaml:5:9: questions.test: 4 test questions can show no difference"
    )
    assert "under `questions.train`" in said["no training"]
    assert "Valid" not in "\n".join(lines(preview(case_of(path))))


def test_labels_that_the_prompt_does_not_say_are_named(tmp_path: Path) -> None:
    path = good(tmp_path)
    changed(path, "type: text", "type: label\n  labels: [cold chain, Desk]")
    changed(changed(path, "  refusal: unknown\n", ""), "[contains]", "[label]")
    for file in ("test", "train"):
        text = (path.parent / "workshop" / f"{file}.jsonl").read_text(encoding="utf-8")
        (path.parent / "workshop" / f"{file}.jsonl").write_text(
            text.replace('"Ada"', '"Desk"'), encoding="utf-8"
        )
    assert "does not name 2 of 2 labels (cold chain and Desk)" in found(path)["labels"]
    assert found(changed(path, "Answer shortly.", "Say desk or {labels}.")) == {}


def test_a_refusal_that_nobody_can_know_is_named(tmp_path: Path) -> None:
    asked = [*many(100), {"id": "none", "question": "Who painted it?", "answers": [], "answerable": False}]
    path = good(tmp_path, test=asked)
    assert "prompt.system: does not say `unknown`" in found(path)["refusal"]
    assert found(changed(path, "Answer shortly.", "Answer, or say “Unknown”.")) == {}


def test_answers_that_do_not_fit_are_named_with_a_limit_that_does(tmp_path: Path) -> None:
    asked = [*many(99), {"id": "long", "question": "All?", "answers": ["a" * 80, "b" * 50]}]
    said = found(good(tmp_path, test=asked))["max_tokens"]
    assert said.startswith(
        "workshop.yaml:10:15: answer.max_tokens: 8 tokens are too few for the right answers of 1 of 100"
    )
    assert "workshop/test.jsonl:100 has 13 (estimated at 4 bytes a token). Write 24 or more." in said


@pytest.mark.models
def test_answers_are_counted_by_the_default_model_where_it_is_here(default_base_folder: Any) -> None:
    assert Tokenizers(default_base_folder.path, None).count(["The Eiffel Tower", ""]) == [4, 0]


def test_a_first_metric_that_wrong_answers_satisfy_is_named(tmp_path: Path) -> None:
    path = changed(good(tmp_path), "[contains]", "[refusal, contains]")
    assert found(path)["metric"].startswith("workshop.yaml:13:11: metrics[0]: refusal is called accuracy")


def test_answers_of_many_words_are_named_under_a_metric_that_wants_each(tmp_path: Path) -> None:
    path = changed(
        good(tmp_path, test=many(100, answers=["a b c d e f g h i"])), "max_tokens: 8", "max_tokens: 80"
    )
    assert "as with 100 of 100 questions, and contains wants one word for word" in found(path)["long answers"]
    assert found(changed(path, "[contains]", "[f1]")) == {}


def test_questions_without_gold_and_documents_that_were_not_read_are_named(tmp_path: Path) -> None:
    path = write_task(tmp_path, test=[*questions(), *many(80)])
    (tmp_path / "docs" / "old.txt").write_bytes("Кафе".encode("cp1251"))
    (tmp_path / "docs" / "logo.png").write_bytes(b"png")
    said = found(path)
    assert (
        "names no gold documents (`gold_docs`), as 80 of 104 questions do not: recall leaves them out"
        in said["gold"]
    )
    assert "old.txt could not be read, 11.1 % of the documents" in said["documents not read"]


def test_passages_longer_than_the_embedder_reads_are_named(tmp_path: Path) -> None:
    (tmp_path / "sentence_bert_config.json").write_text('{"max_seq_length": 64}', encoding="utf-8")
    embedder = SentenceTransformerEmbedder(tmp_path, "all-MiniLM-L6-v2", "", "cpu")
    path = changed(good(tmp_path, with_corpus=True), "metrics:", "retrieval: {chunk_tokens: 4096}\nmetrics:")
    case = replace(case_of(path), tokenizers=Tokenizers(None, embedder))
    said = {finding.kind: finding.text for finding in findings(case, shows(case, 5))}
    assert "retrieval.chunk_tokens: is 4096, and all-MiniLM-L6-v2 reads 64 tokens" in said["chunk_tokens"]


def test_near_copies_that_are_learnt_from_are_named_unless_they_are_left_out(tmp_path: Path) -> None:
    asked = [
        *many(99),
        {"id": "card", "question": "My card was declined at the shop today", "answers": ["A"]},
    ]
    path = good(tmp_path, test=asked)
    lines = (path.parent / "workshop" / "train.jsonl").read_text(encoding="utf-8")
    near = '{"id": "near", "question": "My card was declined at the shops today", "answers": ["A"]}\n'
    (path.parent / "workshop" / "train.jsonl").write_text(near + lines, encoding="utf-8")
    said = found(path)["near copies"]
    assert said.startswith(
        "workshop/train.jsonl:1: is nearly the test question at workshop/test.jsonl:100. Near copies of 1 of 100"
    )
    assert "a report will warn of that. Set `near_copies: leave_out`" in said
    test = path.parent / "workshop" / "test.jsonl"
    test.write_text(
        "".join(test.read_text(encoding="utf-8").splitlines(keepends=True)[-20:]), encoding="utf-8"
    )
    assert "a report will leave out what learns from them" in found(path)["near copies"]
    left = changed(path, "train.jsonl\n", "train.jsonl\n  near_copies: leave_out\n")
    assert "near copies" not in found(left)


def test_many_questions_that_are_left_out_are_counted(tmp_path: Path) -> None:
    path = good(tmp_path)
    train = tmp_path / "workshop" / "train.jsonl"
    leaked = "".join(f'{{"id": "l{n}", "question": "Number {n}?", "answers": ["Ada"]}}\n' for n in range(7))
    train.write_text(train.read_text(encoding="utf-8") + leaked, encoding="utf-8")
    texts = [finding.text for finding in preview(case_of(path)).findings]
    assert len(texts) == 4
    assert texts[-1].endswith("4 questions are left out besides.")
