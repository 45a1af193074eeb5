"""Every rule of the table is documented in the table's own words, and decides under one expectation."""

from __future__ import annotations

from pathlib import Path

from harness.analysis.regression import exact, slowdown
from harness.analysis.regression.findings import Ruling
from harness.analysis.regression.rules import RULES, Expect, Tier
from tests.analysis.regression.reruns import made_up, pair_of
from tests.analysis.regression.test_exact import ELSEWHERE, FOUND, INDEX, lora, rag, ranked
from tests.analysis.regression.test_losses import AFTER, BEFORE, accuracy
from tests.analysis.regression.test_replies import PRICE, answers, cost, other
from tests.analysis.regression.test_slowdown import latency, times
from tests.snapshots import Snapshots

DOCS = Path(__file__).parents[3] / "docs" / "ci.md"


def test_the_docs_hold_the_table_of_rules() -> None:
    lines = DOCS.read_text(encoding="utf-8").splitlines()
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines if line.startswith("|")
    ]
    documented = {row[1]: row[2].replace("`", "") for row in rows if len(row) == 3}
    assert {f"`{rule.name}`": rule.fails_where for rule in RULES.values()}.items() <= documented.items()


def test_each_tier_decides_under_one_expectation() -> None:
    assert sorted(tier for expect in Expect for tier in expect.deciding) == sorted(Tier)


def test_what_rules_say(tmp_path: Path, snapshots: Snapshots) -> None:
    """One sentence of every kind, to be read by people."""
    folders = (tmp_path / str(number) for number in range(100))
    plain, shown = ranked(*FOUND), {"question": lambda at: {"gold_docs": ["b"]}}
    grown = {"indexes": {"t": {"key": "c" * 64, "documents": 3, "passages": 2}}}
    run = made_up(next(folders), {"base": ["yes"]}, about=INDEX)
    slower, few = times(2.7), {name: seconds[:4] for name, seconds in times(4.0).items()}
    said: dict[str, list[Ruling]] = {
        "model": [exact.model(pair_of(run, run))],
        "adapter": [
            exact.adapter(pair_of(run, run)),
            exact.adapter(lora(next(folders), "x", "y", {})),
            exact.adapter(lora(next(folders), "x", "y", ELSEWHERE)),
            exact.adapter(lora(next(folders), "x", "y", ELSEWHERE, recipe={"rank": 16})),
        ],
        "index": [
            exact.index(pair_of(run, run)),
            exact.index(rag(next(folders), plain, plain, grown)),
            exact.index(
                rag(next(folders), plain, plain, {**grown, "embedder": {"name": "other", "sha256": "5"}})
            ),
        ],
        "retrieved": [
            exact.retrieved(rag(next(folders), plain, plain)),
            exact.retrieved(rag(next(folders), plain, ranked(*FOUND, shown=1))),
        ],
        "recall": [
            exact.recall_at_k(rag(next(folders), plain, plain)),
            exact.recall_at_k(rag(next(folders), ranked(*FOUND[::-1]), plain, **shown)),
        ],
        "prompts": [
            exact.prompts(rag(next(folders), plain, plain)),
            exact.prompts(
                rag(next(folders), plain, ranked(*FOUND, prompt_sha256="1" * 64, prompt_tokens=80))
            ),
            exact.prompts(rag(next(folders), plain, ranked(*FOUND, shown=1))),
        ],
        "answers": [
            answers(next(folders), other(0)),
            answers(next(folders), other(1)),
            answers(next(folders), other(2), ELSEWHERE),
            answers(next(folders), ["", " ", "\n", "", *other(0)[4:]], ELSEWHERE),
            answers(next(folders), other(2), more=lambda _, at: {"cached": True}),
        ],
        "token_cost": [
            cost(next(folders), [], []),
            cost(next(folders), [PRICE], [PRICE]),
            cost(next(folders), [PRICE], [PRICE], prompt_tokens=lambda at: 120),
        ],
        "accuracy": [
            accuracy(next(folders), BEFORE, BEFORE),
            accuracy(next(folders), BEFORE, AFTER),
            accuracy(next(folders), BEFORE, AFTER, question=lambda at: {"cluster": "one"}),
        ],
        "latency": [
            slowdown.latency(pair_of(run, run)),
            latency(next(folders), times(2.0), slower),
            latency(next(folders), {}, slower),
            latency(next(folders), times(2.0), few),
        ],
    }
    lines = [
        f"{rule}: {one.outcome.value}: {one.detail}" for rule, rulings in said.items() for one in rulings
    ]
    snapshots.check("gate_rules.txt", "\n".join(lines) + "\n")
