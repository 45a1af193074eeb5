"""Two runs whose texts would break a comment, a terminal or an XML file, were they let through."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.analysis.regression.gate import Judgement
from harness.report import gate, plain
from tests.analysis.regression.reruns import judged, made_up

NASTY = "a|b `c` <b>&amp; ]]> \x1b[31mred\x00\u202e\n# head"


def nasty(folder: Path, n: int = 30, **options: Any) -> Judgement:
    """All of n answers lost, to replies and questions that hold what each form has to escape."""
    baseline = made_up(folder / "a", {"base": ["yes"] * n})
    run = made_up(
        folder / "b", {"base": [NASTY] * n}, more=lambda *_: {"prompt_sha256": "1" * 64},
        question=lambda at: {"question": f"Question {at}?"},
    )  # fmt: skip
    return judged(run, baseline, **options)


def text_of(judgement: Judgement) -> str:
    """What a terminal shows of it."""
    return plain.sections(gate.report(judgement))
