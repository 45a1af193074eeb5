"""Which questions hang together, and what that leaves of their number.

Questions about one document are right or wrong together: retrieval finds it for all of them or for none. Counting
them as independent makes every interval too narrow. So questions that share a cluster are one draw.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from harness.analysis.results.figures import Clusters
from harness.records import Question
from harness.spec.questions import same_words

Floats = NDArray[np.float64]


class Clustering(dict[str, str]):
    """Question id → name of its cluster. Nobody changes it, so the design of the same questions is made once."""

    @cached_property
    def designs(self) -> dict[tuple[str, ...], Design]:
        return {}


def design_of(clusters: Mapping[str, str], questions: Iterable[str]) -> Design:
    """How these questions fall into clusters, in this order; one that has no cluster stands alone."""
    ids = tuple(questions)
    known: dict[tuple[str, ...], Design] = clusters.designs if isinstance(clusters, Clustering) else {}
    if ids not in known:
        known[ids] = Design.of([clusters.get(name, name) for name in ids])
    return known[ids]


def cluster_ids(questions: Mapping[str, Question], documents: int | None = None) -> Clustering:
    """Question id → name of its cluster.

    The same question under several ids is one. A question's `cluster` decides where it has one. The others hang
    together where they share a gold document or a fact, also by way of a third question. `documents` is the size of
    the corpus (None: unknown): in a corpus of one document every question shares it, there is no other to draw, and
    so it ties nothing together.
    """
    links = _Links()
    for question_id, question in questions.items():
        links.tie(question_id, ("words", same_words(question)))
        if question.cluster is not None:
            links.tie(question_id, ("cluster", question.cluster))
            continue
        for document in question.gold_docs if documents != 1 else ():
            links.tie(question_id, ("document", document))
        if question.fact_id is not None:
            links.tie(question_id, ("fact", question.fact_id))
    first: dict[str, str] = {}
    return Clustering({name: first.setdefault(links.root(name), name) for name in questions})


def repeats(questions: Mapping[str, Question]) -> tuple[tuple[str, ...], ...]:
    """The ids of each question that is asked more than once in the same words, in the order of the questions."""
    groups: dict[Hashable, list[str]] = {}
    for question_id, question in questions.items():
        groups.setdefault(same_words(question), []).append(question_id)
    return tuple(tuple(ids) for ids in groups.values() if len(ids) > 1)


class _Links:
    """Union-find over names, by what they share."""

    def __init__(self) -> None:
        self.parent: dict[str, str] = {}
        self.holder: dict[Hashable, str] = {}
        """What names share → the first of them."""

    def root(self, name: str) -> str:
        while (above := self.parent.get(name, name)) != name:
            self.parent[name] = self.parent.get(above, above)  # halve the path on the way up
            name = above
        return name

    def tie(self, name: str, shared: Hashable) -> None:
        """Join a name with all others that are tied to the same."""
        other = self.holder.setdefault(shared, name)
        if other != name:
            self.parent[self.root(name)] = self.root(other)


@dataclass(frozen=True, eq=False)
class Design:
    """How n questions fall into clusters, for sums over clusters along the last axis of an array."""

    n: int
    sizes: Floats
    """Questions in each cluster, shape (clusters,)."""
    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    """`values[..., order]` has the clusters side by side; each begins at its start."""

    @classmethod
    def of(cls, clusters: Sequence[Hashable]) -> Design:
        """From each question's cluster, in the order of the values that will come."""
        number: dict[Hashable, int] = {}
        labels = np.array([number.setdefault(name, len(number)) for name in clusters], dtype=np.intp)
        sizes = np.bincount(labels, minlength=len(number))
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.intp)
        return cls(len(labels), sizes.astype(float), np.argsort(labels, kind="stable"), starts)

    @property
    def clusters(self) -> int:
        return len(self.sizes)

    @property
    def clustered(self) -> bool:
        """Whether any two questions share a cluster."""
        return self.clusters < self.n

    @cached_property
    def effective(self) -> float:
        """Clusters of equal size that would count as much as these (Kish 1965): n² / Σ n_g²."""
        return self.n**2 / float((self.sizes**2).sum())

    @cached_property
    def degrees(self) -> float:
        """Degrees of freedom of `spread`'s variance (Bell and McCaffrey 2002), in closed form for a mean.

        The variance is Σ c_g² u_g², with u_g the cluster's sum of deviations and c_g² = 1 / (1 − n_g/n).
        For independent questions of equal variance the matrix M of E[c_g u_g c_h u_h] has M_gg = n_g and
        M_gh = −c_g c_h n_g n_h / n; then (tr M)² / tr M². Equal clusters: their number less one.
        """
        weighted = self.sizes**2 / (1 - self.sizes / self.n)
        across = (weighted.sum() ** 2 - (weighted**2).sum()) / self.n**2
        return float(self.n**2 / ((self.sizes**2).sum() + across))

    def sums(self, values: Floats) -> Floats:
        """Sums over each cluster: (…, n) → (…, clusters)."""
        ordered = np.asarray(values, dtype=float)[..., self.order]
        return np.asarray(np.add.reduceat(ordered, self.starts, axis=-1))

    def variance(self, values: Floats, about: float | None = None) -> Floats:
        """Variance of the mean along the last axis, robust to any dependence within clusters (CR2).

        Σ (u_g² / (1 − n_g/n)) / n² (Bell and McCaffrey 2002). With every question its own cluster it is
        s²/n. Deviations are from `about` (None: from the mean). Needs two clusters.
        """
        values = np.asarray(values, dtype=float)
        centre = values.mean(axis=-1, keepdims=True) if about is None else about
        off = self.sums(values) - self.sizes * centre
        return np.asarray((off**2 / (1 - self.sizes / self.n)).sum(axis=-1) / self.n**2)

    def facts(self, repeated: Sequence[Sequence[str]] = ()) -> Clusters:
        """What results.json holds of it. `effective` is rounded: it is a measure, not a count.

        `repeated`: the ids of questions that are the same, group by group.
        """
        if not self.n:
            return Clusters(questions=0, clusters=0, largest=0, effective=0.0)
        repeated_n, example = (
            sum(len(ids) - 1 for ids in repeated),
            tuple(repeated[0][:2]) if repeated else (),
        )
        return Clusters(
            self.n, self.clusters, int(self.sizes.max()), round(self.effective, 1), repeated_n, example
        )
