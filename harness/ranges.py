"""What a value read from a file may be: types with their ranges, for records that come in as JSON.

pydantic holds a record to them where it is read (`run/rows.py`, `run/manifest_file.py`). A value out of its range is
damage: every figure made of it would look like any other. The bounds are far beyond what a run can measure.
"""

from __future__ import annotations

import datetime
import math
from typing import Annotated, Any

from pydantic import AfterValidator, Field

TOO_MANY = 10**12
YEARS_S = 1e9
"""Some thirty years, in seconds."""

Text = str
"""What a model or a person wrote: anything that is Unicode."""
_NAME, _SHA256 = r"^[^\x00]*[^\x00\s][^\x00]*$", "^[0-9a-f]{64}$"
PATTERNS = {_NAME: "it must be a name: not blank, without NUL", _SHA256: "it must be 64 hexadecimal digits"}
"""Pattern → what it asks for, a clause."""
Name = Annotated[str, Field(pattern=_NAME)]
"""An id, a name or a path."""
Known = str
"""An id that is looked up among those that are known, as evidence is read."""
Sha256 = Annotated[str, Field(pattern=_SHA256)]
Count = Annotated[int, Field(ge=0, le=TOO_MANY)]
Positive = Annotated[int, Field(ge=1, le=TOO_MANY)]
Seed = Annotated[int, Field(ge=-(2**63), lt=2**64)]
Bytes = Annotated[int, Field(ge=0, le=10**15)]
Gigabytes = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
Seconds = Annotated[float, Field(ge=0, le=YEARS_S, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""A loss, a mean of counts, an interval's width."""
LogProb = Annotated[float, Field(ge=-1e9, le=0, allow_inf_nan=False)]
"""A log-likelihood, nats."""
Usd = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


def _moment(text: str) -> str:
    try:
        datetime.datetime.fromisoformat(text).astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        raise ValueError("this is no date and time such as 2026-01-31T12:00:00+00:00") from None
    return text


def _day(text: str) -> str:
    try:
        datetime.date.fromisoformat(text)
    except ValueError:
        raise ValueError("this is no date such as 2026-01-31") from None
    return text


Moment = Annotated[str, AfterValidator(_moment)]
"""A date and time in ISO 8601, as text."""
Day = Annotated[str, AfterValidator(_day)]
"""A date in ISO 8601, as text."""

MOST = 1e300


def _known(value: Any) -> Any:
    """Raises ValueError for a number in `value` that no figure can be made of."""
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            _known(part)
    elif isinstance(value, int | float) and not (math.isfinite(value) and abs(value) <= MOST):
        raise ValueError("a number in it is infinite or too large")
    return value


Values = Annotated[dict[str, Any], AfterValidator(_known)]
"""Plain JSON values by name, whose numbers are finite."""
