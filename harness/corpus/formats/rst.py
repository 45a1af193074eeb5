"""reStructuredText → title and text, by docutils. What only Sphinx knows (its directives and roles) stays as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from harness.corpus.formats.marks import TAIL, subscript, superscript
from harness.corpus.formats.numbers import numeral
from harness.corpus.formats.shape import fenced, no_heading, one_line, plain, readable, table, tidy

_SETTINGS = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "report_level": 5,
    "halt_level": 5,
    "_disable_config": True,
    "syntax_highlight": "none",
    "smart_quotes": False,
    "warning_stream": False,
    "doctitle_xform": False,
    "sectsubtitle_xform": False,
    "embed_stylesheet": False,
}
_ENUMERATED = {"loweralpha": "a", "upperalpha": "A", "lowerroman": "i", "upperroman": "I"}
_ROLE = re.compile(r":[\w.:+-]+:`~?!?(?P<words>[^`]*)`\Z", re.S)
_TARGET = re.compile(r"\s*<[^<>]*>\Z")


_LONGEST, _CHARACTERS_A_LINE = 400_000, 40
"""docutils takes some 10 s for so many characters, where each line counts for 40 more."""


def rst(source: str, stem: str) -> tuple[str, str]:
    """Title (the first heading, else the stem) and text of a reStructuredText file; of a very long one, its source."""
    if len(source) + _CHARACTERS_A_LINE * source.count("\n") > _LONGEST:
        return plain(source, stem)
    from docutils.core import publish_doctree

    _take_code()
    tree = publish_doctree(source, settings_overrides=_SETTINGS)
    headings = tree.findall(lambda node: node.tagname == "title" and node.parent.tagname == "section")
    title = next((one_line(_inline(node)) for node in headings), "")
    return title or readable(stem), tidy("\n\n".join(_blocks(tree, 0)))


class _AnyOption(dict[str, Callable[[str | None], str]]):
    """The options of a directive, whatever they are called. It is never empty, which would mean that it has none."""

    def __missing__(self, _name: str) -> Callable[[str | None], str]:
        return self["caption"]


@cache
def _take_code() -> None:
    """Have docutils read blocks of code with Sphinx's options (`:linenos:`), which it would refuse as a whole."""
    from docutils import nodes
    from docutils.parsers.rst import Directive, directives

    class Code(Directive):  # type: ignore[misc]  # docutils has no types
        optional_arguments = 1
        has_content = True
        option_spec = _AnyOption(caption=lambda value: value or "")

        def run(self) -> list[Any]:
            code = "\n".join(self.content)
            caption = self.options.get("caption")
            title = [nodes.paragraph(caption, caption)] if caption else []
            return [*title, nodes.literal_block(code, code, classes=["code", *self.arguments])]

    for name in ("code", "code-block", "sourcecode"):
        directives.register_directive(name, Code)


def _blocks(node: Any, depth: int) -> Iterator[str]:
    """The blocks of text below a node. `depth`: sections around it."""
    for child in node.children:
        name = child.tagname
        if name in _DROPPED:
            continue
        if name == "section":
            yield from _blocks(child, depth + 1)
        elif name in _FORMS:
            text = _FORMS[name](child, depth)
            yield from [text] if text.strip() else []
        elif name == "system_message":
            yield from _unknown(child)
        elif child.children and any(_is_block(inner) for inner in child.children):
            yield from _blocks(child, depth)
        else:
            text = no_heading(_inline(child))
            yield from [text] if text.strip() else []


def _unknown(message: Any) -> Iterator[str]:
    """The source that docutils could not read: a directive of Sphinx's, say. Its words are text."""
    for block in message.children:
        if block.tagname == "literal_block":
            yield no_heading(block.astext())


def _title(node: Any, depth: int) -> str:
    heading = one_line(_inline(node))
    return f"{'#' * min(depth, 6)} {heading}" if depth else heading


def _list(node: Any, depth: int) -> str:
    numbered = node.tagname == "enumerated_list"
    form = _ENUMERATED.get(node.get("enumtype", ""), "1")
    lines = []
    for number, item in enumerate(node.children, start=int(node.get("start", 1))):
        sign = (
            f"{node.get('prefix', '')}{numeral(number, form)}{node.get('suffix', '.')} " if numbered else "- "
        )
        body = "\n".join(_blocks(item, depth)).replace("\n", "\n" + " " * len(sign))
        lines.append(sign + body)
    return "\n".join(lines)


def _definitions(node: Any, depth: int) -> str:
    lines = []
    for item in node.children:
        for part in item.children:
            if part.tagname == "option_group":
                lines.append(", ".join(option.astext() for option in part.children))
            elif part.tagname in ("term", "classifier"):
                lines.append(_inline(part))
            else:
                lines.append(": " + "\n".join(_blocks(part, depth)))
    return "\n".join(lines)


def _fields(node: Any, depth: int) -> str:
    lines = []
    for field in node.children:
        if field.tagname == "field":
            name, body = field.children
            lines.append(f"{_inline(name)}: " + " ".join(_blocks(body, depth)))
        else:
            lines.append(f"{field.tagname}: {one_line(field.astext())}")
    return "\n".join(lines)


def _admonition(node: Any, depth: int) -> str:
    body = "\n\n".join(_blocks(node, depth))
    return body if node.tagname == "admonition" else f"{node.tagname.capitalize()}: {body}"


def _table(node: Any, depth: int) -> str:
    caption = [_inline(child) for child in node.children if child.tagname == "title"]
    heads: list[list[str]] = []
    rows: list[list[str]] = []
    hanging: dict[int, tuple[str, int]] = {}
    for row in node.findall(lambda part: part.tagname == "row"):
        line: list[str] = []
        entries = iter(row.children)
        while True:
            if (held := hanging.get(len(line))) is not None:
                hanging.pop(len(line))
                if held[1] > 1:
                    hanging[len(line)] = (held[0], held[1] - 1)
                line.append(held[0])
                continue
            entry = next(entries, None)
            if entry is None:
                break
            text = " ".join(one_line(block) for block in _blocks(entry, depth))
            if entry.get("morerows"):
                hanging[len(line)] = (text, int(entry["morerows"]))
            line += [text, *[""] * min(int(entry.get("morecols", 0)), 50)]
        (heads if row.parent.tagname == "thead" else rows).append(line)
    header = heads.pop() if heads else None
    return "\n\n".join([*caption, table([*heads, *rows], header)])


def _footnote(node: Any, depth: int) -> str:
    label, *body = node.children
    text = " ".join(block for part in body for block in _blocks_of(part, depth))
    return f"[^{label.astext()}]: {text}"


def _blocks_of(node: Any, depth: int) -> Iterator[str]:
    return _blocks(node, depth) if any(map(_is_block, node.children)) else iter([_inline(node)])


def _image(node: Any, _depth: int) -> str:
    alternative = one_line(node.get("alt", ""))
    return f"[image: {alternative}]" if alternative else ""


def _inline(node: Any) -> str:
    """The running text below a node, on the lines of its source."""
    text = ""
    for child in node.children:
        name = child.tagname
        if name == "#text":
            text += child.astext()
        elif name in ("superscript", "subscript"):
            change = superscript if name == "superscript" else subscript
            text = text[:-TAIL] + change(text[-TAIL:], child.astext())
        elif name in ("footnote_reference", "citation_reference"):
            text = f"{text.rstrip()} [^{child.astext()}]"
        elif name == "problematic":
            text += _unrolled(child.astext())
        elif name == "literal":
            text += f"`{child.astext()}`"
        elif name == "image":
            text += _image(child, 0)
        elif name not in _DROPPED:
            text += _inline(child)
    return text


def _unrolled(source: str) -> str:
    """The words of a role that docutils does not know: :ref:`the rules <rules>` → the rules."""
    match = _ROLE.match(source)
    if match is None:
        return source
    return _TARGET.sub("", match["words"]) or match["words"]


def _is_block(node: Any) -> bool:
    from docutils import nodes

    return isinstance(node, nodes.Body | nodes.Structural | nodes.Part) and not isinstance(node, nodes.Inline)


_DROPPED = frozenset(("comment", "target", "substitution_definition", "pending", "meta", "colspec", "raw"))
_ADMONITIONS = (
    "note", "tip", "hint", "warning", "caution", "danger", "attention", "important", "error", "admonition",
)  # fmt: skip
_FORMS: dict[str, Callable[[Any, int], str]] = {
    "title": _title,
    "subtitle": _title,
    "bullet_list": _list,
    "enumerated_list": _list,
    "definition_list": _definitions,
    "option_list": _definitions,
    "field_list": _fields,
    "docinfo": _fields,
    "literal_block": lambda node, _: fenced(node.astext(), next(iter(node.get("classes", [])[1:]), "")),
    "doctest_block": lambda node, _: fenced(node.astext()),
    "math_block": lambda node, _: node.astext(),
    "table": _table,
    "footnote": _footnote,
    "citation": _footnote,
    "image": _image,
    **dict.fromkeys(_ADMONITIONS, _admonition),
}
