"""The answer pass over a server: single requests at once, nothing twice, and a failure that is missing, never wrong."""

from __future__ import annotations

import threading
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.evidence import missing_answers
from harness.analysis.reading import read_run
from harness.engines.engine import Usage
from harness.errors import ModelUnavailable, NoAnswer, PromptTooLong
from harness.run.answer_cache import AnswerCache
from harness.run.ask import MOST_IN_A_ROW
from harness.run.folder import RunFolder
from harness.run.manifest_file import read_manifest
from tests.fakes import ServedEngine, Silent
from tests.run.test_answer import World
from tests.run.worlds import Killed, go, make_task, make_tools, reply, rows, settings_of

AT_ONCE = pytest.mark.parametrize("concurrency", [1, 4, 16])


def fails(
    text: str, reason: str = "HTTP 500", *, times: int = 10**6, error: type[NoAnswer] = NoAnswer
) -> Any:
    """Trouble: prompts that hold `text` fail so often."""

    def trouble(prompt: str, before: int) -> None:
        if text in prompt and before < times:
            raise error(reason, 3)

    return trouble


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, make_task(tmp_path))


@AT_ONCE
def test_every_question_is_asked_once_and_its_answer_written(world: World, concurrency: int) -> None:
    engine = ServedEngine(reply, concurrency=concurrency)
    world.answer(engine)
    texts = {world.ready.questions[place].id: world.text(place) for place in range(24)}
    assert Counter(engine.asked) == Counter(texts.values())
    assert {row["question_id"]: row["prediction"] for row in world.rows()} == {
        name: reply(text, None) for name, text in texts.items()
    }


@AT_ONCE
def test_so_many_requests_are_on_their_way_at_once(world: World, concurrency: int) -> None:
    barrier = threading.Barrier(concurrency if 24 % concurrency == 0 else 8, timeout=30)
    world.answer(ServedEngine(reply, concurrency=concurrency, trouble=lambda *_: barrier.wait() and None))
    assert len(world.rows()) == 24


def test_what_a_server_counted_stands_in_the_evidence(world: World) -> None:
    world.answer(ServedEngine(reply))
    for row in world.rows():
        place = [question.id for question in world.ready.questions].index(row["question_id"])
        assert row["prompt_tokens"] == len(world.text(place)) + 3
        assert (row["cached_tokens"], row["reasoning_tokens"], row["attempts"]) == (0, 0, 1)


@AT_ONCE
def test_the_times_of_the_answers_add_up_to_that_of_the_pass(world: World, concurrency: int) -> None:
    """The fake clock gives each answer a second, and however they overlap, 24 s pass in all."""
    world.answer(ServedEngine(reply, concurrency=concurrency))
    batches = world.rows("batches")
    assert sorted(row["batch"] for row in batches) == list(range(24))
    assert sum(row["wall_s"] for row in batches) == pytest.approx(24.0)
    assert {row["questions"] for row in batches} == {1}


@AT_ONCE
def test_an_answer_that_cannot_be_had_is_missing_and_the_others_go_on(world: World, concurrency: int) -> None:
    world.answer(ServedEngine(reply, concurrency=concurrency, trouble=fails("the kiln stand")))
    missing = {question.id for question in world.ready.questions} - {
        row["question_id"] for row in world.rows()
    }
    (row,) = world.rows("failures")
    assert missing == {row["question_id"]}
    assert (row["reason"], row["attempts"], row["final"], row["timed"]) == ("HTTP 500", 3, False, False)
    again = ServedEngine(reply, concurrency=concurrency)
    world.answer(again)
    assert len(again.asked) == 1, "only what is missing is asked again"
    assert len(world.rows()) == 24


def test_a_prompt_that_is_too_long_loses_passages_one_by_one(world: World) -> None:
    longest = sorted(len(world.text(place)) for place in range(24))[-1]

    def trouble(prompt: str, before: int) -> None:
        if len(prompt) > longest - 10:
            raise PromptTooLong("the prompt is too long")

    engine = ServedEngine(reply, trouble=trouble)
    world.answer(engine)
    dropped = {row["question_id"]: row for row in world.rows() if row["dropped_passages"]}
    assert dropped
    assert len(world.rows()) == 24
    for row in dropped.values():
        assert row["shown_passages"] + row["dropped_passages"] == 3
        assert len(row["retrieved"]) == len(next(iter(world.ready.prompts)).retrieved)
        assert row["prompt_tokens"] <= longest - 10 + 3
    assert not world.rows("failures")


@AT_ONCE
def test_where_no_passage_is_left_to_drop_the_reason_stays_and_nobody_asks_again(
    world: World, concurrency: int
) -> None:
    trouble = fails("the saw stand", "its prompt is longer than the model reads", error=PromptTooLong)
    engine = ServedEngine(reply, concurrency=concurrency, trouble=trouble)
    world.answer(engine)
    (row,) = world.rows("failures")
    assert row["final"]
    assert len(engine.asked) == 24 + 3, "with three passages, two, one and none"
    again = ServedEngine(reply)
    world.answer(again)
    assert again.asked == []


def test_prompts_that_were_shortened_are_found_in_the_cache(world: World, tmp_path: Path) -> None:
    trouble = fails("The kiln stands", error=PromptTooLong)
    world.cache = AnswerCache(tmp_path / "answers.sqlite", Silent())
    world.answer(ServedEngine(reply, trouble=trouble))
    second = World(tmp_path / "second", make_task(tmp_path))
    second.cache = world.cache
    engine = ServedEngine(reply, trouble=trouble)
    second.answer(engine)
    assert engine.answered == []
    assert {row["cached"] for row in second.rows()} == {True}
    assert second.rows("batches") == []

    def facts(some: World) -> Any:
        return sorted((row["question_id"], row["prediction"], row["dropped_passages"]) for row in some.rows())

    assert facts(second) == facts(world)


def test_usage_is_kept_with_a_cached_answer(world: World, tmp_path: Path) -> None:
    world.cache = AnswerCache(tmp_path / "answers.sqlite", Silent())
    world.answer(ServedEngine(reply))
    prompt = world.ready.prompts[0]
    from harness.run.answer_cache import answer_key

    key = answer_key(ServedEngine(reply).identity, None, prompt.wanted, prompt.facts.sha256)
    known = world.cache.get({key: prompt.wanted})[key]
    assert known.usage == Usage(prompt.facts.tokens + 3, 0)


@AT_ONCE
def test_a_server_that_is_gone_is_not_asked_thousands_of_times(tmp_path: Path, concurrency: int) -> None:
    test = [{"id": f"q{n}", "question": f"What is number {n}?", "answers": ["x"]} for n in range(200)]
    world = World(tmp_path, make_task(tmp_path, test=test), "base")
    engine = ServedEngine(
        reply,
        concurrency=concurrency,
        trouble=lambda text, before: len(engine.asked) > 30 and fails("")(text, 0),
    )
    with pytest.raises(ModelUnavailable, match="no answer to 20 questions in a row; the last time: HTTP 500"):
        world.answer(engine)
    assert MOST_IN_A_ROW <= len(world.rows("failures")) <= MOST_IN_A_ROW + 2 * concurrency
    assert len(engine.asked) <= 31 + 20 + 2 * concurrency
    answered = len(world.rows())
    again = ServedEngine(reply, concurrency=concurrency)
    world.answer(again)
    assert len(again.asked) == 200 - answered


def test_a_few_failures_among_answers_do_not_stop_a_run(tmp_path: Path) -> None:
    test = [{"id": f"q{n}", "question": f"What is number {n}?", "answers": ["x"]} for n in range(200)]
    world = World(tmp_path, make_task(tmp_path, test=test), "base")

    def trouble(text: str, before: int) -> None:
        if int(text.split("number ")[1].split("?")[0]) % 10:
            raise NoAnswer("HTTP 500")

    world.answer(ServedEngine(reply, concurrency=2, trouble=trouble))
    assert (len(world.rows()), len(world.rows("failures"))) == (20, 180)


@AT_ONCE
def test_what_makes_further_requests_pointless_stops_the_run_and_keeps_what_was_answered(
    world: World, concurrency: int
) -> None:
    def trouble(text: str, before: int) -> None:
        if "the kiln" in text.split("Question:")[-1]:
            raise ModelUnavailable("the key was refused.")

    engine = ServedEngine(reply, concurrency=concurrency, trouble=trouble)
    with pytest.raises(ModelUnavailable, match="the key was refused"):
        world.answer(engine)
    assert len(world.rows()) == len(engine.answered)
    assert not world.rows("failures")


@AT_ONCE
def test_a_kill_loses_only_what_was_on_its_way(tmp_path: Path, concurrency: int) -> None:
    task = make_task(tmp_path)
    world = World(tmp_path, task)
    unbroken = World(tmp_path / "unbroken", task)
    unbroken.answer(ServedEngine(reply, concurrency=concurrency))

    class Stops(RunFolder):
        def add_answers(self, *given: Any) -> None:
            super().add_answers(*given)
            if len(rows(self.path, "answers")) >= 7:
                raise Killed

    engine = ServedEngine(reply, concurrency=concurrency)
    world.folder = Stops(world.folder.path, world.folder.manifest)
    with pytest.raises(Killed):
        world.answer(engine)
    kept = len(world.rows())
    world.folder = RunFolder.resume(world.folder.path)
    again = ServedEngine(reply, concurrency=concurrency)
    world.answer(again)
    assert len(again.asked) == 24 - kept

    def facts(some: World) -> Any:
        return sorted((row["question_id"], row["prediction"]) for row in some.rows())

    assert facts(world) == facts(unbroken)


def test_a_run_with_missing_answers_is_interrupted_and_resumed_for_them_alone(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    settings = settings_of(task, "base", "rag", use_cache=False)
    engine = ServedEngine(reply, trouble=fails("the kiln stand", times=1))
    folder = go(settings, [task], make_tools(tmp_path / "cache", engine), tmp_path / "run")
    assert read_manifest(folder).status == "interrupted"
    run = read_run(folder)
    assert missing_answers(run) == 2
    assert {pair: len(failed) for pair, failed in run.failures.items()} == {
        ("workshop", "base"): 1,
        ("workshop", "rag"): 1,
    }
    again = ServedEngine(reply)
    go(settings, [task], make_tools(tmp_path / "cache", again), tmp_path / "run", resume=True)
    assert len(again.asked) == 2
    assert read_manifest(folder).status == "complete"
    whole = read_run(folder)
    assert (missing_answers(whole), whole.failures) == (0, {})


def test_prompts_that_are_too_long_leave_a_run_complete(tmp_path: Path) -> None:
    """Asking again would not change it: the run is as complete as it can be, and says what is missing."""
    task = make_task(tmp_path)
    engine = ServedEngine(reply, trouble=fails("the kiln stand", error=PromptTooLong))
    tools = make_tools(tmp_path / "cache", engine)
    folder = go(settings_of(task, "base"), [task], tools, tmp_path / "run")
    assert read_manifest(folder).status == "complete"
    run = read_run(folder)
    assert missing_answers(run) == 0
    assert [row.final for row in run.failures["workshop", "base"]] == [True]


# Asked again


def test_servers_are_asked_again_and_never_answered_from_the_cache(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    once, cache = settings_of(task, "base"), tmp_path / "cache"
    go(once, [task], make_tools(cache, ServedEngine(reply)), tmp_path / "once")
    times: Counter[str] = Counter()

    def varying(prompt: str, adapter: Any) -> str:
        times[prompt] += 1
        return f"{reply(prompt, adapter)}{times[prompt]}"

    engine = ServedEngine(varying, concurrency=1)
    folder = go(settings_of(task, "base", repeat=3), [task], make_tools(cache, engine), tmp_path / "run")
    assert {*Counter(engine.asked).values()} == {3}
    assert {row["repeat"] for row in rows(folder, "answers")} == {0}
    assert Counter(row["repeat"] for row in rows(folder, "repeats")) == {1: 24, 2: 24}
    assert {row["prediction"][-1] for row in rows(folder, "repeats")} == {"2", "3"}
    assert {row["cached"] for name in ("answers", "repeats") for row in rows(folder, name)} == {False}


def test_what_was_asked_again_is_resumed(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    settings = settings_of(task, "base", repeat=2)
    engine = ServedEngine(
        reply, trouble=lambda text, before: before and fails("the kiln stand")(text, before)
    )
    folder = go(settings, [task], make_tools(tmp_path / "cache", engine), tmp_path / "run")
    assert read_manifest(folder).status == "interrupted"
    assert [row["repeat"] for row in rows(folder, "failures")] == [1]
    again = ServedEngine(reply)
    go(settings, [task], make_tools(tmp_path / "cache", again), tmp_path / "run", resume=True)
    assert len(again.asked) == 1
    assert len(rows(folder, "repeats")) == 24
    assert read_manifest(folder).status == "complete"


def test_a_local_model_that_repeats_itself_is_asked_once(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    folder = go(settings_of(task, "base", repeat=3), [task], make_tools(tmp_path / "cache"), tmp_path / "run")
    assert rows(folder, "repeats") == []
