"""Who trains adapters: the protocol, and the trainers of a local model and of a scripted engine."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from harness.engines.engine import Engine, EngineIdentity, Request
from harness.engines.scripted import REPLIES, ScriptedEngine
from harness.errors import TrainingFailed
from harness.files import sha256_json, write_json
from harness.progress import Progress
from harness.records import LossPoint
from harness.spec.system import LoRA

if TYPE_CHECKING:
    from harness.engines.chat import ChatTokenizer
    from harness.engines.local import LocalModel
    from harness.finetune.packing import TokenExample

KEY_VERSION = 1
WEIGHTS = "adapter_model.safetensors"


@dataclass(frozen=True, slots=True)
class Example:
    """A request as it is asked in testing, and the reply that a fine-tune shall learn.

    A request that is scored has one continuation, which is learnt in the reply's place; so has a whole text.
    `fact_id`: examples with the same one are wordings of one fact.
    """

    request: Request
    reply: str = ""
    fact_id: str | None = None


@dataclass
class Outcome:
    """What training leaves besides the weights. Losses are nats per answer token."""

    epochs: float = 0.0
    steps: int = 0
    train_tokens: int = 0
    """Tokens of all examples seen, each counted in full as if it had been read alone."""
    computed_tokens: int = 0
    """Tokens that were really put through the model: prefixes once a pack."""
    train_loss: float = math.nan
    dev_loss: float | None = None
    train_fit: float = 0.0
    """Share of (at most 100) training answers that the adapter reproduces, token for token, teacher-forced."""
    logit_shift: float = 0.0
    """Mean absolute change of a logit at answer positions of (at most 16) training examples."""
    stopped: str = "max_epochs"
    seconds: float = 0.0
    """Of the training itself, wall clock: loading and writing weights are not part of it."""
    curve: list[LossPoint] = field(default_factory=list)


class Trainer(Protocol):
    """Trains adapters of one model."""

    @property
    def identity(self) -> EngineIdentity: ...

    @property
    def weights(self) -> str:
        """The name of the file that an adapter's folder holds its weights in."""

    def key(self, examples: Sequence[Example], dev: Sequence[Example], recipe: LoRA, seed: int) -> str:
        """Hash of everything that shapes an adapter."""

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
        """Train an adapter into `folder`. Raises TrainingFailed where nothing comes of it."""


def open_trainer(engine: Engine) -> Trainer | None:
    """The trainer of an engine's model; None where its weights cannot be adapted here."""
    if isinstance(engine, ScriptedEngine):
        return RoteTrainer(engine.identity)
    from harness.engines.transformers_engine import TransformersEngine

    return LoraTrainer(engine.model) if isinstance(engine, TransformersEngine) else None


def recipe_facts(recipe: LoRA) -> dict[str, Any]:
    """The recipe as an adapter's key and record have it: without what the examples say themselves."""
    facts = asdict(recipe)
    for name in ("task", "context", "max_examples"):
        del facts[name]
    return {
        **facts,
        "alpha": recipe.alpha,
        "rank_stabilised": recipe.rank_stabilised,
        "targets": "all-linear",
        "optimizer": "AdamW",
        "schedule": "linear decay after warm-up",
    }


def _key(identity: EngineIdentity, examples: Any, dev: Any, recipe: LoRA, seed: int) -> str:
    return sha256_json(
        {
            "schema_version": KEY_VERSION,
            "base": identity.sha256,
            "dtype": identity.dtype,
            "device": identity.device_kind,
            "recipe": recipe_facts(recipe),
            "seed": seed,
            "examples": examples,
            "dev": dev,
        }
    )


class LoraTrainer:
    """Implements `Trainer` with peft over a local model: low-rank adapters on all linear layers."""

    weights = WEIGHTS

    def __init__(self, model: LocalModel) -> None:
        self.identity = model.identity
        self._model = model

    def key(self, examples: Sequence[Example], dev: Sequence[Example], recipe: LoRA, seed: int) -> str:
        """Of base weights, dtype, device kind, recipe, seed and every token trained or watched."""
        return _key(self.identity, self._tokens(examples), self._tokens(dev), recipe, seed)

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


@dataclass(frozen=True, slots=True)
class RoteTrainer:
    """Implements `Trainer` for a scripted engine: an adapter is the replies learnt by heart."""

    identity: EngineIdentity
    weights: str = REPLIES

    def key(self, examples: Sequence[Example], dev: Sequence[Example], recipe: LoRA, seed: int) -> str:
        shown, watched = ([asdict(example) for example in some] for some in (examples, dev))
        return _key(self.identity, shown, watched, recipe, seed)

    def train(
        self,
        examples: Sequence[Example],
        dev: Sequence[Example],  # noqa: ARG002 - nothing to watch
        recipe: LoRA,  # noqa: ARG002 - nor to set
        seed: int,
        folder: Path,
        progress: Progress,
        label: str,
    ) -> Outcome:
        replies = {_question(example.request): _reply(example) for example in examples}
        with progress.track(label, len(examples)) as advance:
            write_json(folder / REPLIES, {"seed": seed, "replies": replies})
            advance(len(examples))
        words = sum(len(f"{question} {reply}".split()) for question, reply in replies.items())
        return Outcome(
            epochs=1.0,
            steps=len(examples),
            train_tokens=words,
            computed_tokens=words,
            train_loss=0.0,
            train_fit=1.0,
            logit_shift=1.0,
            stopped="every reply is learnt",
        )


def _question(request: Request) -> str:
    return request.prompt if isinstance(request.prompt, str) else request.prompt[-1].content


def _reply(example: Example) -> str:
    return next((option.text for option in example.request.continuations), example.reply)
