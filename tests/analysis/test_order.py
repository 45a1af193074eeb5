"""No figure of results.json hangs on the order of lines in the evidence, not even in its last bit.

Runs that are merged, resumed or answered by several workers have their lines in another order.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.files import to_json
from tests.analysis.races import healthy
from tests.analysis.runs import timing, write_run

BASELINE = Path(__file__).parents[2] / "reports" / "baseline"


def timed_in_clusters(folder: Path) -> Path:
    """Graded scores in clusters of several sizes, two training seeds, and times that differ from block to block."""
    run, draw = healthy(), random.Random(4)
    run["manifest"]["tasks"]["facts"]["spec"]["metrics"] = ["f1", "contains"]
    for number, question in enumerate(run["questions"]):
        question |= {"cluster": f"c{number * number % 7}", "gold_docs": question.get("gold_docs", [])}
    for row in run["answers"]:
        if row["task"] == "facts":
            row["prediction"] += " so" * draw.randrange(4)
    run["manifest"]["adapters"].append({**run["manifest"]["adapters"][0], "seed": 1})
    run["answers"] += [{**row, "seed": 1, "prediction": "no" if draw.random() < 0.4 else row["prediction"]}
                       for row in run["answers"] if row["strategy"] == "lora"]  # fmt: skip
    run["timings"] = [
        timing(
            name,
            block,
            draw.uniform(1, 3),
            draw.uniform(0.1, 0.9),
            draw.randrange(1, 9),
            question_id=f"q{block}",
        )
        for block in range(24)
        for name in ("base", "rag", "lora")
    ]
    keys = ("task", "strategy", "batch", "questions", "completion_tokens", "wall_s")
    run["batches"] = [
        dict(zip(keys, ("facts", "base", n, 1, 7, draw.uniform(1, 3)), strict=True)) for n in range(9)
    ]
    return write_run(folder, **run)


RUNS = {
    "small": write_run,
    "clusters, seeds and times": timed_in_clusters,
    "the baseline": lambda folder: Path(shutil.copytree(BASELINE, folder)),
}


@pytest.mark.parametrize("name", RUNS)
def test_shuffled_lines_give_the_same_bytes(name: str, tmp_path: Path) -> None:
    folder = RUNS[name](tmp_path / "run")
    first = to_json(derive(read_run(folder)))
    for seed in range(3):
        for file in sorted(folder.glob("*.jsonl")):
            lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
            random.Random(seed).shuffle(lines)
            file.write_text("".join(lines), encoding="utf-8")
        assert to_json(derive(read_run(folder))) == first
