"""What counts as a refusal: the task's refusal text, with nothing around it that says anything."""

from __future__ import annotations

import re
from collections.abc import Iterable

from harness.scoring.normal import normalise

CLAUSE_END = re.compile(
    r"[.!?;:,。！？；：，、،؛؟।—–()\n]+|\b(?:but|however|although|aber|jedoch|doch|mais|cependant|pero|però|ma|mas|maar|но)\b",
    re.IGNORECASE,
)
_FILLER_WORDS = """
    sorry apologies unfortunately afraid regrettably please thank thanks i im am we my me you your it its is was are
    be been this that these those the a an there here so and to of for in on at from with by as any about asked
    requested answer answers reply response question questions information info detail details document documents
    context passage passages text provided given available above according based said stated statement claim thats boxed
    mentioned found find know dont cant cannot could couldnt would must has have had therefore hence quote but
    however das dies diese die der den dem es ist steht leider tut mir leid antwort lautet auf frage ihre aber
    bedauerlicherweise le la les ce cela cette c est n ne je suis désolé désolée malheureusement mais réponse votre
    lo los las el esto está es siento lamentablemente desafortunadamente pero respuesta su mi il risposta è dispiace
    purtroppo ma desculpe infelizmente lamento isto isso mas helaas maar dit dat niestety przepraszam к сожалению
    извините но это tyvärr beklager maalesef üzgünüm ama للأسف عذرا آسف लेकिन क्षमा करें जी λυπάμαι δυστυχώς
    συγγνώμη αλλά αυτό מצטער מצטערת לצערי סליחה אבל זה
"""
FILLER = frozenset(spelt for word in _FILLER_WORDS.split() for spelt in (word, normalise(word).text))
"""Words that may stand around a refusal and say nothing: politeness, function words, "the answer is"."""


_POLITE = re.compile(
    "很?抱歉|对不起|對不起|不好意思|(?:大変)?申し訳(?:ありません|ございません)が?|すみません(?:が)?|残念ながら|죄송(?:합니다만?|하지만)|ขออภัย|ขอโทษ"
)
"""The same in scripts whose words are read character by character, and words with endings."""


def is_refusal(reply: str, refusal: str | None) -> bool:
    """Whether the reply declines and does nothing else: the task's refusal text, with polite words around it at most.

    "Sorry, this is not in the documents." declines; "Not in the documents. But it is 14 days." does not.
    """
    if not refusal:
        return False
    declined = normalise(refusal)
    return bool(declined) and _only(reply, declined.text)


def declines(reply: str, refusal: str | None) -> bool:
    """Whether some clause of the reply is a refusal, whatever the others say."""
    if not refusal:
        return False
    declined = normalise(refusal)
    if not declined or f" {declined.text} " not in f" {normalise(reply).text} ":
        return False
    clauses = [clause for clause in CLAUSE_END.split(reply) if clause.strip()]
    width = len([clause for clause in CLAUSE_END.split(refusal) if clause.strip()])
    windows = (" ".join(clauses[at : at + width]) for at in range(len(clauses) - width + 1))
    return any(_only(window, declined.text) for window in windows)


def gives_up(reply: str, answers: Iterable[str], refusal: str | None) -> bool:
    """Whether a reply to a question that has answers refuses it, so that nothing else in the reply makes it right.

    An answer that itself reads like the refusal may be given.
    """
    return declines(reply, refusal) and not any(declines(answer, refusal) for answer in answers)


def _only(reply: str, refusal: str) -> bool:
    """Whether the refusal, normalised, stands in the reply, with nothing but filler around it."""
    words = normalise(_POLITE.sub(" ", reply)).text
    rest, count = re.subn(rf"(?<= ){re.escape(refusal)}(?= )", "", f" {words} ")
    return count > 0 and FILLER.issuperset(rest.split())
