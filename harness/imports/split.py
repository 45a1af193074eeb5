"""Questions → test, train and dev by shares: the same way each time, and the same question never on two sides."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import Any

from harness.errors import InputError, shown
from harness.imports.draft import ROLES, SPLITS
from harness.scoring.normal import normalise

Shares = dict[str, float]
"""Question file → its share of all questions; they sum to 1."""
_FORM = re.compile(r"\s*([A-Za-z]+)\s*=\s*(\d+(?:\.\d+)?)\s*%?\s*")


def shares_of(text: str) -> Shares | None:
    """The shares that `test=30,train=70` names, None for a text that is no such form, as the name of a column.

    Raises InputError where they do not sum to 100 (or to 1), or name no test questions.
    """
    parts = [_FORM.fullmatch(part) for part in text.split(",")]
    if not all(parts):
        return None
    named = [(SPLITS.get(part[1].casefold()), float(part[2])) for part in parts if part]
    roles, total = [role for role, _ in named], sum(share for _, share in named)
    if None in roles or len(set(roles)) < len(roles) or "test" not in roles:
        raise InputError(
            f"--split: {shown(text)} must name test and each split once; the splits are {', '.join(ROLES)}."
        )
    if min(share for _, share in named) <= 0 or not any(
        abs(total - whole) < 1e-6 * whole for whole in (1, 100)
    ):
        raise InputError(f"--split: the shares of {shown(text)} sum to {total:g}, and must sum to 100.")
    return {str(role): share / total for role, share in named}


def by_shares(records: Sequence[dict[str, Any]], shares: Shares, *, labelled: bool) -> list[str]:
    """The split of each record. Questions of the same words go together, and each label is shared out evenly."""
    groups: dict[str, list[int]] = {}
    for index, record in enumerate(records):
        groups.setdefault(normalise(record["question"]).text, []).append(index)
    order = list(groups.values())
    random.Random(0).shuffle(order)
    if labelled:
        order.sort(key=lambda group: str(records[group[0]]["answers"]))
    splits = [""] * len(records)
    given = dict.fromkeys(shares, 0)
    for group in order:
        done = sum(given.values()) + len(group)
        role = max(shares, key=lambda role: shares[role] * done - given[role])
        given[role] += len(group)
        for index in group:
            splits[index] = role
    return splits
