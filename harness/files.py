"""Files that are never half-written, hashes that name them, and the cache folder they live in."""

from __future__ import annotations

import codecs
import contextlib
import dataclasses
import errno
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Never

from harness.errors import HarnessError, InputError, shown
from harness.temporary import discard, name_beside, remove_left, temporary


def cache_root() -> Path:
    """The folder for models, indexes, adapters and answers: `HARNESS_CACHE`, else the platform's own."""
    folder = os.environ.get("HARNESS_CACHE")
    if folder:
        return Path(folder).expanduser().resolve()
    from platformdirs import user_cache_path

    return user_cache_path("rag-vs-finetune")


@dataclasses.dataclass(frozen=True)
class Source:
    """A text file as it was read. `sha256` is of its bytes; a byte order mark is not part of `text`."""

    path: Path
    text: str
    sha256: str


LFS_POINTER = "a Git LFS pointer, not the file itself; fetch the files with `git lfs pull`"


def is_lfs_pointer(data: bytes) -> bool:
    """Whether a file holds what Git LFS leaves in the place of one that was not fetched."""
    return data.startswith(
        (b"version https://git-lfs.github.com/spec/", b"version https://hawser.github.com/spec/")
    )


LONGEST = 500_000_000
"""The most bytes that a file which somebody else wrote may have."""


@contextlib.contextmanager
def open_regular(path: Path) -> Iterator[BinaryIO]:
    """A file, opened to be read.

    Raises OSError, whose `strerror` says why: it is not there, may not be read, is a folder, or a pipe or a device,
    which could be waited on or read for ever.
    """
    opened = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(opened, "rb") as stream:  # noqa: PTH123 - of a descriptor
        mode = os.fstat(opened).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "it is a folder, not a file", str(path))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is no regular file, but a pipe or a device", str(path))
        yield stream


def read_regular(path: Path, most: int = LONGEST) -> bytes:
    """The bytes of a file. Raises OSError as `open_regular` does, and where it has more than `most` bytes."""
    with open_regular(path) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"it has more than {most / 1e6:,.0f} MB", str(path))
    return data


def read_input(path: Path, most: int = LONGEST) -> bytes:
    """The bytes of a file that a person names, at most `most`.

    Raises InputError where it is missing, not a file, unreadable, too long or a Git LFS pointer.
    """
    try:
        data = read_regular(path, most)
    except FileNotFoundError:
        raise InputError("there is no such file.", path=path) from None
    except IsADirectoryError:
        raise InputError("this is a folder, not a file.", path=path) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(
            f"the file cannot be read: {reason}.", path=Path(shown(str(path), 200).strip("'"))
        ) from error
    if is_lfs_pointer(data):
        raise InputError(f"this is {LFS_POINTER}.", path=path)
    return data


_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # which begins with UTF-16's
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_HEAD = 4096
_FEW_ZEROS = 2
"""So many may have come into any text."""


def unicode_form(data: bytes) -> tuple[str, bytes]:
    """The form of Unicode that the bytes of a text show to be in, and the bytes without a byte order mark.

    UTF-16 shows itself without a mark, too: every Latin letter and every blank brings a zero, all on the same side.
    What shows nothing is taken for UTF-8, which it may not be.
    """
    for mark, form in _MARKS:
        if data.startswith(mark):
            return form, data[len(mark) :]
    head = data[:_HEAD]
    first, second = head[::2].count(0), head[1::2].count(0)
    for form, letters, zeros in (("utf-16-le", first, second), ("utf-16-be", second, first)):
        if zeros > max(_FEW_ZEROS, len(head) / 20, 10 * letters):
            return form, data
    return "utf-8", data


def form_in_words(form: str) -> str:
    """`utf-16-le` as people call it: `UTF-16`."""
    return form.upper().removesuffix("-LE").removesuffix("-BE")


def numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a text that are not blank, with their numbers.

    Only "\\n" ends a line: str.splitlines would cut records at U+2028, which JSON allows in a string.
    """
    return ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())


def read_source(path: Path, most: int = LONGEST) -> Source:
    """Read a UTF-8 text file. Raises InputError as `read_input`, and where it is not UTF-8."""
    return source_of(path, read_input(path, most))


def source_of(path: Path, data: bytes) -> Source:
    """The text that the bytes of a file are. Raises InputError where they are not UTF-8."""
    form, body = unicode_form(data)
    if form != "utf-8":
        raise InputError(f"this is {form_in_words(form)} text; save the file as UTF-8.", path=path)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise InputError("not UTF-8 text; save the file as UTF-8.", path=path, line=line) from None
    return Source(path, text, hashlib.sha256(data).hexdigest())


def to_json(value: Any, *, indent: int | None = None, compact: bool = False, sort_keys: bool = False) -> str:
    """Plain values, dataclasses and pydantic models as JSON.

    Raises ValueError for NaN and infinity, which JSON does not have.
    """
    return json.dumps(
        value,
        ensure_ascii=False,
        allow_nan=False,
        indent=indent,
        separators=(",", ":") if compact else None,
        sort_keys=sort_keys,
        default=_fields,
    )


def _fields(value: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "model_dump"):
        fields: dict[str, Any] = value.model_dump(mode="json")
        return fields
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def read_json(text: str | bytes, pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """The value of a JSON text; `pairs` makes the value of each object, by default a dict.

    Raises ValueError where it is broken or holds NaN or infinity, RecursionError where it is nested too deeply.
    """
    try:
        return json.loads(text, parse_constant=_refuse, object_pairs_hook=pairs)
    except ValueError as error:
        if "int_max_str_digits" in str(error):
            raise ValueError("a number has more than 4,300 digits") from None
        raise


def _refuse(constant: str) -> Never:
    raise ValueError(f"{constant} is no JSON value")


def canonical_json(value: Any) -> str:
    """The one spelling of a JSON value that hashes are taken of: sorted keys, no spaces, UTF-8 kept."""
    return to_json(value, compact=True, sort_keys=True)


def sha256_text(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def sha256_json(value: Any) -> str:
    return sha256_text(canonical_json(value))


def sha256_file(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def clean_cache(cache: Path) -> None:
    """Remove what killed processes left in the cache and its folders."""
    remove_left(cache)
    if cache.is_dir():
        for folder in cache.iterdir():
            remove_left(folder)


@contextlib.contextmanager
def writing(what: str) -> Iterator[None]:
    """Turn an operating-system error (disk full, no permission) into a sentence that names `what`."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        hint = " Let HARNESS_CACHE name a folder that you may write." if _denied(what, error) else ""
        raise HarnessError(
            f"could not write {what}: {reason}. Nothing half-written was kept.{hint}"
        ) from error


def _denied(what: str, error: OSError) -> bool:
    """Whether it was the cache that could not be written, and not for want of space."""
    return error.errno in (errno.EROFS, errno.EACCES, errno.EPERM) and what.startswith(str(cache_root()))


def write_text(path: Path, text: str) -> None:
    """Replace `path` by `text`, as UTF-8 and in one step."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, content: bytes) -> None:
    """Replace `path` by `content` in one step: a reader sees the old file or the new one, never a part."""
    with writing(str(path)), temporary(path) as unfinished:
        with unfinished.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(path)


def write_json(path: Path, value: Any) -> None:
    """Replace `path` by a value as `to_json` spells it, indented."""
    write_text(path, to_json(value, indent=2) + "\n")


@contextlib.contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes `path` in one step when the block ends without an error.

    Its files are on the disk before that. What stood at `path` before is replaced. Callers that may race hold a lock
    around this.
    """
    with writing(str(path)), temporary(path, folder=True) as unfinished:
        yield unfinished
        for file in unfinished.rglob("*"):
            if file.is_file():
                with file.open("rb") as stream:
                    os.fsync(stream.fileno())
        old = name_beside(path)
        if path.exists():
            path.replace(old)
        unfinished.replace(path)
        discard(old)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock that belongs to `path`, so that two processes do not build the same thing twice.

    Where its folder may not be written, nothing can be built, and what is there is read without a lock.
    """
    from filelock import FileLock

    if path.parent.exists() and not os.access(path.parent, os.W_OK):
        yield
        return
    with writing(f"{path}.lock"):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(f"{path}.lock")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def append_lines(path: Path, rows: Iterable[Any]) -> None:
    """Append rows, dataclasses or plain values, to a JSONL file: all of them reach the disk, or none stays there."""
    data = "".join(to_json(row) + "\n" for row in rows).encode()
    with writing(str(path)), path.open("ab", buffering=0) as stream:
        before = stream.tell()
        try:
            while data:
                data = data[stream.write(data) :]
            os.fsync(stream.fileno())
        except BaseException:
            with contextlib.suppress(OSError):
                stream.truncate(before)
            raise


TAIL = 1_000_000
"""Bytes that are looked at together for the end of the last whole line."""


def drop_torn_tail(path: Path) -> bool:
    """Cut an unfinished last line (the write a kill interrupted). Returns whether there was one."""
    if not path.exists():
        return False
    with path.open("rb+") as stream:
        whole = end = stream.seek(0, os.SEEK_END)
        while end:
            start = max(0, end - TAIL)
            stream.seek(start)
            if (last := stream.read(end - start).rfind(b"\n")) >= 0:
                end = start + last + 1
                break
            end = start
        if end == whole:
            return False
        stream.truncate(end)
    return True
