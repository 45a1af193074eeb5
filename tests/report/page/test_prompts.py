"""The prompts that the page shows are the ones that the model read, to the letter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.analysis.evidence import Evidence
from harness.analysis.reading import read_run
from harness.files import sha256_text
from harness.report.page.prompts import KeptPrompt, PromptForm, assembled, form_of, parts_of
from harness.report.write import write_reports
from tests.report.page.browser import Opened, launched
from tests.run.worlds import go, make_task, make_tools, settings_of

STRATEGIES = ("base", "few-shot", "few-shot-nearest", "rag", "few-shot-nearest+rag", "full-context", "oracle")
TASK = "workshop"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    folder: Path = tmp_path_factory.mktemp("prompts")
    task = make_task(folder)
    return read_run(go(settings_of(task, *STRATEGIES), [task], make_tools(folder / "cache"), folder / "run"))


def test_every_prompt_comes_of_its_parts(run: Evidence) -> None:
    """Its hash is that of the text that the engine read."""
    for name, system in run.systems(TASK).items():
        form = form_of(run, TASK, system)
        assert isinstance(form, PromptForm), name
        for row in run.answers[TASK, name]:
            question = run.questions[TASK][row.question_id].question.question
            text = assembled(form, question, *parts_of(run, TASK, row))
            assert sha256_text(text) == row.prompt_sha256, (name, row.question_id)


def test_one_that_its_parts_do_not_come_to_is_shown_as_it_was_kept(run: Evidence) -> None:
    sample = replace(run.prompts[TASK, "rag"], text="Another wording.")
    other = replace(run, prompts={**run.prompts, (TASK, "rag"): sample})
    system = run.systems(TASK)["rag"]
    assert form_of(other, TASK, system) == KeptPrompt(sample.question_id, "Another wording.")
    assert form_of(replace(run, prompts={}), TASK, system) is None


def test_the_page_puts_the_same_together(run: Evidence) -> None:
    write_reports(run.folder)
    systems = run.systems(TASK)
    with launched() as browser:
        opened = Opened(browser, run.folder / "report.html")
        opened.page.get_by_role("button", name="Details of").first.click()
        shown = [str(text) for text in opened.page.locator(".detail pre").all_text_contents()]
        first = opened.ids()[0]
        opened.close()
    read = [next(row for row in run.answers[TASK, name] if row.question_id == first) for name in systems]
    assert [sha256_text(text) for text in shown] == [row.prompt_sha256 for row in read]
