"""Markdown lists whose items say `1.` again and again, as a page shows them: 1, 2, 3."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

_ITEM = re.compile(r"(?P<before>[ \t>]*)(?P<number>\d{1,9})[.)][ \t]+\S")


def numbered(source: str, parser: Any) -> str:
    """The source with the items of such lists counted on. `parser`: of Markdown.

    Lists that begin with another number stay as they are: `1990.` may be a year.
    """
    lines = source.split("\n")
    if not _says_one_twice(lines):
        return source
    try:
        tokens = parser.parse(source, {})
    except RecursionError:
        return source
    lists: list[list[Any]] = []
    for token in tokens:
        if token.type in ("ordered_list_open", "bullet_list_open"):
            lists.append([])
        elif token.type == "list_item_open":
            lists[-1].append(token)
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            _count_on(lists.pop(), lines)
    return "\n".join(lines)


def _count_on(items: Sequence[Any], lines: list[str]) -> None:
    said = [item.info for item in items]
    if said[0] in ("0", "1") and any(one == following for one, following in pairwise(said)):
        for number, item in enumerate(items, start=int(said[0])):
            line = lines[item.map[0]]
            lines[item.map[0]] = line.replace(f"{item.info}{item.markup}", f"{number}{item.markup}", 1)


def _says_one_twice(lines: Sequence[str]) -> bool:
    last: dict[str, str] = {}
    for line in lines:
        if item := _ITEM.match(line):
            if last.get(item["before"]) == item["number"]:
                return True
            last[item["before"]] = item["number"]
    return False
