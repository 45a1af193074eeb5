"""Answers of a kind: several parts, a number with a tolerance, yes or no, a pattern. What has no kind is `contains`.

Needs the standard library alone: exported tasks carry a copy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from harness.scoring.normal import Words, normalise
from harness.scoring.refusal import CLAUSE_END, FILLER
from harness.scoring.text import contains, contains_normalised

READ = 1_000
"""Characters of a reply that a pattern is looked for in, so that no pattern takes long."""


def kind_match(
    reply: str,
    answers: Sequence[str],
    parts: Sequence[str] = (),
    tolerance: str | None = None,
    pattern: str | None = None,
) -> float:
    """1 where the reply is right by the kind of the answer: at most one of the last three is given.

    `parts`: all of them stand in the reply as whole words. `tolerance`: numbers, see `says_number`. `pattern`: a
    regular expression that is found in the reply. Answers that are yes or no: see `says_yes_or_no`.
    """
    if pattern is not None:
        return float(re.search(pattern, reply[:READ]) is not None)
    if parts:
        return float(holds_parts(normalise(reply), parts))
    if tolerance is not None:
        return float(says_number(reply, answers, tolerance))
    if yes_or_no(answers):
        return float(says_yes_or_no(reply, answers))
    return contains(reply, answers)


def holds_parts(words: Words, parts: Iterable[str]) -> bool:
    """Whether all parts stand in a normalised text."""
    return all(words.hold(normalise(part)) for part in parts)


def stands_in(words: Words, answers: Iterable[str], parts: Sequence[str]) -> bool:
    """Whether a normalised text, as of a passage, says an answer: one of them whole, or all parts."""
    return contains_normalised(words, answers) or (bool(parts) and holds_parts(words, parts))


# Yes and no

_YES = """
    yes ja oui si sí sì sim да ναι true evet tak kyllä ano igen так כן نعم हाँ हां ya có 네 예 是 是的 对 對 はい ใช่
"""
_NO = """
    no nein non nee não нет όχι οχι false hayır nie nej nei ei ne nem ні לא لا नहीं tidak không 아니요 아니오 不是 否
    不对 不對 いいえ ไม่ใช่
"""
YES = frozenset(normalise(word).text for word in _YES.split())
NO = frozenset(normalise(word).text for word in _NO.split())
"""Normalised, so that は and い are two words."""
_NEITHER_PHRASES = """
    no idea|no information|no info|no answer|no mention|no details|no indication|no context|no sé|no lo sé|no se sabe|
    no se menciona|no se especifica|no se indica|no consta|no hay información|no hay datos|non lo so|non si sa|
    non è specificato|non è indicato|non ci sono informazioni|non précisé|non spécifié|non mentionné|non indiqué|
    não sei|não se sabe|não consta|não há informação|não há informações|não especificado|não mencionado|
    нет информации|нет данных|нет сведений|нет ответа|nie wiem|nie wiadomo|nie podano|nem tudom|tidak tahu|
    tidak disebutkan|tidak ada informasi|لا أعرف|لا أعلم|لا توجد معلومات|לא יודע|לא יודעת|לא ידוע|לא צוין|नहीं पता|
    对不起|對不起|对于|對於|对此|對此|否则|否則
"""
_NEITHER = frozenset(normalise(phrase).text for phrase in _NEITHER_PHRASES.split("|"))
"""What begins like one of these words and says something else: that nothing is known, or "sorry" in Chinese."""
_NEEDLESS = re.compile(r"no \w+ (?:is|are) (?:required|needed|necessary)\b")
"""A no, though it begins like those: "No answer is required"."""
_MOST_WORDS = max(len(words.split()) for words in YES | NO | _NEITHER)
_OR_WORDS = "or and oder und ou et o y e u или и lub albo i eller och veya ve atau dan أو و או या หรือ 또는 或 和 还 還"
_OR = frozenset(word for words in _OR_WORDS.split() for word in normalise(words).text.split())
"""Words between two answers, of which a reply leaves the choice."""


def yes_or_no(answers: Iterable[str]) -> bool:
    """Whether there are answers, and each is such a word."""
    words = [normalise(answer).text for answer in answers]
    return bool(words) and all(word in YES or word in NO for word in words)


def says_yes_or_no(reply: str, answers: Iterable[str]) -> bool:
    """Whether the reply says what an answer says, and not the opposite too.

    What counts is the word that it begins with ("Yes, there is no fee"; "The answer is no"), and what is a clause of
    its own ("It is open to all, so yes").
    """
    said: set[bool] = set()
    led = False
    for clause in CLAUSE_END.split(reply):
        verdicts, alone = _verdicts(normalise(clause).text.split())
        if alone or not led:
            said |= verdicts
        led = led or bool(verdicts) or not alone
    return said in [{normalise(answer).text in YES} for answer in answers]


def _verdicts(words: Sequence[str]) -> tuple[set[bool], bool]:
    """The yes and no that a clause begins with, filler aside; whether it says nothing else."""
    found: set[bool] = set()
    place = 0
    while place < len(words):
        heads = (" ".join(words[place : place + width]) for width in range(_MOST_WORDS, 0, -1))
        said = next((head for head in heads if head in YES or head in NO or head in _NEITHER), None)
        if said in _NEITHER and not _NEEDLESS.match(" ".join(words[place : place + 4])):
            return found, False
        if said is not None:
            found.add(said in YES)
        elif words[place] not in FILLER and words[place] not in _OR and any(map(str.isalnum, words[place])):
            return found, False
        place += said.count(" ") + 1 if said else 1
    return found, True


# Numbers


class Quantity(NamedTuple):
    """A number with the words behind it, which are its unit in an answer."""

    value: Fraction
    unit: tuple[str, ...]


_NUMBER = re.compile(r"(?P<whole>-?\d{1,40}(?:\.\d{1,40})?)(?:\^(?P<power>-?\d{1,2}))?")
_FRACTION = re.compile(r"(?P<sign>-?)(?:(?P<whole>\d{1,20})\+)?(?P<over>\d{1,20})/(?P<under>\d{1,20})")
_RANGE = re.compile(r"(?P<low>-?\d[\d.]*)-(?P<high>\d[\d.]*)")
_TIMES_POWER = re.compile(r"(?<!\S)(?P<number>-?\d{1,20}(?:\.\d{1,20})?)×10\^(?P<power>-?\d{1,2})(?!\S)")
_TIMES = {"thousand": 3, "million": 6, "mn": 6, "billion": 9, "bn": 9, "trillion": 12}
_LINK_WORDS = (
    "to till through × bis tot à a до do ila sampai até إلى עד से ถึง 에서 부터 이나 至 到 から まで または と"
)
_LINKS = _OR | {word for words in _LINK_WORDS.split() for word in normalise(words).text.split()}
"""Words between two numbers of one unit: alternatives, a range, a product."""
_NOT = frozenset({"not", "nicht", "keine", "pas", "niet", "inte", "ikke", "не", "nie"})
_TOLERANCE = re.compile(r"(\d{1,40}(?:\.\d{1,40})?)\s*(%?)")


def quantity(answer: str) -> Quantity | None:
    """An answer as a number and its unit, which may be empty; None where it is no such thing."""
    words = _words(answer)
    found = [*_quantities(words)]
    return found[0] if len(found) == 1 and [*_values(words[0])] else None


def margin(tolerance: str, value: Fraction) -> Fraction | None:
    """How far a number may be from the right one: `0.5`, or `2%` of it; None where the text is neither."""
    match = _TOLERANCE.fullmatch(tolerance.strip())
    if not match:
        return None
    return abs(value) * Fraction(match[1]) / 100 if match[2] else Fraction(match[1])


def says_number(reply: str, answers: Iterable[str], tolerance: str) -> bool:
    """Whether the reply gives the number of an answer, as far as the tolerance allows, in the answer's own unit.

    Of several numbers those with the unit count (of an answer without a unit: all), and each must be right.
    """
    stated = [*_quantities(_words(reply))]
    for right in filter(None, map(quantity, answers)):
        allowed = margin(tolerance, right.value)
        unit = right.unit
        values = [found.value for found in stated if found.unit[: len(unit)] == unit]
        if allowed is not None and values and all(abs(value - right.value) <= allowed for value in values):
            return True
    return False


def _words(text: str) -> list[str]:
    return _TIMES_POWER.sub(_written_out, normalise(text).text).split()


def _quantities(words: Sequence[str]) -> Iterator[Quantity]:
    """Each number of normalised words, with the words up to the next one; a range is both of its ends.

    "5, 10 or 14 days" are three numbers of days: what is left open shares the unit of the last. "Not 14" says none.
    """
    starts = [place for place, word in enumerate(words) if [*_values(word)]]
    found: list[Quantity] = []
    shared: tuple[str, ...] | None = None
    for place, end in reversed([*pairwise([*starts, len(words)])]):
        scale = _TIMES.get(words[place + 1], 0) if place + 1 < end else 0
        own = tuple(words[place + 1 + bool(scale) : end])
        linked = bool(found) and _LINKS.issuperset(own) and (bool(own) or shared is not None)
        shared = (shared or found[-1].unit) if linked else None
        unit = own if shared is None else shared
        if place == 0 or words[place - 1] not in _NOT:
            found += [Quantity(value * 10**scale, unit) for value in _values(words[place])]
    yield from reversed(found)


def _written_out(match: re.Match[str]) -> str:
    """1.5 × 10^6 is 1500000, in digits."""
    power = int(match["power"])
    digits, _, behind = match["number"].partition(".")
    if power >= 0:
        behind = behind.ljust(power, "0")
        digits, behind = digits + behind[:power], behind[power:]
    else:
        sign = "-" if digits[0] == "-" else ""
        digits = digits.lstrip("-").rjust(1 - power, "0")
        digits, behind = sign + digits[:power], digits[power:] + behind
    return f"{digits}.{behind}" if behind else digits


def _values(word: str) -> Iterator[Fraction]:
    if match := _RANGE.fullmatch(word):
        yield from (value for end in (match["low"], match["high"]) for value in _values(end))
    elif match := _NUMBER.fullmatch(word):
        value = Fraction(match["whole"])
        power = int(match["power"]) if match["power"] else 1
        if value or power >= 0:
            yield value**power
    elif (match := _FRACTION.fullmatch(word)) and int(match["under"]):
        value = int(match["whole"] or 0) + Fraction(int(match["over"]), int(match["under"]))
        yield -value if match["sign"] else value
