"""Plain lm-eval in a process of its own, which imports nothing of this program: what its HFLM answers and scores.

python plain.py JOBS.json OUT.json: a list of {file, model, peft, shots, chat, model_args} → a list of what each gave:
"document,filter" → {metric: value, "resps": [...]}, and its aggregates under "results" and "groups".
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any


def main(jobs: Path, out: Path) -> None:
    from lm_eval.evaluator import simple_evaluate
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    models: dict[str, Any] = {}
    found = []
    for job in json.loads(jobs.read_text(encoding="utf-8")):
        key = json.dumps([job["model"], job["peft"], job["model_args"]])
        if key not in models:
            models[key] = HFLM(
                pretrained=job["model"], peft=job["peft"], device="cpu", dtype="float32", batch_size=1,
                **job["model_args"],
            )  # fmt: skip
        results = simple_evaluate(
            models[key],
            tasks=[job["file"]],
            num_fewshot=job["shots"],
            apply_chat_template=job["chat"],
            fewshot_as_multiturn=job["chat"],
            bootstrap_iters=0,
            task_manager=TaskManager(include_defaults=False),
        )
        samples = {
            f"{sample['doc_id']},{sample['filter']}": {
                "resps": sample["resps"],
                **{metric: sample[metric] for metric in sample["metrics"]},
            }
            for rows in results["samples"].values()
            for sample in rows
        }
        found.append({"samples": samples, "results": results["results"], "groups": results.get("groups", {})})
    out.write_text(json.dumps(found, default=float), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
