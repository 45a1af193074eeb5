"""A search tries few settings, drops those that do badly early, and tries two gains together."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from harness.records import Question, TrialRow
from harness.run.tuning.choice import Why
from harness.run.tuning.search import Space, dev_of, search, space_of
from harness.run.tuning.trial import Ask, Candidate, Stage
from harness.spec.context import Examples, Retrieved
from harness.spec.system import LoRA, ModelRef, System

MODEL = ModelRef("fake")
RAG = System("rag", "rag", MODEL, context=(Retrieved(3, 64, 16, 2048, "words"),))
LORA = System("lora", "lora", MODEL, adapter=LoRA("workshop"))
DEV = tuple(Question(f"d{n}", f"Question {n}?", ("yes",)) for n in range(90))

Share = Callable[[System], float]
"""A system → the share of questions that it answers right, those with the lowest numbers."""


def asking(share: Share, asked: list[tuple[str, int, int]] | None = None, failing: str = "") -> Ask:
    def ask(candidate: Candidate, stage: Stage) -> TrialRow:
        if asked is not None:
            asked.append((candidate.label, stage.number, len(stage.questions)))
        right = 90 * share(candidate.system)
        scores = {question.id: float(int(question.id[1:]) < right) for question in stage.questions}
        failed = "it is too long" if failing and failing in candidate.label else None
        return TrialRow(
            "workshop", candidate.default.id, candidate.system.id, dict(candidate.changes), stage.number,
            len(stage.questions), {} if failed else scores, 1.0, 0.0, 0.0, 10, 1, 0,
            examples=stage.examples, failed=failed,
        )  # fmt: skip

    return ask


def space(system: System, count: int, examples: int = 400) -> Space:
    return space_of(system, count, dev_of(DEV, 0), examples, 0)


def k_of(system: System) -> int:
    assert system.retrieved
    return system.retrieved.k


@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 12])
@pytest.mark.parametrize("system", [RAG, LORA], ids=lambda system: system.name)
def test_no_more_settings_are_tried_than_asked_for_and_the_default_is_first(
    system: System, count: int
) -> None:
    asked: list[tuple[str, int, int]] = []
    planned = space(system, count)
    found = search(planned, asking(lambda _: 0.5, asked))
    labels = list(dict.fromkeys(label for label, _, _ in asked))
    assert len(labels) <= planned.settings <= count
    assert found.chosen.system == system
    if count > 1:
        assert labels[0].endswith("as it is")


def test_the_best_setting_is_found_and_everything_is_asked_of_few() -> None:
    asked: list[tuple[str, int, int]] = []
    found = search(space(RAG, 6), asking(lambda system: 0.9 if k_of(system) == 5 else 0.4, asked))
    assert found.chosen.changes == {"retrieval.k": 5}
    assert (found.choice.why, found.questions) == (Why.BETTER, 90)
    assert len([one for one in asked if one[1] == 0]) == 5  # and one place for two together
    assert len([one for one in asked if one[1] == 1]) == 3
    assert {one[2] for one in asked if one[1] == 0} == {30}
    assert {one[2] for one in asked if one[1] == 1} == {60}


def test_two_settings_that_help_apart_are_tried_together() -> None:
    def share(system: System) -> float:
        assert system.retrieved
        return 0.2 + 0.2 * (system.retrieved.k == 5) + 0.3 * (system.retrieved.chunk_tokens == 128)

    dev = sorted(dev_of(DEV, 0), key=lambda question: int(question.id[1:]))
    planned = space_of(RAG, 6, dev, 400, 0)
    # The first stage asks the questions that are easiest; there every setting but the default is right.
    found = search(planned, asking(lambda system: share(system) * (1 if system != RAG else 0.5)))
    assert found.chosen.changes == {"retrieval.k": 5, "retrieval.chunk_tokens": 128}


def test_adapters_are_first_trained_on_a_part_of_the_examples() -> None:
    planned = space(LORA, 5)
    assert [stage.examples for stage in planned.stages] == [100, None]

    def share(system: System) -> float:
        assert system.recipe
        return 0.9 if system.recipe.learning_rate == 1e-3 else 0.1

    asked: list[tuple[str, int, int]] = []
    found = search(planned, asking(share, asked))
    assert found.chosen.changes == {"finetune.learning_rate": 1e-3}
    assert [stage for _, stage, _ in asked].count(1) == 2  # the default and one other, in full
    assert found.questions == 90


def test_few_examples_are_not_cut_further() -> None:
    assert [stage.examples for stage in space(LORA, 5, examples=120).stages] == [None]


def test_a_setting_that_cannot_be_tried_drops_out() -> None:
    found = search(
        space(RAG, 3), asking(lambda system: 0.9 if k_of(system) == 5 else 0.4, failing="retrieval.k 5")
    )
    assert found.chosen.system == RAG


def test_a_default_that_cannot_be_tried_stays() -> None:
    found = search(space(RAG, 3), asking(lambda _: 0.9, failing="as it is"))
    assert (found.chosen.system, found.choice.why) == (RAG, Why.UNABLE)


def test_with_few_dev_questions_nothing_is_asked() -> None:
    asked: list[tuple[str, int, int]] = []
    planned = space_of(RAG, 6, DEV[:29], 400, 0)
    assert search(planned, asking(lambda _: 0.5, asked)).choice.why is Why.FEW
    assert not asked


def test_examples_in_the_prompt_are_tuned_by_number_and_choice() -> None:
    few_shot = System("few-shot", "few-shot", MODEL, context=(Examples(4, 0),))
    changes = [one.changes for one in space(few_shot, 4).others]
    assert changes == [{"examples.k": 8}, {"examples.seed": 1}]
