"""JSON and JSON Lines as data sets have them → rows: records, splits, columns, SQuAD's form, conversations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.errors import InputError, shown
from harness.files import numbered_lines, read_json
from harness.imports.columns import NAMES
from harness.imports.draft import SPLITS
from harness.imports.packed import suffix_of
from harness.imports.rows import Row, Table, folded
from harness.imports.text import read_text
from harness.imports.values import is_empty
from harness.quantities import listed

_TURNS = ("messages", "conversations", "conversation")
_ROLE = {
    "user": "user", "human": "user", "assistant": "assistant", "gpt": "assistant", "system": "system",
    "developer": "system",
}  # fmt: skip
_RECORDS = ("data", "rows", "records", "examples", "questions")
"""What an object around records calls them, the likeliest first."""
_KEYS_SHOWN = 8
Record = tuple[str, Any, str | None]
"""Place, value and split."""


def read_records(path: Path, encoding: str | None = None) -> Table:
    """The records of a .json or .jsonl file, whichever of the two it holds. `encoding`: as of `read_text`.

    Raises InputError where it is neither, with the line, or holds no records.
    """
    text, remarks = read_text(path, encoding)
    found = list(_records(path, text))
    if not found:
        raise InputError("holds no records.", path=path)
    rows = [_row(place, record, split) for place, record, split in found]
    columns = dict.fromkeys(name for row in rows for name in row.cells)
    return Table(path, tuple(columns), tuple(rows), remarks)


def _records(path: Path, text: str) -> Iterator[Record]:
    lines = suffix_of(path) != ".json"
    if text.lstrip()[:1] == "[" or not lines:
        try:
            yield from _of_value(path, read_json(text))
            return
        except RecursionError:
            raise InputError("broken JSON: nested too deeply.", path=path) from None
        except ValueError as error:
            if getattr(error, "msg", "") != "Extra data":  # else it holds a record a line
                raise _broken(path, error) from None
    for number, line in numbered_lines(text):
        try:
            yield f"line {number}", read_json(line), None
        except ValueError as error:
            raise _broken(path, error, number) from None
        except RecursionError:
            raise InputError("broken JSON: nested too deeply.", path=path, line=number) from None


def _broken(path: Path, error: ValueError, line: int | None = None) -> InputError:
    reason = str(getattr(error, "msg", error))
    at = line or getattr(error, "lineno", None)
    return InputError(f"broken JSON: {reason[:1].lower()}{reason[1:]}.", path=path, line=at)


def _of_value(path: Path, value: Any) -> Iterator[Record]:
    """The records in a JSON value: a list of them, or an object around it."""
    if isinstance(value, list):
        yield from _numbered(value)
    elif not isinstance(value, Mapping):
        raise InputError(f"holds {shown(value)}, and no records.", path=path)
    elif value and all(str(key).casefold() in SPLITS for key in value):
        for name, part in value.items():
            for place, record, _ in _of_value(path, part):
                yield f"{name} {place}", record, SPLITS[name.casefold()]
    elif articles := _articles(value):
        yield from _numbered(list(_squad(articles)))
    elif rows := _by_column(value):
        yield from _numbered(rows)
    else:
        lists = {str(key): part for key, part in value.items() if _objects(part)}
        plain = [lists[key] for key in _RECORDS if key in lists]
        if not plain and len(lists) != 1:
            raise InputError(
                f"holds no list of records; its keys are {listed(map(shown, value), _KEYS_SHOWN)}.", path=path
            )
        yield from _numbered([_unwrapped(record) for record in (plain or [*lists.values()])[0]])


def _numbered(records: Sequence[Any]) -> Iterator[Record]:
    for number, record in enumerate(records, 1):
        yield f"record {number}", record, None


def _unwrapped(record: Any) -> Any:
    """A record of the dataset viewer's, without what stands around it."""
    row = record.get("row") if isinstance(record, Mapping) else None
    return row if isinstance(row, Mapping) else record


def _by_column(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Records of a list for each column, or of pandas' object for each column or each row, or of its names of columns
    beside lists of values; none where it is neither."""
    names, lines = value.get("columns"), value.get("data")
    if isinstance(names, list) and isinstance(lines, list) and all(isinstance(line, list) for line in lines):
        return [dict(zip(map(str, names), line, strict=False)) for line in lines]
    records = [part for part in value.values() if isinstance(part, Mapping)]
    if len(records) == len(value) and all(_named(record) for record in records) and not _named(value):
        return [dict(record) for record in records]
    columns = {
        name: list(part.values()) if isinstance(part, Mapping) else part for name, part in value.items()
    }
    flat = all(isinstance(part, list) for part in columns.values())
    lengths = {len(part) for part in columns.values() if isinstance(part, list)}
    if len(columns) < 2 or not flat or len(lengths) != 1:
        return []
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _named(keys: Iterable[str]) -> bool:
    """Whether some key is what a column of a table is called."""
    return any(folded(str(key)) in NAMES for key in keys)


def _articles(value: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The articles of SQuAD's form; none where it is another."""
    data = value.get("data")
    found = isinstance(data, list) and all(
        isinstance(part, Mapping) and "paragraphs" in part for part in data
    )
    return list(data) if found and data else []


def _squad(articles: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """The questions of SQuAD's articles, each with its paragraph (Rajpurkar et al. 2018, arXiv 1806.03822)."""
    for article in articles:
        for paragraph in _objects(article.get("paragraphs")):
            for asked in _objects(paragraph.get("qas")):
                yield {
                    "id": asked.get("id"),
                    "title": article.get("title"),
                    "context": paragraph.get("context"),
                    "question": asked.get("question"),
                    "answers": [one.get("text") for one in _objects(asked.get("answers"))],
                    "is_impossible": asked.get("is_impossible"),
                }


def _objects(value: Any) -> list[Mapping[str, Any]]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []


def _row(place: str, record: Any, split: str | None) -> Row:
    if not isinstance(record, Mapping):
        return Row(place, {}, split, fault=f"is {shown(record)}, and no object with a key for each column.")
    chats = {key: value for key, value in record.items() if _is_chat(key, value)}
    if chats:
        others = {
            str(key): value for key, value in record.items() if key not in chats and not is_empty(value)
        }
        return _conversation(place, others, [turn for turns in chats.values() for turn in turns], split)
    asked = record.get("question")
    if isinstance(asked, Mapping) and {"stem", "choices"} <= asked.keys():  # as in ARC's files
        record = {**record, "question": asked["stem"], "choices": asked["choices"]}
    held = {str(key): value for key, value in record.items() if value == {} or not is_empty(value)}
    return Row(place, held, split)  # an object without keys is an answer: there is nothing to say


def _is_chat(key: Any, value: Any) -> bool:
    """Whether a record's value is a list of messages: by its key, or since each has a role."""
    if not isinstance(value, list) or not value:
        return False
    return key in _TURNS or all(
        isinstance(turn, Mapping) and {"role", "content"} <= turn.keys() for turn in value
    )


def _conversation(place: str, others: Mapping[str, Any], turns: Sequence[Any], split: str | None) -> Row:
    """A conversation of one turn, in the form of OpenAI's or ShareGPT's training files.

    `others`: the record's other values, where the answer stands if no message is the assistant's.
    """
    said: dict[str, list[Any]] = {"system": [], "user": [], "assistant": []}
    for turn in _objects(turns):
        role = _ROLE.get(str(turn.get("role", turn.get("from"))))
        said.setdefault(role or "other", []).append(_text_of(turn.get("content", turn.get("value"))))
    one = len(said["user"]) == 1 and len(said["system"]) < 2 and "other" not in said
    replied = len(said["assistant"]) == 1 or (others and not said["assistant"])
    if not (one and replied and all(isinstance(text, str) for texts in said.values() for text in texts)):
        return Row(place, others, split, fault="is no conversation of one user's message and one reply.")
    cells = {**others, "question": said["user"][0]}
    if said["assistant"]:
        cells["answer"] = said["assistant"][0]
    return Row(place, cells, split, system=said["system"][0] if said["system"] else None)


def _text_of(content: Any) -> Any:
    """What a message says: of parts the texts, where all are texts."""
    parts = _objects(content)
    if not parts or not all(
        part.get("type") == "text" and isinstance(part.get("text"), str) for part in parts
    ):
        return content
    return "\n".join(part["text"] for part in parts)
