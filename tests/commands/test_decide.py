"""`decide RUN`: other needs and prices without a model; one message for a mistake; the run stays as it is."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.results.reason import MOST_REASONS
from harness.cli import main
from tests.analysis.decided import elected
from tests.analysis.prose import check, check_prose
from tests.analysis.regression.reruns import edit_manifest
from tests.analysis.runs import PRICE_SHEET
from tests.commands import one_document, refused, tasks_here

ROOT = Path(__file__).parents[2]
TASKS = {
    "facts": ("knowledge", {"base": 0.05, "lora": 0.62, "rag": 0.6, "oracle": 0.75}),
    "manners": ("behaviour", {"base": 0.1, "lora": 0.8}),
}


@pytest.fixture(autouse=True)
def _run(elsewhere: Path) -> None:
    """Every test works in a folder that holds one run."""
    elected(Path("run"), TASKS)


def decided(capsys: pytest.CaptureFixture[str], *flags: str) -> dict[str, Any]:
    found: dict[str, Any] = one_document(capsys, "decide", "run", "--json", *flags)
    return found


def test_volume_and_refresh_turn_the_choice(capsys: pytest.CaptureFixture[str]) -> None:
    """An error costs $0.01: few queries do not pay for a fine-tune; a change a week never does; many queries do."""
    price = ("--error-price", "0.01")
    turns = (
        ("--monthly-queries", "1000"),
        ("--monthly-queries", "1000000"),
        ("--monthly-queries", "10000", "--refresh-days", "1"),
    )
    chosen = [decided(capsys, *price, *flags)["tasks"]["facts"]["decision"]["favourite"] for flags in turns]
    assert chosen == ["rag", "lora", "rag"]


def test_it_opens_with_how_the_verdict_turned_and_which_input_did_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = {"requirements": {"monthly_queries": 1000, "error_price_usd": 0.01}}
    elected(Path("own"), TASKS, n=400, settings=settings)
    assert main(["decide", "own", "--monthly-queries", "1000000"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    said = (
        "facts: lora is recommended; under the run's own setting: rag is recommended. What turned it: the volume "
        "(1,000 queries a month → 1,000,000 queries a month)."
    )
    assert text.startswith(f"- {said}")
    found = one_document(capsys, "decide", "own", "--json", "--monthly-queries", "1000000")
    row = found["turned"]["facts"]
    assert (row["own"]["recommended"], row["now"]["recommended"], row["text"]) == ("rag", "lora", said)
    assert check(row)
    assert found["turned"]["manners"]["turned"] is False


def test_json_holds_needs_prices_summary_and_decisions(capsys: pytest.CaptureFixture[str]) -> None:
    found = decided(capsys, "--monthly-queries", "500", "--citations", "--usd-per-hour", "7.2")
    assert found["requirements"] == {"monthly_queries": 500, "citations": True, "tariff": "shared"}
    assert set(found) >= {"schema_version", "run_id", "requirements", "prices", "summary", "tasks"}
    decision = found["tasks"]["facts"]["decision"]
    assert decision["setting"]["usd_per_hour"] == 7.2
    assert decision["recommended"] == "rag"
    assert found["tasks"]["manners"]["decision"]["status"] == "none_feasible"


def test_text_says_the_verdict_first_and_all_of_it_stands_in_the_json(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["decide", "run", "--monthly-queries", "800"]) == 0
    text = capsys.readouterr().out
    lines = text.splitlines()
    assert lines[0].startswith("- facts: ")
    assert "under the run's own setting" in lines[0]
    required = lines.index("Required: 800 queries a month.")
    assert lines[required + 1].startswith("- facts: ")
    assert lines[required + 2].startswith("- manners: Take lora. It costs $")
    assert " a month at 800 queries " in lines[required + 2]
    joined = " ".join(text.split())
    for task in decided(capsys, "--monthly-queries", "800")["tasks"].values():
        for reason in task["decision"]["reasons"][:MOST_REASONS]:
            assert reason["text"] in joined


def test_a_hosted_model_stands_beside_the_decision_as_a_projection(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["decide", "run", "--price-as", "gpt-4o-mini"]) == 0
    text = capsys.readouterr().out
    assert "A projection, not a measurement" in text
    (row,) = [line for line in text.splitlines() if line.startswith("rag ") and "gpt-4o-mini" in line]
    projected = decided(capsys, "--price-as", "gpt-4o-mini")["tasks"]["facts"]["projections"]
    assert set(projected) == {"base", "lora", "rag", "oracle"}
    # 100 prompt and 5 completion tokens at $0.15 and $0.60 a million
    assert projected["rag"][0]["per_query_usd"] == pytest.approx((100 * 0.15 + 5 * 0.60) / 1e6)
    assert "$0.000018" in row
    capsys.readouterr()
    assert main(["decide", "run"]) == 0
    assert "rojection" not in capsys.readouterr().out


def test_data_that_stay_in_house_rule_a_hosted_model_out_and_nothing_that_was_measured(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = decided(capsys, "--in-house", "--price-as", "gpt-4o-mini")
    task = found["tasks"]["facts"]
    assert {(row["feasible"], *row["missed"]) for rows in task["projections"].values() for row in rows} == {
        (False, "in_house")
    }
    outcomes = [row["requirements"][0] for row in task["decision"]["candidates"].values()]
    assert [(one["requirement"], one["status"]) for one in outcomes] == [("in_house", "met")] * 3
    assert task["decision"]["favourite"] == decided(capsys)["tasks"]["facts"]["decision"]["favourite"]
    assert main(["decide", "run", "--in-house", "--price-as", "gpt-4o-mini"]) == 0
    text = capsys.readouterr().out
    assert "Required: data stay on machines of your own." in text
    assert "data may not leave your own machines" in text


def test_an_error_that_costs_nothing_is_a_price(capsys: pytest.CaptureFixture[str]) -> None:
    decision = decided(capsys, "--error-price", "0")["tasks"]["facts"]["decision"]
    assert decision["requirements"]["error_price_usd"] == 0
    assert decision["basis"] == "value"
    assert main(["decide", "run", "--error-price", "0"]) == 0
    assert "Required: a wrong answer costs $0.\n" in capsys.readouterr().out


def test_a_firm_cost_says_on_how_many_timed_questions_it_rests(capsys: pytest.CaptureFixture[str]) -> None:
    def told(run: str) -> list[str]:
        found = one_document(capsys, "decide", run, "--json")["tasks"]["facts"]["decision"]
        return [one["text"] for one in found["assumptions"] if " timed question" in one["text"]]

    assert told("run") == [
        "A query of lora costs $0.0020, and the same at both ends of what its 12 timed questions tell of its seconds."
    ]
    elected(Path("hasty"), TASKS, timed=2)
    assert told("hasty") == [
        "What base costs rests on 2 timed questions, which are too few to say how far it may be off."
    ]
    elected(Path("once"), TASKS, timed=1)
    assert told("once") == [
        "What base costs rests on 1 timed question, which is too few to say how far it may be off."
    ]
    elected(Path("never"), TASKS, timed=0)
    assert told("never") == []


def test_an_old_price_sheet_is_told_first(capsys: pytest.CaptureFixture[str]) -> None:
    elected(Path("old"), TASKS, price_sheet={**PRICE_SHEET, "date": "2025-01-01"})
    assert main(["decide", "old"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert text.startswith("The price list of 2025-01-01 was 366 days old when the run began, more than 180:")
    assert main(["decide", "run"]) == 0
    assert "days old" not in capsys.readouterr().out


def test_it_is_what_report_writes_for_the_same_needs(capsys: pytest.CaptureFixture[str]) -> None:
    report = one_document(capsys, "report", "run", "--json")
    for name, task in decided(capsys)["tasks"].items():
        assert task["decision"] == report["tasks"][name]["decision"]
        assert check_prose(report["tasks"][name])


def test_the_run_folder_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    before = {path.name: path.read_bytes() for path in Path("run").iterdir()}
    decided(capsys, "--monthly-queries", "5", "--tuning-cycles", "7", "--utilisation", "0.9")
    assert {path.name: path.read_bytes() for path in Path("run").iterdir()} == before


def test_a_requirements_file_and_flags_over_it(capsys: pytest.CaptureFixture[str]) -> None:
    Path("needs.yaml").write_text("monthly_queries: 700\nmin_accuracy: 0.5\n")
    found = decided(capsys, "--requirements", "needs.yaml", "--min-accuracy", "0.7")
    assert found["requirements"] == {"monthly_queries": 700, "min_accuracy": 0.7, "tariff": "shared"}
    assert found["tasks"]["facts"]["decision"]["status"] == "none_feasible"


@pytest.mark.parametrize(
    "flags",
    [
        ("--monthly-queries", "1" + "0" * 12, "--error-price", "1e9", "--refresh-days", "0.001",
         "--usd-per-hour", "1e6", "--utilisation", "1e-6", "--tuning-cycles", "1000", "--horizon-months", "1"),
        ("--monthly-queries", "1", "--error-price", "1e-9", "--refresh-days", "36525", "--usd-per-hour", "1e-6",
         "--utilisation", "1", "--tuning-cycles", "1", "--horizon-months", "120"),
        ("--monthly-budget", "1e-320", "--min-accuracy", "1e-320", "--max-latency", "1e-6",
         "--max-memory-gb", "1e-6"),
    ],
)  # fmt: skip
def test_the_ends_of_every_range_give_finite_figures(
    capsys: pytest.CaptureFixture[str], flags: tuple[str, ...]
) -> None:
    assert main(["decide", "run", "--json", *flags]) == 0
    json.loads(capsys.readouterr().out, parse_constant=lambda name: pytest.fail(f"{name} in the document"))
    assert main(["decide", "run", *flags]) == 0
    text = capsys.readouterr().out
    assert not re.search(r"\b(inf|nan|infinity)\b", text, re.IGNORECASE)


def test_a_negative_value_that_looks_like_a_flag_says_how_to_write_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    message = refused(capsys, "decide", "run", "--error-price", "-1e5")
    assert (
        "--error-price: expected one argument, and one that begins with a dash is written --flag=VALUE"
        in message
    )
    assert "--error-price: must be at least 0" in refused(capsys, "decide", "run", "--error-price=-1e5")


@pytest.mark.parametrize("command", [("decide", "run"), ("compare",)])
@pytest.mark.parametrize(
    ("flags", "text"),
    [
        (
            ("--monthly-queries", "-5"),
            "--monthly-queries: '-5' is not a whole number from 1 to 1,000,000,000,000",
        ),
        (
            ("--latency-percentile", "p97"),
            "--latency-percentile: is 'p97', which is none of p50, p90, p95, p99",
        ),
        (("--min-accuracy", "2"), "--min-accuracy: must be at most 1"),
        (("--monthly-queries", "9" * 400), "9… is not a whole number from 1 to 1,000,000,000,000"),
        (("--monthly-queries", "9" * 5000), "9… is not a whole number from 1 to 1,000,000,000,000"),
        (("--error-price", "1e308"), "--error-price: must be at most 1,000,000,000, but is 1e+308"),
        (("--error-price", "1e400"), "--error-price: must be a finite number"),
        (("--error-price", "1e-300"), "--error-price: must be 0 or at least 0.000000001, but is 1e-300"),
        (("--refresh-days", "1e-9"), "--refresh-days: must be at least 0.001"),
        (("--max-latency", "inf"), "--max-latency: must be a finite number"),
        (("--monthly-budget", "nan"), "--monthly-budget: must be a finite number"),
        (("--requirements", "tasks"), "tasks: this is a folder, not a file"),
        (("--prices", "tasks"), "tasks: this is a folder, not a file"),
        (("--requirements", "none.yaml"), "none.yaml: there is no such file"),
        (("--prices", "none.yaml"), "none.yaml: there is no such file"),
        (("--price-as", "gpt-4o-mni"), "gpt-4o-mini"),
    ],
)
def test_wrong_needs_are_one_message_before_anything_is_done(
    capsys: pytest.CaptureFixture[str], command: tuple[str, ...], flags: tuple[str, ...], text: str
) -> None:
    tasks_here()
    assert text in refused(capsys, *command, *flags)


def test_all_mistakes_of_a_requirements_file_show_with_their_lines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("needs.yaml").write_text("monthly_queries: -1\nlatency_percentil: p95\n")
    message = refused(capsys, "decide", "run", "--requirements", "needs.yaml")
    assert "needs.yaml:1:18: monthly_queries: must be at least 1, but is -1" in message
    assert (
        "needs.yaml:2:1: latency_percentil: is not a known key (did you mean 'latency_percentile'?)"
        in message
    )


def test_a_damaged_price_sheet_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    elected(Path("torn"), TASKS, price_sheet=PRICE_SHEET)
    edit_manifest(Path("torn"), lambda about: about["price_sheet"]["machine"].pop("usd_per_hour"))
    for command in (("decide", "torn"), ("report", "torn"), ("decide", "torn", "--usd-per-hour", "2")):
        assert "run.json:1: is damaged: 'price_sheet.machine.usd_per_hour' is missing" in refused(
            capsys, *command
        )


def test_a_price_that_could_not_be_used_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    elected(Path("free"), TASKS, price_sheet=None)
    message = refused(capsys, "decide", "free", "--usd-per-hour", "2", "--tuning-cycles", "5")
    assert message.startswith("the run has no price list to apply --usd-per-hour, --tuning-cycles to")
    assert main(["decide", "free"]) == 0


def test_a_folder_without_a_run_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert "there is no run in gone" in refused(capsys, "decide", "gone")
    assert refused(capsys, "decide", "run/run.json").endswith(
        "run/run.json: this is a file; name the folder of a run, which holds run.json."
    )


def test_resume_keeps_the_needs_of_its_run(capsys: pytest.CaptureFixture[str]) -> None:
    message = refused(capsys, "compare", "--resume", "run", "--error-price", "2", "--max-latency", "1")
    assert message.endswith("leave out --error-price, --max-latency.")


def test_deciding_loads_neither_torch_nor_a_model_library() -> None:
    script = (
        "import sys; from harness.cli import main; code = main(['decide', 'run']); "
        "sys.exit(code or sum(name in sys.modules for name in ('torch', 'transformers', 'faiss', 'pandas')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
