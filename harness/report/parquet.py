"""The summary as Parquet, each column with its type; needs pyarrow, which the extra `parquet` installs."""

from __future__ import annotations

import io
from importlib.util import find_spec
from typing import Any

from harness.report import summary

MISSING = (
    "Parquet needs the package pyarrow, which is not installed: pip install '.[parquet]' in the repository's root. "
    "The same table as .csv needs nothing."
)


def installed() -> bool:
    return find_spec("pyarrow") is not None


def render(results: dict[str, Any]) -> bytes:
    """The table of summary.csv, without its apostrophes: nothing that reads Parquet runs a formula."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    schema = pa.schema([(column.name, types[column.type]) for column in summary.COLUMNS])
    rows = summary.rows(results)
    columns = [
        [row[place] if row[place] is None else column.type(row[place]) for row in rows]
        for place, column in enumerate(summary.COLUMNS)
    ]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    out = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), out)
    return out.getvalue()
