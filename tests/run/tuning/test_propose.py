"""`--optimise-prompt`: messages proposed from training questions, chosen on dev, kept, resumed, and never twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.engines.engine import AdapterRef, Completion, Request
from harness.errors import InputError, SpendingLimit
from harness.files import sha256_text
from harness.records import ProposalRow
from harness.report.document import task_sections
from harness.run.compare import dry_run
from harness.run.folder import RunFolder
from harness.run.manifest_file import read_manifest
from harness.run.spending import spent_before
from harness.run.tuning.propose import ATTEMPTS, KINDS, Proposer, in_words, message_of, whole
from harness.spec.models import ModelEntry
from harness.spec.system import System
from harness.spec.task import Task, load_task
from tests.fakes import FakeClock, RecordingEngine, ServedEngine
from tests.run.test_estimate import priced
from tests.run.test_forms import LABELS, label_task
from tests.run.worlds import Killed, go, lines, make_task, make_tools, rows, settings_of

ASKS = "Write a better instruction"


def world(tmp_path: Path) -> Task:
    asked = [
        {"id": f"d{n}", "question": f"Does tool number {n} work?", "answers": ["yes"]} for n in range(40)
    ]
    lines(tmp_path / "workshop" / "dev.jsonl", asked)
    task = make_task(tmp_path)
    text = task.path.read_text(encoding="utf-8")
    task.path.write_text(
        text.replace("train.jsonl\n", "train.jsonl\n  dev: workshop/dev.jsonl\n"), encoding="utf-8"
    )
    return load_task(task.path)


def proposing(prompt: str, adapter: AdapterRef | None) -> str:
    """Proposes a message a kind; one of them, "Be firm.", makes every answer right."""
    if ASKS in prompt:
        kind = next(at for at, text in enumerate(KINDS) if text in prompt)
        return "Be firm." if kind == 1 else f"Variant {sha256_text(prompt)[:6]}."
    return "yes" if "Be firm." in prompt else "no"


def run(
    task: Task, tmp_path: Path, *names: str, engine: RecordingEngine | None = None, **options: Any
) -> Path:
    engine = engine or RecordingEngine(proposing)
    return go(
        settings_of(task, *names, **options), [task], make_tools(tmp_path / "cache", engine), tmp_path / "run"
    )


def test_the_best_message_on_dev_is_compared_under_the_strategy_s_name(tmp_path: Path) -> None:
    task = world(tmp_path)
    folder = run(task, tmp_path, "base", "rag", "oracle", "lora", optimise_prompt=3)
    record = read_manifest(folder)
    systems = record.systems_of(task.name)
    for name in ("base", "rag", "oracle"):  # the control follows the system that it explains
        instructions = systems[name].instructions
        assert instructions
        assert instructions.system.startswith("Be firm.")
    assert systems["lora"].instructions is None
    assert systems["base"].bare
    assert {(row.default.name, row.tried) for row in record.tuned} == {("base", 4), ("rag", 4)}
    assert all(row.why == "better" and set(row.settings) == {"prompt.system"} for row in record.tuned)


def test_test_questions_take_no_part_in_proposing(tmp_path: Path) -> None:
    task, engine = world(tmp_path), RecordingEngine(proposing)
    run(task, tmp_path, "base", optimise_prompt=3, engine=engine)
    asked = [text for batch in engine.batches for text in batch if ASKS in text]
    assert len(asked) == 3
    assert any("price of the" in text for text in asked)
    assert not any(question.question in text for text in asked for question in (*task.test, *task.dev))


def test_what_was_proposed_and_tried_is_evidence(tmp_path: Path) -> None:
    folder = run(world(tmp_path), tmp_path, "base", optimise_prompt=2)
    proposed = rows(folder, "proposals")
    assert [row["number"] for row in proposed] == [0, 1]
    assert all(row["proposer"] == "fake" and row["dropped"] is None for row in proposed)
    tried = rows(folder, "tuning")
    assert [row["settings"].get("prompt.system") for row in tried] == [
        None,
        *(row["text"] for row in proposed),
    ]


def test_messages_take_their_places_among_the_settings_of_tune(tmp_path: Path) -> None:
    folder = run(world(tmp_path), tmp_path, "base", "rag", tune=3, optimise_prompt=2)
    named: dict[str, list[str]] = {}
    record = read_manifest(folder)
    names = {row.default.id: row.default.name for row in record.tuned}
    for row in rows(folder, "tuning"):
        named.setdefault(names[row["system"]], []).append(next(iter(row["settings"]), "default"))
    assert named["base"] == ["default", "prompt.system", "prompt.system"]
    first, own, message = named["rag"]
    assert (first, own.partition(".")[0], message) == ("default", "retrieval", "prompt.system")


def test_a_run_that_was_killed_asks_for_no_message_again(tmp_path: Path) -> None:
    task = world(tmp_path)
    settings = settings_of(task, "base", optimise_prompt=3)
    whole_run = run(task, tmp_path / "whole", "base", optimise_prompt=3)

    class Killing(RecordingEngine):
        def complete(
            self, requests: Any, adapter: AdapterRef | None = None, *, job: Any = ()
        ) -> list[Completion]:
            if ASKS not in self.text(requests[0]):
                raise Killed
            return super().complete(requests, adapter, job=job)

    with pytest.raises(Killed):
        go(settings, [task], make_tools(tmp_path / "cache", Killing(proposing)), tmp_path / "run")
    again = RecordingEngine(proposing)
    folder = go(settings, [task], make_tools(tmp_path / "cache", again), tmp_path / "run", resume=True)
    assert not any(ASKS in text for batch in again.batches for text in batch)
    assert [row["text"] for row in rows(folder, "proposals")] == [
        row["text"] for row in rows(whole_run, "proposals")
    ]
    assert read_manifest(folder).systems.keys() == read_manifest(whole_run).systems.keys()


def test_a_plan_asks_for_nothing(tmp_path: Path) -> None:
    task, engine = world(tmp_path), RecordingEngine(proposing)
    settings = settings_of(task, "base", optimise_prompt=3)
    estimate = dry_run(settings, [task], make_tools(tmp_path / "cache", engine), None)
    assert not engine.batches
    assert [(row.system, row.settings, row.requests) for row in estimate.tuning] == [("base", 4, 4 * 40)]


def test_another_model_may_propose(tmp_path: Path) -> None:
    task, engine = world(tmp_path), RecordingEngine(proposing)
    other = RecordingEngine(lambda prompt, _: f"Be firm. {sha256_text(prompt)[:4]}")
    other.identity = replace(other.identity, name="poet")
    tools = make_tools(tmp_path / "cache", engine)
    tools = replace(tools, proposer=replace(tools.model, engine=other))
    folder = go(settings_of(task, "base", optimise_prompt=2), [task], tools, tmp_path / "run")
    assert {row["proposer"] for row in rows(folder, "proposals")} == {"poet"}
    assert len(other.batches) == 1


def test_what_a_server_proposes_is_paid_for_once_and_booked_to_each_search(tmp_path: Path) -> None:
    task = world(tmp_path)
    engine = ServedEngine(lambda prompt, _: "" if KINDS[0] in prompt else proposing(prompt, None))
    settings = settings_of(task, "base", "rag", optimise_prompt=2, max_usd=5.0)
    folder = go(settings, [task], priced(tmp_path / "cache", engine), tmp_path / "run")
    proposed, tried = rows(folder, "proposals"), rows(folder, "tuning")
    assert [row["dropped"] for row in proposed] == ["it is empty", None, None]
    paid = sum(row["usd"] for row in proposed)
    assert all(row["usd"] > 0 for row in proposed)
    assert [row["propose_usd"] for row in tried if row["stage"] == 0] == [None, paid / 2, paid / 2] * 2
    result = derive(read_run(folder)).tasks[task.name]
    for name in ("base", "rag"):
        default = next(row.default.id for row in read_manifest(folder).tuned if row.default.name == name)
        asked = sum(row["usd"] for row in tried if row["system"] == default)
        assert result.effort.tuning[name].usd == pytest.approx(asked + paid)
        assert result.strategies[name].cost.components.tuning_usd == pytest.approx(asked + paid)
    text = str(task_sections(result))
    assert "Request to a server" in text


def test_proposals_count_against_the_limit_and_none_is_paid_for_twice(tmp_path: Path) -> None:
    task, one = world(tmp_path), ServedEngine(lambda prompt, _: proposing(prompt, None))
    settings = settings_of(task, "base", optimise_prompt=3, use_cache=False)
    go(settings, [task], priced(tmp_path / "cache", one), tmp_path / "free")
    first, *_ = rows(tmp_path / "free", "proposals")
    settings = replace(settings, max_usd=first["usd"] + 0.0021)  # 200 tokens may cost $0.002
    with pytest.raises(SpendingLimit, match="--max-usd"):
        go(settings, [task], priced(tmp_path / "cache", one), tmp_path / "run")
    folder = RunFolder(tmp_path / "run", read_manifest(tmp_path / "run"))
    before = len(folder.proposals())
    assert before == 1
    assert spent_before(folder) == pytest.approx(sum(row.usd or 0.0 for row in folder.proposals()))
    again = ServedEngine(lambda prompt, _: proposing(prompt, None))
    go(
        replace(settings, max_usd=5.0), [task], priced(tmp_path / "cache", again), tmp_path / "run", resume=True
    )  # fmt: skip
    assert sum(ASKS in text for text in again.asked) == 3 - before


def test_another_server_that_proposes_is_counted_too_and_refused_without_a_price(tmp_path: Path) -> None:
    task = world(tmp_path)
    tools = make_tools(tmp_path / "cache", RecordingEngine(proposing))
    poet = priced(tmp_path / "cache", ServedEngine(lambda prompt, _: proposing(prompt, None))).model
    settings = settings_of(task, "base", optimise_prompt=2, max_usd=5.0)
    folder = go(settings, [task], replace(tools, proposer=poet), tmp_path / "run")
    assert all(row["usd"] > 0 for row in rows(folder, "proposals"))
    cost = derive(read_run(folder)).tasks[task.name].strategies["base"].cost.components
    assert cost.tuning_usd
    assert cost.tuning_usd > sum(
        row["usd"] for row in rows(folder, "proposals")
    )  # the machine's time as well
    unknown = replace(poet, entry=ModelEntry(model="openai:nobody-knows-it"))
    unknown.engine.identity = replace(unknown.engine.identity, billed_by="token")  # type: ignore[misc]
    with pytest.raises(InputError, match="nothing says what the tokens"):
        go(settings, [task], replace(tools, proposer=unknown), tmp_path / "other")


def test_the_report_shows_what_was_proposed_and_what_was_taken(tmp_path: Path) -> None:
    task = world(tmp_path)
    result = derive(read_run(run(task, tmp_path, "base", optimise_prompt=3))).tasks[task.name]
    (section,) = (part for part in task_sections(result) if part.title == "System messages")
    assert "base is asked with: Be firm." in str(section)
    assert len(result.effort.proposals) == 3
    assert result.effort.budget == 4


# Proposing


def proposed(task: Task, replies: Any, count: int) -> list[ProposalRow]:
    engine = RecordingEngine(replies, FakeClock())
    kept: list[ProposalRow] = []
    rows = Proposer(task, None, engine, 0, engine.clock).propose(count, [], kept.append)
    assert kept == rows
    return rows


def test_messages_that_say_the_same_or_nothing_are_asked_for_again_but_not_for_ever(tmp_path: Path) -> None:
    task = make_task(tmp_path)
    found = proposed(task, lambda *_: "Be  BRIEF.", 2)
    assert [row.dropped for row in found] == [None, *["it says what another one says"] * (2 * ATTEMPTS - 1)]
    assert in_words(found) == (
        "1 system message, proposed by fake; not tried: 5, as it says what another one says"
    )
    assert {row.dropped for row in proposed(task, lambda *_: ' "" ', 1)} == {"it is empty"}
    assert {row.dropped for row in proposed(task, lambda *_: "on " * 300, 1)} == {
        "it is longer than 200 tokens"
    }


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ("Be brief.", "Be brief."),
        ('"Be brief."', "Be brief."),
        ("Instruction: Be brief.", "Be brief."),
        ("```\nBe brief.\n```", "Be brief."),
        ('Say "yes" or "no"', 'Say "yes" or "no"'),
        ("", ""),
    ],
)
def test_a_message_is_taken_out_of_what_stands_around_it(reply: str, message: str) -> None:
    assert message_of(reply) == message


def test_labels_and_the_refusal_are_added_where_a_message_leaves_them_out(tmp_path: Path) -> None:
    intents, workshop = label_task(tmp_path / "a"), make_task(tmp_path / "b")
    listed = f"Pick one of {', '.join(LABELS)}."
    assert whole(intents, listed) == listed
    assert whole(intents, "Pick one.").endswith("Reply with one of: cancel, cancel an order, pay.")
    assert whole(workshop, "Be brief.").endswith("reply: unknown")
    assert whole(workshop, "") == ""


def test_a_message_is_part_of_what_a_system_is(tmp_path: Path) -> None:
    from harness.spec.space import changed

    task = make_task(tmp_path)
    from tests.run.worlds import context_of, system

    plain: System = system(task, "rag")
    own = changed(plain, {"prompt.system": "Be firm."})
    assert own.id != plain.id
    assert (own.name, own.kinds) == (plain.name, plain.kinds)
    context = context_of(task, tmp_path)
    (prompt,) = context.prompts(own, task.test[:1])
    assert isinstance(prompt.request, Request)
    assert prompt.request.prompt[0].content == "Be firm."  # type: ignore[union-attr]
