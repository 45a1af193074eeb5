"""Markdown lists whose items all say `1.`, as a page shows them: 1, 2, 3."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

_ITEM = re.compile(r"(?P<before>[ \t>]*)(?P<number>\d{1,9})[.)][ \t]+\S")


def numbered(source: str, parser: Any) -> str:
    """The source with items counted on that say the same number as the one before. `parser`: of Markdown."""
    lines = source.split("\n")
    if not _says_one_twice(lines):
        return source
    try:
        tokens = parser.parse(source, {})
    except RecursionError:
        return source
    lists: list[tuple[str, int]] = []
    for token in tokens:
        if token.type in ("ordered_list_open", "bullet_list_open"):
            lists.append(("", 0))
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            lists.pop()
        elif token.type == "list_item_open" and token.info:
            said, number = lists[-1]
            number = number + 1 if said == token.info else int(token.info)
            lists[-1] = token.info, number
            sign = f"{token.info}{token.markup}"
            lines[token.map[0]] = lines[token.map[0]].replace(sign, f"{number}{token.markup}", 1)
    return "\n".join(lines)


def _says_one_twice(lines: Sequence[str]) -> bool:
    last: dict[str, str] = {}
    for line in lines:
        if item := _ITEM.match(line):
            if last.get(item["before"]) == item["number"]:
                return True
            last[item["before"]] = item["number"]
    return False
