"""E-mail files (.eml) → subject and text; attachments are named, not read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from harness.corpus.document import NotRead, Parsed
from harness.corpus.encodings import western
from harness.corpus.formats.shape import no_heading, one_line, readable, tidy
from harness.corpus.formats.web import fragment
from harness.corpus.source import page_of, text_in, unix

_HEADS = ("From", "To", "Cc", "Date")
_DEEPEST = 5
_LONGEST_HEAD = 20_000
"""Characters of a head that are read: the parser takes time and memory that grow with their square."""


class _Policy(policy.EmailPolicy):
    def header_fetch_parse(self, name: str, value: str) -> Any:
        return super().header_fetch_parse(name, value[:_LONGEST_HEAD])


@dataclass(slots=True)
class _Told:
    """What of a message is not its text: what was not read, and the encodings that were guessed."""

    gaps: list[NotRead] = field(default_factory=list)
    guessed: list[str] = field(default_factory=list)


def mail(data: bytes, stem: str) -> Parsed:
    """The subject as title; sender, receivers, date and text, with the messages that it forwards."""
    message = message_from_bytes(data, policy=_Policy())
    if not isinstance(message, EmailMessage) or not message.keys():
        raise NotRead("broken", "it has no head as e-mails have")
    told = _Told()
    text = "\n\n".join(_blocks(message, told, 0))
    encoding = next(iter(told.guessed), "")
    return Parsed(
        _head(message, "Subject") or readable(stem), (("", tidy(text)),), tuple(told.gaps), encoding
    )


def _head(message: EmailMessage, name: str) -> str:
    try:
        return one_line(str(message[name] or ""))
    except (ValueError, IndexError, AttributeError):  # heads that the standard library cannot take apart
        return ""


def _blocks(message: EmailMessage, told: _Told, depth: int) -> Iterator[str]:
    subject = _head(message, "Subject")
    heads = [f"{name}: {value}" for name in _HEADS if (value := _head(message, name))]
    yield "\n".join([*([f"# {subject}"] if subject else []), *heads])
    for body in _bodies(message):
        yield _text(body, told)
    for part in _leaves(message) if depth < _DEEPEST else ():
        if part.get_content_type() == "message/rfc822":
            for forwarded in part.iter_parts():
                if isinstance(forwarded, EmailMessage):
                    yield from _blocks(forwarded, told, depth + 1)
        elif name := part.get_filename():
            yield f"[attachment: {one_line(name)}]"
            told.gaps.append(NotRead("type", f"its attachment {one_line(name)} is not read"))


def _leaves(message: EmailMessage) -> Iterator[EmailMessage]:
    """The parts of a message that hold no others; a message that it forwards is one."""
    for part in message.iter_parts() if message.is_multipart() else ():
        if not isinstance(part, EmailMessage):
            continue
        if part.is_multipart() and part.get_content_type() != "message/rfc822":
            yield from _leaves(part)
        else:
            yield part


def _bodies(message: EmailMessage) -> Iterator[EmailMessage]:
    """The parts of a message that are its text: of alternatives the plain one, else all without a name."""
    kind = message.get_content_type()
    if kind in ("multipart/alternative", "multipart/related"):
        body = message.get_body(("plain", "html"))
        yield from [body] if isinstance(body, EmailMessage) else []
    elif kind.startswith("multipart/"):
        for part in message.iter_parts():
            if isinstance(part, EmailMessage):
                yield from _bodies(part)
    elif kind in ("text/plain", "text/html") and not message.get_filename():
        yield message


def _text(body: EmailMessage, told: _Told) -> str:
    """The text of a part. Raises NotRead where it is not in the encoding that it names, nor plainly in another."""
    data = body.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    is_page = body.get_content_type() == "text/html"
    charset = (body.get_content_charset() or "").removeprefix("us-ascii")  # what programs name that know none
    try:
        text = page_of(data) if is_page and not charset else text_in(data, charset)
    except NotRead:
        guess = western(data)
        if guess is None:
            raise
        text = unix(guess.text)
        told.guessed.append(guess.encoding)
    return fragment(text) if is_page else no_heading(text)
