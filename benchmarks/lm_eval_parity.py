"""Built-in tasks of lm-eval's through `harness compare` beside plain lm-eval: documents compared, and those differing.

python -m benchmarks.lm_eval_parity [TASK…] [--documents N]

Fifteen tasks over made-up rows in the schema of their data sets, on a tiny random model whose chat template has a
thinking switch and refuses system messages; base, few-shot (3 examples) and lora (trained here, given to lm-eval as
`peft=`), each with and without `--apply_chat_template`. A document counts as equal where the reply is the same text, or
the log-likelihoods agree within 0.001, and every metric does. Ends in 1 where any differs.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from pathlib import Path

from harness.report.plain import render
from harness.report.view import table_of
from tests.lmeval.builtin import BUILT_IN
from tests.lmeval.parity import DOCUMENTS, THINKING, parity
from tests.tiny import write_tiny_model


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tasks", nargs="*", metavar="TASK", choices=[[], *BUILT_IN])
    parser.add_argument("--documents", type=int, default=DOCUMENTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["HARNESS_CACHE"] = str(folder / "cache")
        model = write_tiny_model(folder / "model")
        (model / "chat_template.jinja").write_text(THINKING, encoding="utf-8")
        rows = parity(model, options.tasks or [*BUILT_IN], folder, documents=options.documents)
    print(render([table_of(rows, *COLUMNS)]))
    for row in rows:
        for difference in row.differing:
            print(f"{row.setting.task} · {row.setting.strategy}: document {difference}")
    compared, differing = sum(row.documents for row in rows), sum(len(row.differing) for row in rows)
    print(json.dumps({"settings": len(rows), "documents": compared, "differing": differing}))
    return int(differing > 0)


COLUMNS = (
    ("Task", lambda row: row.setting.task),
    ("Strategy", lambda row: row.setting.strategy),
    ("Chat template", lambda row: "on" if row.setting.chat else "off"),
    ("Documents", lambda row: str(row.documents)),
    ("Differing", lambda row: str(len(row.differing))),
)


if __name__ == "__main__":
    raise SystemExit(main())
