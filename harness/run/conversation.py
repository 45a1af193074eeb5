"""How a model's chat template writes conversations, as a run and its report say it."""

from __future__ import annotations

from collections.abc import Iterator

from harness.records import TemplateFacts

FOLDED = (
    "The chat template has no place for a system message; it stands in the first user turn, before all else."
)


def template_sentences(facts: TemplateFacts) -> Iterator[str]:
    """What a reader should know of it; nothing where it writes every turn as it is given."""
    if facts.system_turn == "user":
        yield FOLDED
    if not facts.several_turns:
        yield "The chat template writes one turn only: strategies that show examples do not apply."
    if facts.pinned_date:
        yield f"The chat template asks for the day; it is told {facts.pinned_date} (--date names another)."
    if facts.thinking == "off":
        yield "The model can think before it answers; its chat template is told that it shall not."
    if facts.thinking == "on":
        yield (
            "The model may think before it answers. Thoughts are no part of an answer and of its token limit; they are "
            "counted apart, and paid for."
        )
