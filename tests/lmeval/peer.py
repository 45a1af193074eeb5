"""lm-eval's own answer to the same task: its Hugging Face model, its evaluation, one record a document."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from harness.lmeval.library import import_lm_eval, offline
from harness.lmeval.opened import FEWSHOT_SEED
from harness.quiet import quiet_peft


@cache
def peer(folder: Path, adapter: Path | None) -> Any:
    """lm-eval's HFLM over the model in `folder`, with `adapter` as peft loads it."""
    import_lm_eval()
    from lm_eval.models.huggingface import HFLM

    with quiet_peft():
        return HFLM(
            pretrained=str(folder), peft=adapter and str(adapter), device="cpu", dtype="float32", batch_size=1
        )


def evaluated(
    model: Any, task_file: Path, *, shots: int = 0, chat: bool = False, system: str | None = None
) -> dict[tuple[str, str], dict[str, Any]]:
    """(document id, filter) → what lm-eval logged of it: responses and metrics."""
    lm_eval = import_lm_eval()
    from lm_eval.evaluator import evaluate

    with offline():
        loaded = lm_eval.tasks.TaskManager(include_defaults=False).load(str(task_file))
    for task in loaded["tasks"].values():
        task.set_config("num_fewshot", shots)
        task.set_fewshot_seed(FEWSHOT_SEED)
    found = evaluate(
        model,
        loaded,
        bootstrap_iters=0,
        apply_chat_template=chat,
        fewshot_as_multiturn=chat,
        system_instruction=system,
    )
    (samples,) = found["samples"].values()
    return {(str(sample["doc_id"]), sample["filter"]): sample for sample in samples}


def grouped(model: Any, folder: Path, group: str) -> dict[str, dict[str, Any]]:
    """Group, and those within it → lm-eval's own aggregates over its tasks. `folder`: where their files lie."""
    lm_eval = import_lm_eval()
    from lm_eval.evaluator import evaluate

    with offline():
        manager = lm_eval.tasks.TaskManager(include_path=str(folder), include_defaults=False)
        loaded = manager.load(group)
    for task in loaded["tasks"].values():
        task.set_config("num_fewshot", 0)
    found: dict[str, dict[str, Any]] = evaluate(model, loaded, bootstrap_iters=0)["groups"]
    return found
