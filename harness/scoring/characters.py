"""Unicode for scoring: one spelling for each character, and the kinds of characters that words are read by.

Needs the standard library alone: exported tasks carry a copy.
"""

from __future__ import annotations

import re
import unicodedata

_VARIANTS = {
    "‘’‚‛′ʼʹʻʽʾʿꞌ´׳": "'",
    "“”„‟″«»‹›״": '"',
    "‐‑‒–−⁃": "-",
    "―": "—",
    "⁄∕": "/",
    "≤⩽": "<=",
    "≥⩾": ">=",
    "≠": "!=",
    "♯": "#",
    "ı": "i",  # both are I in capitals
    "ё": "е",
    "Ё": "Е",
    "٪": "%",
    "\u066b": ".",
    "\u066c": ",",
    "º˚": "°",
    "™®©℠\u0640": "",
    "\u0345": "ι",
    "\u0643": "\u06a9",
    "\u064a": "\u06cc",
    "№": "no ",
}  # fmt: skip
"""Spellings of one character."""
_SQUARES = "㎟㎠㎡㎢㎣㎤㎥㎦"
_POINTS = (
    (0x064B, 0x0652),
    (0x0670, 0x0670),
    (0x0591, 0x05BD),
    (0x05BF, 0x05C7),
    (0xFE00, 0xFE0F),
    (0xE0100, 0xE01EF),
)
"""Optional vowel points of Arabic and Hebrew, and variation selectors: first and last."""


class _Replacements(dict[int, str]):
    """What stands for a character before anything is read. Filled as characters are met."""

    def __missing__(self, code: int) -> str:
        self[code] = instead = self._of(chr(code))
        return instead

    @staticmethod
    def _of(character: str) -> str:
        for spellings, instead in _VARIANTS.items():
            if character in spellings:
                return instead
        if character in _SQUARES:
            return unicodedata.normalize("NFKC", character)
        code, category = ord(character), unicodedata.category(character)
        if category == "Cf" or code == 0x034F or any(first <= code <= last for first, last in _POINTS):
            return ""  # soft hyphens, zero-width characters, marks of direction
        if category == "Nd":
            return str(unicodedata.decimal(character))
        return " " if category in ("Cc", "Zl", "Zp") else character


_REPLACED = _Replacements()
_FRACTION = re.compile(r"(?<=\d)(?=[¼-¾⅐-⅞↉])")
"""1½ is 1 1/2."""
_RAISED = re.compile("[⁰¹²³⁴-⁹⁺⁻]+")
_SPACED_THOUSANDS = re.compile(
    "[1-9](?<![^\\W\u0e00-\u0eff\u2e80-\u9fff].)(?<![.,:/].)(?<!\\d .)"
    "\\d{0,2}(?:[ \u00a0\u2007\u2009\u202f]\\d{3})+(?!\\d| \\d)"
)
"""12 500, but not 555 123 4567, nor 120, 130. Thai and Chinese characters may stand right before it."""
_SPACES = re.compile("[ \u00a0\u2007\u2009\u202f]")
_HYPHENS = re.compile(r"[-—~〜](?:(?<=\d[—~〜])|(?<=\d-)-+)(?=\d)")
_VERSION = re.compile("[vV](?<![^\\W\u0e00-\u0eff\u2e80-\u9fff\U00020000-\U000323af][vV])(?=\\d)")
_PRODUCT = re.compile(r"[xX](?<=\d.)(?<!(?<![\w.,])0.)(?=\d)|(?<=\d) [xX*] (?=\d)")
"""1920x1080 and 2 x 4, but not 0x10. All begin with what is rare: a search that looks behind at each character takes
three times as long."""
_NAME = re.compile("[+#*♭-](?<=[A-Za-z0-9].)(?=[가-힣])|(?<=&[A-Za-z])(?=[가-힣])")
"""C#입니다: particles stand on names without a space."""
_FORMULA = re.compile(r"(\$\$?)([^\s$]{1,40})\1(?![\w$])")
"""$14$ is LaTeX and no price, but not $5-$10."""
_PERCENT = re.compile(r"%(?<![\w%)].)(\d+(?:[.,']\d+)*)(?![\w%])")
"""%50, as in Turkish and Arabic."""
_PROPORTION = re.compile(r" : (?<=\d : )(?=\d)")
PER_UNIT = "(?:[cdkm]?[gm]|[cdm]?l|[ckm]?m[23]|mol|min|ha|h|s)"
_PER = re.compile(rf" / (?<=[A-Za-z23] / )(?={PER_UNIT}\b)", re.IGNORECASE)
"""100 km / h."""
_DAY_AND_TIME = re.compile(r"T(?<=\d{4}-\d\d-\d\d.)(?=\d\d:\d\d)")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_IN_DOLLARS = re.compile(r"\$\$?([^$\n]{0,200}\\[A-Za-z,%][^$\n]{0,200})\$\$?")
_STYLED = re.compile(r"\\(?:text|textbf|textit|mathrm|mathbf|boxed)\s?\{([^{}]*)\}")
_FRAC = re.compile(r"\\[dt]?frac\{(\d+)\}\{(\d+)\}")
_COMMANDS = {
    "times": "×", "cdot": "·", "pm": "±", "leq": "<=", "le": "<=", "geq": ">=", "ge": ">=", "neq": "!=", "ne": "!=",
    "approx": "≈", "circ": "°", "infty": "∞", "pi": "π", "sqrt": "√", "to": "→", "rightarrow": "→",
}  # fmt: skip
_COMMAND = re.compile(rf"\^?\{{?\\(circ)\b\}}?|\\({'|'.join(_COMMANDS)})(?![A-Za-z])")
_SPACING = re.compile(r"\\[()\[\]]|(?<=[\w}])\\[,;:! ]")
_ESCAPED = re.compile(r"\\([%$&#_{}])")
_EMPHASIS = re.compile(
    r"(?<![A-Za-z0-9*])(\*{1,3})(?=[^\s*])([^*\n]{0,200}[^*\s]\*?)\1(?![A-Za-z0-9*])"
    r"|(?<![A-Za-z0-9_])(_{1,2})(?=[^\s_])([^_\n]{0,200}[^_\s])\3(?![A-Za-z0-9_])"
)
"""**C#** and __-5__: marks that would else hide the sign beside them."""
_CAPITAL = "[A-ZÀ-ÖØ-ÞΑ-ΩА-ЯЁ]"
_SPACED_INITIALS = re.compile(rf"{_CAPITAL}\.(?<![\w.]..)(?: {_CAPITAL}\.){{1,4}}(?= {_CAPITAL}\w)")
"""J. P. Arden, who is J.P. Arden too; only before a name, as a sentence may end in a letter."""
_EXPONENT = re.compile(r"\d[eE][+-]?\d")
_SCIENTIFIC = re.compile(r"(?<![\w.,])(\d+(?:[.,]\d+)?)[eE]([+-]?\d{1,3})(?!\w|[.,]\d)")
_BRACED = re.compile(r"\^\{([^{}\s]{1,8})\}")
_TIMES_TEN = re.compile(r"(?<=\d) ?[·∙⋅] ?(?=10\^)")
_CHARGE = re.compile(r"\^(?<=[A-Za-z].)(\d?[+-])(?!\w)")


def _raised(run: re.Match[str]) -> str:
    """10² is 10^2 and not 102; a raised sign alone is the sign, as in O⁻."""
    return f"{'' if run[0] in '⁺⁻' else '^'}{unicodedata.normalize('NFKC', run[0])}"


def _latex(text: str) -> str:
    """Without the commands of LaTeX that stand in replies: "$14 \\text{ days}$", "\\frac{1}{2}", "50\\%"."""
    text = _COMMAND.sub(lambda command: _COMMANDS[command[1] or command[2]], _IN_DOLLARS.sub(r" \1 ", text))
    for _ in range(3):  # within each other
        text = _STYLED.sub(r"\1", text)
    return _ESCAPED.sub(r"\1", _SPACING.sub(" ", _FRAC.sub(r" \1/\2", text)))


def plain(text: str) -> str:
    """The text with one spelling for each character."""
    text = _CONTROLS.sub(" ", text)
    if "\\" in text:
        text = _latex(text)
    if not text.isascii():
        text = _FRACTION.sub(" ", _RAISED.sub(_raised, text))
    text = _SPACED_THOUSANDS.sub(lambda number: _SPACES.sub("", number[0]), text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_REPLACED)).translate(_REPLACED)
        text = _NAME.sub(r"\g<0> ", text)
    text = text.replace("+/-", "±").replace("0's", "0s")  # the 1990's
    if "*" in text or "_" in text:
        text = _EMPHASIS.sub(lambda match: match[2] or match[4], text)
    if ". " in text:
        text = _SPACED_INITIALS.sub(lambda initials: initials[0].replace(" ", ""), text)
    if "$" in text:
        text = _FORMULA.sub(r"\2", text)
    if " / " in text:
        text = _PER.sub("/", text)
    if "%" in text:
        text = _PERCENT.sub(r"\1%", text)
    if ":" in text:
        text = _DAY_AND_TIME.sub(" ", _PROPORTION.sub(":", text))
    if "^" in text:
        text = _CHARGE.sub(r"\1", _BRACED.sub(r"^\1", text))  # Ca^{2+} is Ca2+
        text = _TIMES_TEN.sub("×", text)
    if _EXPONENT.search(text):
        text = _SCIENTIFIC.sub(lambda number: f"{number[1]}×10^{int(number[2])}", text)
    return _PRODUCT.sub("×", _VERSION.sub("v ", _HYPHENS.sub("-", text)))


_UNSPACED = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x2E80, 0x3007), (0x3021, 0x312F), (0x31A0, 0x31FF),
    (0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x323AF),
)  # fmt: skip
"""Thai and Lao, Myanmar, Khmer, Chinese characters, kana and Bopomofo: first and last."""
_NUMERALS = frozenset("〇零一二三四五六七八九十百千万亿萬億兆两兩壹贰叁肆伍陆柒捌玖拾佰仟")
_STACKED = "\u17d2\u1039"
"""Khmer and Myanmar: the next consonant is written below."""


class _Kinds(dict[int, str]):
    """A letter for the kind of each character, by which words are read. Filled as characters are met.

    L letter, M mark, 9 digit, U letter of a script without spaces, N numeral of one, J joins the next to a stack,
    $ currency, S sign of mathematics, O other symbol, # what may end a name; ASCII punctuation is itself, other
    punctuation a comma.
    """

    def __missing__(self, code: int) -> str:
        self[code] = kind = self._of(chr(code))
        return kind

    @staticmethod
    def _of(character: str) -> str:
        category, code = unicodedata.category(character), ord(character)
        if character in _NUMERALS:
            return "N"
        if character in _STACKED:
            return "J"
        if category[0] == "M":
            return "M"
        if category == "Nd":
            return "9"
        if category[0] in "LN":
            return "U" if any(first <= code <= last for first, last in _UNSPACED) else "L"
        if category == "Sc":
            return "$"
        if character in "♭♮":
            return "#"
        if category == "So":
            return "," if 0x2500 <= code < 0x2600 else "O"
        if category == "Sm" or character in "‰‱":
            return character if code < 0x80 else "S"
        return character if code < 0x80 else ","


KINDS = _Kinds()
