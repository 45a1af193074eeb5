"""What a run keeps of its models' own prices, and what its report makes of them."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from harness.analysis.derive import derive
from harness.analysis.reading import read_run
from harness.analysis.results.money import Cost
from harness.analysis.results.tokens import ByToken
from harness.run.manifest_file import read_manifest
from harness.run.tools import Tools
from harness.spec.models import ModelEntry, TokenPrice
from tests.run.worlds import FallibleEngine, go, make_task, make_tools, settings_of

OPENAI = "https://api.openai.com/v1"


def tools_of(cache: Path, entry: ModelEntry, server: str = OPENAI) -> Tools:
    engine = FallibleEngine()
    billed = "token" if entry.model.startswith("openai:") and entry.usd_per_hour is None else "hour"
    engine.identity = dataclasses.replace(
        engine.identity, sha256=None, dtype=None, device="server", server=server, billed_by=billed
    )
    tools = make_tools(cache, engine)
    return dataclasses.replace(tools, models=(dataclasses.replace(tools.model, entry=entry, trainer=None),))


def run(folder: Path, entry: ModelEntry, server: str = OPENAI) -> Path:
    task = make_task(folder)
    settings = settings_of(task, "base", "rag", latency_queries=3)
    return go(settings, [task], tools_of(folder / "cache", entry, server), folder / "run")


def cost(folder: Path, name: str = "base") -> Cost:
    return derive(read_run(folder)).tasks["workshop"].strategies[name].cost


def test_a_hosted_model_has_the_listed_price_of_the_day_in_its_manifest(tmp_path: Path) -> None:
    folder = run(tmp_path, ModelEntry(model="openai:gpt-4o-mini"))
    base, tuned = read_manifest(folder).model.listed_prices
    assert (base.kind, tuned.kind, base.provider) == ("base", "fine-tuned", "openai")
    assert (base.input_usd_per_mtok, base.output_usd_per_mtok) == (0.15, 0.6)
    paid = cost(folder).hosting
    assert isinstance(paid, ByToken)
    rows = read_run(folder).answers["workshop", "base"]
    wanted = sum(0.15 * row.prompt_tokens + 0.6 * row.completion_tokens for row in rows) / len(rows) / 1e6
    assert paid.query_usd == pytest.approx(wanted)
    assert paid.priced_on is not None
    assert "genai-prices" in str(paid.source)


def test_a_model_that_no_list_knows_costs_nobody_knows_what(tmp_path: Path) -> None:
    folder = run(tmp_path, ModelEntry(model="openai:a-model-of-ours"))
    assert read_manifest(folder).model.listed_prices == ()
    found = cost(folder)
    assert found.per_query_usd is None
    assert "declare usd_per_mtok" in str(found.reason)


def test_what_is_declared_is_kept_and_looked_up_nowhere(tmp_path: Path) -> None:
    entry = ModelEntry(model="openai:gpt-4o-mini", usd_per_mtok=TokenPrice(input=10.0, output=0.0))
    folder = run(tmp_path, entry)
    facts = read_manifest(folder).model
    assert (facts.usd_per_mtok, facts.listed_prices) == (entry.usd_per_mtok, ())
    assert cost(folder).assumptions.source == "declared with the model"


def test_a_server_by_the_hour_is_priced_by_the_pace_of_its_answers(tmp_path: Path) -> None:
    folder = run(
        tmp_path,
        ModelEntry(model="http://gpu.example.com/v1#m", usd_per_hour=3.6),
        "http://gpu.example.com/v1",
    )
    found = cost(folder)
    assert found.hosting is not None
    assert not isinstance(found.hosting, ByToken)
    assert (found.hosting.usd_per_hour, found.hosting.own_price) == (3.6, True)
    assert found.pass_n > 0


def test_any_machine_of_the_list_may_be_named_for_a_server(tmp_path: Path) -> None:
    """What computes behind a server nobody knows, so a GPU's price is no contradiction."""
    task = make_task(tmp_path)
    settings = settings_of(task, "base", "rag", latency_queries=3, machine="g5.xlarge")
    tools = tools_of(tmp_path / "cache", ModelEntry(model="http://localhost:1/v1#m"), "http://localhost:1/v1")
    sheet = read_manifest(go(settings, [task], tools, tmp_path / "run")).price_sheet
    assert sheet is not None
    assert sheet.machine.kind == "cuda"
