"""Timing: one request at a time, retrieval on the clock, blocks balanced, no cached answer in sight."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.engines.engine import AdapterRef, Clock, Request, TimedCompletion
from harness.errors import ModelUnavailable, NoAnswer
from harness.run.folder import RunFolder
from harness.run.plan import Job
from harness.run.prepare import TaskContext, ready
from harness.run.timing import WARM_UP, TimedForm, TimingPass, block_orders, timed_forms, timed_questions
from harness.spec.task import Task
from tests.fakes import ServedEngine, Silent
from tests.run.test_served import fails
from tests.run.worlds import FallibleEngine, context_of, make_task, named, reply, rows, run_of, system

ADAPTER = AdapterRef(Path("adapter"), "a" * 64)
UNMERGED = replace(ADAPTER, merged=False)


class LoadingEngine(FallibleEngine):
    """Takes 3 s of the clock to load an adapter, and keeps what was loaded and what was to answer, each time."""

    def __init__(self) -> None:
        super().__init__()
        self.used: list[tuple[AdapterRef | None, AdapterRef | None]] = []

    def load(self, adapter: AdapterRef | None) -> None:
        self.clock.advance(3.0)
        super().load(adapter)

    def time(self, request: Request, adapter: AdapterRef | None, clock: Clock) -> TimedCompletion:
        self.used.append((self.adapter, adapter))
        return super().time(request, adapter, clock)


class Race:
    """A task's systems over one fake clock: embedding a query takes 0.25 s, an answer 0.1 / 0.5 s."""

    def __init__(self, folder: Path, *strategies: str, task: Task | None = None) -> None:
        task = task or make_task(folder)
        self.engine = LoadingEngine()
        self.context: TaskContext = context_of(task, folder / "cache", self.engine)
        systems = [system(task, name, self.engine) for name in strategies]
        self.folder = RunFolder.create(folder / "run", run_of([task], {task.name: systems}))
        jobs = [ready(Job(task.name, one), self.context) for one in systems]
        self.forms = timed_forms([(job, ADAPTER if job.job.system.adapted else None) for job in jobs])

    @property
    def timing(self) -> TimingPass:
        return TimingPass(self.folder, Silent(), self.engine.clock, 0)

    def rows(self) -> list[dict[str, Any]]:
        return rows(self.folder.path, "timings")

    def names(self, written: Sequence[dict[str, Any]]) -> list[str]:
        return [named(self.folder.path, row) for row in written]


@pytest.mark.parametrize(
    ("strategy", "retrieve_s", "ttft_s", "e2e_s"),
    [
        ("base", None, 0.1, 0.5),
        ("rag", 0.25, 0.35, 0.75),
        ("few-shot+rag", 0.25, 0.35, 0.75),
        ("oracle", None, 0.1, 0.5),
        ("few-shot", None, 0.1, 0.5),
        ("few-shot-nearest", 0.25, 0.35, 0.75),
        ("few-shot-nearest+rag", 0.5, 0.6, 1.0),
        ("lora", None, 0.1, 0.5),
        ("lora+rag", 0.25, 0.35, 0.75),
    ],
)
def test_the_clock_of_what_searches_starts_before_the_query_is_embedded(
    tmp_path: Path, strategy: str, retrieve_s: float | None, ttft_s: float, e2e_s: float
) -> None:
    """What loads an adapter is off the clock: it is ready before the question is handed over."""
    race = Race(tmp_path, strategy)
    row = race.timing.measure(race.forms[0], race.context.task.test[0], 3, 1)
    assert row.retrieve_s == (None if retrieve_s is None else pytest.approx(retrieve_s))
    assert row.ttft_s == pytest.approx(ttft_s)
    assert row.e2e_s == pytest.approx(e2e_s)
    assert (row.block, row.position, row.completion_tokens) == (3, 1, 1)
    assert row.prompt_tokens == len(race.engine.timed[-1])


def test_retrieval_is_done_again_for_every_timed_answer(tmp_path: Path) -> None:
    """The answer pass has retrieved for these questions already: the clock must not profit from it."""
    race = Race(tmp_path, "rag")
    nearest = Race(tmp_path / "nearest", "few-shot-nearest")
    for _ in range(2):
        row = nearest.timing.measure(nearest.forms[0], nearest.context.task.test[0], 0, 0)
        assert row.retrieve_s == pytest.approx(0.25)
        row = race.timing.measure(race.forms[0], race.context.task.test[0], 0, 0)
        assert row.retrieve_s == pytest.approx(0.25)


def test_the_timed_prompt_is_the_prompt_that_was_answered(tmp_path: Path) -> None:
    race = Race(tmp_path, "base", "rag", "oracle", "few-shot", "few-shot-nearest+rag")
    for form in race.forms:
        for asked, prompt in zip(form.ready.questions, form.ready.prompts, strict=True):
            race.timing.measure(form, asked, 0, 0)
            assert race.engine.timed[-1] == race.engine.text(prompt.request)


@pytest.mark.parametrize(("count", "blocks"), [(1, 5), (2, 8), (3, 9), (5, 20), (4, 7)])
def test_each_form_runs_once_a_block_and_stands_everywhere_equally_often(count: int, blocks: int) -> None:
    orders = block_orders(count, blocks, 0)
    assert len(orders) == blocks
    assert all(sorted(order) == list(range(count)) for order in orders)
    whole = orders[: blocks - blocks % count]
    seats = Counter((position, form) for order in whole for position, form in enumerate(order))
    assert set(seats.values()) == {len(whole) // count}, "every run of `count` blocks is a Latin square"
    assert len(seats) == count * count


def test_the_order_of_blocks_is_seeded() -> None:
    assert block_orders(4, 20, 7) == block_orders(4, 20, 7)
    assert block_orders(4, 20, 7) != block_orders(4, 20, 8)


def test_blocks_are_interleaved_and_recorded(tmp_path: Path) -> None:
    race = Race(tmp_path, "base", "rag", "oracle")
    race.timing.run("workshop", race.forms, 6)
    written = race.rows()
    assert [(row["block"], row["position"]) for row in written] == [
        (b, p) for b in range(6) for p in range(3)
    ]
    for block in range(6):
        inside = [row for row in written if row["block"] == block]
        assert sorted(race.names(inside)) == ["base", "oracle", "rag"]
        assert len({row["question_id"] for row in inside}) == 1
    places = Counter((row["system"], row["position"]) for row in written)
    assert set(places.values()) == {2}


def test_the_first_query_is_reported_apart_and_three_more_are_thrown_away(tmp_path: Path) -> None:
    race = Race(tmp_path, "base")
    race.timing.run("workshop", race.forms, 4)
    assert race.folder.manifest.first_query_s == 0.5
    assert len(race.engine.timed) == 1 + WARM_UP + 4
    assert len(race.rows()) == 4


def test_adapters_are_timed_merged_and_unmerged_beside_it(tmp_path: Path) -> None:
    race = Race(tmp_path, "base", "lora")
    race.timing.run("workshop", race.forms, 3)
    written = race.rows()
    count = Counter(zip(race.names(written), (row["merged"] for row in written), strict=True))
    assert count == {("base", True): 3, ("lora", True): 3, ("lora", False): 3}
    assert set(race.engine.used) == {(None, None), (ADAPTER, ADAPTER), (UNMERGED, UNMERGED)}


def test_what_is_timed_already_is_left_alone(tmp_path: Path) -> None:
    race = Race(tmp_path, "base", "rag")
    race.timing.run("workshop", race.forms, 4)
    path = race.folder.path / "timings.jsonl"
    whole = path.read_text().splitlines(keepends=True)
    path.write_text("".join(whole[:5]))
    asked = len(race.engine.timed)
    race.timing.run("workshop", race.forms, 4)
    assert len(race.engine.timed) - asked == WARM_UP + 3
    again = path.read_text().splitlines(keepends=True)
    assert again[:5] == whole[:5]
    written = race.rows()
    timed = zip((row["block"] for row in written), race.names(written), strict=True)
    assert sorted(timed) == [(block, name) for block in range(4) for name in ("base", "rag")]


def test_questions_answered_in_words_are_timed_first(tmp_path: Path) -> None:
    test = [
        {"id": "pick", "question": "Left or right?", "answers": ["left"], "choices": ["left", "right"]},
        {"id": "other", "question": "Up or down?", "answers": ["up"], "choices": ["up", "down"]},
    ]
    task = make_task(tmp_path, answer="choice", test=test, with_train=False, with_corpus=False)
    assert timed_questions(task.test, 5, 0) == task.test, (
        "choices alone are timed where there is nothing else"
    )
    words = make_task(tmp_path / "words").test
    assert set(timed_questions((*task.test, *words), 100, 0)) == set(words)


def test_a_choice_has_one_time_for_its_first_and_last_token(tmp_path: Path) -> None:
    test = [{"id": "pick", "question": "Left?", "answers": ["left"], "choices": ["left", "right"]}]
    task = make_task(tmp_path, answer="choice", test=test, with_train=False, with_corpus=False)
    race = Race(tmp_path, "base", task=task)
    form: TimedForm = race.forms[0]
    row = race.timing.measure(form, task.test[0], 0, 0)
    assert (row.ttft_s, row.e2e_s, row.completion_tokens) == (0.5, 0.5, 0)


# Servers


class Served(Race):
    """The same over a server, which answers cold in 0.1 / 0.5 s and gives the first token of a prompt that it knows
    in 0.05 s."""

    def __init__(self, folder: Path, *strategies: str, **options: Any) -> None:
        super().__init__(folder, *strategies)
        self.served = ServedEngine(reply, clock=self.engine.clock, **options)
        self.engine = self.served  # type: ignore[assignment]
        self.context.engine = self.served


def test_a_server_is_timed_cold_and_then_warm(tmp_path: Path) -> None:
    race = Served(tmp_path, "base", "few-shot")
    race.timing.run("workshop", race.forms, 4)
    written = race.rows()
    assert [row["warm"] for row in written] == [False, True] * 8
    for cold, warm in zip(written[::2], written[1::2], strict=True):
        same = ("system", "question_id", "block", "position", "prompt_tokens")
        assert [cold[key] for key in same] == [warm[key] for key in same]
        assert (cold["ttft_s"], warm["ttft_s"]) == (0.1, 0.05)
        assert cold["cached_tokens"] == 0
        assert warm["cached_tokens"] > 0


def test_each_prompt_begins_in_a_way_that_none_before_it_did(tmp_path: Path) -> None:
    """Warm-up included: a prefix that was read before would make cold times warm."""
    race = Served(tmp_path, "base", "few-shot")
    race.timing.run("workshop", race.forms, 4)
    timed = race.served.timed
    cold, warm = timed[1 + WARM_UP :: 2], timed[2 + WARM_UP :: 2]
    assert cold == warm
    fronts = [text[:16] for text in [*timed[: 1 + WARM_UP], *cold]]
    assert len({*fronts}) == len(fronts)
    assert len({*timed[: 1 + WARM_UP]}) == 1 + WARM_UP


def test_retrieval_stands_on_both_clocks_of_a_server(tmp_path: Path) -> None:
    race = Served(tmp_path, "rag")
    race.timing.run("workshop", race.forms, 1)
    cold, warm = race.rows()
    assert cold["retrieve_s"] == warm["retrieve_s"] > 0
    assert cold["ttft_s"] - warm["ttft_s"] == pytest.approx(0.05)


def test_a_timing_that_fails_is_left_out_and_not_asked_again(tmp_path: Path) -> None:
    asked: list[str] = []

    def trouble(text: str, before: int) -> None:
        if "heavy" in text and "kiln" not in text.split("[user]")[0]:
            asked.append(text)
            raise NoAnswer("HTTP 500")

    race = Served(tmp_path, "base", trouble=trouble)
    race.timing.run("workshop", race.forms, 12)
    failures = rows(race.folder.path, "failures")
    assert failures
    assert all(row["timed"] and row["reason"] == "HTTP 500" for row in failures)
    assert len(race.rows()) == 2 * (12 - len(failures))
    before = len(race.served.timed)
    race.timing.run("workshop", race.forms, 12)
    assert len(race.served.timed) == before
    assert len(rows(race.folder.path, "failures")) == len(failures)


def test_a_server_that_is_gone_ends_the_timing(tmp_path: Path) -> None:
    race = Served(tmp_path, "base", trouble=fails(""))
    with pytest.raises(ModelUnavailable, match="gave no answer to 20 questions in a row"):
        race.timing.run("workshop", race.forms, 24)


def test_adapters_that_a_server_holds_have_one_form(tmp_path: Path) -> None:
    race = Race(tmp_path, "base")
    (form,) = timed_forms([(race.forms[0].ready, AdapterRef(None, None, served="legal"))])
    assert form.merged
