"""How to read a report's figures: a sentence stands only where its figures do."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain

from harness.analysis.results.hosting import Hosting
from harness.analysis.results.run import RunResult, SystemResult
from harness.report import scoreboard

Holds = Callable[[RunResult], bool]


def _any(has: Callable[[SystemResult], object]) -> Holds:
    """Whether any system of a run has something."""
    return lambda results: any(map(has, results.systems))


def _always(_results: RunResult) -> bool:
    return True


def _compared(results: RunResult) -> bool:
    return any(task.comparisons for task in results.tasks.values())


def _chances(results: RunResult) -> bool:
    candidates = chain.from_iterable(task.decision.candidates.values() for task in results.tasks.values())
    return any(row.probability_best is not None for row in candidates)


def _break_even(results: RunResult) -> bool:
    rows = chain.from_iterable(task.decision.break_even for task in results.tasks.values())
    return any(row.status != "unknown" for row in rows)


_timed = _any(lambda row: row.latency_s.n)
_priced = _any(lambda row: row.cost.per_query_usd is not None)
_on_machines = _any(lambda row: row.cost.per_query_usd is not None and isinstance(row.cost.hosting, Hosting))
_retrieved = _any(lambda row: row.retrieval)
_batched = _any(lambda row: row.tokens_per_s.system_output is not None)

MEANINGS: tuple[tuple[Holds, str], ...] = (
    (
        _always,
        "Accuracy is the task's first metric, averaged over the questions, with a 95 % confidence interval: Wilson's "
        "for answers that are right or wrong, the same with the effective number of questions for graded scores and "
        "for questions that share documents.",
    ),
    (
        _compared,
        "Whether two strategies differ is judged on the questions that both answered (see Comparisons). It does not "
        "follow from two intervals of accuracy: they may overlap although the difference is significant.",
    ),
    (
        _compared,
        "Inconclusive means that these questions do not tell two strategies apart. Alike means more: the whole "
        "interval of their difference lies within the margin.",
    ),
    (
        _chances,
        "The chance to be the most accurate, or worth most, is the share of draws in which a strategy is ahead when "
        "the questions are resampled, and trainings where a fine-tune has several. It is not adjusted for the number "
        "of pairs, as Comparisons are: it can be high where a difference is inconclusive.",
    ),
    (
        _any(lambda row: row.groups.keys() & {"fact_seen", "fact_unseen"}),
        "Facts in the training set and facts not in it stand apart, because a fine-tune can only know the former.",
    ),
    (
        _timed,
        "Latency is from the question handed over to its last token, one request at a time on a warmed-up model; "
        "retrieval is inside it. First token has the same start. A percentile is printed only where the number of "
        "timed questions supports it.",
    ),
    (
        _timed,
        "Decode per user is how fast one user sees tokens (1 / time per token after the first). End to end divides an "
        "answer's tokens by its whole latency.",
    ),
    (
        _batched,
        "Batched system is all tokens by the wall time of the batched pass; it is missing where every answer came "
        "from the cache, which is never timed.",
    ),
    (
        _on_machines,
        "A machine that is kept up costs its hours whether it is asked or not: as many machines as the peak needs, "
        "one query at a time on each, and at least one. Scaled to zero it costs its busy seconds and its cold starts, "
        "shared the seconds of a query over the utilisation. Cost per query is that of a month at the stated volume, "
        "divided by the queries. Batched (retrieval included, as it was timed alone) stands beside it, and fully "
        "used, which is the limit and not a price.",
    ),
    (_priced, "Cost per correct answer divides the cost per query by the accuracy."),
    (
        _any(lambda row: row.cost.fixed_usd is not None),
        "Every strategy pays people once: the prompt, its evaluation, and examples, building retrieval or a "
        "fine-tune's cycles (hours × wage, and training time × price of an hour) and labels where it has them. Hours, "
        "wage and labels come from the price list; those that ship are assumptions. At a change of knowledge "
        "retrieval embeds anew what changed, a fine-tune is trained once more, and each is evaluated.",
    ),
    (
        _break_even,
        "A break-even is the number of queries a month from which on the dearer start is made up for by fewer or less "
        "busy machines; never, where a query is not faster. The error price at which the choice turns is the "
        "difference in cost per query divided by the difference in measured accuracy, which is as uncertain as that "
        "difference. It leaves one-off cost aside; the price that stands under Decision does not, but spreads it over "
        "your queries, so the two differ.",
    ),
    (
        _retrieved,
        "recall@k is the share of a question's right documents among its first k passages. Answer in context is the "
        "share of answerable questions whose prompt held a right answer word for word.",
    ),
    (
        _retrieved,
        "Passages dropped did not fit the prompt's budget; the lowest-ranked go first, the question never does.",
    ),
)
"""Whether a run has the figures, and what they mean."""

LIMITS: tuple[tuple[Holds, str], ...] = (
    (
        _on_machines,
        "Seconds were measured on this machine and multiplied by the price of the machine named under Prices: the "
        "dollars hold as far as the two are equally fast.",
    ),
    (
        lambda results: bool(results.adapters),
        "Comparisons are of the adapters that were trained. Another seed gives another adapter; how much that moves "
        "the accuracy is shown only where a fine-tune was trained with several seeds.",
    ),
    (
        _always,
        "The figures are of these questions. How they were chosen decides what they say about yours.",
    ),
    (
        _retrieved,
        "Small models use passages badly: compare retrieved with right passages before blaming retrieval.",
    ),
)


def told(results: RunResult, rows: tuple[tuple[Holds, str], ...]) -> list[str]:
    """The sentences of a table that hold for a run."""
    return [text for holds, text in rows if holds(results)]


def compared(results: RunResult) -> str:
    """What stands above all scoreboards; nothing where there is nothing to compare."""
    if not _compared(results):
        return ""
    standings = (
        scoreboard.standing(task, name).state for task in results.tasks.values() for name in task.strategies
    )
    apart = "; ≈ means that these questions do not tell them apart" if "unresolved" in standings else ""
    return (
        "Whether two strategies differ is judged on the questions that both answered, not by looking at two bars"
        f"{apart}."
    )
