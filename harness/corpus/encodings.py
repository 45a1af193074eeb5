"""Text that is not Unicode → what it says, where it plainly is in an encoding of Western Europe.

Windows-1252 is what editors and Excel wrote there, ISO-8859-15 what Unix did; beside a few signs they are the same, and
ISO-8859-1 is both without these. Nearly any bytes can be read so. Those of other languages then have letters that no
Western language has together (`Příliš` in Windows-1250 is `Pøíliš`), or signs within words (`łąka` is `³¹ka`, and é as
UTF-8 `Ã©`).
"""

from __future__ import annotations

import re
from collections import Counter
from typing import NamedTuple

from harness.files import unicode_form


class _Encoding(NamedTuple):
    """`rare`: letters where others have signs; a text has more of its other letters, or is in another encoding."""

    name: str
    codec: str
    rare: str = ""


class _Alphabet(NamedTuple):
    """The letters beyond ASCII of languages that are written in it, with those of their usual loans.

    `asked`: letters that a text in these languages has for certain, told by which it is in none of others.
    """

    letters: str
    asked: str = ""


_ENCODINGS = (_Encoding("Windows-1252", "cp1252"), _Encoding("ISO-8859-15", "iso8859-15", rare="šžœÿ"))
"""The likelier first: it is taken where both read a text equally well."""
_ALPHABETS = (
    _Alphabet(
        "àâäåæçéèêëîïñôöøùûüÿœß", asked="àäèéëöüß"
    ),  # French, German, Dutch, Albanian, names in English
    _Alphabet("åäöüéšž"),  # Finnish, Swedish
    _Alphabet("äöõüšž", asked="ä"),  # Estonian; õ is Hungarian's ő
    _Alphabet("åæøâäöüéèêòóô", asked="åø"),  # Danish, Norwegian
    _Alphabet("áéíóúüñ"),  # Spanish, Galician, Basque, Irish
    _Alphabet("àçéèíïóòúüñ"),  # Catalan, Occitan
    _Alphabet("àéèíìîóòúù", asked="àèòù"),  # Italian, Scottish Gaelic
    _Alphabet("áâàçéêíóôú"),  # Portuguese
    _Alphabet("áâãàçéêíóôõúü", asked="ãç"),  # Portuguese, with õ
    _Alphabet("âêîôûáàéëïö", asked="êô"),  # Welsh, as far as it has the letters
    _Alphabet("áéíóúýðþæöø", asked="áéíóú"),  # Icelandic, Faroese; ð, ý and þ are Turkish's ğ, ı and ş
)
_ASKED = 0.1
"""The least share of these among the letters beyond ASCII."""
_FORGIVEN = 0.05
"""The share of characters that may belong to another language, such as names."""
_CONTROL = re.compile(r"[\0-\x08\x0e-\x1f\x7f-\x9f]")
_LETTER = r"A-Za-zÀ-ÖØ-öø-ÿŒœŠšŸŽž"
_CAPITAL_WITHIN = r"(?<=[a-z])(?!(?<=\b[hnt])[ÁÉÍÓÚ])[À-ÖØ-ÞŒŠŸŽ]"
"""But for those that Irish puts a letter before: `go hÁrainn`."""
_SIGN_WITHIN = rf"(?<=[{_LETTER}])[^\0-\x7f{_LETTER}\xa0\xad‘’´·…–—](?=[{_LETTER}])"
_SIGN_BEFORE = rf"[¹²³ªº¨¸](?=[{_LETTER}])"
_NASAL = r"(?<!nh)ã(?![eio])"
"""Portuguese has it before another vowel, but for few words; Romanian's ă is read so."""
_ALONE = r"¤|(?<!\w)[ŒœŠšŽžŸ](?!\w)"
"""A sign that nobody types, and letters that are no word."""
_GRAVE = re.compile(r"(?<=[ae])è(?!r)|(?<=[iou])è(?=i)|(?<=[^qQsS\W]u)è(?!\w)|[èÈ](?=[aeou])")
"""Gaelic and Occitan alone, which have à and ò as well, have è there (`dèanamh`, `lèu`); Slovenian's, Croatian's and
Lithuanian's č is read so: `brezplaèno`, `veèer`."""
_MISPLACED = re.compile(f"{_CAPITAL_WITHIN}|{_SIGN_WITHIN}|{_SIGN_BEFORE}|{_NASAL}|{_ALONE}")
_HARD = re.compile(r"[çÇ](?!ment)(?=[b-df-hj-np-tv-zei])")
"""Only Albanian, which is full of ë, has ç before these, but for Catalan's `feliçment`; Latvian's ē is read so:
`Bibliotçka`."""


class Guess(NamedTuple):
    """A text, and the encoding that it was in by all that can be seen; nothing where that is Unicode."""

    text: str
    encoding: str = ""


def western(data: bytes) -> Guess | None:
    """The text of a file that is not Unicode; None where it may as well be in another encoding."""
    if unicode_form(data) != ("utf-8", data):
        return None
    best, least = None, _FORGIVEN
    for encoding in _ENCODINGS:
        text = _decoded(data, encoding.codec)
        wrong = None if text is None else _wrong(text, encoding.rare)
        if text is not None and wrong is not None and (wrong < least or (best is None and wrong <= least)):
            best, least = Guess(text, encoding.name), wrong
    return best


def _decoded(data: bytes, codec: str) -> str | None:
    try:
        text = data.decode(codec)
    except UnicodeDecodeError:
        return None
    return None if _CONTROL.search(text) else text


def _wrong(text: str, rare: str) -> float | None:
    """The share of the characters beyond ASCII that no Western language has where the text has them; None where the
    text is in another script, or most of its letters are rare ones."""
    beyond = Counter(re.sub(r"[\0-\x7f\xa0]", "", text).lower())
    accented = sum(times for letter, times in beyond.items() if re.match(f"[{_LETTER}]", letter))
    if accented > len(re.findall("[A-Za-z]", text)) or _count(beyond, rare) > accented / 2:
        return None
    fitting = max(_fitting(alphabet, beyond, accented) for alphabet in _ALPHABETS)
    misplaced = len(_MISPLACED.findall(text)) + (0 if "ë" in beyond else len(_HARD.findall(text)))
    misplaced += 0 if beyond["à"] and _count(beyond, "ìòù") else len(_GRAVE.findall(text))
    return (accented - fitting + misplaced) / max(1, beyond.total())


def _fitting(alphabet: _Alphabet, beyond: Counter[str], accented: int) -> int:
    """How many of a text's letters are of an alphabet; none where those are missing that it asks for."""
    if alphabet.asked and _count(beyond, alphabet.asked) < _ASKED * accented:
        return 0
    return _count(beyond, alphabet.letters)


def _count(beyond: Counter[str], letters: str) -> int:
    return sum(beyond[letter] for letter in letters)
