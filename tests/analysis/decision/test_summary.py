"""What is said over all tasks of a run."""

from __future__ import annotations

import json
from dataclasses import asdict

from harness.analysis.decision.summary import summary
from tests.analysis.decision.worlds import (
    BASE,
    FEW,
    LORA,
    MIXED,
    RAG,
    decided,
)


def test_the_summary_keeps_kinds_apart() -> None:
    decisions = {
        "facts": decided([BASE, RAG]),
        "manners": decided([BASE, LORA], probes="behaviour"),
        "few": decided(FEW, probes="general"),
    }
    found = summary(decisions, {"facts": "knowledge", "manners": "behaviour", "few": "general"})
    assert {kind: list(rows) for kind, rows in found.by_kind.items()} == {
        "knowledge": ["facts"], "behaviour": ["manners"], "general": ["few"],
    }  # fmt: skip
    assert found.sentences[:3] == (
        "Recommended for knowledge tasks: rag on facts.",
        "Recommended for behaviour tasks: lora on manners.",
        "Nothing is recommended on few.",
    )
    assert "No one strategy" in found.sentences[3]
    assert "accuracy" not in json.dumps(asdict(found))


def test_the_summary_names_the_best_of_those_that_could_be_judged() -> None:
    judged = decided([BASE, RAG, MIXED], excluded={"lora+rag": "it was never trained"})
    found = summary({"facts": decided([BASE, RAG]), "more": judged}, dict.fromkeys(["facts", "more"]))
    assert found.sentences == (
        "Recommended for other tasks: rag on facts.",
        "Best of those that could be judged: rag on more.",
    )


def test_the_summary_speaks_of_these_tasks_and_of_no_kind() -> None:
    """Two knowledge tasks, one of them open: nothing is said of knowledge tasks in general."""
    one, few = decided([BASE, RAG]), decided(FEW)
    assert (
        len(summary({"facts": one, "few": few}, dict.fromkeys(["facts", "few"], "knowledge")).sentences) == 2
    )
    both = summary({"facts": one, "more": one}, {"facts": "knowledge", "more": "general"})
    assert both.sentences[-1].startswith("It is the same strategy on every task of this run")
