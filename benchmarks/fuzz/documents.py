"""Documents of every format that the corpus reads, damaged, blown up or under a wrong suffix: `tasks validate`."""

from __future__ import annotations

import email.message
import io
import json
import os
import random
import warnings
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from benchmarks.fuzz import _hostile as hostile
from benchmarks.fuzz.task_files import QUESTION, TASK

PRELOAD = (
    "docx", "pptx", "openpyxl", "pypdf", "docutils.core", "docutils.parsers.rst.directives", "selectolax.lexbor",
    "markdown_it", "harness.corpus.formats.word",
)  # fmt: skip
PLAIN: dict[str, str] = {
    ".md": "---\ntitle: Ports\n---\n# Ports\n\nThe *ferry* leaves from [Ostby](a.md)[^1].\n\n| a | b |\n| - | - |\n"
    "| 1 | 2 |\n\n```py\nx = 1\n```\n\n- one\n  - two\n\n<table><tr><td>x</td></tr></table>\n\n[^1]: note\n",
    ".html": "<html><head><title>Ports</title><meta charset=utf-8></head><body><h1>Ports</h1><p>The <b>ferry</b>"
    "<sup>2</sup><table><tr><th>a<td rowspan=2>b<tr><td>1</table><ul><li>x<ul><li>y</ul></ul><pre>code</pre></body>",
    ".txt": "Ports\n\nThe ferry leaves from Ostby.\n",
    ".rst": "Ports\n=====\n\nThe *ferry* :ref:`leaves <x>`.\n\n.. note:: Look.\n\n"
    "+---+---+\n| a | b |\n+---+---+\n\n::\n\n  x\n",
    ".csv": 'port,city\nOstby,North\n"a, b",2\n',
    ".tsv": "port\tcity\nOstby\tNorth\n",
    ".jsonl": '{"id": "a", "title": "Ports", "text": "The ferry"}\n{"_id": "b", "contents": "T\\nx"}\n',
    ".ipynb": json.dumps(
        {
            "cells": [
                {"cell_type": "markdown", "source": ["# Ports\n", "x"]},
                {"cell_type": "code", "source": "1+1", "outputs": [{"data": {"text/plain": "2"}}]},
            ],
            "metadata": {},
            "nbformat": 4,
        }
    ),
}
"""A small valid file by suffix."""
XML_BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(
        f'<!ENTITY a{i} "{f"&a{i - 1 if i > 1 else chr(32)};".replace(" ", "") * 10}">' for i in range(1, 10)
    )
    + ']><x xmlns="urn:x">&a9;</x>'
)


@cache
def valid() -> dict[str, bytes]:
    """A small valid file of every format, by suffix."""
    made = {suffix: text.encode() for suffix, text in PLAIN.items()}
    for suffix, make_one in {
        ".docx": _docx, ".pptx": _pptx, ".xlsx": _xlsx, ".pdf": _pdf, ".eml": _eml, ".odt": _odt, ".epub": _epub,
    }.items():  # fmt: skip
        made[suffix] = make_one()
    return made


def make(rng: random.Random, folder: Path) -> list[str]:
    tasks = folder / "tasks"
    docs = tasks / "docs"
    docs.mkdir(parents=True)
    (docs / "a.md").write_text("# Ports\n\nThe ferry leaves from Ostby.\n")
    for role in ("test", "train", "dev"):
        row = {**QUESTION, "id": role, "question": f"Which port on {role}?"}
        (tasks / f"{role}.jsonl").write_text(json.dumps(row) + "\n")
    (tasks / "t.yaml").write_text(json.dumps(TASK))
    for number in range(rng.choice((1, 1, 1, 3))):
        suffix = rng.choice(list(valid()))
        path = docs / f"b{number}{suffix if rng.random() < 0.9 else rng.choice(list(valid()))}"
        if rng.random() < 0.04:
            hostile.no_file(rng, path)
        else:
            path.write_bytes(_document(rng, suffix))
    if rng.random() < 0.03:
        odd = rng.choice(
            (b"caf\xe9.md", b"a\nb.md", b"\x1b[2J.md", b"x" * 250 + b".md", b"-t.md", b" .md", b"a\\b.md")
        )
        Path(os.fsdecode(os.fsencode(docs) + b"/" + odd)).write_text("x")
    return ["tasks", "validate", "t"]


def _document(rng: random.Random, suffix: str) -> bytes:
    data = valid()[suffix]
    act = rng.random()
    if suffix in PLAIN:
        if act < 0.25:
            return _blown(rng, suffix)
        if act < 0.4:
            return hostile.encoded(rng, "\n".join(hostile.text(rng) for _ in range(9)) + PLAIN[suffix])
        if act < 0.5:
            return (PLAIN[suffix] * rng.choice((50, 2000))).encode()
    elif data[:2] == b"PK" and act < 0.75:
        return _repacked(rng, data)
    return hostile.damaged(rng, data)


_PIECES = (
    "<div>", "<table><tr><td>", "<b>", "<ul><li>", "</", "<!--", "<td rowspan=9999 colspan=9999>", "<a href=", "[",
    "![", "](", "> ", "- ", "* * ", "`", "~~~\n", "| a ", "|\n|-|-|\n", "# ", "\\", "<sup>", "^", "_", "**a ", "&amp;",
    "&#x1F;", "a-\n", ". ", "   ", "\t", "\r", "..", ".. note::\n  ", "+---", "====\n", ":a:`", "``", "|x|", '"', '",',
    "=?utf-8?q?", ";", '{"', "[{", "1.", "1)\n", "[^1]", "[^1]: ", "\n---\n", "<script>", "<![CDATA[", "<?", "\x00",
    "\u0301", "不", "a",
)  # fmt: skip


def _blown(rng: random.Random, suffix: str) -> bytes:
    """A piece of markup, or two in turn, many times."""
    pieces = "".join(rng.choices(_PIECES, k=rng.choice((1, 1, 2, 3))))
    many = pieces * (rng.choice((2_000, 20_000, 200_000)) // len(pieces))
    return rng.choice((f"{PLAIN[suffix]}{many}", many, f"{many}\n{PLAIN[suffix]}")).encode()


def _repacked(rng: random.Random, data: bytes) -> bytes:
    """An archive with one member damaged, blown up, taken out, or one too many."""
    changed = io.BytesIO()
    warnings.simplefilter("ignore")  # of names that are given twice
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        names = old.namelist()
        chosen = rng.choice(
            [name for name in names if name.endswith((".xml", ".rels", ".opf", ".xhtml"))] or names
        )
        for name in names:
            content = old.read(name)
            if name == chosen:
                content = _changed(rng, content)
            if name != chosen or rng.random() < 0.9:
                new.writestr(name, content)
        if rng.random() < 0.1:
            new.writestr(rng.choice(("../../evil", "/etc/x", "a" * 300, "word/x.xml", names[0])), b"x" * 100)
    return changed.getvalue()


def _changed(rng: random.Random, content: bytes) -> bytes:
    act = rng.random()
    if act < 0.15:
        return XML_BOMB.encode(rng.choice(("utf-8", "utf-16")))
    if act < 0.25:
        return b" " * rng.choice((10**6, 10**8, 6 * 10**8))
    end = content.rfind(b"</")
    if act < 0.45 and end > 0:
        middle = content.rfind(b"<", 0, end)
        inside = content[content.rfind(b"<", 0, middle) : end]
        return content[:end] + inside * rng.choice((10, 1000, 20_000)) + content[end:]
    if act < 0.55:
        place = content.find(b">", len(content) // 2) + 1
        depth = rng.choice((100, 10_000, 100_000))
        return content[:place] + b"<a>" * depth + b"</a>" * depth + content[place:]
    if act < 0.65:
        return content.replace(b'"1"', rng.choice((b'"999999999"', b'"-1"', b'"1e9"', b'""')))
    return hostile.damaged(rng, content)


def _packed(files: dict[str, str]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        for name, text in files.items():
            packed.writestr(name, text)
    return made.getvalue()


def _saved(save: Callable[[io.BytesIO], object]) -> bytes:
    made = io.BytesIO()
    save(made)
    return made.getvalue()


def _docx() -> bytes:
    import docx

    book = docx.Document()
    book.add_heading("Ports", 1)
    book.add_paragraph("The ferry leaves from Ostby.")
    table = book.add_table(2, 2)
    table.cell(0, 0).text = "a"
    table.cell(1, 1).text = "1"
    return _saved(book.save)


def _pptx() -> bytes:
    import pptx

    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[1])
    slide.shapes.title.text = "Ports"
    slide.placeholders[1].text = "The ferry"
    slide.notes_slide.notes_text_frame.text = "note"
    return _saved(show.save)


def _xlsx() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    for row in (("port", "number"), ("Ostby", 1), ("North", "=SUM(B2:B2)")):
        book.active.append(row)
    book.active["B2"].number_format = '"$"0.00'
    return _saved(book.save)


def _pdf() -> bytes:
    text = b"BT /F1 12 Tf 72 700 Td (The ferry leaves from Ostby.) Tj ET"
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Resources<</Font<</F1 4 0 R>>>>/Contents 5 0 R>>",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text), text),
    )
    made, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return made + b"xref\n0 6\n0000000000 65535 f \n%strailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        table, len(made),
    )  # fmt: skip


def _eml() -> bytes:
    mail = email.message.EmailMessage()
    mail["Subject"], mail["From"], mail["Date"] = "Ports", "a@example.org", "Mon, 2 Mar 2026 10:00:00 +0000"
    mail.set_content("The ferry leaves from Ostby.")
    mail.add_alternative("<p>The <b>ferry</b></p>", subtype="html")
    mail.add_attachment(b"x", maintype="application", subtype="pdf", filename="a.pdf")
    return mail.as_bytes()


def _odt() -> bytes:
    office = "urn:oasis:names:tc:opendocument:xmlns"
    return _packed(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f'<?xml version="1.0"?><o:document-content xmlns:o="{office}:office:1.0" '
            f'xmlns:t="{office}:text:1.0" xmlns:b="{office}:table:1.0"><o:body><o:text>'
            '<t:h t:outline-level="1">Ports</t:h>'
            '<t:p>The <t:s t:c="1"/>ferry</t:p><b:table><b:table-row><b:table-cell b:number-columns-repeated="1">'
            "<t:p>a</t:p></b:table-cell></b:table-row></b:table></o:text></o:body></o:document-content>",
        }
    )


def _epub() -> bytes:
    return _packed(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<?xml version="1.0"?><container xmlns="urn:oasis:names:tc:opendocument:xmlns:'
            'container"><rootfiles><rootfile full-path="o.opf"/></rootfiles></container>',
            "o.opf": '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc='
            '"http://purl.org/dc/elements/1.1/"><dc:title>Ports</dc:title></metadata><manifest><item id="a" '
            'href="a.xhtml" media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/></spine>'
            "</package>",
            "a.xhtml": '<html xmlns="http://www.w3.org/1999/xhtml"><body><h1>Ports</h1><p>The ferry</p></body></html>',
        }
    )
