"""Adding a strategy, a validity check or a price is one row in one place: every form of the report shows it."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet
import pytest

from harness.analysis.accuracy import score_all
from harness.analysis.reading import read_run
from harness.analysis.results.checks import Check, FigureKind, Status
from harness.analysis.validity.check import Case, Limits, Rule
from harness.analysis.validity.table import CHECKS
from harness.report.mdtext import escape
from harness.report.terminal import print_results
from harness.report.write import FORMS, Derived, write_files
from harness.spec.prices import Dated, UsedSheet
from harness.spec.strategy import STRATEGIES, Strategy
from harness.steps import Step
from tests.analysis import decided
from tests.analysis.runs import PRICE_SHEET, write_run
from tests.report.results import results_of

EIGHTH = Strategy(
    "lora+few-shot", "a fine-tune shown training examples, <b>too</b>", ("examples",), adapted=True
)
TASKS = {
    "facts": (
        "knowledge",
        dict.fromkeys((*STRATEGIES, EIGHTH.name), 0.4) | {EIGHTH.name: 0.9, "oracle": 0.95},
    ),
    "general": ("general", {"base": 0.7, f"{EIGHTH.name}@facts": 0.6}),
}


def forms(run: Path) -> dict[str, str]:
    """Suffix, or `terminal` → what a run's report says in this form. The Parquet form is given as its columns."""
    files = [run / f"made{suffix}" for suffix in (".html", ".md", ".csv", ".json", ".parquet")]
    made = write_files(run, files)
    out = io.StringIO()
    print_results(made, file=out, width=400)
    table = pyarrow.parquet.read_table(files.pop())
    texts = {file.suffix: file.read_text(encoding="utf-8") for file in files}
    return {**texts, ".parquet": json.dumps(table.to_pylist()), "terminal": out.getvalue()}


def test_an_eighth_strategy_stands_in_every_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STRATEGIES, EIGHTH.name, EIGHTH)
    monkeypatch.setitem(decided.SECONDS, EIGHTH.name, 1.3)
    monkeypatch.setitem(decided.ADAPTERS, EIGHTH.name, "0f" * 32)
    texts = forms(decided.elected(tmp_path, TASKS))
    for form, text in texts.items():
        assert EIGHTH.name in text, form
        named = f"{EIGHTH.name}@facts"
        assert (escape(named) if form == ".md" else named) in text, form
    assert f"Take {EIGHTH.name}" in texts[".md"]
    pictures = "".join(re.findall("<svg.*?</svg>", texts[".html"], re.S))
    assert f">{EIGHTH.name}</text>" in pictures
    assert f"{EIGHTH.name} is a fine-tune shown training examples, &lt;b&gt;too&lt;/b&gt;" in texts[".html"]
    rows = list(csv.DictReader(texts[".csv"].splitlines()))
    assert [row["strategy"] for row in rows if row["task"] == "facts"] == [*STRATEGIES]
    task = json.loads(texts[".json"])["tasks"]["facts"]
    assert task["decision"]["recommended"] == EIGHTH.name
    assert task["strategies"][EIGHTH.name]["system"]["adapter"]["task"] == "facts"
    data = json.loads(texts[".html"].split('id="data">')[1].split("</script>")[0])
    assert data["facts"]["strategies"] == [*STRATEGIES]


def test_a_new_validity_check_stands_in_every_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def look(case: Case, rule: Rule) -> list[Check]:
        names = tuple(system.name for system in case.answers if system.retrieved)
        status = Status.FAIL if names else Status.NOT_APPLICABLE
        return [Check(rule.name, rule.title, status, "Half <b>dozed</b>.", rule.kind, -0.5, -0.2, names, {})]

    def sleep(case: Case) -> Step:
        return Step("Let it <b>sleep</b>", f"harness compare {case.task}")

    rule = Rule("stays_awake", "tiredness", FigureKind.DIFFERENCE, Limits(warn=-0.1, fail=-0.2), look, sleep)
    monkeypatch.setitem(CHECKS, rule.name, rule)
    texts = forms(write_run(tmp_path))
    assert (
        "✗ tiredness: Half \\<b\\>dozed\\</b\\>. Let it \\<b\\>sleep\\</b\\>: `harness compare facts`"
        in texts[".md"]
    )
    for cell in ("tiredness", "−50.0 points", "−20.0 points", "Half &lt;b&gt;dozed&lt;/b&gt;."):
        assert f">{cell}</t" in texts[".html"]
    facts = json.loads(texts[".json"])["tasks"]["facts"]
    assert facts["validity"][-1]["check"] == "stays_awake"
    assert "rag" in facts["decision"]["excluded"]
    assert "Let it &lt;b&gt;sleep&lt;/b&gt;: <code>harness compare facts</code>" in texts[".html"]


def test_a_new_price_stands_among_the_prices(tmp_path: Path) -> None:
    class Watch(Dated):
        usd_per_watch_hours: float

    class Sheet(UsedSheet):
        watch: Watch

    run = read_run(write_run(tmp_path))
    results = results_of(tmp_path)
    watch = {"usd_per_watch_hours": 2.5, "date": "2026-01-02", "source": "a guess"}
    sheet = Sheet.model_validate_json(json.dumps({**PRICE_SHEET, "watch": watch}))
    derived = Derived(run, score_all(run), replace(results, price_sheet=sheet))
    page, data = (FORMS[suffix](derived, None).decode() for suffix in (".html", ".json"))
    cells = ("usd per watch hours", "$2.50", "2026-01-02", "a guess")
    assert "".join(f"<td>{cell}</td>" for cell in cells[1:]) in page
    assert f">{cells[0]}</th>" in page
    assert json.loads(data)["price_sheet"]["watch"] == watch
