"""What stands under a scoreboard: strategies that were left out, with what makes them apply."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.report import notes, scoreboard
from harness.report.numbers import spread
from harness.report.write import write_files
from harness.run.facts import Obstacle
from harness.steps import Step
from tests.analysis.runs import answers, manifest, write_run
from tests.report.results import facts

CORPUS = {"why": "no corpus", "step": {"text": "Name one", "line": "corpus: A|B", "figures": {}}}
ABSENT: dict[str, Any] = {"facts": {"rag": CORPUS, "oracle": CORPUS, "lora": "no questions; name some"}}


def test_strategies_left_out_for_one_reason_are_named_together(tmp_path: Path) -> None:
    first, second = notes.absent(facts(tmp_path, not_applicable=ABSENT))
    assert (first.says, first.step) == ("rag and oracle: no corpus.", Step("Name one", "corpus: A|B"))
    assert (second.says, second.step) == ("lora: no questions; name some.", None), "of a run that kept a text"


def test_accuracies_of_other_questions_than_differences_are_named(tmp_path: Path) -> None:
    """base did not answer q4, and is compared with the others on three questions."""
    made = facts(
        tmp_path,
        rows={
            "answers": [
                row for row in answers() if not (row["strategy"] == "base" and row["question_id"] == "q4")
            ]
        },
    )
    assert (scoreboard.partly(made) or "").startswith(
        "Answered: base 3 of 4, the others all. Each accuracy is of"
    )
    assert scoreboard.partly(facts(tmp_path / "whole")) is None


def test_a_step_begins_a_sentence_of_its_own() -> None:
    obstacle = Obstacle("no corpus", Step("Name one", "corpus: DIR"))
    assert obstacle.in_words == "no corpus. Name one: corpus: DIR"
    assert replace(obstacle, step=None).in_words == "no corpus."


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        (".html", r"rag and oracle: no corpus\. Name one: <code>corpus: A\|B</code>"),
        (".md", r"- rag and oracle: no corpus\. Name one: `corpus: A\|B`"),
        (".html", r"Choose among N settings of each: <code>--tune N</code>"),
        (".md", r"Choose among N settings of each: `--tune N`"),
    ],
)
def test_every_form_sets_the_command_as_code(tmp_path: Path, form: str, wanted: str) -> None:
    run = write_run(tmp_path / "run", manifest={**manifest(), "not_applicable": ABSENT})
    file = tmp_path / f"report{form}"
    write_files(run, [file])
    text = file.read_text(encoding="utf-8")
    assert re.search(wanted, text)
    page = text.partition('<script type="application/json"')[0]
    assert form == ".md" or "`" not in re.sub(r"(?s)<style>.*?</style>", "", page)


def test_what_other_trainings_may_change_stands_with_the_scoreboard(tmp_path: Path) -> None:
    """Its interval is of the trainings that were made, and the verdict is not."""
    again = [{**row, "seed": 1, "prediction": "Paris 42"} for row in answers() if row["strategy"] == "lora"]
    made = facts(tmp_path / "two", rows={"answers": answers() + again})
    seeds = made.strategies["lora"].seeds
    assert seeds
    wider = f"lora {spread(seeds.ci_low, seeds.ci_high)} (2 trainings)"
    assert wider in (scoreboard.trained(made) or "")
    assert scoreboard.trained(facts(tmp_path / "one")) is None
