"""E-mail files (.eml) → subject and text; attachments are named, not read."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage

from harness.corpus.document import NotRead, Parsed
from harness.corpus.formats.shape import one_line, readable, tidy
from harness.corpus.formats.web import fragment
from harness.corpus.source import page_of

_HEADS = ("From", "To", "Cc", "Date")
_DEEPEST = 5


def mail(data: bytes, stem: str) -> Parsed:
    """The subject as title; sender, receivers, date and text, with the messages that it forwards."""
    message = message_from_bytes(data, policy=policy.default)
    if not isinstance(message, EmailMessage) or not message.keys():
        raise NotRead("broken", "it has no head as e-mails have")
    gaps: list[NotRead] = []
    text = "\n\n".join(_blocks(message, gaps, 0))
    return Parsed(_head(message, "Subject") or readable(stem), (("", tidy(text)),), tuple(gaps))


def _head(message: EmailMessage, name: str) -> str:
    try:
        return one_line(str(message[name] or ""))
    except (ValueError, IndexError, AttributeError):  # heads that the standard library cannot take apart
        return ""


def _blocks(message: EmailMessage, gaps: list[NotRead], depth: int) -> Iterator[str]:
    subject = _head(message, "Subject")
    heads = [f"{name}: {value}" for name in _HEADS if (value := _head(message, name))]
    yield "\n".join([*([f"# {subject}"] if subject else []), *heads])
    body = message.get_body(("plain", "html"))
    yield _text(body) if isinstance(body, EmailMessage) else ""
    for part in message.walk() if depth < _DEEPEST else ():
        if part is message or not isinstance(part, EmailMessage):
            continue
        if part.get_content_type() == "message/rfc822" and message is not part:
            for forwarded in part.iter_parts():
                if isinstance(forwarded, EmailMessage):
                    yield from _blocks(forwarded, gaps, depth + 1)
            return
        if name := part.get_filename():
            yield f"[attachment: {one_line(name)}]"
            gaps.append(NotRead("type", f"its attachment {one_line(name)} is not read"))


def _text(body: EmailMessage) -> str:
    """The text of a message's body; an unknown encoding is read as far as it goes."""
    if body.get_content_type() == "text/html":
        data = body.get_payload(decode=True)
        charset = body.get_content_charset()
        if isinstance(data, bytes) and charset is None:
            return fragment(page_of(data))
    try:
        content = str(body.get_content())
    except (LookupError, UnicodeError):
        raise NotRead("encoding", f"it is not {body.get_content_charset()} text, as it says") from None
    content = content.replace("\r\n", "\n")
    return fragment(content) if body.get_content_type() == "text/html" else content
