"""A file's bytes → text or an archive, with the reason where that cannot be: what all readers begin with."""

from __future__ import annotations

import codecs
import re
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from harness.corpus.document import NotRead
from harness.corpus.encodings import Guess, western
from harness.files import LFS_POINTER, form_in_words, is_lfs_pointer, read_regular, unicode_form

_DECLARED = re.compile(rb"""<(?:meta\b[^>]*?charset|\?xml\b[^>]*?encoding)\s*=\s*["']?\s*([\w.:-]+)""", re.I)
_SEVEN_BIT = re.compile(r"iso-?2022|utf-?7|hz", re.I)
"""Encodings whose bytes pass for UTF-8, as they are those of ASCII."""
_LATIN = frozenset(("iso8859-1", "ascii"))
"""What browsers read as Windows' superset of it."""

_MOST_BYTES, _MOST_XML, _MOST_FILES = 500_000_000, 150_000_000, 50_000
_COMPOUND = b"\xd0\xcf\x11\xe0"
"""Files of Office's older kind; it also wraps a newer one that asks for a password."""


def read_bytes(path: Path) -> bytes:
    """The bytes of a file. Raises NotRead where it has none, cannot be opened, or is a pointer of Git LFS."""
    try:
        data = read_regular(path)
    except OSError as error:
        raise NotRead("unreadable", f"it cannot be opened ({error.strerror})") from error
    if not data:
        raise NotRead("empty", "it is empty")
    if is_lfs_pointer(data):
        raise NotRead("lfs", f"it is {LFS_POINTER}")
    return data


def text_of(data: bytes) -> str:
    """Text in UTF-8 or UTF-16, with line ends as "\\n". Raises NotRead where it is neither."""
    form, body = unicode_form(data)
    try:
        text = body.decode(form)
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        what = f"line {line} is not {form_in_words(form)} text; save the file as UTF-8"
        raise NotRead("encoding", what) from None
    return unix(text)


def page_of(data: bytes) -> str:
    """The text of an HTML page: UTF-8 where it is that, else in the encoding that it declares.

    Raises NotRead where it declares none, or a wrong one.
    """
    declared = _DECLARED.search(data[:2048])
    return text_in(data, declared[1].decode("ascii") if declared else "")


def text_in(data: bytes, name: str) -> str:
    """Text that is said to be in an encoding: UTF-8 where it is that, else in this one.

    Raises NotRead where none is said (the name is empty), or a wrong one.
    """
    if not _SEVEN_BIT.match(name):
        try:
            return text_of(data)
        except NotRead:
            if not name:
                raise
    try:
        codec = codecs.lookup(name).name
        return unix(data.decode("cp1252" if codec in _LATIN else codec))
    except (LookupError, UnicodeError, ValueError):
        raise NotRead("encoding", f"it is not {name} text, as it says; save the file as UTF-8") from None


def read_text(path: Path, decode: Callable[[bytes], str] = text_of) -> Guess:
    """The text of a file; of one that `decode` does not read, and that plainly is in a Western encoding, with that.

    Raises NotRead as `read_bytes` and `decode`.
    """
    data = read_bytes(path)
    try:
        return Guess(decode(data))
    except NotRead as reason:
        guess = western(data) if reason.cause == "encoding" else None
        if guess is None:
            raise
        return guess._replace(text=unix(guess.text))


def unix(text: str) -> str:
    """The text with "\n" for every kind of line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


@contextmanager
def archive(data: bytes) -> Iterator[zipfile.ZipFile]:
    """The archive that an office file or a book is.

    Raises NotRead where it is none, asks for a password, would unpack to more than is safe, or declares XML entities.
    """
    if data.startswith(_COMPOUND):
        raise _compound(data)
    try:
        with zipfile.ZipFile(BytesIO(data)) as packed:
            _check(packed)
            yield packed
    except zipfile.BadZipFile as error:
        raise NotRead("broken", "it is damaged: not the archive that files of this type are") from error


def _compound(data: bytes) -> NotRead:
    if "EncryptedPackage".encode("utf-16-le") in data:
        return NotRead("encrypted", "it asks for a password; save it without one")
    return NotRead("broken", "it is of the older binary form; save it anew in the form of its suffix")


def _check(packed: zipfile.ZipFile) -> None:
    members = packed.infolist()
    if any(member.flag_bits & 1 for member in members):
        raise NotRead("encrypted", "it asks for a password; save it without one")
    xml = [member for member in members if member.filename.endswith((".xml", ".rels", ".opf"))]
    sizes = sum(member.file_size for member in members), max((member.file_size for member in xml), default=0)
    if sizes[0] > _MOST_BYTES or sizes[1] > _MOST_XML or len(members) > _MOST_FILES:
        raise NotRead(
            "large", f"it unpacks to {sizes[0] / 1e6:,.0f} MB in {len(members):,} files, which is not safe"
        )
    for member in xml:
        with packed.open(member) as stream:
            check_entities(stream.read(65536))


def check_entities(xml: bytes) -> None:
    """Raises NotRead for XML that declares entities: no office program writes such, and they can name other files."""
    if b"<!ENTITY" in xml.replace(b"\0", b""):
        raise NotRead("broken", "its XML declares entities, which files of this type do not")
