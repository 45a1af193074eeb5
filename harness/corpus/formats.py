"""One file's source → (title, text): Markdown, HTML and plain text, for a reader and for an embedder.

What stays is what a person would read: tables, headings, lists. What goes is what only a machine
needs: front matter, link targets, images, comments, scripts, menus.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

_FRONT_MATTER = re.compile(
    r"\A---[ \t]*\n(?P<yaml>\s*(?:#[^\n]*\n\s*)*[\w-]+[ \t]*:.*?)^(?:---|\.\.\.)[ \t]*$\n?", re.M | re.S
)
_TITLE_KEY = re.compile(r"^title[ \t]*:[ \t]*(?P<value>.*?)[ \t]*$", re.M | re.I)
_FENCED = re.compile(
    r"(^[ ]{0,3}(?P<fence>```+|~~~+)[^\n]*\n.*?(?:^[ ]{0,3}(?P=fence)[`~]*[ \t]*$|\Z))", re.M | re.S
)
_FIRST_HEADING = re.compile(r"^#[ \t]+(?P<title>.+?)[ \t]*#*[ \t]*$", re.M)
_COMMENT = re.compile(r"<!--.*?-->", re.S)
_TARGET = r"(?:\((?:[^()\n]|\([^()\n]*\))*\)|\[[^\[\]\n]*\])"
_IMAGE = re.compile(rf"!\[[^\[\]]*\]{_TARGET}")
# Not after a word or a bracket: `table[i](x)` in running text is code, not a link.
_LINK = re.compile(rf"(?<![\w\])])\[(?P<label>[^\[\]]*)\]{_TARGET}")
_LINK_DEFINITION = re.compile(r"^[ ]{0,3}\[(?!\^)[^\[\]\n]+\]:[ \t]*\S+.*$\n?", re.M)

_DROPPED = ("script", "style", "nav", "noscript", "template", "svg", "title", "head")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_PARAGRAPHS = (
    *_HEADINGS,
    *("p", "div", "section", "article", "main", "header", "footer", "aside", "ul", "ol", "dl", "table"),
    *("blockquote", "pre", "figure", "form", "hr", "details"),
)
_LINES = ("li", "dt", "dd", "tr", "br", "caption", "figcaption", "summary", "option")
# Control characters that no page contains; a run of them (and the spaces between) becomes one break.
_LINE_MARK, _PARAGRAPH_MARK = "\x1e", "\x1d"
_MARKS = re.compile(r"[ \n]*[\x1d\x1e][ \n\x1d\x1e]*")


def readable(stem: str) -> str:
    """A file's stem as a title: `travel-and_leave` → `Travel and leave`."""
    words = re.sub(r"[\s_-]+", " ", stem).strip()
    return words[:1].upper() + words[1:] or stem


def tidy(text: str) -> str:
    """No spaces at line ends, at most one empty line in a row, none around the whole."""
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines).strip("\n")


def markdown(source: str, stem: str) -> tuple[str, str]:
    """Title (front matter, else the first `# heading`, else the stem) and text of a Markdown source."""
    front = _FRONT_MATTER.match(source)
    body = source[front.end() :] if front else source
    # Odd parts are fenced code (and the bare fence), which stays as it is.
    parts = _FENCED.split(body)
    prose = [_plain_links(part) for part in parts[::3]]
    code = parts[1::3]
    text = tidy("".join(part for pair in zip(prose, [*code, ""], strict=True) for part in pair))
    title = _front_title(front["yaml"]) if front else ""
    if not title:
        heading = next((match for part in prose if (match := _FIRST_HEADING.search(part))), None)
        title = re.sub(r"[*`]", "", heading["title"]).strip() if heading else ""
    return title or readable(stem), text


def _front_title(yaml: str) -> str:
    """The `title:` of a front matter. Read line by line: template tags often make it invalid YAML."""
    match = _TITLE_KEY.search(yaml)
    value = match["value"] if match else ""
    if value[:1] in ("|", ">"):  # a block of its own lines; the heading will do
        return ""
    quoted = len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'"
    return value[1:-1].strip() if quoted else value


def _plain_links(prose: str) -> str:
    without = _IMAGE.sub("", _COMMENT.sub("", prose))
    return _LINK_DEFINITION.sub("", _LINK.sub(lambda match: match["label"], without))


def html(source: str, stem: str) -> tuple[str, str]:
    """Title (`<title>`, else `<h1>`, else the stem) and text of an HTML page.

    Blocks stand on lines of their own, headings and list items carry Markdown's marks, so that the
    chunker knows them, and a table's row is one line with ` | ` between its cells.
    """
    import bs4

    with warnings.catch_warnings():
        # A short page may look like a file name, an XHTML page like XML: neither is a reader's concern.
        warnings.simplefilter("ignore", bs4.MarkupResemblesLocatorWarning)
        warnings.simplefilter("ignore", bs4.XMLParsedAsHTMLWarning)
        page = bs4.BeautifulSoup(source, "html.parser")
    heading = page.title or page.find("h1")
    title = " ".join(heading.get_text().split()) if heading else ""
    for tag in page(_DROPPED):
        tag.decompose()
    for comment in page.find_all(string=lambda string: isinstance(string, bs4.element.PreformattedString)):
        comment.extract()
    for string in page.find_all(string=True):
        if not string.find_parent("pre"):
            string.replace_with(re.sub(r"\s+", " ", string))
    _mark_blocks(page)
    text = _MARKS.sub(lambda run: "\n\n" if _PARAGRAPH_MARK in run[0] else "\n", page.get_text())
    return title or readable(stem), tidy(text)


def _mark_blocks(page: Any) -> None:
    """Write marks for line and paragraph breaks, and Markdown's signs, into the parsed page, in place."""
    for row in page("tr"):
        cells = [" ".join(cell.get_text(" ").split()) for cell in row(("td", "th"))]
        row.string = " | ".join(cells)
    for level, name in enumerate(_HEADINGS, start=1):
        for heading in page(name):
            heading.string = "#" * level + " " + " ".join(heading.get_text().split())
    for item in page("li"):
        item.insert(0, "- ")
    for names, mark in ((_PARAGRAPHS, _PARAGRAPH_MARK), (_LINES, _LINE_MARK)):
        for block in page(names):
            block.insert_before(mark)
            block.insert_after(mark)


def plain(source: str, stem: str) -> tuple[str, str]:
    """Title (from the stem) and text of a plain text file."""
    return readable(stem), tidy(source)
