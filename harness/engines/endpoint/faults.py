"""What a server sends instead of an answer, understood once: what to do about it, and what to tell the user."""

from __future__ import annotations

import email.utils
import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from harness.engines.endpoint.address import Address

_QUOTED, _READ = 240, 100_000
"""Characters of a server's own words that a sentence quotes, and that are looked at for keys."""


class Remedy(StrEnum):
    """What may help."""

    AGAIN = "again"
    """Ask again, later: the server failed, or was in the middle of something."""
    BUSY = "busy"
    """Ask again, later and less: the server has too much to do, or is not there."""
    WITHOUT = "without"
    """Ask without the parameter that it refuses."""
    SHORTER = "shorter"
    """Nothing: the prompt is longer than the model reads."""
    WITHHELD = "withheld"
    """Nothing: a filter of the server keeps the answer back, from whoever asks."""
    OTHER = "other"
    """Ask something else: this request is refused, or all are, if none was answered before."""
    NONE = "none"
    """Nothing: the server refuses whatever it is asked."""


class Fault(Exception):
    """Why there is no answer. `reason`: a clause without keys. `after_s`: how long the server asks to wait.

    `parameter`: what it refuses; `status`: of HTTP, where it answered at all.
    """

    def __init__(
        self,
        reason: str,
        remedy: Remedy = Remedy.AGAIN,
        *,
        after_s: float | None = None,
        parameter: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason, self.remedy, self.after_s = reason, remedy, after_s
        self.parameter, self.status = parameter, status


_TOO_LONG = re.compile(
    r"context[_ ](length|window|size)|maximum context|too many (input )?tokens|reduce the length|max_model_len"
    r"|(prompt|input|request|message)s? (\w+ ){0,4}(is |are )?too (long|large)|longer than the (maximum|model)"
    r"|exceeds? (the )?(max|model|token|available context)|input tokens exceed|string_above_max_length",
    re.I,
)
_REFUSED = re.compile(
    r"unsupported|not supported|not support|unrecogni[sz]ed|unknown|unexpected|not permitted|extra_forbidden"
    r"|extra inputs|not allowed|additional propert|invalid (argument|parameter|field)|no longer|deprecated|at most"
    r"|too many|instead",
    re.I,
)
_NO_SYSTEM = re.compile(
    r"system (role|message|prompt)s? (\w+ ){0,3}(not |un)support|role[^.]{0,30}system|roles must alternate"
    r"|only user(,| and) (assistant|model)",
    re.I,
)
SYSTEM = "a system message"
"""What some models' templates have no place for; a parameter of the conversation, so to speak."""
_FILTERED = re.compile(r"content[_ ](filter|management|policy)|responsible ?ai", re.I)
_NO_CREDIT = re.compile(
    r"insufficient[_ ](quota|balance|funds|credit)|exceeded your current quota|billing", re.I
)
_WRONG_MODEL = re.compile(
    r"pinned to|model.{0,80}(not found|not exist|unknown|invalid|unavailable)|(invalid|unknown|no such) model"
    r"|model_not_found",
    re.I,
)


def fault_of(
    status: int, headers: Mapping[str, str], body: bytes, sent: Iterable[str], address: Address, now: datetime
) -> Fault:
    """The fault of a reply that is no success. `sent`: the parameters that could be left out."""
    code, words = said(body)
    quoted, text = quote(words, address), f"{code} {words}"
    it_says = f" (it says: {quoted})" if quoted else ""

    def fault(reason: str, remedy: Remedy, **more: Any) -> Fault:
        return Fault(f"{reason}{it_says}", remedy, status=status, **more)

    if status in (400, 413, 422, 500) and _TOO_LONG.search(text):
        return fault("the prompt is longer than the model reads", Remedy.SHORTER)
    if status in (400, 403, 422) and _FILTERED.search(text):
        return fault("the server's content filter keeps the answer back", Remedy.WITHHELD)
    if status in (400, 422):
        parameter = refused(text, body, sent)
        if parameter == "response_format":
            return fault("the server does not hold answers to this form", Remedy.NONE, parameter=parameter)
        if parameter:
            return fault(f"the server refuses {parameter}", Remedy.WITHOUT, parameter=parameter)
        if _NO_SYSTEM.search(text):
            return fault(f"the server refuses {SYSTEM}", Remedy.WITHOUT, parameter=SYSTEM)
        if not _WRONG_MODEL.search(text):
            return fault(f"the server refuses the request with HTTP {status}", Remedy.OTHER)
    if fatal := _fatal(status, text, address):
        return fault(fatal, Remedy.NONE)
    what = "has too many requests" if status == 429 else "fails"
    remedy = Remedy.BUSY if status in (429, 502, 503, 504) else Remedy.AGAIN
    return fault(f"the server {what} with HTTP {status}", remedy, after_s=wait_asked(headers, now))


def _fatal(status: int, text: str, address: Address) -> str | None:
    """What makes asking anything else pointless, and who can mend it; None where asking again may help."""
    if status in (402, 429) and (status == 402 or _NO_CREDIT.search(text)):
        return "the account has no credit left; add some where the server bills you"
    if status == 401:
        if address.key_env:
            return f"the server does not take the key in {address.key_env}; put a valid one there"
        return "the server wants a key; name the environment variable that holds it with key_env in a --models file"
    if status == 403:
        holder = f"the key in {address.key_env}" if address.key_env else "a request without a key"
        return f"the server forbids this to {holder}; use a key that may ask this model"
    if status in (400, 404, 422):
        return (
            f"there is no model {address.model!r} at {address.url}, or no OpenAI-compatible interface; "
            "check the address and the name after #"
            if address.kind == "http"
            else f"there is no model {address.model!r} at {address.url}; check its name"
        )
    if 300 <= status < 400:
        return "the server sends requests on to another address; name that one"
    if 400 <= status < 500 and status not in (408, 409, 425, 429):
        return f"the server refuses the request: HTTP {status}"
    return None


def said(body: bytes) -> tuple[str, str]:
    """The code and the words of an error, in whichever form servers send it; empty where there are none."""
    text = body[:_READ].decode("utf-8", errors="replace")
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return "", "" if text.lstrip().startswith("<") else text
    return words_of(value)


def words_of(value: Any) -> tuple[str, str]:
    """The code and the words of an error that is JSON."""
    if isinstance(value, dict):
        inner = value.get("error", value.get("detail", value.get("message", value)))
        if isinstance(inner, dict):
            parts = [inner.get(name) for name in ("code", "type")]
            code = " ".join(str(part) for part in parts if isinstance(part, str))
            message = inner.get("message") or inner.get("msg") or inner.get("detail")
            return code, message if isinstance(message, str) else json.dumps(inner, ensure_ascii=False)
        value = inner
    return "", value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def quote(words: str, address: Address) -> str:
    """A server's own words as a sentence can hold them."""
    text = address.hide(words[:_READ]).rstrip(". ")
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"


def refused(text: str, body: bytes, sent: Iterable[str]) -> str | None:
    """The parameter that an error is about: the one that it names as such, else the first that it mentions."""
    if not _REFUSED.search(text):
        return None
    names = list(sent)
    try:
        inner = json.loads(body).get("error", {})
        named = inner.get("param") if isinstance(inner, dict) else None
    except (ValueError, AttributeError, RecursionError):
        named = None
    if isinstance(named, str) and named.split(".")[0] in names:
        return named.split(".")[0]
    places = {
        name: found.start()
        for name in names
        if (found := re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text))
    }
    return min(places, key=places.__getitem__) if places else None


def wait_asked(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds that a reply asks to wait: milliseconds, seconds, or a date; None where it says nothing of use."""
    for name, unit in (("retry-after-ms", 1e-3), ("x-ms-retry-after-ms", 1e-3), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        try:
            seconds = float(value) * unit
        except ValueError:
            continue
        if 0 <= seconds < float("inf"):
            return seconds
    try:
        date = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    aware = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())
