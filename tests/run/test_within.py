"""`--within`: questions give way first, then times, whole strategies last; what was left out stands in the report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.commands.flags import duration
from harness.corpus.inventory import Corpora
from harness.engines.engine import Clock, Engine
from harness.errors import InputError
from harness.report.opening import warnings
from harness.run import expected
from harness.run.compare import fit_within, plan_run
from harness.run.folder import RunFolder
from harness.run.manifest_file import read_manifest
from harness.run.settings import Settings
from harness.run.speed import Samples, Speed
from harness.run.tools import Tools
from harness.run.tuning.askers import Askers
from harness.run.tuning.tune import Tuning
from harness.spec.task import Task
from tests.run.tuning.test_tune import DEV
from tests.run.tuning.test_tune import world as with_dev_file
from tests.run.worlds import go, make_task, make_tools, rows, settings_of

MANY = [
    {"id": f"q{n}", "question": f"Who keeps tool number {n}?", "answers": ["me"], "gold_docs": ["drill"]}
    for n in range(200)
]


def seconds_a_token(read_s: float) -> Speed:
    return Speed(read_s, 0.0, read_s, 0.0, {})


@pytest.fixture(autouse=True)
def _any_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a step of training takes beside reading goes by what the processor multiplies."""
    monkeypatch.setattr(expected, "precision_of", lambda _identity: "bfloat16")


def world(folder: Path, read_s: float) -> tuple[Task, Tools]:
    """A task of 200 questions, and tools whose model reads a token (a character, here) in so many seconds."""

    def measure(_engine: Engine, _samples: Samples, _clock: Clock) -> Speed:
        return seconds_a_token(read_s)

    task = make_task(folder, test=MANY)
    return task, replace(make_tools(folder / "cache"), measure=measure)


def fitted(settings: Settings, task: Task, tools: Tools, allowed_s: float) -> Settings:
    return fit_within(settings, [task], tools, allowed_s, tools.clock())[0]


def test_a_run_that_fits_is_left_as_it_is(tmp_path: Path) -> None:
    task, tools = world(tmp_path, 1e-6)
    settings = settings_of(task, "base", "rag", "lora", latency_queries=20)
    found = fitted(settings, task, tools, 600)
    assert found.within
    assert found.within.in_words.endswith("nothing had to be left out.")
    assert replace(found, within=None) == settings


def test_questions_give_way_before_times_and_times_before_strategies(tmp_path: Path) -> None:
    task, tools = world(tmp_path, 0.001)
    settings = settings_of(task, "base", "rag", "lora", latency_queries=20)
    seen = [fitted(settings, task, tools, allowed_s) for allowed_s in (2000, 200, 60, 40, 24)]
    asked = [found.limit or len(MANY) for found in seen]
    assert asked[0] == len(MANY)
    assert len({found.strategies for found in seen}) > 1
    for found in seen:
        assert found.within
        assert found.within.expected_s <= found.within.seconds
        if found.limit:
            assert f"{found.limit} questions a task at most" in found.within.in_words
        if len(found.strategies) < 3:
            assert found.strategies == ("base", "lora"), "the longest prompts are the dearest here"
            assert "rag is left out, since it takes about" in found.within.in_words
    whole = [found for found in seen if len(found.strategies) == 3]
    assert [found.limit or len(MANY) for found in whole] == sorted(asked[: len(whole)], reverse=True)


def test_where_even_the_least_does_not_fit_that_is_said_with_the_time_it_takes(tmp_path: Path) -> None:
    task, tools = world(tmp_path, 1.0)
    settings = settings_of(task, "base", "rag", "lora", latency_queries=20)
    with pytest.raises(
        InputError, match=r"--within 20s: even base and lora on 25 questions a task take about"
    ):
        fitted(settings, task, tools, 20)


def test_the_run_and_its_report_say_what_was_left_out_and_a_resumed_run_keeps_it(tmp_path: Path) -> None:
    task, tools = world(tmp_path, 0.001)
    found = fitted(settings_of(task, "base", "rag", "lora", latency_queries=20), task, tools, 20)
    folder = go(found, [task], tools, tmp_path / "run")
    assert len(rows(folder, "questions")) == found.limit
    results = derive(read_run(folder))
    assert "left out, since it takes about" in results.tasks["workshop"].not_applicable["rag"].why
    assert any(text.startswith("Planned to fit into 20.0 s") for text in warnings(results))
    resumed = read_run(folder).manifest.settings.found_from(folder)
    assert resumed == found
    go(resumed, [task], tools, folder, resume=True)
    assert (
        derive(read_run(folder)).tasks["workshop"].not_applicable == results.tasks["workshop"].not_applicable
    )


# With a search for settings


def tuned_world(folder: Path, read_s: float) -> tuple[Task, Tools]:
    _, tools = world(folder, read_s)
    return with_dev_file(folder, test=MANY), tools


def test_tries_give_way_first_alike_for_all_and_never_to_one_alone(tmp_path: Path) -> None:
    task, tools = tuned_world(tmp_path, 0.001)
    settings = settings_of(task, "base", "few-shot", "rag", "lora", latency_queries=20, tune=6)
    seen = [fitted(settings, task, tools, allowed_s) for allowed_s in (4000, 1500, 800, 600, 450, 300, 100)]
    tries = [found.tune for found in seen]
    assert tries[0] == 6
    assert tries == sorted(tries, key=lambda n: -(n or 0))
    assert 1 not in tries
    assert tries[-1] is None
    for found in seen:
        assert found.within
        assert found.within.expected_s <= found.within.seconds
        said = found.within.in_words
        if found.tune is None:
            assert "nothing is tuned, since 2 settings each take about" in said
        elif found.tune < 6:
            assert f"{found.tune} settings of each strategy are tried, not 6" in said
        if found.tune and found.tune > 2:
            assert (found.limit, found.latency_queries) == (None, 20)


def test_a_search_does_what_was_reckoned_with_and_is_kept_for_a_resumed_run(tmp_path: Path) -> None:
    task, tools = tuned_world(tmp_path, 0.001)
    settings = settings_of(task, "base", "few-shot", "rag", "lora", latency_queries=0, tune=3)
    found = fitted(settings, task, tools, 9000)
    folder = go(found, [task], tools, tmp_path / "run")
    assert read_run(folder).manifest.settings.tune == 3
    plan = plan_run(found, [task], tools)
    askers = Askers(found, tools, RunFolder(folder, read_manifest(folder)), Corpora())
    tried = rows(folder, "tuning")
    for (_, system), work in Tuning(plan, askers).work().items():
        own = [row for row in tried if row["system"] == system]
        assert work.answers == sum(row["questions"] for row in own) == 3 * DEV
        trained = system in {job.system.id for job in plan.jobs if job.system.recipe}
        assert work.whole_trainings == work.trainings == (3 if trained else 0)
        assert work.cuts == sum("retrieval.chunk_tokens" in row["settings"] for row in own)


def test_a_training_that_is_there_already_does_not_make_those_of_other_settings_free(tmp_path: Path) -> None:
    task, tools = tuned_world(tmp_path, 0.001)
    settings = settings_of(task, "base", "lora", latency_queries=0, tune=3)
    before = fitted(settings, task, tools, 9000)
    go(settings_of(task, "base", "lora", latency_queries=0), [task], tools, tmp_path / "run")
    after = fitted(settings, task, tools, 9000)
    assert before.within
    assert after.within
    assert after.within.expected_s > 0.9 * before.within.expected_s


@pytest.mark.parametrize(("text", "wanted"), [("90s", 90), ("10m", 600), ("1.5h", 5400), ("2min", 120)])
def test_times_are_read_with_their_unit(text: str, wanted: float) -> None:
    assert duration(text) == wanted


@pytest.mark.parametrize("text", ["10", "m", "0s", "-5m", "1e9h", "ten minutes", "١m"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(Exception, match="is not a time such as"):
        duration(text)
