"""Files as data sets are shipped: packed with gzip, which their names tell (`train.jsonl.gz`)."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path

from harness.errors import InputError
from harness.files import LONGEST, read_input

GZIP = ".gz"


def suffix_of(path: Path) -> str:
    """The suffix that tells a file's form, in lower case: that before `.gz` where it is packed."""
    suffix = path.suffix.lower()
    return Path(path.stem).suffix.lower() if suffix == GZIP else suffix


def is_packed(path: Path) -> bool:
    return path.suffix.lower() == GZIP


def read_unpacked(path: Path) -> bytes:
    """The bytes of a file, unpacked where it is packed.

    Raises InputError as `read_input`, and for what is no gzip, or unpacks to more than may be read.
    """
    data = read_input(path)
    if not is_packed(path):
        return data
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            found = stream.read(LONGEST + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"is no gzip file that can be read: {error}.", path=path) from None
    if len(found) > LONGEST:
        raise InputError(f"unpacks to more than {LONGEST / 1e6:,.0f} MB.", path=path)
    return found
