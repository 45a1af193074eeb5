"""Signs that Word keeps as places in a font of symbols (`°` is F0B0 of Symbol) → the characters that they show."""

from __future__ import annotations

_SYMBOL = {
    0x21: "!∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ{|}∼",
    0xA0: "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪",
    0xF1: "〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭",
}
"""Adobe's Symbol font: its characters from a place on."""
_WINGDINGS = {
    0x6C: "●", 0x6E: "■", 0x6F: "□", 0xA7: "▪", 0xA8: "☐", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒", 0xFE: "☑",
    0x4A: "☺", 0x4C: "☹", 0xDF: "←", 0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE8: "→", 0xF3: "↔",
}  # fmt: skip
"""What Word writes by itself for boxes, arrows and smileys, and usual bullets."""
_FONTS = {
    "symbol": {start + at: sign for start, signs in _SYMBOL.items() for at, sign in enumerate(signs)},
    "wingdings": _WINGDINGS,
}
_PRIVATE = range(0xF000, 0xF100)


def symbol(font: str, place: str) -> str:
    """The character at a place of a font, in hexadecimal digits; empty where it is not known."""
    try:
        code = int(place, 16)
        known = _FONTS.get(font.casefold())
        if known is None:
            return "" if code in _PRIVATE else chr(code)
        return known.get(code & 0xFF, "") if code < 0x100 or code in _PRIVATE else chr(code)
    except (ValueError, OverflowError):
        return ""


def in_font(text: str, font: str) -> str:
    """Text in a font of symbols: its private characters are places there."""
    if font.casefold() not in _FONTS:
        return text
    return "".join(symbol(font, f"{ord(sign):x}") if ord(sign) in _PRIVATE else sign for sign in text)
