"""PDF files of a few lines of text a page, written by hand: the smallest that a reader takes for whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def pdf_of(pages: Iterable[Sequence[str]], title: str = "") -> bytes:
    """A PDF with the given lines (Latin-1) on each page; a page without lines holds a drawing alone."""
    return drawn([_content(lines) for lines in pages], title)


def drawn(contents: Sequence[bytes], title: str = "") -> bytes:
    """A PDF of pages by their operators; the one font is F1."""
    count = len(contents)
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(count))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, content in enumerate(contents):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * number} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content))
    objects.append(f"<< /Title ({title}) >>".encode("latin-1"))
    return _assembled(objects)


def _content(lines: Sequence[str]) -> bytes:
    if not lines:
        return b"10 10 100 100 re f"
    shown = [line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)") for line in lines]
    steps = "\n".join(f"({line}) Tj 0 -14 Td" for line in shown)
    return f"BT /F1 11 Tf 50 800 Td\n{steps}\nET".encode("latin-1")


def _assembled(objects: Sequence[bytes]) -> bytes:
    data = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    data += f"trailer\n<< /Size {size} /Root 1 0 R /Info {size - 1} 0 R >>\n".encode()
    data += f"startxref\n{table}\n%%EOF\n".encode()
    return bytes(data)
