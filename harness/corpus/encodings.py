"""Text that is not Unicode → Windows-1252, where it plainly is that: what editors and Excel wrote in Western Europe.

Nearly any bytes can be read so. Those of other languages then have letters that no Western language has together
(`Příliš` in Windows-1250 is `Pøíliš`), or signs within words (`łąka` is `³¹ka`, and é as UTF-8 `Ã©`).
"""

from __future__ import annotations

import re
from collections import Counter

WINDOWS_1252 = "Windows-1252"
_ALPHABETS = (
    "àâäåæçéèêëîïñôöøùûüÿœß",  # French, German, Dutch, Albanian
    "áàéèíïìóòúùüñç",  # Spanish, Catalan, Italian, Irish
    "áâãàçéêíóôõúü",  # Portuguese
    "åäöæøéèàü",  # Danish, Finnish, Norwegian, Swedish
    "äöõüšž",  # Estonian
)
"""The letters beyond ASCII of languages that are written in it, with those of their usual loans. Icelandic's are
Turkish's too, in that one's own encoding."""
_FORGIVEN = 0.05
"""The share of characters that may belong to another language, such as names."""
_CONTROL = re.compile(r"[\0-\x08\x0e-\x1f\x7f]")
_LETTER = r"A-Za-zÀ-ÖØ-öø-ÿŒœŠšŸŽž"
_CAPITAL_WITHIN = r"(?<=[a-z])[À-ÖØ-ÞŒŠŸŽ]"
_SIGN_WITHIN = rf"(?<=[{_LETTER}])[^\0-\x7f{_LETTER}\xa0\xad‘’´·…–—](?=[{_LETTER}])"
_RAISED_BEFORE = rf"[¹²³ªº](?=[{_LETTER}])"
_MISPLACED = re.compile(f"{_CAPITAL_WITHIN}|{_SIGN_WITHIN}|{_RAISED_BEFORE}")


def windows_1252(data: bytes) -> str | None:
    """The text of a file in Windows-1252; None where it may as well be in another encoding."""
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        return None
    if _CONTROL.search(text):
        return None
    beyond = Counter(re.sub(r"[\0-\x7f\xa0]", "", text).lower())
    accented = sum(times for letter, times in beyond.items() if re.match(f"[{_LETTER}]", letter))
    fitting = max(sum(beyond[letter] for letter in alphabet) for alphabet in _ALPHABETS)
    wrong = accented - fitting + len(_MISPLACED.findall(text))
    plain = len(re.findall("[A-Za-z]", text))
    return text if wrong <= _FORGIVEN * beyond.total() and accented <= plain else None
