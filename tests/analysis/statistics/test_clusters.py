"""Which questions hang together, and the variance and degrees of freedom that are left, against matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.analysis.results.figures import Clusters
from harness.analysis.statistics.clusters import Design, cluster_ids, repeats
from harness.records import Question


def question(name: str, *gold: str, fact: str | None = None, cluster: str | None = None) -> Question:
    return Question(name, f"{name}?", ("yes",), gold_docs=gold, fact_id=fact, cluster=cluster)


def parts(*questions: Question, documents: int | None = 9) -> set[frozenset[str]]:
    ids = cluster_ids({q.id: q for q in questions}, documents)
    return {frozenset(name for name in ids if ids[name] == cluster) for cluster in ids.values()}


def sets(*groups: str) -> set[frozenset[str]]:
    return {frozenset(group) for group in groups}


def test_a_shared_gold_document_ties_questions_and_a_missing_one_does_not() -> None:
    found = parts(question("a", "x"), question("b", "x"), question("c", "y"), question("d"), question("e"))
    assert found == sets("ab", "c", "d", "e")


def test_the_same_question_under_several_ids_is_one() -> None:
    """However it is spelled, whatever its cluster; over other choices it is another question."""
    asked = [
        Question("a", "How long may a drill be kept?", ("14 days",), cluster="one"),
        Question("b", "how long may the drill be  kept", ("14 days",), cluster="two"),
        Question("c", "How long may a saw be kept?", ("14 days",)),
        Question("d", "How long may a drill be kept?", ("14 days",), choices=("14 days", "a week")),
    ]
    assert parts(*asked) == sets("ab", "c", "d")
    assert repeats({q.id: q for q in asked}) == (("a", "b"),)
    facts = Design.of([*cluster_ids({q.id: q for q in asked}).values()]).facts([["a", "b"]])
    assert (facts.clusters, facts.repeated, facts.repeated_example) == (3, 1, ("a", "b"))


def test_questions_are_tied_by_way_of_a_third() -> None:
    assert parts(question("a", "x"), question("b", "y"), question("c", "x", "y")) == sets("abc")


def test_a_shared_fact_ties_questions_without_documents() -> None:
    assert parts(question("a", fact="f"), question("b", fact="f"), question("c", fact="g")) == sets("ab", "c")


def test_a_cluster_of_its_own_overrides_documents_and_facts() -> None:
    tied = [question(name, "x", fact="f", cluster=name) for name in "ab"]
    assert parts(*tied) == sets("a", "b")
    assert parts(question("a", "x", cluster="k"), question("b", "y", cluster="k")) == sets("ab")


def test_a_cluster_may_be_named_like_a_document_or_a_question() -> None:
    assert parts(question("a", "b"), question("b", cluster="b"), question("c", fact="b")) == sets(
        "a", "b", "c"
    )


def test_the_only_document_of_a_corpus_ties_nothing() -> None:
    asked = (question("a", "x"), question("b", "x"))
    assert parts(*asked, documents=1) == sets("a", "b")
    assert parts(*asked, documents=2) == parts(*asked, documents=None) == sets("ab")


def test_a_long_chain_of_documents_is_one_cluster() -> None:
    chain = [question(f"q{i}", f"d{i}", f"d{i + 1}") for i in range(3000)]
    assert len(parts(*chain)) == 1


labels = st.lists(st.integers(0, 6), min_size=2, max_size=30).filter(lambda found: len(set(found)) > 1)


@settings(deadline=None)
@given(labels)
def test_variance_and_degrees_are_those_of_the_matrices(clusters: list[int]) -> None:
    """CR2 and its degrees of freedom as Bell and McCaffrey (2002) and Imbens and Kolesár (2016) write them."""
    n, design = len(clusters), Design.of(clusters)
    values = np.random.default_rng(n).random(n)
    residuals = values - values.mean()
    groups = [np.flatnonzero(np.array(clusters) == name) for name in dict.fromkeys(clusters)]
    annihilator = np.eye(n) - 1 / n
    meat, columns = 0.0, []
    for group in groups:
        hat = np.full((len(group), len(group)), 1 / n)
        eigen, vectors = np.linalg.eigh(np.eye(len(group)) - hat)
        root = vectors @ np.diag(eigen**-0.5) @ vectors.T
        meat += float(np.ones(len(group)) @ root @ residuals[group]) ** 2
        columns.append(annihilator[:, group] @ root @ np.ones(len(group)))
    inner = np.array(columns) @ np.array(columns).T
    assert float(design.variance(values)) == pytest.approx(meat / n**2)
    assert design.degrees == pytest.approx(np.trace(inner) ** 2 / np.trace(inner @ inner))


def test_equal_clusters_agree_with_statsmodels() -> None:
    """Its cluster-robust variance is the uncorrected one: short of the factor G / (G − 1)."""
    import statsmodels.api as sm

    clusters = [i % 6 for i in range(30)]
    values = np.random.default_rng(1).random(30)
    fit = sm.OLS(values, np.ones(30)).fit(
        cov_type="cluster", cov_kwds={"groups": np.array(clusters), "use_correction": False}
    )
    design = Design.of(clusters)
    assert float(design.variance(values)) == pytest.approx(float(fit.cov_params()[0, 0]) * 6 / 5)
    assert (design.degrees, design.effective) == (pytest.approx(5), pytest.approx(6))


def test_independent_questions_have_the_usual_variance() -> None:
    values = np.array([0.0, 1.0, 0.25, 1.0])
    design = Design.of("abcd")
    assert not design.clustered
    assert float(design.variance(values)) == pytest.approx(values.var(ddof=1) / 4)
    assert (design.degrees, design.effective) == (pytest.approx(3), pytest.approx(4))


def test_rows_of_scores_are_judged_side_by_side() -> None:
    design = Design.of("abacb")
    values = np.random.default_rng(2).random((3, 5))
    assert design.sums(values)[1] == pytest.approx(design.sums(values[1]))
    assert design.sums(values[0]) == pytest.approx(
        [values[0, [0, 2]].sum(), values[0, [1, 4]].sum(), values[0, 3]]
    )
    assert design.variance(values)[2] == pytest.approx(float(design.variance(values[2])))


def test_facts() -> None:
    assert Design.of("aab").facts() == Clusters(questions=3, clusters=2, largest=2, effective=1.8)
    assert Design.of("").facts() == Clusters(questions=0, clusters=0, largest=0, effective=0.0)
