"""A server's reply → a completion. Its shape, its counts and where it stopped are checked, not believed."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from harness.engines.endpoint.faults import Fault
from harness.engines.engine import Completion, Decoding, Usage
from harness.ranges import TOO_MANY
from harness.records import FinishReason

THINK, THOUGHT = "<think>", "</think>"
_LENGTH = ("length", "max_tokens", "max_output_tokens", "model_length")
_FAILED = ("error", "abort", "cancelled")


@dataclass(frozen=True, slots=True)
class Counted:
    """What `usage` says, as far as it can be true. None: not said, or not to be believed."""

    prompt: int | None = None
    cached: int | None = None
    completion: int | None = None
    reasoning: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server wrote. `content`: as it came, thoughts included where they stand in it; `reasoning`: those apart.

    `finish`: why it ended, in the server's words; None: it did not say.
    """

    content: str
    reasoning: str
    finish: str | None
    usage: Any


def reply_of(body: Any) -> Reply:
    """The reply in a body of `chat/completions` or `completions`. Raises Fault where there is none."""
    choices = body.get("choices") if isinstance(body, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise Fault("the server's reply holds no answer (no choices)")
    choice = choices[0]
    if isinstance(choice.get("text"), str):
        return Reply(text_of(choice["text"]), "", choice.get("finish_reason"), body.get("usage"))
    message = choice.get("message")
    if not isinstance(message, dict):
        raise Fault("the server's reply holds no answer (no message)")
    content, reasoning = content_of(message)
    finish = choice.get("finish_reason")
    if content is None and message.get("tool_calls") is None and finish is None and not reasoning:
        raise Fault("the server's reply holds no answer (no content)")
    return Reply(content or "", reasoning, finish, body.get("usage"))


def content_of(message: dict[str, Any]) -> tuple[str | None, str]:
    """The content (None: there is none) and the thoughts of a message, or of a piece of one. A refusal is content."""
    content = message.get("content")
    if isinstance(content, list):  # in parts, as newer servers may
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        content = "".join(part for part in parts if isinstance(part, str))
    if not content and isinstance(message.get("refusal"), str):
        content = message["refusal"]
    thoughts = message.get("reasoning_content") or message.get("reasoning")
    return (
        content if isinstance(content, str) else None,
        thoughts if isinstance(thoughts, str) else "",
    )


def text_of(text: str) -> str:
    """Text that can be written down: halves of a character are put together, or marked as unreadable."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def answer_start(text: str) -> int:
    """The place behind the thoughts that stand in a text; its end where they do not end."""
    if (end := text.find(THOUGHT)) >= 0:
        rest = text[end + len(THOUGHT) :]
        return len(text) - len(rest.lstrip())
    return len(text) if text.lstrip().startswith(THINK) else 0


def counted(usage: Any, decoding: Decoding | None, written: bool) -> Counted:
    """What a server counted. `written`: whether it wrote anything; `decoding` None: nothing was to be written."""
    if not isinstance(usage, dict):
        return Counted()
    prompt, completion = _count(usage.get("prompt_tokens"), 1), _count(usage.get("completion_tokens"))
    if decoding is not None and completion is not None:
        possible = completion <= decoding.most and (completion > 0 or not written)
        completion = completion if possible else None
    details = usage.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens") if isinstance(details, dict) else None)
    if cached is None:
        cached = _count(usage.get("prompt_cache_hit_tokens"))
    if cached is not None and (prompt is None or cached > prompt):
        cached = None
    details = usage.get("completion_tokens_details")
    reasoning = _count(details.get("reasoning_tokens") if isinstance(details, dict) else None)
    if reasoning is not None and (completion is None or reasoning > completion):
        reasoning = None
    return Counted(prompt, cached, completion, reasoning)


def _count(value: Any, least: int = 0) -> int | None:
    return value if type(value) is int and least <= value <= TOO_MANY else None


def number_of(value: Any) -> float | None:
    """A number of a reply; None for what is none, or too large: JSON has no limits, and Python's reads NaN too."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def completion_of(reply: Reply, decoding: Decoding, count: Callable[[str], int]) -> Completion:
    """A reply as a completion: thoughts apart, cut at the first stop text, its tokens as the server counted them.

    `count`: the tokens of a text, where the server's own count is none. Raises Fault where the reply did not end.
    """
    if reply.finish in _FAILED:
        raise Fault(f"the server ended the reply with {reply.finish!r}")
    content = text_of(reply.content)
    start = answer_start(content)
    said = counted(reply.usage, decoding, bool(content or reply.reasoning))
    answer = content[start:]
    end = decoding.end_of(answer)
    tokens = said.completion
    if tokens is None:
        tokens = min(count(content + reply.reasoning) + (reply.finish == "stop"), decoding.most)
    thoughts = content[:start] + reply.reasoning
    reasoning = said.reasoning or min(count(thoughts) if thoughts.strip() else 0, tokens)
    finish: FinishReason = "stop"
    if end is None and (reply.finish in _LENGTH or (reply.finish is None and tokens >= decoding.most)):
        finish = "length"
    usage = None if said.prompt is None else Usage(said.prompt, said.cached)
    return Completion(answer[:end], tokens, finish, reasoning_tokens=reasoning, usage=usage)
