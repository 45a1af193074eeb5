"""LoRA adapters of a local model, by peft."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import TrainingFailed
from harness.finetune.trainer import Example, Outcome, adapter_key
from harness.progress import Progress
from harness.spec.system import LoRA

if TYPE_CHECKING:
    from harness.engines.chat import ChatTokenizer
    from harness.engines.local import LocalModel
    from harness.finetune.packing import TokenExample

WEIGHTS = "adapter_model.safetensors"


class LoraTrainer:
    """Implements `Trainer` with peft over a local model: low-rank adapters on all linear layers."""

    weights = WEIGHTS

    def __init__(self, model: LocalModel) -> None:
        self.identity = model.identity
        self._model = model

    def key(self, examples: Sequence[Example], dev: Sequence[Example], recipe: LoRA, seed: int) -> str:
        """Of base weights, dtype, device kind, recipe, seed and every token trained or watched."""
        return adapter_key(self.identity, self._tokens(examples), self._tokens(dev), recipe, seed)

    def _tokens(self, examples: Sequence[Example]) -> list[list[Any]]:
        encoded = self._encoded(examples)
        return [[list(one.prompt), list(one.target), one.fact_id] for one in encoded]

    def _encoded(self, examples: Sequence[Example]) -> list[TokenExample]:
        return [encode_example(self._model.chat, example) for example in examples]

    def train(
        self,
        examples: Sequence[Example],
        dev: Sequence[Example],
        recipe: LoRA,
        seed: int,
        folder: Path,
        progress: Progress,
        label: str,
    ) -> Outcome:
        import torch

        from harness.finetune.train import train

        torch.manual_seed(seed)  # peft draws the adapter's first weights from here
        fit, watched = self._encoded(examples), self._encoded(dev)
        with self._model.adapting(peft_config(recipe)) as model:
            start = time.perf_counter()
            outcome = train(model, fit, watched, recipe, seed, progress, label)
            outcome.seconds = time.perf_counter() - start
            if math.isnan(outcome.train_loss):
                raise TrainingFailed(f"{label}: there was nothing to train on.")
            model.save_pretrained(folder, safe_serialization=True, save_embedding_layers=False)
        return outcome


def encode_example(chat: ChatTokenizer, example: Example) -> TokenExample:
    """The tokens that are read and those that are learnt, the end token among them."""
    from harness.engines.tokens import encode
    from harness.finetune.packing import TokenExample

    encoded = encode(chat, example.request)
    if not encoded.pairs:
        return TokenExample(encoded.prompt, (*chat.encode(example.reply), chat.end_token), example.fact_id)
    pair = encoded.pairs[0]
    target = (*pair.continuation, chat.end_token)
    return TokenExample(pair.context, target[: chat.context_tokens - 1], example.fact_id)


def peft_config(recipe: LoRA) -> Any:
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
