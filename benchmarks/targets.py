"""What strategies reach on real question sets that were not written for this project.

Runs `compare` on the task files of tests/tasks (their data lies beside the checkout, not in it) and prints each
figure next to its target:

    python benchmarks/targets.py [handbook] [intent_clinc]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

TASKS = Path(__file__).parents[1] / "tests" / "tasks"
STRATEGIES = {"handbook": "base,rag,few-shot+rag,oracle", "intent_clinc": "base,lora"}


def run(task: str) -> tuple[dict[str, Any], float]:
    """The task's block of results.json and the seconds the comparison took."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "run"
        command = [sys.executable, "-m", "harness", "compare", str(TASKS / f"{task}.yaml"), "--strategies",
                   STRATEGIES[task], "--latency-queries", "0", "--output", str(output)]  # fmt: skip
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        results = json.loads((output / "results.json").read_text(encoding="utf-8"))
    return results["tasks"][task], time.perf_counter() - start


def accuracy(block: dict[str, Any], strategy: str) -> float:
    return float(block["strategies"][strategy]["accuracy"]["mean"])


def handbook(block: dict[str, Any]) -> list[tuple[str, float, float]]:
    recall = block["strategies"]["rag"]["retrieval"]["recall_at_k"]["5"]
    return [
        ("rag − base on contains", accuracy(block, "rag") - accuracy(block, "base"), 0.25),
        ("recall@5", recall["mean"] if isinstance(recall, dict) else recall, 0.80),
    ]


def intent_clinc(block: dict[str, Any]) -> list[tuple[str, float, float]]:
    return [("lora accuracy, 480 examples", accuracy(block, "lora"), 0.80)]


TARGETS = {"handbook": handbook, "intent_clinc": intent_clinc}


def main(names: list[str]) -> int:
    report = []
    for name in names or list(TARGETS):
        block, seconds = run(name)
        means = ", ".join(f"{key} {accuracy(block, key):.3f}" for key in block["strategies"])
        print(f"{name} (n={block['n']}, {seconds:.0f} s): {means}")
        for what, value, target in TARGETS[name](block):
            print(f"  {what}: {value:.3f} (target {target:.2f}) {'reached' if value >= target else 'MISSED'}")
            report.append({"task": name, "what": what, "value": value, "target": target})
    print(json.dumps(report))
    return int(any(row["value"] < row["target"] for row in report))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
