"""The short form: what a reviewer reads in a pull request, and nothing that data could turn into markup."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.report import markdown, mdtext
from harness.report.scoreboard import cells as cells_of
from tests.analysis.decided import elected
from tests.analysis.races import healthy, rows_of
from tests.analysis.runs import QUESTIONS, answers, manifest, write_run
from tests.report.results import nothing, results_of
from tests.snapshots import Snapshots


def made(folder: Path, page: str | None = "report.html", **replaced: Any) -> str:
    return rendered(write_run(folder, **replaced), page)


def rendered(folder: Path, page: str | None) -> str:
    return markdown.render(results_of(folder), page)


def part(text: str, title: str) -> str:
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_the_short_form_of_a_run(tmp_path: Path, snapshots: Snapshots) -> None:
    snapshots.check("report.md", made(tmp_path))


def test_the_verdict_in_a_headline_and_two_sentences(tmp_path: Path) -> None:
    folder = elected(tmp_path, {"facts": ("knowledge", {"base": 0.1, "rag": 0.9, "lora": 0.3})})
    decision = results_of(folder).tasks["facts"].decision
    lead, _, _ = part(rendered(folder, None), "Verdict").partition("\n\n-")
    beside = (decision.how_sure, decision.what_would_change, decision.other_metrics)
    sure, changes, others = (mdtext.escape(sentence.text) for sentence in beside)
    headline = mdtext.escape(decision.headline)
    assert headline.startswith("Take rag")
    assert lead.strip().partition("\n")[0] == (
        f"- **facts: {headline}** How sure: {sure} What would change it: {changes} By other metrics: {others}"
    )


def test_the_scoreboard_has_the_cells_of_the_page(tmp_path: Path) -> None:
    rows = [line for line in part(made(tmp_path), "Scoreboard").splitlines() if line.startswith("|")]
    cells = rows[2].strip("| ").split(" | ")
    assert cells[:2] == ["base", "25.0 % (4.6–69.9)"]
    task = results_of(tmp_path).tasks["facts"]
    assert cells[3:] == [*cells_of(task, task.strategies["base"])]


def test_checks_that_failed_or_warn_are_named_worst_first(tmp_path: Path) -> None:
    race = healthy()
    race["manifest"]["adapters"][0]["train_fit"] = 0.0
    for row in rows_of(race, "rag")[-3:]:
        row |= {"finish_reason": "length"}
    text = made(tmp_path, **race)
    lines = part(text, "Is the comparison valid?").splitlines()
    assert lines[1].endswith(
        "✗ 1 failed: fit to its training answers; ▲ 1 with a warning: cut answers; ✓ 17 passed."
    )
    assert [line.partition(":")[0] for line in lines[2:4]] == [
        "  - ✗ fit to its training answers", "  - ▲ cut answers",
    ]  # fmt: skip
    assert part(text, "Verdict").count("lora is left out") == 1


def test_warnings_stand_above_the_verdict(tmp_path: Path) -> None:
    text = made(tmp_path, manifest={**manifest(), "quick": True}, answers=answers())
    assert text.index("> **A quick run") < text.index("## Verdict")


@pytest.mark.parametrize(
    ("page", "link"),
    [
        ("../run 1/a(b).html", "[report.html](../run%201/a%28b%29.html)"),
        (None, "`harness report RUN` writes report.html"),
    ],
)
def test_the_link_leads_to_the_page_or_says_how_to_make_it(
    tmp_path: Path, page: str | None, link: str
) -> None:
    assert made(tmp_path, page).splitlines()[-1].startswith(link)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("# a\n\n- b & `c`", r"\# a - b &amp; \`c\`"),
        ("<img src=x> | [a](b)", r"\<img src=x\> \| \[a\](b)"),
        ("_a_ exact_json ~~b~~", r"\_a\_ exact_json \~\~b\~\~"),
        ("a\u202eb", r"a\[U+202E\]b"),
    ],
)
def test_text_from_outside_means_itself(text: str, escaped: str) -> None:
    assert mdtext.escape(text) == escaped


def test_a_reason_from_the_run_cannot_break_a_table_or_a_line(tmp_path: Path) -> None:
    about = {**manifest(), "run_id": "x |\n# y", "not_applicable": {"general": {"rag": "no | *corpus*\n# z"}}}
    text = made(tmp_path, manifest=about)
    assert r"- rag: no \| \*corpus\* \# z." in text
    assert r"- Run: x \| \# y" in text


def test_questions_and_replies_stay_out_of_it(tmp_path: Path) -> None:
    text = made(tmp_path)
    assert not [one["question"] for one in QUESTIONS if one["question"] in text]


def test_it_stays_short_however_many_questions(tmp_path: Path) -> None:
    assert len(made(tmp_path).splitlines()) < 70


def test_a_run_without_tasks_has_a_short_form(tmp_path: Path) -> None:
    assert "not complete" in rendered(nothing(tmp_path), None)
