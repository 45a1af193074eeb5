"""What is told of a corpus: how much was read, and which files were not, by reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.cli import main
from harness.corpus.documents import read_corpus
from harness.corpus.inventory import NAMED, REASONS, Corpora, grouped, not_read_line, told
from harness.files import to_json
from harness.records import Inventory, NotReadFiles, PassedOver
from harness.report.write import write_reports
from harness.run.manifest_file import read_manifest
from tests.run.worlds import go, lines, make_task, make_tools, questions, settings_of, write_task


def test_a_corpus_without_losses_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "hours.md").write_text("Open.", encoding="utf-8")
    assert told(read_corpus(tmp_path).inventory) == [
        "the corpus has 1 file with 1 document, 5 characters; nothing was passed over."
    ]


def test_files_are_grouped_by_reason_the_first_named_and_the_rest_counted() -> None:
    missed = [PassedOver(f"{n}.png", "type", "files of type .png are not read") for n in range(1200)]
    missed += [PassedOver(name, "empty", "it is empty", "x") for name in ("a.md", "b.md")]
    missed += [PassedOver("c.md", "lfs", "it is a pointer", "c")]
    assert told(Inventory(2, 3, 4000, (), tuple(missed))) == [
        "the corpus has 2 files with 3 documents, 4,000 characters; 1,203 were not read:",
        "  0.png, 1.png, 2.png and 1,197 more: files of type .png are not read",
        "  a.md and b.md: each is empty",
        "  c.md: it is a pointer",
    ]


def test_several_formats_are_counted_apart() -> None:
    assert told(Inventory(3, 9, 70, ((".md", 1), (".pdf", 2))))[0].startswith(
        "the corpus has 3 files (1 .md, 2 .pdf) with 9 documents"
    )


def test_many_reasons_stay_few_lines() -> None:
    missed = [PassedOver(f"{n}.md", "encoding", f"line {n} is not UTF-8 text", "x") for n in range(100)]
    groups = grouped(missed)
    assert len(groups) == REASONS
    assert sum(group.files for group in groups) == 100
    assert all(len(group.paths) <= NAMED for group in groups)
    assert not_read_line(groups[-1]) == "11.md, 12.md, 13.md and 86 more: other reasons"


def test_a_corpus_of_two_tasks_is_parsed_once(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("One.", encoding="utf-8")
    corpora = Corpora()
    assert corpora.read(str(tmp_path)) is corpora.read(str(tmp_path))


def mixed(folder: Path) -> Path:
    """The workshop, with files beside its documents that nobody reads."""
    path = write_task(folder)
    (folder / "docs" / "plan.xyz").write_text("Room 5.", encoding="utf-8")
    (folder / "docs" / "void.md").write_text(" \n", encoding="utf-8")
    return path


def test_validate_tells_what_was_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tasks", "validate", str(mixed(tmp_path))]) == 0
    said = capsys.readouterr().out
    assert "documents   8 documents (8 .md)" in said
    assert "2 were not read:" in said
    assert "  plan.xyz: files of type .xyz are not read" in said
    assert "  void.md: it has no text" in said or "  void.md: it is empty" in said


@pytest.mark.parametrize(
    ("gold", "reason"),
    [
        ("plan", "plan.xyz: files of type .xyz are not read"),
        ("plan.xyz", "plan.xyz: files of type .xyz are not read"),
        ("void", "void.md: it "),
    ],
)
def test_a_gold_document_that_was_passed_over_is_an_error_that_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], gold: str, reason: str
) -> None:
    path = mixed(tmp_path)
    rows = questions()
    rows[2]["gold_docs"] = [gold]
    lines(tmp_path / "workshop" / "test.jsonl", rows)
    assert main(["tasks", "validate", str(path)]) == 2
    said = capsys.readouterr().err
    assert f"test.jsonl:3: gold_docs: the document '{gold}' was passed over: {reason}" in said


def test_the_run_keeps_it_and_every_report_shows_it(tmp_path: Path) -> None:
    mixed(tmp_path)
    task = make_task(tmp_path)
    folder = go(settings_of(task, "rag"), [task], make_tools(tmp_path / "cache"), tmp_path / "run")
    index = read_manifest(folder).indexes["workshop"]
    assert index.files == index.documents == 8
    assert index.characters == sum(len(document.text) for document in read_corpus(task.corpus or ""))
    assert index.passed_over[0] == NotReadFiles("files of type .xyz are not read", 1, ("plan.xyz",))
    results = write_reports(folder)
    assert '"plan.xyz"' in to_json(results)
    text = (folder / "report.md").read_text(encoding="utf-8")
    assert "2 files not read" in text
    assert "plan.xyz: files of type .xyz are not read" in (folder / "report.html").read_text(encoding="utf-8")
