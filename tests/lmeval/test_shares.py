"""Which metrics stand as accuracy: means in effect, on whatever scale, and what becomes of a task that has none.

The means are checked against numpy and statistics; the runs go through the tiny random model.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.cli import main
from harness.engines.store import ModelFolder
from harness.errors import InputError
from harness.lmeval.load import open_tasks
from harness.lmeval.shares import is_mean
from harness.spec.task import Task, load_task
from tests.lmeval.worlds import CHOICE, config, write_config, write_data, write_task


def registered(name: str) -> Callable[[list[Any]], Any]:
    from harness.lmeval.library import import_lm_eval

    import_lm_eval()
    from lm_eval.api.registry import get_aggregation

    how: Callable[[list[Any]], Any] = get_aggregation(name)
    return how


def own_mean(items: list[float]) -> float:
    total = 0.0
    for item in items:
        total += item
    return total / len(items)


@pytest.mark.parametrize(
    ("how", "mean"),
    [
        (np.mean, True),
        (np.nanmean, True),
        (statistics.mean, True),
        (statistics.fmean, True),
        (own_mean, True),
        (lambda items: round(100 * float(np.mean(items)), 2), True),
        (lambda items: float(np.mean(items)) / 100, True),
        (lambda items: {"score": 1.0}, False),
        (np.median, False),
        (statistics.median_low, False),
        (max, False),
        (sum, False),
        (lambda items: sum(items) / 8, False),
        (lambda items: float(np.mean(items) > 0.5), False),
        (lambda items: statistics.geometric_mean([item + 1 for item in items]) - 1, False),
        (lambda items: sum(right for right, _ in items), False),
    ],
)
def test_a_mean_is_known_by_what_it_does(how: Callable[[list[Any]], Any], mean: bool) -> None:
    registered("mean")
    assert is_mean(how) is mean


@pytest.mark.parametrize(
    ("name", "mean"),
    [("mean", True), ("nanmean", True), ("median", False), ("perplexity", False), ("bypass", False)],
)
def test_so_are_lm_evals_own(name: str, mean: bool) -> None:
    assert is_mean(registered(name)) is mean


CODE = """\
import numpy as np


def own(items):
    return float(np.asarray(items).mean())


def results(doc, results):
    right = results[0].strip() == doc["answer"]
    made_up = right or results[0] == "none of these"
    return {
        "found": float(right), "percent": 100.0 * right, "points": 7.5 * right, "pair": (1, 2),
        "late": 0.5 if made_up else 7.5, "unlisted": 1,
    }


def broken(doc, results):
    return [1.0]


def leaves(doc, results):
    raise SystemExit(0)


def sometimes(doc, results):
    return {"found": float("nan")} if doc["right"] == 0 else {"found": 1.0}
"""


def scored(
    folder: Path, *metrics: str, more: str = "", by: str = "results", aggregation: str = "mean"
) -> Path:
    """A task file of ours over one of lm-eval's that scores by the code above."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "utils.py").write_text(CODE, encoding="utf-8")
    says = config(write_data(folder), metric_list=None)
    write_config(folder / "plain.yaml", says)
    (folder / "plain.yaml").rename(folder / "more.yaml")
    listed = "".join(
        f"  - {{metric: {name}, aggregation: {aggregation}, higher_is_better: true}}\n" for name in metrics
    )
    (folder / "rooms.yaml").write_text(
        f"include: more.yaml\ntask: rooms\nprocess_results: !function utils.{by}\nmetric_list:\n{listed}",
        encoding="utf-8",
    )
    return write_task(folder, more=more)


def opened(path: Path) -> Task:
    (task,) = open_tasks([load_task(path)], allow_code=True)
    return task


def test_an_own_function_that_is_a_mean_makes_a_metric_fit(tmp_path: Path) -> None:
    assert opened(scored(tmp_path, "found", aggregation="!function utils.own")).spec.metrics[0] == "found"


def test_scores_of_a_hundred_are_divided_and_it_is_said(tmp_path: Path) -> None:
    task = opened(scored(tmp_path, "percent"))
    assert task.spec.metrics[0] == "percent"
    assert task.spec.scales == {"percent": 100.0}  # type: ignore[union-attr]
    assert any("percent" in remark and "100" in remark for remark in task.remarks)


def test_a_scale_may_be_given(tmp_path: Path) -> None:
    task = opened(scored(tmp_path, "points", more="metrics: [points]\nscales: {points: 7.5}\n"))
    assert task.spec.scales == {"points": 7.5}  # type: ignore[union-attr]


def test_what_cannot_be_accuracy_is_found_before_a_model_and_refuses_only_where_it_is_wanted(
    tmp_path: Path,
) -> None:
    task = opened(scored(tmp_path, "found", "points", "pair"))
    assert task.spec.metrics == ("found", "percent", "late", "unlisted")
    with pytest.raises(InputError, match=r"ours.yaml:4:11: .*'points', which is on no scale .* gives 7.5"):
        opened(scored(tmp_path, "found", "points", more="metrics: [points]\n"))
    with pytest.raises(InputError, match=r"'pair', which is no number \(it gives \[1, 2\] for document 0\)"):
        opened(scored(tmp_path, "pair", more="metrics: [pair]\n"))
    with pytest.raises(
        InputError, match=r"'absent', which is not among what is scored in any of 8 documents"
    ):
        opened(scored(tmp_path, "found", "absent", more="metrics: [absent]\n"))


@pytest.mark.parametrize(
    ("by", "said"), [("broken", "a mapping of metrics to scores belongs there"), ("leaves", "SystemExit: 0")]
)
def test_code_that_cannot_score_right_answers_is_named(tmp_path: Path, by: str, said: str) -> None:
    (remark,) = opened(scored(tmp_path, "found", by=by)).remarks
    assert "the answer to document train-0 cannot be scored" in remark
    assert said in remark


def test_a_task_without_any_metric_that_can_be_accuracy_says_why(tmp_path: Path) -> None:
    listed = [{"metric": "bleu", "aggregation": "bleu", "higher_is_better": True}]
    (remark,) = listing(tmp_path, *listed).remarks
    assert remark.endswith("none of its metrics can stand as accuracy: bleu is no mean over documents.")


pytestmark = pytest.mark.usefixtures("elsewhere")
FLAGS = ("--strategies", "base", "--latency-queries", "0", "--guard", "none", "--allow-task-code")


def run(model: ModelFolder, *tasks: Path, output: Path) -> int:
    return main(["compare", *map(str, tasks), "--model", str(model.path), *FLAGS, "--output", str(output)])


def other(folder: Path) -> Path:
    write_config(folder / "other.yaml", config(write_data(folder), "other", **CHOICE))
    path = write_task(folder, "other.yaml")
    path.write_text(path.read_text().replace("name: rooms", "name: other"), encoding="utf-8")
    return path


def test_a_metric_that_turns_out_as_none_sets_its_task_aside_and_the_others_go_on(
    tiny_model: ModelFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    late = scored(tmp_path / "late", "late", more="metrics: [late]\n")
    assert run(tiny_model, late, other(tmp_path / "other"), output=tmp_path / "run") == 1
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == str(tmp_path / "run")
    assert "the run is incomplete: rooms could not go on" in said.err
    results = json.loads((tmp_path / "run" / "results.json").read_text(encoding="utf-8"))
    assert "its metric 'late' gave 7.5 for document" in results["set_aside"]["rooms"]
    assert results["incomplete"]
    assert results["tasks"]["other"]["strategies"]["base"]["accuracy"]["n"] == 8
    for form in ("report.md", "report.html"):
        assert "rooms is set aside" in (tmp_path / "run" / form).read_text(encoding="utf-8")


def test_where_it_is_the_only_task_the_run_ends_in_the_sentence(
    tiny_model: ModelFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    late = scored(tmp_path / "late", "late", more="metrics: [late]\n")
    assert run(tiny_model, late, output=tmp_path / "run") == 2
    assert "only a number from 0 to 1 can stand as accuracy" in capsys.readouterr().err


def test_one_that_nobody_asked_for_becomes_lm_evals_own_figure(
    tiny_model: ModelFolder, tmp_path: Path
) -> None:
    assert run(tiny_model, scored(tmp_path / "late", "found", "late"), output=tmp_path / "run") == 0
    results = json.loads((tmp_path / "run" / "results.json").read_text(encoding="utf-8"))
    base = results["tasks"]["rooms"]["strategies"]["base"]
    assert "late" not in base["metrics"]
    assert base["aggregates"]["late"] == 7.5


def test_a_mean_over_the_documents_that_have_a_score_is_over_these(
    tiny_model: ModelFolder, tmp_path: Path
) -> None:
    """lm-eval's nanmean: two of the eight documents have none."""
    path = scored(tmp_path / "some", "found", by="sometimes", aggregation="nanmean")
    assert run(tiny_model, path, output=tmp_path / "run") == 0
    results = json.loads((tmp_path / "run" / "results.json").read_text(encoding="utf-8"))
    accuracy = results["tasks"]["rooms"]["strategies"]["base"]["accuracy"]
    assert (accuracy["mean"], accuracy["n"]) == (1.0, 6)


HUB = {"metric": "rouge", "aggregation": "mean", "higher_is_better": True}


def listing(folder: Path, *metrics: dict[str, Any], more: str = "") -> Task:
    write_config(folder / "rooms.yaml", config(write_data(folder), metric_list=[*metrics]))
    return opened(write_task(folder, more=more))


@pytest.mark.parametrize(
    "other", [HUB, {**HUB, "hf_evaluate": True}, {**HUB, "metric": "acc", "aggregation": "own"}]
)
def test_a_metric_that_is_not_wanted_does_not_refuse_a_task_that_has_others(
    tmp_path: Path, other: dict[str, Any]
) -> None:
    exact = {"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}
    for more in ("", "metrics: [exact_match]\n"):
        task = listing(tmp_path, other, exact, more=more)
        assert task.spec.metrics == ("exact_match",)
        assert "It is left out, as the task has others." in task.remarks[0]
    with pytest.raises(InputError, match=r"lm-eval does not know|of a hub"):
        listing(tmp_path, other, exact, more=f"metrics: [{other['metric']}]\n")
    with pytest.raises(InputError, match=r"lm-eval does not know|of a hub"):
        listing(tmp_path, other)


def test_a_misspelt_metric_refuses_unless_others_are_asked_for(tmp_path: Path) -> None:
    exact = {"metric": "exact_match", "aggregation": "mean", "higher_is_better": True}
    with pytest.raises(InputError, match="did you mean 'exact_match'"):
        listing(tmp_path, {**exact, "metric": "exact_matsh"}, exact)
    task = listing(tmp_path, {**exact, "metric": "exact_matsh"}, exact, more="metrics: [exact_match]\n")
    assert task.spec.metrics == ("exact_match",)
