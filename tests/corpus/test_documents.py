"""Protects document ids (task files name them) and the messages for broken corpora: all at once."""

from __future__ import annotations

import errno
import json
import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.corpus.document import Document, Entry, NotRead, Place
from harness.corpus.documents import corpus_sha256, read_corpus
from harness.corpus.readers import READERS
from harness.errors import InputError
from tests.snapshots import Snapshots


def write(folder: Path, **files: str) -> None:
    """Files by name, with `__` for a slash and `_DOT_` for a dot."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def records(*rows: dict[str, object]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def messages(path: str | Path) -> list[str]:
    """The messages for a broken corpus."""
    with pytest.raises(InputError) as caught:
        read_corpus(path)
    return [str(error) for error in caught.value.errors]


def document_ids(path: str | Path) -> set[str]:
    return set(read_corpus(path).ids)


def passed_over(path: str | Path) -> dict[str, str]:
    return {file.path: file.cause for file in read_corpus(path).passed_over}


def test_folder_ids_are_paths_without_suffix_sorted(tmp_path: Path) -> None:
    write(
        tmp_path,
        b__v1_DOT_2_DOT_md="two",
        a_DOT_TXT="one",
        README_DOT_md="# Read me",
        page_DOT_html="<p>hi</p>",
        more_DOT_jsonl=records({"doc_id": "z/1", "title": "Z", "text": "zed"}),
        picture_DOT_png="not text",
        _DOT_hidden_DOT_md="no",
        _DOT_git__x_DOT_md="no",
        empty_DOT_md="\n \n",
    )
    (tmp_path / "~$rules.docx").write_bytes(b"Ann")
    corpus = read_corpus(tmp_path)
    documents = corpus.documents
    assert [document.doc_id for document in documents] == ["README", "a", "b/v1.2", "page", "z/1"]
    assert documents[0] == Document("README", "Read me", "# Read me")
    assert documents[4] == Document("z/1", "Z", "zed")
    assert corpus.ids == {"README", "a", "b/v1.2", "page", "z/1"}
    assert passed_over(tmp_path) == {"empty.md": "empty", "picture.png": "type"}
    assert corpus.inventory.files == corpus.inventory.documents == 5
    assert corpus.inventory.characters == sum(len(document.text) for document in documents)
    assert corpus.inventory.formats == ((".html", 1), (".jsonl", 1), (".md", 2), (".txt", 1))


def test_one_file_and_its_id(tmp_path: Path) -> None:
    write(tmp_path, sub__one_DOT_md="text")
    assert document_ids(tmp_path / "sub/one.md") == {"one"}


def test_glob_ids_are_relative_to_its_fixed_folder(tmp_path: Path) -> None:
    write(
        tmp_path, docs__a__x_DOT_md="x", docs__y_DOT_md="y", docs__z_DOT_txt="z", docs___DOT_h__n_DOT_md="n"
    )
    assert document_ids(f"{tmp_path}/docs/**/*.md") == {"a/x", "y"}
    assert document_ids(tmp_path / "docs" / "*") == {"y", "z"}


def test_a_corpus_may_lie_in_a_hidden_folder(tmp_path: Path) -> None:
    write(tmp_path, _DOT_cache__a_DOT_md="a")
    assert document_ids(tmp_path / ".cache") == {"a"}


def test_bom_and_windows_lines(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes("\ufeff# Title\r\n\r\nText.\r\n".encode())
    assert read_corpus(tmp_path).documents == (Document("a", "Title", "# Title\n\nText."),)


def test_a_record_may_hold_any_line_separator(tmp_path: Path) -> None:
    row = {"doc_id": "a", "title": "", "text": "one\u2028two\x85three"}
    (tmp_path / "c.jsonl").write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
    assert read_corpus(tmp_path).documents == (Document("a", "A", "one\u2028two\x85three"),)


def test_all_mistakes_at_once_with_their_places(tmp_path: Path, snapshots: Snapshots) -> None:
    good = {"doc_id": "one", "title": "One", "text": "x"}
    lines = ["{broken", "[1]", '{"doc_id": "a", "title": "b"}', '{"doc_id": 7.5, "title": "t", "text": "b"}']
    lines += [
        '{"doc_id": " ", "title": "t", "text": "b"}',
        '{"doc_id": "s", "title": "t", "text": "\\ud800"}',
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join([json.dumps(good), *lines]), encoding="utf-8")
    write(tmp_path, one_DOT_md="taken")
    text = "\n".join(messages(tmp_path)).replace(f"{tmp_path}/", "")
    snapshots.check("corpus/mistakes.txt", f"{text}\n")


@pytest.mark.parametrize("line", ["[" * 100_000, "1" * 5_000], ids=["deep", "digits"])
def test_json_that_breaks_the_parser_is_a_message_too(tmp_path: Path, line: str) -> None:
    (tmp_path / "rows.jsonl").write_text(line, encoding="utf-8")
    (message,) = messages(tmp_path)
    assert message.startswith(f"{tmp_path}/rows.jsonl:1")
    assert "broken JSON" in message


def test_missing_empty_and_foreign(tmp_path: Path) -> None:
    assert "no such corpus" in messages(tmp_path / "nowhere")[0]
    assert "no documents with text" in messages(tmp_path)[0]
    assert "no documents with text" in messages(f"{tmp_path}/*.md")[0]
    write(tmp_path, a_DOT_exe="x")
    assert "no documents with text" in messages(tmp_path)[0]
    assert "a.exe: files of type .exe are not read" in messages(tmp_path)[0]
    assert "a corpus file ends in one of" in messages(tmp_path / "a.exe")[0]
    write(tmp_path, blank_DOT_md=" \n")
    assert "no documents with text" in messages(tmp_path)[0]


def test_documents_without_text_alone_are_an_empty_corpus(tmp_path: Path) -> None:
    write(tmp_path, a_DOT_md="---\ntitle: Only a title\n---\n", b_DOT_html="<nav>menu</nav>")
    with pytest.raises(InputError, match="no documents with text"):
        read_corpus(tmp_path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, a_DOT_md="x", b_DOT_md="y")
    original = os.open

    def refuse(path: Any, *how: Any, **more: Any) -> int:
        if Path(path).name == "a.md":
            raise PermissionError(13, "Permission denied")
        return original(path, *how, **more)

    monkeypatch.setattr(os, "open", refuse)
    corpus = read_corpus(tmp_path)
    assert corpus.ids == {"b"}
    (file,) = corpus.passed_over
    assert (file.path, file.cause, file.doc_id) == ("a.md", "unreadable", "a")
    assert file.reason == "it cannot be opened (Permission denied)"


def test_one_bad_file_does_not_stop_the_others_and_every_one_is_told(tmp_path: Path) -> None:
    write(tmp_path, good_DOT_md="text", _DOT_hidden__a_DOT_md="no", sub__notes="x", sub__b_DOT_exe="x")
    (tmp_path / "cyrillic.txt").write_bytes("one\nкафе".encode("cp1251"))
    (tmp_path / "big.md").write_text(
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 9\n"
    )
    other = tmp_path.parent / f"{tmp_path.name}-other"
    write(other, in_DOT_md="linked")
    (tmp_path / "folder").symlink_to(other)
    (tmp_path / "file.md").symlink_to(other / "in.md")
    (tmp_path / "lost.md").symlink_to(other / "nowhere.md")
    (tmp_path / "circle").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "inside.md").symlink_to(tmp_path / "good.md")
    assert read_corpus(tmp_path).ids == {"good", "inside"}
    assert passed_over(tmp_path) == {
        "sub/notes": "type", "sub/b.exe": "type", "cyrillic.txt": "encoding", "big.md": "lfs", "folder": "link",
        "file.md": "link", "lost.md": "link", "circle": "link", "pipe.md": "type",
    }  # fmt: skip
    assert passed_over(f"{tmp_path}/*") == {
        name: cause for name, cause in passed_over(tmp_path).items() if "/" not in name and cause != "link"
    } | {"lost.md": "link", "file.md": "link"}
    reasons = {file.path: file.reason for file in read_corpus(tmp_path).passed_over}
    assert reasons["cyrillic.txt"] == "line 2 is not UTF-8 text; save the file as UTF-8"
    assert "git lfs pull" in reasons["big.md"]
    assert reasons["sub/b.exe"] == "files of type .exe are not read"
    assert reasons["file.md"] == "it is a link to a file outside the corpus; copy the file to have it read"


@pytest.mark.parametrize("suffix", sorted(READERS))
def test_a_file_of_no_bytes_is_empty_whatever_its_type(tmp_path: Path, suffix: str) -> None:
    write(tmp_path, good_DOT_md="text")
    (tmp_path / f"none{suffix}").touch()
    (file,) = read_corpus(tmp_path).passed_over
    assert (file.cause, file.reason) == ("empty", "it is empty")


def test_an_older_office_file_says_what_to_save_it_as(tmp_path: Path) -> None:
    write(tmp_path, good_DOT_md="text", old_DOT_DOC="x")
    (file,) = read_corpus(tmp_path).passed_over
    assert file.reason == "files of type .DOC are not read; save them as .docx"


def test_a_link_that_the_task_names_is_followed(tmp_path: Path) -> None:
    write(tmp_path / "real", a_DOT_md="text")
    (tmp_path / "folder").symlink_to(tmp_path / "real")
    (tmp_path / "file.md").symlink_to(tmp_path / "real" / "a.md")
    assert read_corpus(tmp_path / "folder").ids == {"a"}
    assert read_corpus(f"{tmp_path}/folder/*").ids == {"a"}
    assert read_corpus(tmp_path / "file.md").ids == {"file"}


def test_a_closed_folder_is_told_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, good_DOT_md="text", closed__a_DOT_md="text")
    scan = os.scandir

    def closed(path: Any) -> Any:
        if Path(path).name == "closed":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", closed)
    corpus = read_corpus(tmp_path)
    assert corpus.ids == {"good"}
    (folder,) = corpus.passed_over
    assert (folder.path, folder.cause) == ("closed", "unreadable")
    assert folder.reason == "the folder cannot be opened (Permission denied)"


def test_a_name_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    write(tmp_path, good_DOT_md="text")
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.md")).write_text("x")
    except OSError:
        pytest.skip("this file system takes UTF-8 names alone")
    (file,) = read_corpus(tmp_path).passed_over
    assert (file.cause, file.path) == ("encoding", "caf?.md")


def test_a_corpus_of_nothing_readable_says_why(tmp_path: Path) -> None:
    (tmp_path / "cyrillic.txt").write_bytes("кафе".encode("cp1251"))
    (message,) = messages(tmp_path)
    assert "no documents with text" in message
    assert "cyrillic.txt: line 1 is not UTF-8" in message
    (message,) = messages(tmp_path / "cyrillic.txt")
    assert "line 1 is not UTF-8" in message


def test_ids_are_composed_whatever_the_file_system_keeps(tmp_path: Path) -> None:
    name = "Größen-café"
    decomposed = unicodedata.normalize("NFD", name)
    assert decomposed != name
    write(tmp_path, **{f"{decomposed}_DOT_md": "x"})
    (tmp_path / "rows.jsonl").write_text(records({"doc_id": f"{decomposed}/1", "title": "t", "text": "y"}))
    assert document_ids(tmp_path) == {name, f"{name}/1"}
    (tmp_path / f"{name}.md").write_text("twice")
    if len(list(tmp_path.glob("*.md"))) == 2:  # some file systems hold them for one file
        assert document_ids(tmp_path) == {name, f"{name}/1", f"{name}.md"}


def test_files_that_differ_in_their_suffix_alone_keep_it(tmp_path: Path) -> None:
    write(tmp_path, a_DOT_txt="text", a_DOT_md="page", a_DOT_csv="x,y\n1,2", b_DOT_csv="x,y\n1,2")
    assert {document.doc_id: document.text[:4] for document in read_corpus(tmp_path)} == {
        "a": "page", "a.csv": "| x ", "a.txt": "text", "b": "| x ",
    }  # fmt: skip


def test_the_hash_is_of_the_content_not_of_place_or_order() -> None:
    one, two = Document("a", "A", "x"), Document("b", "B", "y")
    assert corpus_sha256([one, two]) == corpus_sha256([two, one])
    assert corpus_sha256([one, two]) != corpus_sha256([one, Document("b", "B", "z")])
    assert corpus_sha256([one]) != corpus_sha256([Document("a", "A", "x", (Place(0, "page 1"),))])
    assert corpus_sha256([Document("a", "bc", "d")]) != corpus_sha256([Document("a", "b", "cd")])


def test_another_format_is_one_row_of_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(path: Path, doc_id: str) -> Iterator[Entry | InputError]:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if line == "?":
                yield InputError("is no entry.", path=path, line=number)
            elif line == "!":
                raise NotRead("broken", "it shouts")
            else:
                yield Entry(Document(f"{doc_id}/{number}", line.title(), line), number)

    monkeypatch.setitem(READERS, ".list", read)
    write(tmp_path, notes_DOT_list="one\ntwo", a_DOT_md="b")
    assert [document.doc_id for document in read_corpus(tmp_path)] == ["a", "notes/1", "notes/2"]
    assert document_ids(tmp_path / "notes.list") == {"notes/1", "notes/2"}
    write(tmp_path, notes_DOT_list="one\n!")
    assert passed_over(tmp_path) == {"notes.list": "broken"}
    write(tmp_path, notes_DOT_list="one\n?")
    assert messages(tmp_path) == [f"{tmp_path}/notes.list:2: is no entry."]
