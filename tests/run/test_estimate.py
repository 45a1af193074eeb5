"""What a run will cost, before its first request; and a limit that it does not pass, however many requests are out."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.engines.engine import Completion, Usage
from harness.errors import InputError, NoAnswer, SpendingLimit
from harness.records import ApiPrice, PriceTier
from harness.report.planned import blocks
from harness.report.view import Table
from harness.run.compare import dry_run
from harness.run.counts import read_tokens
from harness.run.estimate import Estimate
from harness.run.folder import RunFolder
from harness.run.manifest_file import read_manifest
from harness.run.settings import Settings
from harness.run.spending import Spending, spent_before, usd
from harness.run.tools import Tools
from harness.spec.models import ModelEntry, TokenPrice
from tests.fakes import RecordingEngine, ServedEngine, Silent
from tests.run.worlds import go, make_task, make_tools, reply, rows, settings_of

PRICE = TokenPrice(input=1.0, output=10.0)
"""A dollar a million tokens read, ten a million written."""


def priced(cache: Path, engine: RecordingEngine, price: TokenPrice | None = PRICE) -> Tools:
    tools = make_tools(cache, engine)
    entry = ModelEntry(model="http://127.0.0.1:1/v1#served", usd_per_mtok=price)
    return replace(tools, models=(replace(tools.models[0], entry=entry),))


def texts_of(engine: RecordingEngine, settings: Settings, task: Any, cache: Path, place: Path) -> list[str]:
    """The prompts of a run, as a run without a limit asks them."""
    go(settings, [task], priced(cache, engine), place)
    return engine.asked if isinstance(engine, ServedEngine) else []


# The price of a request


def test_the_prices_of_tokens_by_hand() -> None:
    """700 fresh tokens at $2, 300 cached at $0.50 and 100 written at $8 a million, and half a cent a request."""
    price = ApiPrice(
        asked="m", model="m", provider="p", kind="base", input_usd_per_mtok=2.0, output_usd_per_mtok=8.0,
        cached_usd_per_mtok=0.5, per_request_usd=0.005,
        tiers=(PriceTier(above_prompt_tokens=2000, input_usd_per_mtok=4.0, output_usd_per_mtok=16.0),),
    )  # fmt: skip
    assert usd(price, 1000, 100, 300) == pytest.approx((700 * 2 + 300 * 0.5 + 100 * 8) / 1e6 + 0.005)
    assert usd(price, 3000, 100) == pytest.approx((3000 * 4 + 100 * 16) / 1e6 + 0.005)


# The plan


def test_a_plan_counts_what_would_be_asked_and_writes_nothing(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    settings = settings_of(task, "base", "rag", repeat=2, latency_queries=5)
    engine = ServedEngine(reply)
    planned = dry_run(settings, [task], priced(tmp_path / "cache", engine), None)
    assert planned.jobs[0].longest_prompt < planned.jobs[1].longest_prompt, "passages make prompts longer"
    assert engine.asked == engine.timed == []
    assert not (tmp_path / "run").exists()
    assert [(row.system, row.questions, row.known, row.requests) for row in planned.jobs] == [
        ("base", 24, 0, 24 * 2 + 5 * 2),
        ("rag", 24, 0, 24 * 2 + 5 * 2),
    ]
    base = planned.jobs[0]
    assert base.completion_most == base.requests * 8, "the task allows 8 tokens"
    assert base.usd_least == pytest.approx(base.prompt_tokens / 1e6)
    assert base.usd_most == pytest.approx((base.prompt_tokens + 10 * base.completion_most) / 1e6)
    assert (base.usd_expected, base.completion_expected, base.seconds) == (None, None, None)
    assert planned.usd_most == pytest.approx(sum(row.usd_most or 0 for row in planned.jobs))


def test_what_is_known_is_not_asked_and_says_what_to_expect(tmp_path: Path) -> None:
    """Each reply has one token of the eight."""
    task, cache = make_task(tmp_path), tmp_path / "cache"
    go(settings_of(task, "base", limit=10), [task], priced(cache, ServedEngine(reply)), tmp_path / "run")
    planned = dry_run(settings_of(task, "base"), [task], priced(cache, ServedEngine(reply)), None)
    (base,) = planned.jobs
    assert (base.known, base.requests) == (10, 14)
    assert base.completion_expected == 14
    assert base.usd_expected == pytest.approx((base.prompt_tokens + 10 * 14) / 1e6)


def test_a_stopped_run_is_planned_as_what_is_left_of_it(tmp_path: Path) -> None:
    task, cache = make_task(tmp_path), tmp_path / "cache"
    settings = settings_of(task, "base", use_cache=False)

    def trouble(text: str, before: int) -> None:
        if "the kiln" in text:
            raise NoAnswer("HTTP 500")

    go(settings, [task], priced(cache, ServedEngine(reply, trouble=trouble)), tmp_path / "run")
    before = {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()}
    planned = dry_run(settings, [task], priced(cache, ServedEngine(reply)), tmp_path / "run")
    assert {path.name: path.read_bytes() for path in (tmp_path / "run").iterdir()} == before
    (base,) = planned.jobs
    assert (base.known, base.requests) == (21, 3)
    assert base.seconds is not None, "the rate of what it answered is known"
    assert planned.usd_spent > 0


def test_what_does_not_apply_is_named_in_the_plan(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    planned = dry_run(
        settings_of(task, "base", "lora", "lora+rag"),
        [task],
        priced(tmp_path / "cache", ServedEngine(reply)),
        None,
    )
    assert [row.system for row in planned.jobs] == ["base"]
    said = "\n".join(block for block in blocks(planned) if isinstance(block, str))
    assert (
        "Not applicable: workshop · lora and lora+rag: training behind a server is not possible here" in said
    )


def headers(planned: Estimate) -> tuple[str, ...]:
    (table,) = (block for block in blocks(planned) if isinstance(block, Table))
    assert len(set(table.headers)) == len(table.headers)
    return table.headers


def test_a_plan_has_columns_of_what_is_known_and_each_its_own_name(tmp_path: Path) -> None:
    task, cache = make_task(tmp_path), tmp_path / "cache"
    settings = settings_of(task, "base", limit=10)
    served = headers(dry_run(settings, [task], priced(cache, ServedEngine(reply)), None))
    assert served[-3:] == ("Dollars, at most", "Dollars, expected", "Answers in")
    assert "Answer tokens, expected" not in served, "nothing was answered yet"
    go(settings, [task], priced(cache, ServedEngine(reply)), tmp_path / "run")
    known = headers(dry_run(settings_of(task, "base"), [task], priced(cache, ServedEngine(reply)), None))
    assert "Answer tokens, expected" in known


def test_a_local_model_has_requests_and_tokens_but_no_dollars(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    planned = dry_run(settings_of(task, "base"), [task], make_tools(tmp_path / "cache"), None)
    (base,) = planned.jobs
    assert not [header for header in headers(planned) if "Dollars" in header]
    assert (base.served, base.requests, base.usd_most) == (False, 24, None)
    assert base.prompt_tokens > 0
    assert planned.usd_most is None


def test_servers_are_told_of_before_the_first_request(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    tools = priced(tmp_path / "cache", ServedEngine(reply))
    go(settings_of(task, "base"), [task], tools, tmp_path / "run")
    assert isinstance(tools.progress, Silent)
    (told,) = [note for note in tools.progress.notes if "servers are sent" in note]
    assert "24 requests" in told
    assert "at most $" in told


# The limit


def test_a_limit_that_the_prompts_alone_pass_is_refused_before_the_first_request(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    engine = ServedEngine(reply)
    settings = settings_of(task, "base", max_usd=1e-6)
    with pytest.raises(InputError, match="--max-usd 1e-06 does not reach: the prompts alone cost"):
        go(settings, [task], priced(tmp_path / "cache", engine), tmp_path / "run")
    assert engine.asked == []


def test_a_server_without_a_price_cannot_be_held_to_a_limit(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    engine = ServedEngine(reply)
    engine.identity = replace(engine.identity, billed_by="token")
    with pytest.raises(InputError, match="nothing says what the tokens of served cost"):
        go(
            settings_of(task, "base", max_usd=1.0),
            [task],
            priced(tmp_path / "cache", engine, None),
            tmp_path / "run",
        )
    assert engine.asked == []


@pytest.mark.parametrize("concurrency", [1, 4, 16])
def test_a_run_stops_before_a_request_that_could_pass_the_limit_and_goes_on_with_more(
    tmp_path: Path, concurrency: int
) -> None:
    task = make_task(tmp_path)
    free = settings_of(task, "base", use_cache=False)
    whole = dry_run(free, [task], priced(tmp_path / "cache", ServedEngine(reply)), None)
    limit = (whole.usd_least or 0) * 1.2
    settings = replace(free, max_usd=limit)
    engine = ServedEngine(reply, concurrency=concurrency)
    with pytest.raises(
        SpendingLimit, match=r"stopped: the next request may cost .* go on with: harness compare"
    ):
        go(settings, [task], priced(tmp_path / "cache", engine), tmp_path / "run")
    assert read_manifest(tmp_path / "run").status == "interrupted"
    answered = rows(tmp_path / "run", "answers")
    assert 0 < len(answered) < 24
    assert len(answered) == len(engine.answered), "whatever was paid for is kept"
    spent = spent_before(RunFolder(tmp_path / "run", read_manifest(tmp_path / "run")))
    assert spent == pytest.approx(
        sum(row["prompt_tokens"] + 10 * row["completion_tokens"] for row in answered) / 1e6
    )
    assert 0 < spent <= limit
    with pytest.raises(SpendingLimit):
        go(settings, [task], priced(tmp_path / "cache", ServedEngine(reply)), tmp_path / "run", resume=True)
    again = ServedEngine(reply, concurrency=concurrency)
    left = 24 - len(rows(tmp_path / "run", "answers"))
    go(
        replace(settings, max_usd=1.0),
        [task],
        priced(tmp_path / "cache", again),
        tmp_path / "run",
        resume=True,
    )
    assert len(again.asked) == left
    assert read_manifest(tmp_path / "run").status == "complete"


def test_a_request_that_was_sent_several_times_counts_as_often(tmp_path: Path) -> None:
    class Retrying(ServedEngine):
        def _counted(self, completion: Completion, text: str, cached: int) -> Completion:
            return replace(completion, usage=Usage(100, 0, attempts=3))

    task = make_task(tmp_path)
    tools = priced(tmp_path / "cache", Retrying(reply))
    folder = go(settings_of(task, "base", use_cache=False), [task], tools, tmp_path / "run")
    assert spent_before(RunFolder(folder, read_manifest(folder))) == pytest.approx(24 * 3 * (100 + 10) / 1e6)


def test_a_request_waits_where_what_is_on_its_way_may_leave_enough() -> None:
    """Two requests of at most 6 under a limit of 10: the second waits, and goes when the first has cost 2."""
    spending = Spending(10.0)
    began, done = threading.Event(), threading.Event()

    def second() -> None:
        began.set()
        with spending.hold(6.0) as cost:
            cost.append(1.0)
        done.set()

    with spending.hold(6.0) as cost:
        thread = threading.Thread(target=second)
        thread.start()
        assert began.wait(30)
        assert not done.is_set()
        cost.append(2.0)
    thread.join(30)
    assert done.is_set()
    assert spending.spent == 3.0
    with (
        pytest.raises(SpendingLimit, match=r"may cost \$8\.00, and \$3\.00 of the \$10\.00"),
        spending.hold(8.0),
    ):
        pass


def test_options_are_read_with_the_prompt_each() -> None:
    from harness.engines.engine import Continuation, Wanted

    wanted = Wanted(continuations=(Continuation("a"), Continuation("b")))
    assert read_tokens(wanted, 100, 103) == 206
