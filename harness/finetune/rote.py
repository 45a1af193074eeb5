"""Adapters of a scripted engine: replies learnt by heart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from harness.engines.engine import EngineIdentity, Request
from harness.engines.scripted import REPLIES
from harness.files import write_json
from harness.finetune.trainer import Example, Outcome, adapter_key
from harness.progress import Progress
from harness.spec.system import LoRA


@dataclass(frozen=True, slots=True)
class RoteTrainer:
    """Implements `Trainer` for a scripted engine: an adapter is the replies learnt by heart."""

    identity: EngineIdentity
    weights: str = REPLIES

    def key(self, examples: Sequence[Example], dev: Sequence[Example], recipe: LoRA, seed: int) -> str:
        shown, watched = ([asdict(example) for example in some] for some in (examples, dev))
        return adapter_key(self.identity, shown, watched, recipe, seed)

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
