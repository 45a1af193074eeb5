"""Protects what is read of tables, notebooks, e-mails, reStructuredText, JSONL, and pages in older encodings."""

from __future__ import annotations

import json
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from harness.corpus.document import Document
from harness.corpus.documents import corpus_sha256, read_corpus
from harness.errors import InputError


def read(folder: Path, name: str, data: str | bytes) -> Document:
    """The only document of a file."""
    (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    corpus = read_corpus(folder / name)
    assert [file for file in corpus.passed_over if file.cause != "type"] == []
    (document,) = corpus
    return document


def refused(folder: Path, name: str, data: str | bytes) -> str:
    (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    with pytest.raises(InputError) as caught:
        read_corpus(folder / name)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.csv", 'Item,Fee\ndrill,"20,50"\n"a\nsaw",30\n\n'),
        ("a.csv", 'Item;Fee\r\ndrill;20,50\r\n"a\r\nsaw";30\r\n'),
        ("a.csv", "\ufeffItem|Fee\ndrill|20,50\na saw|30\n"),
        ("a.tsv", "Item\tFee\ndrill\t20,50\na saw\t30"),
    ],
)
def test_rows_stand_under_their_headings(tmp_path: Path, name: str, data: str) -> None:
    assert (
        read(tmp_path, name, data).text == "| Item | Fee |\n| --- | --- |\n| drill | 20,50 |\n| a saw | 30 |"
    )


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("a.csv", "# 14 days\n\nItem,Fee\ndrill,20\n", "\\# 14 days\n\n| Item | Fee |\n| --- | --- |\n| drill | 20 |"),
        ("a.csv", "# stop\nstop\n", "\\# stop\nstop"),
        ("a.eml", "Subject: Stop\n\n# stop\nstop\n", "# Stop\n\n\\# stop\nstop"),
        ("a.ipynb", '{"cells": [{"cell_type": "raw", "source": "# stop"}]}', "\\# stop"),
        ("a.rst", "# stop\nstop\n", "\\# stop\nstop"),
        ("a.md", "<syntaxhighlight lang=sh>\n# stop\n</syntaxhighlight>\n\n# Real\n",
         "<syntaxhighlight lang=sh>\n\\# stop\n</syntaxhighlight>\n\n# Real"),
    ],
)  # fmt: skip
def test_a_line_that_looks_like_a_heading_is_none(tmp_path: Path, name: str, data: str, text: str) -> None:
    if name == "a.rst":
        pytest.importorskip("docutils", reason="needs the documents extra")
    assert read(tmp_path, name, data).text == text


def test_rows_of_many_columns_carry_their_headings(tmp_path: Path) -> None:
    heads = [f"a heading of {number} words" for number in range(8)]
    text = read(tmp_path, "a.csv", ",".join(heads) + "\n" + ",".join("20" for _ in heads)).text
    assert text == " | ".join(f"{head}: 20" for head in heads)


def test_a_table_of_numbers_alone_has_no_header(tmp_path: Path) -> None:
    assert read(tmp_path, "a.csv", "1,2\n3,4\n").text == "| 1 | 2 |\n| 3 | 4 |"


def test_a_notebook(tmp_path: Path) -> None:
    cells: list[dict[str, Any]] = [
        {"cell_type": "markdown", "source": ["# The *fees*\n", "see [a](b)"]},
        {"cell_type": "code", "source": "# comment\nprint(20)", "outputs": [
            {"output_type": "stream", "text": ["20\n"]},
            {"output_type": "display_data", "data": {"image/png": "x", "text/plain": "<Figure>"}},
            {"output_type": "execute_result", "data": {"text/plain": ["14 days"]}},
            {"output_type": "error", "traceback": ["x"], "ename": "E"},
        ]},
        {"cell_type": "raw", "source": "raw"},
    ]  # fmt: skip
    book = {"cells": cells, "metadata": {"kernelspec": {"language": "python"}}, "nbformat": 4}
    document = read(tmp_path, "a.ipynb", json.dumps(book))
    assert document.title == "The fees"
    assert document.text == (
        "# The *fees*\nsee a\n\n```python\n# comment\nprint(20)\n```\n\n```\n20\n```\n\n"
        "```\n<Figure>\n```\n\n```\n14 days\n```\n\nraw"
    )
    for data in ("[]", "{", '{"cells": [1]}', "14 days"):
        assert "it is no notebook" in refused(tmp_path, "a.ipynb", data) or data == "[]"


def test_what_a_notebook_shows_in_another_form_than_plain_text(tmp_path: Path) -> None:
    named = "<IPython.core.display.Markdown object>"
    outputs: list[dict[str, Any]] = [
        {"output_type": "stream", "text": "\x1b[31m14\x1b[0m days\n"},
        {"output_type": "display_data", "data": {"text/markdown": "**20** EUR", "text/plain": named}},
        {"output_type": "display_data", "data": {"text/html": ["<table><tr><th>Fee", "<tr><td>30</table>"]}},
        {"output_type": "execute_result", "data": {"text/html": "<b>7", "text/plain": "7"}},
    ]
    book = {"cells": [{"cell_type": "code", "source": "", "outputs": outputs}]}
    assert read(tmp_path, "a.ipynb", json.dumps(book)).text == (
        "```\n14 days\n```\n\n**20** EUR\n\n| Fee |\n| --- |\n| 30 |\n\n```\n7\n```"
    )


def test_an_e_mail_with_an_attachment(tmp_path: Path) -> None:
    message = EmailMessage()
    message["Subject"] = "Größe of fees"
    message["From"] = "Ann <ann@example.org>"
    message["Date"] = "Mon, 05 May 2025 09:00:00 +0000"
    message.set_content("A drill may be kept 14 days.\n")
    message.add_alternative("<p>A drill may be kept <b>14</b> days.</p>", subtype="html")
    message.add_attachment(b"x", maintype="application", subtype="pdf", filename="fees.pdf")
    document = read(tmp_path, "a.eml", message.as_bytes())
    assert document.title == "Größe of fees"
    assert document.text == (
        "# Größe of fees\nFrom: Ann <ann@example.org>\nDate: Mon, 05 May 2025 09:00:00 +0000\n\n"
        "A drill may be kept 14 days.\n\n[attachment: fees.pdf]"
    )
    (file,) = read_corpus(tmp_path / "a.eml").passed_over
    assert (file.cause, file.reason) == ("type", "its attachment fees.pdf is not read")


def test_an_e_mail_of_html_alone_that_forwards_another(tmp_path: Path) -> None:
    inner = EmailMessage()
    inner["Subject"] = "Inner"
    inner.set_content("20 EUR")
    message = EmailMessage()
    message["Subject"] = "Outer"
    message.set_content("<p>10<sup>6</sup> litres", subtype="html")
    message.add_attachment(inner)
    assert read(tmp_path, "a.eml", message.as_bytes()).text == "# Outer\n\n10^6 litres\n\n# Inner\n\n20 EUR"
    assert "no head" in refused(tmp_path, "a.eml", "14 days\n")


def test_every_text_of_an_e_mail_and_every_message_in_it(tmp_path: Path) -> None:
    message = EmailMessage()
    message["Subject"] = "Digest"
    message.set_content("14 days")
    message.add_attachment("20 EUR", disposition="inline")
    for fee in ("30", "40"):
        inner = EmailMessage()
        inner["Subject"] = f"Fee {fee}"
        inner.set_content(f"{fee} EUR")
        message.add_attachment(inner)
    assert read(tmp_path, "a.eml", message.as_bytes()).text == (
        "# Digest\n\n14 days\n\n20 EUR\n\n# Fee 30\n\n30 EUR\n\n# Fee 40\n\n40 EUR"
    )


@pytest.mark.parametrize(
    ("head", "encoding", "guessed"),
    [
        ("", "cp1252", {"Windows-1252": ("a.eml",)}),
        ("Content-Type: text/plain; charset=us-ascii\n", "cp1252", {"Windows-1252": ("a.eml",)}),
        ("Content-Type: text/plain; charset=utf-8\n", "cp1252", {"Windows-1252": ("a.eml",)}),
        ("Content-Type: text/plain; charset=us-ascii\n", "utf-8", {}),
        ("Content-Type: text/plain; charset=iso-8859-1\n", "cp1252", {}),
    ],
)
def test_an_e_mail_that_does_not_say_its_encoding_or_a_wrong_one(
    tmp_path: Path, head: str, encoding: str, guessed: dict[str, tuple[str, ...]]
) -> None:
    (tmp_path / "a.eml").write_bytes(f"Subject: x\n{head}\nGröße: 20 € für fünf".encode(encoding))
    corpus = read_corpus(tmp_path)
    assert [document.text for document in corpus] == ["# x\n\nGröße: 20 € für fünf"]
    assert corpus.inventory.guessed == guessed
    (tmp_path / "a.eml").write_bytes(b"Subject: x\n\n" + "Знание".encode("cp1251"))
    with pytest.raises(InputError, match="is not UTF-8"):
        read_corpus(tmp_path)


def test_a_head_of_an_e_mail_is_read_up_to_a_length(tmp_path: Path) -> None:
    """The standard library takes memory that grows with the square of it: 2.7 GB for 280 kB."""
    document = read(tmp_path, "a.eml", f"Subject: {'=?utf-8?q?a?= ' * 5_000}\n\n14 days\n")
    assert 1_000 < len(document.title) < 2_000
    assert document.text.endswith("14 days")


RST = """
:mod:`Loans`
============

See :ref:`the rules <rules>` and `a page <https://example.org>`_, up to 10\\ :sup:`6` litres [1]_, ``x``.

.. comment

.. note:: Not longer than 14 days.

.. versionadded:: 2.0
   The fee of 20 EUR.

Fees
----

3. drill
4. saw

Term
  Definition

.. code-block:: sh

   # comment
   run

==== ===
Item Fee
==== ===
a    20
==== ===

:Author: Ann

.. [1] or less
.. |x| replace:: y
.. include:: /etc/hostname
.. image:: a.png
   :alt: A drill
"""


def test_restructured_text(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("docutils", reason="needs the documents extra")
    document = read(tmp_path, "a.rst", RST)
    assert document.title == "Loans"
    assert document.text == (
        "# Loans\n\nSee the rules and a page, up to 10^6 litres [^1], `x`.\n\nNote: Not longer than 14 days.\n\n"
        ".. versionadded:: 2.0\n   The fee of 20 EUR.\n\n## Fees\n\n3. drill\n4. saw\n\nTerm\n: Definition\n\n"
        "```sh\n# comment\nrun\n```\n\n| Item | Fee |\n| --- | --- |\n| a | 20 |\n\nAuthor: Ann\n\n[^1]: or less\n\n"
        ".. include:: /etc/hostname\n\n[image: A drill]"
    )
    assert capfd.readouterr() == ("", "")


def test_signs_of_items_stay(tmp_path: Path) -> None:
    pytest.importorskip("docutils", reason="needs the documents extra")
    source = "c) three\nd) four\n\n(i) one\n(ii) two\n\n#. auto\n#. next\n\n3. x\n"
    text = "c) three\nd) four\n\n(i) one\n(ii) two\n\n1. auto\n2. next\n\n3. x"
    assert read(tmp_path, "a.rst", source).text == text


def test_code_with_options_of_sphinx_and_options_of_programs(tmp_path: Path) -> None:
    pytest.importorskip("docutils", reason="needs the documents extra")
    source = ".. code-block:: sh\n   :linenos:\n   :caption: stop.sh\n\n   # stop\n   x\n\n"
    source += "-a, --all   Show all\n--fee=EUR   The fee\n\n.. prompt:: sh\n\n   # apt install\n"
    assert read(tmp_path, "a.rst", source).text == (
        "stop.sh\n\n```sh\n# stop\nx\n```\n\n-a, --all\n: Show all\n--fee=EUR\n: The fee\n\n"
        ".. prompt:: sh\n\n   \\# apt install"
    )


@pytest.mark.parametrize(
    ("row", "document"),
    [
        ({"_id": "a", "title": "", "text": "x"}, Document("a", "A", "x")),
        ({"_id": "a", "text": "x", "metadata": {}}, Document("a", "A", "x")),
        ({"id": 7, "contents": "Loans\n14 days"}, Document("7", "Loans", "Loans\n14 days")),
        ({"id": "7", "contents": "14 days"}, Document("7", "7", "14 days")),
        ({"docid": "7", "title": None, "content": ["a", "b"]}, Document("7", "7", "a\nb")),
        ({"id": "7", "text": ["a", {"type": "text", "text": "b"}, ["c"]]}, Document("7", "7", "a\nb\nc")),
        ({"doc_id": "b", "id": 3, "body": "x", "title": 2025}, Document("b", "2025", "x")),
    ],
)
def test_jsonl_under_the_names_that_people_use(
    tmp_path: Path, row: dict[str, Any], document: Document
) -> None:
    assert read(tmp_path, "a.jsonl", json.dumps(row)) == document


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"text": "x", "url": "y"}, "the record lacks an id (it has text, url)"),
        ({"id": "x"}, "the record lacks a text (it has id)"),
        ({}, "the record lacks an id and a text (it has no keys)"),
        ({"id": 1.5, "text": 3}, "id is 1.5, text is 3; it must be text in quotes."),
        ({"id": True, "text": "x"}, "id is true; it must be text in quotes."),
        ({"id": " ", "text": "x"}, "id is empty."),
        (
            {"id": "x", "text": ["a", {"text": "b", "note": "c"}]},
            "text is ['a', {'text': 'b', 'note': 'c'}]; it must be text in quotes.",
        ),
    ],
)
def test_jsonl_that_has_no_document_says_what_it_has(
    tmp_path: Path, row: dict[str, Any], sentence: str
) -> None:
    assert f"a.jsonl:1: {sentence}" in refused(tmp_path, "a.jsonl", json.dumps(row))


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ("<meta charset=windows-1252>", "cp1252"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=iso-8859-15">', "iso-8859-15"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?>', "latin-1"),
        ("<meta charset=windows-1252>", "utf-8"),
        ("", "utf-8"),
        ("", "utf-16"),
        ("", "utf-8-sig"),
    ],
)
def test_a_page_in_the_encoding_that_it_declares(tmp_path: Path, head: str, encoding: str) -> None:
    assert read(tmp_path, "a.html", f"{head}<p>Größe: 20 é".encode(encoding)).text == "Größe: 20 é"


def test_halves_of_surrogate_pairs_are_replaced(tmp_path: Path) -> None:
    book = '{"cells": [{"cell_type": "markdown", "source": "# a\\ud800b"}]}'
    assert read(tmp_path, "a.ipynb", book) == Document("a", "a\ufffdb", "# a\ufffdb")
    document = read(tmp_path, "a.eml", b"Subject: a\xe9b\n\nx \xe9")
    corpus_sha256([document])
    assert document.title.startswith("a")


def test_asian_encodings_and_wrong_ones(tmp_path: Path) -> None:
    for encoding in ("shift_jis", "iso-2022-jp", "euc-jp", "gb18030"):
        assert read(tmp_path, "a.html", f"<meta charset={encoding}><p>知識".encode(encoding)).text == "知識"
    cyrillic = "<p>Знание".encode("cp1251")
    assert "line 1 is not UTF-8" in refused(tmp_path, "a.html", cyrillic)
    assert "it is not nonsense text" in refused(tmp_path, "a.html", b"<meta charset=nonsense>" + cyrillic)


def test_text_in_utf_16_as_editors_save_it(tmp_path: Path) -> None:
    assert read(tmp_path, "a.txt", "Größe\r\n20".encode("utf-16")).text == "Größe\n20"
