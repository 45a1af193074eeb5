"""Front matter of Markdown files: what it is, what of it is text, and what is but a horizontal rule at the top.

Two rules with lines between them are front matter where a real parser reads a mapping there and one of its keys is
among those that site generators know. Settings of such keys go; all else stays as text, since nothing is to be lost.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_YAML = re.compile(r"---[ \t]*\n(?P<inside>.*?)^(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.M | re.S)
_TOML = re.compile(r"\+\+\+[ \t]*\n(?P<inside>.*?)^\+\+\+[ \t]*(?:\n|\Z)", re.M | re.S)
_LONGEST = 20_000
_FOR_PEOPLE = (
    "description", "summary", "abstract", "subtitle", "excerpt", "author", "authors", "date", "updated", "lastmod",
    "last_updated", "created", "modified", "published", "publishdate",
)  # fmt: skip
"""Keys that tell front matter, and whose values people read."""
_SETTINGS = frozenset((
    *("title", "layout", "tags", "tag", "categories", "category", "keywords", "slug", "url", "permalink", "aliases"),
    *("alias", "draft", "weight", "order", "nav_order", "nav_exclude", "parent", "has_children", "sidebar"),
    *("sidebar_label", "sidebar_position", "id", "uid", "lang", "language", "locale", "type", "template", "image"),
    *("cover", "thumbnail", "toc", "comments", "redirect_from", "redirect_to", "hide", "hide_title", "robots", "icon"),
    *("linktitle", "menu", "cssclass", "cssclasses", "jupyter", "kernelspec", "jupytext", "output", "format", "math"),
    *("hide_table_of_contents", "pagination_next", "pagination_prev", "custom_edit_url", "page_id", "doc_id", "head"),
    *_FOR_PEOPLE,
))  # fmt: skip
_KEY_LINE = re.compile(r"(?P<key>[\w-]+)[ \t]*:(?:[ \t]+(?P<value>.*?))?[ \t]*$")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What stands before a document. `lines`: what of it is text; `end`: where the document begins."""

    title: str
    lines: tuple[str, ...]
    end: int


NONE = FrontMatter("", (), 0)


def front_matter(source: str) -> FrontMatter:
    """The front matter of a file, or `NONE` where it has none."""
    match = _YAML.match(source) or _TOML.match(source)
    if match is None or len(match["inside"]) > _LONGEST:
        return NONE
    inside = match["inside"]
    if not inside.strip():
        return FrontMatter("", (), match.end()) if not inside else NONE
    values = _toml(inside) if source[0] == "+" else _yaml(inside)
    if not any(_known(key) for key in values):
        return NONE
    title = next((str(value) for key, value in values.items() if key.lower() == "title"), "")
    kept = [(key, _plain(value)) for key, value in values.items() if not _known(key) or key in _FOR_PEOPLE]
    lines = tuple(f"{key}: {text}" for key, text in kept if text)
    return FrontMatter(" ".join(title.split()), lines, match.end())


def _known(key: str) -> bool:
    return key in _SETTINGS or key.lower() in ("title", "linktitle", "publishdate")


def _yaml(text: str) -> dict[str, Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.events import AliasEvent

    try:
        if "*" in text and any(isinstance(event, AliasEvent) for event in YAML(typ="safe").parse(text)):
            return _line_by_line(text)  # aliases of aliases grow without end
        values = YAML(typ="safe").load(text)
    except (YAMLError, ValueError, RecursionError):
        return _line_by_line(text)
    if not isinstance(values, dict):
        return {}
    return {str(key): value for key, value in values.items() if value is not None}


def _toml(text: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _line_by_line(text: str) -> dict[str, Any]:
    """Keys and values of what template tags keep from being YAML; nothing where a line has another form."""
    values: dict[str, Any] = {}
    key = ""
    for line in text.split("\n"):
        match = _KEY_LINE.match(line)
        if match:
            key, value = match["key"], match["value"] or ""
            quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
            values[key] = value[1:-1] if quoted else value
        elif line.strip() and not (key and line[0] in " \t-") and line[0] != "#":
            return {}
        elif key and line.strip():
            values[key] = f"{values[key]} {line.strip()}".strip()
    return values


def _plain(value: Any, depth: int = 3) -> str:
    """A value as words, cut at a depth and length that no description has."""
    if depth == 0:
        return ""
    if isinstance(value, dict):
        return "; ".join(
            f"{key}: {text}" for key, part in value.items() if (text := _plain(part, depth - 1))
        )[:2000]
    if isinstance(value, list):
        return ", ".join(text for part in value[:100] if (text := _plain(part, depth - 1)))[:2000]
    return " ".join(str(value).split())
