"""Formulas of pages (MathML) and of Office (OMML) → text on a line: a fraction is `a/(b+1)`, a power `10^6`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from harness.corpus.formats.marks import subscript, superscript
from harness.corpus.formats.shape import one_line


def mathml(math: Any) -> str:
    """A formula: the LaTeX that it carries, else its own signs in a row."""
    source = math.css_first('annotation[encoding="application/x-tex"]')
    if source is not None:
        return one_line(source.text())
    if stated := math.attributes.get("alttext"):
        return one_line(stated)
    return one_line(_formula(math, 0))


_DEEPEST = 40


def _formula(node: Any, depth: int) -> str:
    if node.tag == "-text":
        return node.text_content or ""
    if node.tag[:1] == "-" or node.tag.startswith("annotation"):
        return ""
    if depth == _DEEPEST:
        return str(node.text())
    parts = [part for child in node.iter(include_text=True) if (part := _formula(child, depth + 1).strip())]
    if node.tag in ("msqrt", "mroot") and parts:
        return _root(node.tag, parts)
    if node.tag in ("msubsup", "munderover") and len(parts) == 3:
        return f"{parts[0]}_{_grouped(parts[1])}^{_grouped(parts[2])}"
    sign = {"msup": "^", "msub": "_", "mfrac": "/", "munder": "_", "mover": "^"}.get(node.tag)
    if sign and len(parts) == 2:
        below = parts[0] if sign != "/" else _grouped(parts[0])
        return f"{below}{sign}{_grouped(parts[1])}"
    return ("" if node.tag in ("mn", "mi", "mo", "mtext") else " ").join(parts)


def _root(name: str, parts: Sequence[str]) -> str:
    if name == "mroot" and len(parts) == 2:
        return f"{_grouped(parts[1])}√{_grouped(parts[0])}"
    return f"√{_grouped(''.join(parts))}"


def _grouped(part: str) -> str:
    return part if len(part) == 1 or part.isalnum() else f"({part})"


def omml(element: Any, depth: int = 0) -> str:
    """A formula of Office's, or a part of it. What has no form here stands as its parts, one behind the other."""
    if _name(element) == "t":
        return element.text or ""
    if depth == _DEEPEST:
        return "".join(element.itertext())
    inner = [part for part in element if not _name(part).endswith("Pr")]
    parts = [omml(part, depth + 1) for part in inner]
    form = _FORMS.get(_name(element))
    if form and parts:
        return form(parts, _settings(element))
    text, cut = "", False
    for part, words in zip(inner, parts, strict=True):
        formed, meets = _name(part) in _FORMS, text[-1:].isalnum() and words[:1].isalnum()
        text += (
            f" {words}" if meets and (cut or formed) else words
        )  # a number may be cut into runs, and is one
        cut = formed
    return text


def _settings(element: Any) -> dict[str, str]:
    """What an element's properties say: the signs of its brackets, of its sum."""
    properties = (setting for part in element if _name(part).endswith("Pr") for setting in part)
    return {_name(setting): next(iter(setting.attrib.values()), "") for setting in properties}


def _name(element: Any) -> str:
    return element.tag.rsplit("}", 1)[-1] if isinstance(element.tag, str) else ""


def _power(base: str, script: str) -> str:
    plain = len(base) == 1 or base.isdigit() or base.endswith(")")
    return superscript(base, script) if plain else f"{_grouped(base)}^{_grouped(script)}"


def _nary(parts: Sequence[str], settings: dict[str, str]) -> str:
    below, above, body = (*parts, "", "", "")[:3]
    limits = (f"_{_grouped(below)}" if below else "") + (f"^{_grouped(above)}" if above else "")
    return f"{settings.get('chr', '∫')}{limits} {body}"


def _delimited(parts: Sequence[str], settings: dict[str, str]) -> str:
    inner = settings.get("sepChr", "|").join(parts)
    return settings.get("begChr", "(") + inner + settings.get("endChr", ")")


_FORMS: dict[str, Callable[[list[str], dict[str, str]], str]] = {
    "f": lambda parts, _: "/".join(map(_grouped, parts)),
    "sSup": lambda parts, _: _power(parts[0], parts[-1]),
    "sSub": lambda parts, _: subscript(parts[0], parts[-1]),
    "sSubSup": lambda parts, _: f"{parts[0]}_{_grouped(parts[1])}^{_grouped(parts[-1])}",
    "sPre": lambda parts, _: f"_{_grouped(parts[0])}^{_grouped(parts[1])}{parts[-1]}",
    "rad": lambda parts, _: (
        _root("mroot", [parts[-1], parts[0]]) if parts[0] else _root("msqrt", [parts[-1]])
    ),
    "nary": _nary,
    "d": _delimited,
    "func": lambda parts, _: " ".join(parts),
    "limLow": lambda parts, _: f"{parts[0]}_{_grouped(parts[-1])}",
    "limUpp": lambda parts, _: f"{parts[0]}^{_grouped(parts[-1])}",
    "m": lambda parts, _: "; ".join(parts),
    "mr": lambda parts, _: ", ".join(parts),
    "eqArr": lambda parts, _: "; ".join(parts),
}
"""Element → its text, from those of its parts and its settings."""
