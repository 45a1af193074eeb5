"""From an engine to whoever trains its adapters."""

from __future__ import annotations

from harness.engines.engine import Engine
from harness.engines.scripted import ScriptedEngine
from harness.finetune.trainer import Trainer


def open_trainer(engine: Engine) -> Trainer | None:
    """The trainer of an engine's model; None where its weights cannot be adapted here."""
    if isinstance(engine, ScriptedEngine):
        from harness.finetune.scripted import ScriptedTrainer

        return ScriptedTrainer(engine.identity)
    from harness.engines.transformers_engine import TransformersEngine
    from harness.finetune.lora import LoraTrainer

    return LoraTrainer(engine.model) if isinstance(engine, TransformersEngine) else None
