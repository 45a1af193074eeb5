"""A group's figure is lm-eval's own: its `Group.aggregate` over the same members is the independent source."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.analysis.results.run import RunResult
from tests.analysis import many_tasks

MEMBERS = many_tasks.members(5)


def made(folder: Path, tasks: tuple[str, ...], *metrics: dict[str, Any]) -> RunResult:
    groups = [{"name": "group", "tasks": list(tasks), "metrics": list(metrics)}]
    return derive(read_run(many_tasks.write(folder, count=5, groups=groups)))


def lm_evals(results: RunResult, system: str, tasks: tuple[str, ...], **metric: Any) -> dict[str, Any]:
    from lm_eval.api.group import Group
    from lm_eval.config.group import AggMetricConfig

    class Members(Group):
        def get_all_tasks(self, recursive: bool = True) -> list[Any]:
            return [SimpleNamespace(task_name=name) for name in tasks]

    given: dict[str, Any] = {}
    for name in tasks:
        if row := results.tasks[name].strategies.get(system):
            means = {key: estimate.mean for key, estimate in row.metrics.items()} | row.aggregates
            named = {key if "," in key else f"{key},none": value for key, value in means.items()}
            given[name] = {"sample_len": row.n_answered, **named}
    return dict(Members("group", aggregate_metric_list=[AggMetricConfig(**metric)]).aggregate(given))


@pytest.mark.parametrize("by_size", [True, False])
@pytest.mark.parametrize("system", many_tasks.STRATEGIES)
def test_members_count_by_size_or_alike(tmp_path: Path, by_size: bool, system: str) -> None:
    results = made(tmp_path, MEMBERS, {"metric": "acc", "by_size": by_size})
    figure = results.groups["group"].strategies[system]["acc"]
    theirs = lm_evals(results, system, MEMBERS, metric="acc", weight_by_size=by_size)
    assert figure.value == pytest.approx(theirs["acc,none"])
    assert (figure.tasks, figure.n, figure.share) == (5, sum(map(many_tasks.size, MEMBERS)), True)


def test_filters_are_those_named_or_those_that_members_have(tmp_path: Path) -> None:
    tasks = (*MEMBERS, many_tasks.FILTERED)
    results = made(tmp_path, tasks, {"metric": "exact_match"})
    theirs = lm_evals(results, "lora", tasks, metric="exact_match")
    ours = results.groups["group"].strategies["lora"]
    assert set(ours) == {"exact_match,flexible-extract", "exact_match,strict-match"}
    for name, figure in ours.items():
        assert figure.value == pytest.approx(theirs[name])
        assert figure.tasks == 1, "of six members one has it"
    named = made(tmp_path / "b", tasks, {"metric": "exact_match", "filters": ["strict-match"]})
    assert set(named.groups["group"].metrics) == {"exact_match,strict-match"}


def test_what_is_no_share_is_no_share_in_the_group_either(tmp_path: Path) -> None:
    results = made(tmp_path, (many_tasks.WHOLE,), {"metric": "word_perplexity"})
    figure = results.groups["group"].strategies["base"]["word_perplexity"]
    assert (figure.value, figure.share) == (31.25, False)


def test_a_group_that_aggregates_nothing_has_no_figure(tmp_path: Path) -> None:
    assert made(tmp_path, MEMBERS).groups == {}
