"""The LoRA recipe: what a fair fine-tune gets, by the findings of "LoRA Learns Less and Forgets Less"
(arXiv 2405.09673): all linear layers, alpha twice the rank, a learning rate ten times a full fine-tune's."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Recipe:
    """Every choice that shapes a fine-tune; part of the adapter's cache key."""

    rank: int = 16
    learning_rate: float = 5e-4
    batch_size: int = 8
    max_epochs: int = 8
    min_epochs: int = 1
    patience: int = 2
    warmup_share: float = 0.05
    gradient_clip: float = 1.0
    enough_loss: float = 0.01
    """Training loss (nats per answer token, mean of an epoch) under which there is nothing left to learn."""

    @property
    def alpha(self) -> int:
        return 2 * self.rank

    @property
    def rank_stabilised(self) -> bool:
        """rsLoRA (arXiv 2312.03732) scales by 1/sqrt(rank), which keeps high ranks learning."""
        return self.rank >= 32

    def to_json(self) -> dict[str, Any]:
        return {
            **asdict(self),
            "alpha": self.alpha,
            "rank_stabilised": self.rank_stabilised,
            "targets": "all-linear",
            "optimizer": "AdamW",
            "schedule": "linear decay after warm-up",
        }


def peft_config(recipe: Recipe) -> Any:
    """The peft configuration of a recipe. Dropout is 0: with it, packed and single examples would differ."""
    import peft

    return peft.LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        use_rslora=recipe.rank_stabilised,
        lora_dropout=0.0,
        bias="none",
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
