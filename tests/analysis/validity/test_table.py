"""Every check on a run made to fail it, and all of them on a run in which nothing is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from harness.analysis.results.checks import Check, FigureKind, Status
from harness.analysis.statistics.clusters import Design
from harness.analysis.validity.adapters import UNSCORED
from harness.analysis.validity.check import Limits, excluded
from harness.analysis.validity.paired import judged
from harness.analysis.validity.table import CHECKS
from tests.analysis.races import N, Run, checks, healthy, results, rows_of
from tests.analysis.runs import write_run
from tests.snapshots import Snapshots


def test_a_healthy_run_passes_every_check(tmp_path: Path) -> None:
    found = checks(tmp_path, healthy())
    assert list(found) == list(CHECKS)
    assert {name: check["status"] for name, check in found.items()} == {
        **dict.fromkeys(CHECKS, "pass"),
        "served_as_local": "not_applicable",  # no model is behind a server
    }
    assert not fails(found)
    assert found["adapter_changes_logits"]["figure"] == (N - 2) / N  # both get the first two right
    assert found["adapter_fits_training"]["figure"] == 0.9
    assert found["retrieval_floor"]["figure"] == (N - 4) / N
    assert found["oracle_not_below_rag"]["figure"] == pytest.approx(6 / N)
    assert found["forgetting"]["figure"] == pytest.approx(-1 / N)


def fails(found: dict[str, dict[str, Any]]) -> set[str]:
    return {name for name, check in found.items() if check["status"] == "fail"}


def test_what_does_not_apply_says_why(tmp_path: Path) -> None:
    found = checks(tmp_path, healthy(), "general")
    assert {name for name, check in found.items() if check["status"] == "pass"} == {
        "chat_template",
        "missing_answers",
    }
    for check in found.values():
        if check["status"] == "not_applicable":
            assert (check["figure"], check["threshold"], check["strategies"]) == (None, None, [])
            assert check["detail"].endswith(".")


# Runs made to fail


def idle_adapter(run: Run) -> None:
    """The adapter was trained, and yet answers as the base does (it was never attached)."""
    for row, base in zip(rows_of(run, "lora"), rows_of(run, "base"), strict=True):
        row["prediction"] = base["prediction"]


def empty_adapter(run: Run) -> None:
    run["manifest"]["adapters"][0]["logit_shift"] = 0.0


def untrained(run: Run) -> None:
    run["manifest"]["adapters"][0]["train_fit"] = 0.02


def other_prompts(run: Run) -> None:
    rows_of(run, "lora")[3]["prompt_sha256"] = "other"


def leaked(run: Run) -> None:
    run["training"][0]["question"] = "  WHO is the keeper of the anchor since last winter"


def leaked_nearly(run: Run) -> None:
    run["training"][0]["question"] = "Since last winter, who is the keeper of the anchors?"


def leaked_into_dev(run: Run) -> None:
    leaked(run)
    run["training"][0]["split"] = "dev"


def blind_retriever(run: Run) -> None:
    for n, row in enumerate(rows_of(run, "rag")):
        other = f"d{(n + 1) % N}"
        row["retrieved"] = [{"doc_id": other, "chunk_id": f"{other}#0", "score": 0.5}]


def long_questions(run: Run) -> None:
    for n, question in enumerate(run["questions"][:7]):
        question["query_tokens"] = 65 + n


def worse_oracle(run: Run) -> None:
    for row in rows_of(run, "oracle"):
        row["prediction"] = "nobody"


def cut_prompts(run: Run) -> None:
    for row in rows_of(run, "rag")[:9]:
        row |= {"shown_passages": 0, "dropped_passages": 1}


def cut_answers(run: Run) -> None:
    for row in rows_of(run, "base"):
        row["finish_reason"] = "length"


def empty_answers(run: Run) -> None:
    for row in rows_of(run, "oracle")[-8:]:
        row["prediction"] = " \n"


def unanswered_by_the_server(run: Run) -> None:
    """Five answers could not be had, three of them for one reason."""
    lost = rows_of(run, "base")[:5]
    run["answers"] = [row for row in run["answers"] if row not in lost]
    run["failures"] = [
        {"task": "facts", "strategy": "base", "question_id": row["question_id"], "seed": 0,
         "reason": "the server failed" if n < 3 else "the reply broke off", "attempts": 8}
        for n, row in enumerate(lost)
    ]  # fmt: skip


def rambles(run: Run) -> None:
    """The answer stands among sixty other words."""
    for row in rows_of(run, "rag"):
        row["prediction"] = f"{row['prediction']} {'and so it was in all of the years ' * 12}"


def lists_candidates(run: Run) -> None:
    for n, row in enumerate(rows_of(run, "rag")):
        row["prediction"] += f", keeper{(n + 1) % N} or keeper{(n + 2) % N}"


def denies(run: Run) -> None:
    for row in rows_of(run, "lora"):
        row["prediction"] = f"It is not {row['prediction']}, but another."


def doubled_template(run: Run) -> None:
    sample = run["prompts"][1]
    sample["text"] = sample["skeleton"].replace("%%0%%", "Be kind.").replace("%%1%%", sample["text"])


def straw_man(run: Run) -> None:
    """Passages of a few words, which no retriever can be judged by."""
    run["manifest"]["tasks"]["facts"]["spec"]["retrieval"] |= {"chunk_tokens": 16, "overlap_tokens": 8}


SPOILT: dict[Callable[[Run], None], tuple[str, float | None, float | None, list[str]]] = {
    idle_adapter: ("adapter_changes_logits", 0.0, 0.0, ["lora"]),
    empty_adapter: ("adapter_changes_logits", 0.0, 1e-3, ["lora"]),
    untrained: ("adapter_fits_training", 0.02, 0.1, ["lora"]),
    other_prompts: ("same_prompts", 1 / N, 0.0, ["base", "lora"]),
    leaked: ("no_test_question_in_training", 1 / N, 0.0, ["lora"]),
    leaked_nearly: ("no_test_question_in_training", 1 / N, 0.02, ["lora"]),
    leaked_into_dev: ("no_test_question_in_training", 1 / N, 0.0, ["lora"]),
    blind_retriever: ("retrieval_floor", 0.0, 0.2, ["rag"]),
    long_questions: ("questions_read_whole", 7 / N, 0.25, ["rag"]),
    worse_oracle: ("oracle_not_below_rag", -14 / N, 0.0, ["oracle"]),
    cut_prompts: ("truncated_prompts", 9 / N, 0.25, ["rag"]),
    cut_answers: ("cut_answers", 22 / N, 0.5, ["base"]),  # two were right all the same
    empty_answers: ("empty_answers", 8 / N, 0.2, ["oracle"]),
    unanswered_by_the_server: ("missing_answers", 5 / N, 0.1, ["base"]),
    rambles: ("long_right_replies", 1.0, 0.5, ["rag"]),
    lists_candidates: ("listed_candidates", 1.0, 0.3, ["rag"]),
    denies: ("denied_answers", 1.0, 0.3, ["lora"]),
    doubled_template: ("chat_template", 1.0, 0.0, ["rag"]),
    straw_man: ("settings", 1.0, 0.0, ["rag"]),
}


@pytest.mark.parametrize("spoil", SPOILT, ids=lambda spoil: spoil.__name__)
def test_a_run_made_to_fail_a_check_fails_it_and_no_other(
    tmp_path: Path, spoil: Callable[[Run], None]
) -> None:
    run = healthy()
    spoil(run)
    found = checks(tmp_path, run)
    name, figure, threshold, strategies = SPOILT[spoil]
    check = found[name]
    assert check["figure"] == pytest.approx(figure)
    assert (check["threshold"], check["strategies"]) == (threshold, strategies)
    assert fails(found) == {name}
    json.dumps(check, allow_nan=False)


def test_details(tmp_path: Path, snapshots: Snapshots) -> None:
    """What each check says of a run in which nothing is wrong, where it does not apply, and when it fails."""
    parts = {
        "A run in which nothing is wrong": checks(tmp_path, healthy()),
        "The other task of that run": checks(tmp_path, healthy(), "general"),
        "A run with an adapter of two seeds": checks(tmp_path, two_seeds()),
        "A run without answers": checks(tmp_path, unanswered()),
        "A run of one question": checks(tmp_path, single()),
    }
    lines = [
        f"{title}\n"
        + "".join(f"  {one['title']}: {one['status']}. {one['detail']}\n" for one in found.values())
        for title, found in parts.items()
    ]
    spoilt = []
    for spoil, (name, *_) in SPOILT.items():
        run = healthy()
        spoil(run)
        spoilt.append(f"  {spoil.__name__}: {checks(tmp_path, run)[name]['detail']}\n")
    warned = []
    for spoil, name in WARNED.items():
        run = healthy()
        spoil(run)
        warned.append(f"  {spoil.__name__}: {checks(tmp_path, run)[name]['detail']}\n")
    parts_of = [*lines, "Runs made to fail\n" + "".join(spoilt), "Runs made to warn\n" + "".join(warned)]
    snapshots.check("analysis/validity.txt", "\n".join(parts_of))


def test_a_check_has_a_run_that_fails_it() -> None:
    """But for those that exclude nobody."""
    harmless = {"forgetting", "answers_in_documents", "timings"}
    of_two_models = {"served_as_local"}  # test_parity.py
    assert {name for name, *_ in SPOILT.values()} == set(CHECKS) - harmless - of_two_models


# Warnings, and what cannot be told


def one_percent_leaked(run: Run) -> None:
    """One near copy among 124 questions: less than two in a hundred."""
    leaked_nearly(run)
    run["questions"] += [
        {"task": "facts", "id": f"more{n}", "question": f"Number {n}?", "answers": [str(n)]}
        for n in range(100)
    ]


def lost_answers(run: Run) -> None:
    """All of them, which is as bad as it can be."""
    for question in run["questions"][:N]:
        question["answer_in_gold"] = False


def low_recall(run: Run) -> None:
    for row in rows_of(run, "rag")[:10]:
        row |= {"retrieved": [], "shown_passages": 0}


def one_long_question(run: Run) -> None:
    run["questions"][0]["query_tokens"] = 65


def few_gold(run: Run) -> None:
    """Recall 0, but on nine questions only."""
    blind_retriever(run)
    for question in run["questions"][9:N]:
        question["gold_docs"] = []


def misnamed_gold(run: Run) -> None:
    """No gold document is found, and yet an answer stands in most of what was shown: the labels are wrong."""
    for question in run["questions"][:N]:
        question["gold_docs"] = ["elsewhere"]


def lists_on_few(run: Run) -> None:
    """Every right reply of base lists candidates, but there are two."""
    for n, row in enumerate(rows_of(run, "base")):
        row["prediction"] += f", keeper{(n + 1) % N} or keeper{(n + 2) % N}"


def a_few_sentences(run: Run) -> None:
    """Three sentences round each answer: long, and no text in which anything may stand."""
    for row in rows_of(run, "rag"):
        row["prediction"] = (
            f"It is {row['prediction']}." + " That was agreed upon in the meeting of last winter." * 4
        )


def forgot(run: Run) -> None:
    for row in rows_of(run, "lora@facts", "general")[4:]:
        row |= {"prediction": "no", "choice_logprobs": [-2.0, -1.0]}


def silent_on_few(run: Run) -> None:
    """No answer changed, but of ten only: that can happen."""
    run["manifest"]["adapters"][0]["logit_shift"] = None
    idle_adapter(run)
    run["answers"] = [r for r in run["answers"] if r["strategy"] != "lora" or int(r["question_id"][1:]) < 10]


WARNED: dict[Callable[[Run], None], str] = {
    one_percent_leaked: "no_test_question_in_training",
    lost_answers: "answers_in_documents",
    low_recall: "retrieval_floor",
    few_gold: "retrieval_floor",
    one_long_question: "questions_read_whole",
    silent_on_few: "adapter_changes_logits",
    misnamed_gold: "retrieval_floor",
    lists_on_few: "listed_candidates",
    a_few_sentences: "long_right_replies",
    forgot: "forgetting",
}


@pytest.mark.parametrize("spoil", WARNED, ids=lambda spoil: spoil.__name__)
def test_what_is_less_grave_or_less_sure_warns_and_forbids_nothing(
    tmp_path: Path, spoil: Callable[[Run], None]
) -> None:
    run = healthy()
    spoil(run)
    found = checks(tmp_path, run)
    assert found[WARNED[spoil]]["status"] == "warn"
    assert not fails(found)


@pytest.mark.parametrize(
    ("right", "status"),
    [
        (17, "pass"),  # −4.2 points
        (16, "pass"),  # −8.3 points, p = 1/4: within error
        (0, "warn"),  # −75 points: an adapter serves its own task
        (5, "warn"),
        (13, "warn"),  # −20.8 points, p = 1/32
        (14, "pass"),  # −16.7 points, p = 1/16
        (24, "pass"),
    ],
)
def test_forgetting_by_how_much_and_how_surely(tmp_path: Path, right: int, status: str) -> None:
    run = healthy()
    for n, row in enumerate(rows_of(run, "lora@facts", "general")):
        row["choice_logprobs"] = [-1.5, -2.5] if n < right else [-2.5, -1.5]
    check = checks(tmp_path, run)["forgetting"]
    assert check["status"] == status
    row = results(tmp_path, run)["tasks"]["general"]["forgetting"][0]["comparison"]
    assert check["figure"] == pytest.approx(row["delta"]) == pytest.approx((right - 18) / N)


def test_a_guard_without_scores_by_question_says_that_nothing_was_measured(tmp_path: Path) -> None:
    """As a task of lm-eval's that gives a perplexity of all its texts together."""
    run = healthy()
    run["manifest"]["tasks"]["general"]["spec"] = {"name": "general", "lm_eval": "texts"}
    for row in run["answers"]:
        if row["task"] == "general":
            row["metrics"] = {}
    check = checks(tmp_path, run)["forgetting"]
    assert (check["status"], check["figure"]) == ("not_applicable", None)
    assert check["detail"] == UNSCORED


def test_a_large_drop_on_few_questions_warns(tmp_path: Path) -> None:
    run = healthy()
    keep = {"g0", "g1", "g2", "g20"}
    run["answers"] = [r for r in run["answers"] if r["task"] == "facts" or r["question_id"] in keep]
    for row in rows_of(run, "lora@facts", "general"):
        row["choice_logprobs"] = [-2.5, -1.5]
    check = checks(tmp_path, run)["forgetting"]
    assert (check["status"], check["figure"], check["threshold"]) == ("warn", -0.75, -0.05)


@pytest.mark.parametrize("clusters", [1, 4])
def test_questions_that_hang_together_show_a_drop_once(tmp_path: Path, clusters: int) -> None:
    """In few clusters a large loss is not sure."""
    run = healthy()
    for question in run["questions"]:
        if question["task"] == "general":
            question["cluster"] = f"c{int(question['id'][1:]) % clusters}"
    for n, row in enumerate(rows_of(run, "lora@facts", "general")):
        row["choice_logprobs"] = [-1.5, -2.5] if n < 13 else [-2.5, -1.5]
    check = checks(tmp_path, run)["forgetting"]
    assert (check["status"], check["figure"]) == ("warn", pytest.approx(-5 / N))
    (row,) = results(tmp_path, run)["tasks"]["general"]["forgetting"]
    assert row["comparison"]["clusters"] == clusters


def test_equal_likelihoods_are_no_coincidence_however_few(tmp_path: Path) -> None:
    run = healthy()
    silent_on_few(run)
    for question in run["questions"][:N]:
        question |= {"choices": [*question["answers"], "somebody, says base"]}
    for row in run["answers"]:
        if row["task"] == "facts":
            row |= {"choice_logprobs": [-1.0, -2.0], "finish_reason": "choice"}
    assert checks(tmp_path, run)["adapter_changes_logits"]["status"] == "fail"


def two_seeds() -> Run:
    """The healthy run with a second adapter that answers as the first does."""
    run = healthy()
    run["manifest"]["adapters"].append({**run["manifest"]["adapters"][0], "seed": 1})
    run["answers"] += [{**row, "seed": 1} for name, task in (("lora", "facts"), ("lora@facts", "general"))
                       for row in rows_of(run, name, task)]  # fmt: skip
    return run


def unanswered() -> Run:
    run = healthy() | {"answers": [], "training": [], "prompts": [], "passages": [], "timings": []}
    run["manifest"]["adapters"] = []
    return run


def test_several_seeds_pass_together_and_any_of_them_may_fail(tmp_path: Path) -> None:
    run = two_seeds()
    found = checks(tmp_path / "run", run)
    assert {check["status"] for name, check in found.items() if name != "served_as_local"} == {"pass"}
    assert found["forgetting"] == checks(tmp_path / "one", healthy())["forgetting"], "a question counts once"
    run["manifest"]["adapters"][1]["train_fit"] = 0.0
    for row, base in zip(rows_of(run, "lora")[N:], rows_of(run, "base"), strict=True):
        row["prediction"] = base["prediction"]
    found = checks(tmp_path / "run", run)
    assert (found["adapter_fits_training"]["status"], found["adapter_fits_training"]["figure"]) == (
        "fail",
        0.0,
    )
    fits, changes = (found[name]["figures"] for name in ("adapter_fits_training", "adapter_changes_logits"))
    assert fits == {"lora (seed 0): reproduced": 0.9, "lora (seed 1): reproduced": 0.0}
    assert (found["adapter_changes_logits"]["status"], found["adapter_changes_logits"]["figure"]) == (
        "fail",
        0.0,
    )
    assert (changes["lora (seed 1): changed"], changes["lora (seed 1): answers"]) == (0, 24)


def test_oracle_is_judged_where_it_had_passages(tmp_path: Path) -> None:
    """On questions without gold documents it answers bare: what it loses there says nothing of the control."""
    run = healthy()
    for row in rows_of(run, "oracle")[:12]:
        row |= {"retrieved": [], "shown_passages": 0, "prediction": "nobody"}
    check = checks(tmp_path, run)["oracle_not_below_rag"]
    assert (check["status"], check["figure"]) == ("pass", pytest.approx(6 / 12))


def single() -> Run:
    """A run of one question: the sentences say one, not ones."""
    run = healthy()
    run["questions"] = [row for row in run["questions"] if row["id"] == "q0"]
    run["timings"] = [row for row in run["timings"] if row["question_id"] == "q0"]
    run["training"] = run["training"][:1]
    run["answers"] = [row for row in run["answers"] if row["question_id"] == "q0"]
    run["prompts"] = []
    run["manifest"]["adapters"][0]["logit_shift"] = None
    return run


def test_guests_do_not_count_as_the_tasks_own(tmp_path: Path) -> None:
    run = healthy()
    for row in rows_of(run, "lora@facts", "general"):
        row["finish_reason"] = "length"
    assert checks(tmp_path, run, "general")["cut_answers"]["status"] == "not_applicable"


@pytest.mark.parametrize("missing", ["training", "prompts"])
def test_a_run_from_before_the_evidence_is_not_judged_by_it(tmp_path: Path, missing: str) -> None:
    run = healthy()
    del run[missing]
    name = {"training": "no_test_question_in_training", "prompts": "chat_template"}[missing]
    check = checks(tmp_path, run)[name]
    assert check["status"] == "not_applicable"


def test_a_run_without_answers_has_checks_that_do_not_apply(tmp_path: Path) -> None:
    assert {check["status"] for check in checks(tmp_path, unanswered()).values()} == {"not_applicable"}


def test_the_same_evidence_gives_the_same_lights(tmp_path: Path) -> None:
    run = healthy()
    first = results(tmp_path / "run", run)
    run["answers"] = run["answers"][::-1]
    assert json.dumps(results(tmp_path / "run", run)) == json.dumps(first)
    assert write_run(tmp_path / "run", **run).is_dir()


# The parts


@settings(deadline=None)
@given(st.integers(0, 40), st.integers(0, 40))
def test_p_of_a_drop_is_the_one_sided_binomial_test(lost: int, gained: int) -> None:
    """And 1 where nothing dropped."""
    changes = [-1.0] * lost + [1.0] * gained + [0.0] * 3
    found = judged(changes, Design.of(range(len(changes))))
    wanted = stats.binomtest(lost, lost + gained, alternative="greater").pvalue if lost > gained else 1.0
    assert (found.lost, found.gained, found.n) == (lost, gained, lost + gained + 3)
    assert found.p == pytest.approx(wanted)


def test_p_of_a_drop_counts_clusters() -> None:
    """Eight lost in two clusters: of the four ways to sign two sums, one is as low."""
    found = judged([-1.0] * 8, Design.of([i // 4 for i in range(8)]))
    assert found.p == pytest.approx(1 / 4)
    assert judged([-1.0] * 8, Design.of([0] * 8)).p is None


@given(st.floats(0, 1), st.floats(0, 1), st.lists(st.floats(0, 1), min_size=2))
def test_a_worse_figure_never_has_a_better_status(warn: float, fail: float, figures: list[float]) -> None:
    limits = Limits(warn, fail)
    order = [Status.PASS, Status.WARN, Status.FAIL]
    worsening = sorted(figures, reverse=fail < warn)
    places = [order.index(limits.judge(figure)[0]) for figure in worsening]
    assert all(one <= other for one, other in pairwise(places))


def ended(status: Status) -> Check:
    return Check("a", "what it looks at", status, "Said.", FigureKind.SHARE, 0.5, 0.1, ("rag",), {})


@pytest.mark.parametrize("status", [Status.PASS, Status.WARN, Status.NOT_APPLICABLE])
def test_only_failures_exclude(status: Status) -> None:
    assert excluded([ended(status)]) == {}
    assert excluded([ended(Status.FAIL), ended(status)]) == {"rag": [ended(Status.FAIL)]}
