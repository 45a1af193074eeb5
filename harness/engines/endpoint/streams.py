"""A streamed reply, put together again, with the time of its first and of its last piece.

It is whole when the server said why it ended (`finish_reason`) or that it did (`[DONE]`); `transformers serve` never
sends the latter. The count of tokens comes last, in a piece without choices, and may be missing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from harness.engines.endpoint.client import DONE
from harness.engines.endpoint.faults import Fault, Remedy
from harness.engines.endpoint.replies import Reply, answer_start, content_of
from harness.engines.engine import Clock


@dataclass
class Stream:
    """What came until now. `ticks`: when each piece of content came, and how long the text was then."""

    content: str = ""
    reasoning: str = ""
    finish: str | None = None
    usage: Any = None
    ticks: list[tuple[float, int]] = field(default_factory=list)
    last_s: float | None = None
    done: bool = False

    def add(self, event: Any, now: float) -> None:
        """Take in one event. Raises Fault for what is none."""
        if not isinstance(event, dict):
            raise Fault("a piece of the stream is no object")
        if isinstance(event.get("usage"), dict):
            self.usage = event["usage"]
        choices = event.get("choices")
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
            return
        choice = choices[0]
        delta = choice.get("delta")
        piece, thoughts = content_of(delta) if isinstance(delta, dict) else (choice.get("text"), "")
        if isinstance(piece, str) and piece:
            self.content += piece
            self.ticks.append((now, len(self.content)))
            self.last_s = now
        if thoughts:
            self.reasoning += thoughts
            self.last_s = now
        if isinstance(choice.get("finish_reason"), str):
            self.finish = choice["finish_reason"]
            self.last_s = now

    @property
    def first_s(self) -> float | None:
        """When the answer began: its first piece that is no thought. Of an empty answer, when it ended."""
        start = answer_start(self.content)
        return next((now for now, length in self.ticks if length > start), self.last_s)

    @property
    def reply(self) -> Reply:
        return Reply(self.content, self.reasoning, self.finish, self.usage)


def read_stream(events: Iterable[Any], clock: Clock) -> Stream:
    """The whole of a streamed reply. Raises Fault where it broke off, or an error came in its middle."""
    stream = Stream()
    try:
        for event in events:
            if event is DONE:
                stream.done = True
            else:
                stream.add(event, clock())
    except Fault as fault:
        if fault.remedy is not Remedy.AGAIN:
            raise
        # What comes after the end says how many tokens it was, and no more.
        if stream.finish is None:
            raise Fault(f"the stream broke: {fault.reason}") from None
    if stream.finish is None and not stream.done:
        raise Fault("the stream broke before it ended")
    stream.last_s = clock() if stream.last_s is None else stream.last_s
    return stream
