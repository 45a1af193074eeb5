"""Adapters of a scripted engine: replies learnt by heart."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from harness.engines.engine import EngineIdentity, Request
from harness.engines.scripted import REPLIES
from harness.files import write_json
from harness.finetune.trainer import Example, Outcome, Training, adapter_key
from harness.progress import Progress


@dataclass(frozen=True, slots=True)
class ScriptedTrainer:
    """Implements `Trainer` for a scripted engine: an adapter is the replies learnt by heart."""

    identity: EngineIdentity
    weights: str = REPLIES

    def key(self, training: Training) -> str:
        return adapter_key(self.identity, training, asdict)

    def train(
        self,
        training: Training,
        folder: Path,
        progress: Progress,
        unfinished: Path | None = None,  # noqa: ARG002 - it is done in one go
    ) -> Outcome:
        count = len(training.examples)
        replies = {_question(example.request): _reply(example) for example in training.examples}
        with progress.track(training.label, count) as advance:
            write_json(folder / REPLIES, {"seed": training.seed, "replies": replies})
            advance(count)
        words = sum(len(f"{question} {reply}".split()) for question, reply in replies.items())
        return Outcome(
            epochs=1.0,
            steps=count,
            train_tokens=words,
            train_loss=0.0,
            train_fit=1.0,
            logit_shift=1.0,
            stopped="every reply is learnt",
        )


def _question(request: Request) -> str:
    return request.prompt if isinstance(request.prompt, str) else request.prompt[-1].content


def _reply(example: Example) -> str:
    return next((option.text for option in example.request.continuations), example.reply)
