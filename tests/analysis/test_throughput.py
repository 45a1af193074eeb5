"""Tokens per second come from what was computed: never from the cache, never from single tokens."""

from __future__ import annotations

from harness.analysis.answers import Answers
from harness.analysis.throughput import Batched, batched, rate, tokens_per_s
from harness.records import AnswerRow, BatchRow, TimingRow
from tests.analysis.runs import answer
from tests.analysis.written import answer_row


def row(batch: int, cached: bool) -> AnswerRow:
    return answer_row(answer("t", "s", "q", "x", batch=batch, cached=cached))


def test_batches_from_the_cache_do_not_count() -> None:
    batches = [BatchRow("t", "s", 0, 2, 10, 4.0), BatchRow("t", "s", 1, 2, 90, 0.001)]
    answers = Answers.of([row(0, False), row(0, True), row(1, True)])
    assert batched(batches, answers) == Batched(questions=2, tokens=10, machine_s=4.0)
    assert batched(batches[1:], answers) is None
    assert batched([], answers) is None


def test_the_seconds_of_machines_that_answer_together_add_up() -> None:
    passed = batched([BatchRow("t", "s", 0, 2, 10, 4.0, machines=3)], Answers.of([row(0, False)]))
    assert passed == Batched(questions=2, tokens=10, machine_s=12.0)
    assert tokens_per_s([], passed).system_output == 10 / 12.0


def test_nothing_generated_is_no_rate() -> None:
    assert tokens_per_s([], None).decode_per_user is None
    choice = [TimingRow("t", "s", "q", 0, 0, None, 0.5, 0.5, 10, 0)]
    rates = tokens_per_s(choice, Batched(1, 0, 1.0))
    assert (rates.decode_per_user, rates.end_to_end, rates.system_output) == (None, None, None)


def test_a_clock_that_stood_still_gives_no_rate() -> None:
    assert rate(5, 0.0) is None
