"""The short form: what a reviewer reads in a pull request, and nothing that data could turn into markup."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.analysis.bridge import typed
from harness.analysis.derive import derive
from harness.analysis.evidence import read_run
from harness.report import decisions, markdown, mdtext
from tests.analysis.decided import elected
from tests.analysis.races import healthy, rows_of
from tests.analysis.runs import QUESTIONS, answers, manifest, write_run


def made(folder: Path, page: str | None = "report.html", **replaced: Any) -> str:
    return rendered(write_run(folder, **replaced), page)


def rendered(folder: Path, page: str | None) -> str:
    run = read_run(folder)
    raw = derive(run)
    return markdown.render(typed(run, raw), page)


def part(text: str, title: str) -> str:
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_verdict_scoreboard_validity_and_link_in_this_order(tmp_path: Path) -> None:
    lines = made(tmp_path).splitlines()
    assert [line for line in lines if line.startswith("#")] == [
        "# Prompting, retrieval and fine-tuning on the same questions",
        "## Verdict",
        "## Scoreboard", "### facts, 4 questions", "### general, 2 questions",
        "## Is the comparison valid?",
        "## What was run",
    ]  # fmt: skip
    assert lines[-1].startswith("[report.html](report.html): every figure")


def test_the_verdict_in_a_headline_and_two_sentences(tmp_path: Path) -> None:
    folder = elected(tmp_path, {"facts": ("knowledge", {"base": 0.1, "rag": 0.9, "lora": 0.3})})
    run = read_run(folder)
    results = typed(run, derive(run))
    told = part(rendered(folder, None), "Verdict").split("\n\n")
    first, second, *_ = [reason.text for reason in results.tasks["facts"].decision.reasons]
    assert told[0].strip() == "- **facts: rag is recommended.** " + mdtext.escape(f"{first} {second}")
    assert told[1].strip() == mdtext.escape(" ".join(decisions.overall(results)))


def test_the_scoreboard_line_by_line(tmp_path: Path) -> None:
    board = part(made(tmp_path), "Scoreboard")
    rows = [line for line in board.splitlines() if line.startswith("|")]
    assert rows[0].startswith(
        "| Strategy | Accuracy (contains, 95 % interval) | Beside the leader | Latency p50 |"
    )
    assert rows[2] == (
        "| base | 25.0 % (4.6–69.9) | left out: failed a check | 550 ms "
        "| 50.0 ms | 2.00 | 3.64 | 10.0 | $0.0011 | $0.0044 ($0.00157–$0.0241) | $0 |"
    )
    assert {row.count(" | ") for row in rows[:5] if "---" not in row} == {10}
    assert "Not applicable: rag (the task has no corpus)." in board


def test_checks_that_failed_or_warn_say_what_was_found(tmp_path: Path) -> None:
    race = healthy()
    race["manifest"]["adapters"][0]["train_fit"] = 0.0
    for row in rows_of(race, "rag")[-3:]:
        row |= {"finish_reason": "length"}
    text = made(tmp_path, **race)
    assert part(text, "Is the comparison valid?").splitlines()[1:4] == [
        "- **facts**: ✗ 1 failed: fit to its training answers; ▲ 1 with a warning: cut answers; ✓ 9 passed.",
        "  - ✗ fit to its training answers: Own training answers reproduced: lora 0.0 %.",
        "  - ▲ cut answers: Answers cut by the token limit, and not right: base 0.0 % of 24, rag 12.5 % of 24, "
        "oracle 0.0 % of 24, lora 0.0 % of 24.",
    ]
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
    assert r"rag (no \| \*corpus\* # z)" in text
    assert r"- Run: x \| # y" in text


def test_questions_and_replies_stay_out_of_it(tmp_path: Path) -> None:
    text = made(tmp_path)
    assert not [one["question"] for one in QUESTIONS if one["question"] in text]


def test_it_stays_short_however_many_questions(tmp_path: Path) -> None:
    assert len(made(tmp_path).splitlines()) < 60


def test_a_run_without_tasks_has_a_short_form(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"schema_version": 1}')
    assert "not complete" in rendered(tmp_path, None)
