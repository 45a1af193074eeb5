"""What is known of a model beside its weights: fast paths, its chat template, the prices of a hosted one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from harness.ranges import Count, Day, Name, Text, Usd


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether a fast path of this program's own gives what transformers gives, as held against it on the very model.

    `used`: which of the two is used; `why`: what spoke against our own.
    """

    used: Literal["own", "library"]
    why: Text | None = None


@dataclass(frozen=True, slots=True)
class TemplateFacts:
    """How a model's chat template writes conversations, found out by rendering some.

    `system_turn`: where the system message stands; `user`: the template has no place for one, so that it stands before
    the first user message, in the same turn. `several_turns`: whether it writes earlier turns, as examples need.
    `pinned_date`: what it is told the day is; None: it does not ask. `thinking`: whether the model may think before it
    answers; `off`: it could, and the template says that it shall not; None: nothing says that it can.
    """

    system_turn: Literal["own", "user"] = "own"
    several_turns: bool = True
    pinned_date: Day | None = None
    thinking: Literal["off", "on"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTier:
    """Prices of a request whose prompt is longer than `above_prompt_tokens`, dollars a million tokens."""

    above_prompt_tokens: Count
    input_usd_per_mtok: Usd | None
    output_usd_per_mtok: Usd | None
    cached_usd_per_mtok: Usd | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiPrice:
    """A hosted model's prices on the day of a run, dollars a million tokens. `kind`: `base` or `fine-tuned`.

    `asked`: the name that the user gave. `reason`: why a price is None.
    """

    asked: Name
    model: Name
    provider: Name
    kind: Literal["base", "fine-tuned"]
    input_usd_per_mtok: Usd | None
    output_usd_per_mtok: Usd | None
    cached_usd_per_mtok: Usd | None = None
    per_request_usd: Usd = 0.0
    tiers: tuple[PriceTier, ...] = ()
    training_usd_per_mtok: Usd | None = None
    training_source: Text | None = None
    priced_on: Day | None = None
    source: Text | None = None
    reason: Text | None = None
