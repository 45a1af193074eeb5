"""What a model's own hours or tokens cost: by hand, from the tokens that a server counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from harness.analysis.answers import Answers
from harness.analysis.decision.requirements.table import Requirements
from harness.analysis.derive import derive
from harness.analysis.money.economics import CostInputs
from harness.analysis.money.serving import billed_usd, serving_of
from harness.analysis.reading import read_run
from harness.analysis.results.requirements import Met
from harness.analysis.results.run import TaskResult
from harness.analysis.results.tokens import ByToken
from harness.records import AnswerRow, ApiPrice
from harness.report import costs, per_query
from harness.run.facts import ModelFacts
from harness.spec.models import TokenPrice
from harness.spec.tariff import Tariff
from tests.analysis.decided import MODELS, elected
from tests.analysis.runs import answer
from tests.analysis.written import answer_row

RIGHT = {"base@small": 0.1, "lora@small": 0.62, "base@large": 0.5, "base@hosted": 0.6}
SERVER = "https://gpu.example.com/v1"


def row(prompt: int = 1_000, completion: int = 50, cached: int | None = None, attempts: int = 1) -> AnswerRow:
    more = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "cached_tokens": cached,
        "attempts": attempts,
    }
    return answer_row(answer("facts", "base", "q1", "Paris", **more))


ONE = Answers.of([row()])


def token_facts(**more: Any) -> ModelFacts:
    facts: dict[str, Any] = {"usd_per_mtok": TokenPrice(input=2.0, output=8.0, cached=0.5), **more}
    return ModelFacts(name="giant", server=SERVER, billed_by="token", **facts)


def price(**more: Any) -> ApiPrice:
    found = token_facts(**more).token_price()
    assert found is not None
    return found


def test_uncached_and_cached_tokens_and_the_completion_have_a_price_each() -> None:
    """600 at $2, 400 at $0.50 and 50 at $8 a million; thoughts are tokens of the completion already."""
    assert billed_usd(price(), Answers.of([row(cached=400)])) == pytest.approx([(1_200 + 200 + 400) / 1e6])
    assert billed_usd(price(), ONE) == pytest.approx([(2_000 + 400) / 1e6]), "nobody said that any was cached"


def test_without_a_price_of_cached_tokens_they_cost_what_others_do() -> None:
    dear = price(usd_per_mtok=TokenPrice(input=2.0, output=8.0))
    assert billed_usd(dear, Answers.of([row(cached=400)])) == pytest.approx([2_400 / 1e6])


def test_each_attempt_is_paid_for() -> None:
    assert billed_usd(price(), Answers.of([row(attempts=3)])) == pytest.approx([3 * 2_400 / 1e6])


def test_a_query_costs_the_mean_of_the_answers_with_its_interval() -> None:
    rows = Answers.of(row(prompt=1_000 + 100 * i, attempts=1 + (i == 0)) for i in range(10))
    serving = serving_of(token_facts(), rows, adapted=False)
    assert serving is not None
    assert serving.tokens is not None
    usd = [(2 * (1_000 + 100 * i) + 400) / 1e6 * (2 if i == 0 else 1) for i in range(10)]
    assert serving.tokens.query_usd == pytest.approx(sum(usd) / 10)
    wanted = stats.t.interval(0.95, 9, sum(usd) / 10, stats.sem(usd))
    assert serving.tokens.query_ci_usd == pytest.approx([float(end) for end in wanted])
    assert (serving.tokens.n, serving.tokens.retried) == (10, 1)
    assert serving.tokens.prompt_usd + serving.tokens.completion_usd == pytest.approx(
        serving.tokens.query_usd
    )


def listed(kind: str, usd: float | None, reason: str | None = None) -> ApiPrice:
    return ApiPrice(
        asked="openai:giant", model="giant", provider="openai", kind=kind,  # type: ignore[arg-type]
        input_usd_per_mtok=usd, output_usd_per_mtok=usd, priced_on="2026-01-01", source="a list", reason=reason,
    )  # fmt: skip


def test_what_is_declared_comes_before_what_is_listed() -> None:
    prices = (listed("base", 1.0), listed("fine-tuned", 3.0))
    facts = token_facts(listed_prices=prices)
    assert price(listed_prices=prices).source == "declared with the model"
    facts = token_facts(usd_per_mtok=None, listed_prices=prices)
    plain, tuned = (facts.token_price(adapted=adapted) for adapted in (False, True))
    assert plain is not None
    assert tuned is not None
    assert (plain.input_usd_per_mtok, tuned.input_usd_per_mtok) == (1.0, 3.0)
    serving = serving_of(facts, ONE, adapted=False)
    assert serving is not None
    assert serving.origin().priced_on == "2026-01-01"


def test_where_nobody_knows_a_price_the_report_says_how_to_declare_one() -> None:
    unlisted = serving_of(token_facts(usd_per_mtok=None), ONE, adapted=False)
    assert unlisted is not None
    assert unlisted.unknown == (
        "no list has a price of the tokens of giant; declare usd_per_mtok with input and output in the models file "
        "(--models)"
    )
    remote = serving_of(ModelFacts(name="big", server=SERVER), ONE, adapted=False)
    assert remote is not None
    assert remote.unknown is not None
    assert "declare usd_per_hour, or usd_per_mtok" in remote.unknown


@pytest.mark.parametrize("server", ["http://localhost:8000/v1", "http://127.0.0.1:1/v1", None])
def test_a_server_on_this_machine_is_the_runs_machine(server: str | None) -> None:
    assert serving_of(ModelFacts(name="tiny", server=server), ONE, adapted=False) is None


def test_servers_of_which_one_is_elsewhere_are_not_the_runs_machine() -> None:
    here, there = "http://localhost:8000/v1", "http://10.0.0.7:8000/v1"
    assert serving_of(ModelFacts(name="tiny", server=here, endpoints=(here,)), ONE, adapted=False) is None
    spread = serving_of(ModelFacts(name="tiny", server=here, endpoints=(there,)), ONE, adapted=False)
    assert spread is not None
    assert spread.unknown is not None


def test_an_hour_that_is_declared_makes_a_hosted_model_one_of_hours() -> None:
    facts = ModelFacts(name="big", server=SERVER, billed_by="token", usd_per_hour=4.0)
    serving = serving_of(facts, ONE, adapted=False)
    assert serving is not None
    assert (serving.usd_per_hour, serving.tokens) == (4.0, None)


# In a run: $3.60 an hour for the small model's machine, $7.20 for the large one's server, tokens for the hosted one


def task(
    folder: Path, inputs: CostInputs | None = None, needs: Requirements | None = None, **about: Any
) -> TaskResult:
    passed = {"batch": 0, "questions": 120, "completion_tokens": 600, "wall_s": 24.0}
    batches = [{"task": "facts", "strategy": "base@large", **passed}]
    run = elected(folder, {"facts": ("knowledge", RIGHT)}, batches=batches, **{**MODELS, **about})
    return derive(read_run(run), inputs=inputs, needs=needs).tasks["facts"]


def usd_of_a_query(found: TaskResult) -> dict[str, float | None]:
    return {name: row.cost.per_query_usd for name, row in found.strategies.items()}


def test_each_system_is_paid_for_by_its_models_own_tariff(tmp_path: Path) -> None:
    """Shared machines, half used. The server answered 120 questions in 24 s, so one takes it 0.2 s."""
    found = task(tmp_path)
    assert usd_of_a_query(found) == pytest.approx({
        "base@small": 1.0 * 3.6 / 3600 / 0.5, "lora@small": 1.0 * 3.6 / 3600 / 0.5,
        "base@large": 0.2 * 7.2 / 3600 / 0.5, "base@hosted": (100 * 2 + 5 * 8) / 1e6,
    })  # fmt: skip
    large, hosted = (found.strategies[name].cost for name in ("base@large", "base@hosted"))
    assert (large.pass_n, large.per_query_ci_usd, large.per_query_ci_reason) == (
        120,
        None,
        "one pass of 120 answers",
    )
    assert isinstance(hosted.hosting, ByToken)
    (month,) = [
        total for total in found.cost_totals
        if (total.strategy, total.monthly_queries) == ("base@hosted", 100_000)
    ]  # fmt: skip
    assert month.monthly_usd == pytest.approx(100_000 * 0.00024 + 5 / 12), "an evaluation of $5, over a year"
    assert month.machines is None


def test_a_cold_start_loads_the_model_that_answers(tmp_path: Path) -> None:
    """2.5 s for the first model; nobody knows how long the server's takes, and it is left out."""
    found = task(tmp_path)
    loads = {name: getattr(row.cost.hosting, "load_s", None) for name, row in found.strategies.items()}
    assert loads == {"base@small": 2.5, "lora@small": 2.5, "base@large": 0.0, "base@hosted": None}


def test_the_price_of_a_machine_hour_is_not_that_of_other_models(tmp_path: Path) -> None:
    dear = CostInputs(usd_per_hour=36.0, tariff=Tariff.SHARED)
    before, after = (
        usd_of_a_query(task(tmp_path / str(at), at)) for at in (CostInputs(tariff=Tariff.SHARED), dear)
    )
    assert {name: after[name] == before[name] for name in RIGHT} == {
        "base@small": False, "lora@small": False, "base@large": True, "base@hosted": True,
    }  # fmt: skip


def test_machines_kept_up_against_tokens(tmp_path: Path) -> None:
    """$2,592 a machine of 720 hours, which at a peak of twice the mean answers 1,296,000 queries of a second: $0.002
    each, never as cheap as $0.00024 by the token.
    """
    kept = Requirements(tariff=Tariff.KEPT_UP, given=frozenset({"tariff"}))
    found = task(tmp_path, needs=kept)
    rows = {(one.a, one.b): one for one in found.decision.break_even if one.cycles == 3}
    assert rows["lora@small", "base@hosted"].monthly_queries is None
    assert "$0.00024 a query by the token" in rows["lora@small", "base@hosted"].sentence
    large = rows["base@large", "base@hosted"]  # $5,184 a machine, of 6,480,000 queries of 0.2 s
    assert large.monthly_queries is None
    cheap = task(tmp_path / "dear", CostInputs(token_factor=10.0), kept)
    (large,) = [
        one for one in cheap.decision.break_even
        if (one.a, one.b, one.cycles) == ("base@large", "base@hosted", 3)
    ]  # fmt: skip
    assert large.monthly_queries == pytest.approx(5_184 / 0.0024), (
        "one server, against ten times the price of tokens"
    )


def test_what_must_stay_in_house_rules_out_a_service_and_not_a_private_server(tmp_path: Path) -> None:
    found = task(
        tmp_path, needs=Requirements(in_house=True, max_memory_gb=1.0, given=frozenset({"in_house"}))
    )
    met = {
        name: {outcome.requirement: outcome.status for outcome in row.requirements}
        for name, row in found.decision.candidates.items()
    }
    assert met["base@hosted"] == {"in_house": Met.MISSED, "max_memory_gb": Met.MET}
    assert met["base@large"]["in_house"] is Met.MET, "10.0.0.7 is a private address"
    assert met["base@small"]["in_house"] is Met.MET
    assert met["base@large"]["max_memory_gb"] is Met.UNKNOWN, "nobody said how large its weights are"


@pytest.mark.parametrize("public", [{"server": SERVER}, {"endpoints": [SERVER]}])
def test_one_server_in_public_takes_data_out_of_the_house(tmp_path: Path, public: dict[str, Any]) -> None:
    large, hosted = MODELS["other_models"]
    models = [{**large, **public}, hosted]
    found = task(tmp_path / "public", needs=Requirements(in_house=True), other_models=models)
    (outcome,) = found.decision.candidates["base@large"].requirements
    assert outcome.status is Met.MISSED


def test_the_report_says_how_each_is_paid_for(tmp_path: Path) -> None:
    found = task(tmp_path)
    assert (
        per_query.basis(found)
        == "at 10,000 queries a month with shared machines, by the token for base@hosted"
    )
    cells = {name: per_query.per_thousand(row) for name, row in found.strategies.items()}
    assert cells["base@large"] == "$0.80 (one pass of 120)"
    assert cells["base@hosted"] == "$0.24"
    lead = next(block for block in costs.task_blocks(found) if isinstance(block, str))
    assert "the seconds of base@large are those of its answer pass" in lead


def test_the_price_of_tokens_is_an_input_that_may_move(tmp_path: Path) -> None:
    (change,) = [one for one in task(tmp_path).decision.would_change if one.input == "token_factor"]
    assert change.text.startswith("The price of tokens (now as in this run): ")
