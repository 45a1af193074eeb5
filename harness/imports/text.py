"""A table or data set whose form is text → that text, in whatever encoding a program wrote it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from harness.corpus.encodings import western
from harness.errors import InputError, shown
from harness.files import form_in_words, unicode_form
from harness.imports.packed import read_unpacked


class Read(NamedTuple):
    """`remarks`: what was guessed, a sentence."""

    text: str
    remarks: tuple[str, ...] = ()


def read_text(path: Path, encoding: str | None = None) -> Read:
    """`encoding`: None is UTF-8, UTF-16, or what is plainly an encoding of Western Europe.

    Raises InputError where the file is in another encoding, with the line.
    """
    data = read_unpacked(path)
    form, body = (encoding, data) if encoding else unicode_form(data)
    try:
        return Read(body.decode(form).removeprefix("\ufeff"))
    except UnicodeError as error:
        if encoding is None and (guess := western(data)) is not None:
            said = f"{path}: is not UTF-8, and was read as {guess.encoding} (--encoding names another)."
            return Read(guess.text, (said,))
        line = body.count(b"\n", 0, getattr(error, "start", 0)) + 1
        hint = "save the file as UTF-8, or name its encoding (--encoding)."
        raise InputError(f"not {form_in_words(form)} text; {hint}", path=path, line=line) from None
    except LookupError:
        raise InputError(f"--encoding: there is no encoding of texts {shown(encoding)}.") from None
