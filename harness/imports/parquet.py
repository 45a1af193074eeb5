"""A Parquet file → rows, as data sets of the Hugging Face hub and data frames are kept."""

from __future__ import annotations

import datetime
import decimal
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.errors import InputError
from harness.imports.rows import Row, Table
from harness.imports.values import is_empty

MOST_ROWS = 2_000_000
_MOST_BYTES = 2_000_000_000
_BATCH = 1024


def read_parquet(path: Path) -> Table:
    """Every row of a file. Raises InputError for one that is no Parquet, or too large to be questions."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        raise InputError(
            "there is no such file." if not path.exists() else "it is no regular file.", path=path
        )
    rows: list[Row] = []
    size = 0
    try:
        with pq.ParquetFile(path) as file:
            if file.metadata.num_rows > MOST_ROWS:
                raise InputError(
                    f"has {file.metadata.num_rows:,} rows; {MOST_ROWS:,} are the most.", path=path
                )
            columns = tuple(file.schema_arrow.names)
            classes = _classes(file.schema_arrow.metadata or {})
            for batch in file.iter_batches(_BATCH, use_threads=False):
                size += batch.nbytes
                if size > _MOST_BYTES:
                    raise InputError(f"unpacks to more than {_MOST_BYTES / 1e9:.0f} GB.", path=path)
                for values in batch.to_pylist():
                    cells = {name: _plain(value) for name, value in values.items() if not is_empty(value)}
                    rows.append(Row(f"row {len(rows) + 1}", cells))
    except (pa.ArrowException, OSError, ValueError, OverflowError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise InputError(f"is no Parquet file that can be read: {reason}", path=path) from error
    return Table(path, columns, tuple(rows), classes=classes)


def _classes(metadata: Mapping[bytes, bytes]) -> dict[str, tuple[str, ...]]:
    """The names of class labels by column, which `datasets` keeps beside the schema."""
    try:
        features = json.loads(metadata.get(b"huggingface", b"{}"))["info"]["features"]
        named = {
            name: kind.get("names") for name, kind in features.items() if kind.get("_type") == "ClassLabel"
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    return {
        name: tuple(names)
        for name, names in named.items()
        if isinstance(names, list) and all(isinstance(one, str) for one in names)
    }


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return float(value) if isinstance(value, decimal.Decimal) else value
