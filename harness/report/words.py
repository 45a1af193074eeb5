"""How to read a report: sentences that are the same in every run, but for the strategies that it names."""

from __future__ import annotations

from harness.analysis.results.run import RunResult
from harness.spec.strategy import meanings


def meaning(results: RunResult) -> tuple[str, ...]:
    """What the figures mean, and what the strategies of this run are."""
    systems = (row.system for task in results.tasks.values() for row in task.strategies.values())
    strategies = "; ".join(meanings(system.strategy for system in systems))
    return (f"Strategies: {strategies}.", *FIGURES) if strategies else FIGURES


FIGURES = (
    "Accuracy is the task's first metric, averaged over the questions, with a 95 % confidence interval: Wilson's "
    "for answers that are right or wrong, the same with the effective number of questions for graded scores and "
    "for questions that share documents.",
    "Whether two strategies differ is judged on the questions that both answered (see Comparisons). It does not "
    "follow from two intervals of accuracy: they may overlap although the difference is significant.",
    "Inconclusive means that these questions do not tell two strategies apart. It never means that they "
    "are alike.",
    "The chance to be the most accurate, or worth most, is the share of draws in which a strategy is ahead when the "
    "questions are resampled. It is not adjusted for the number of pairs, as Comparisons are: it can be high where "
    "a difference is inconclusive.",
    "Facts in the training set and facts not in it stand apart, because a fine-tune can only know the former.",
    "Latency is from the question handed over to its last token, one request at a time on a warmed-up "
    "model; retrieval is inside it. First token has the same start. A percentile is printed only where the "
    "number of timed questions supports it.",
    "Decode per user is how fast one user sees tokens (1 / time per token after the first). End to end "
    "divides an answer's tokens by its whole latency. Batched system is all tokens by the wall time of the "
    "batched pass; it is missing where every answer came from the cache, which is never timed.",
    "Cost per query is the machine's price for the seconds of a query, one at a time, at the stated "
    "utilisation. Batched (retrieval included, as it was timed alone) and fully used stand beside it. Cost per "
    "correct answer divides by the accuracy.",
    "One-off cost of a fine-tune is tuning cycles × (training time × price of an hour + engineer hours × wage) + "
    "labels + evaluation; of retrieval, embedding the corpus. Hours, wage, labels and evaluation come from the "
    "price list; those that ship are assumptions. At a change of knowledge retrieval embeds anew what changed, "
    "and a fine-tune is trained once more.",
    "A break-even is the number of queries at which the dearer start is paid back by cheaper queries; never, where "
    "a query is not cheaper. The error price at which the choice turns is the difference in cost per query "
    "divided by the difference in measured accuracy, which is as uncertain as that difference. It leaves one-off "
    "cost aside; the price that stands under Decision does not, but spreads it over your queries, so the two differ.",
    "recall@k is the share of a question's right documents among its first k passages. Answer in context is "
    "the share of answerable questions whose prompt held a right answer word for word.",
    "Passages dropped did not fit the prompt's budget; the lowest-ranked go first, the question never does.",
)

LIMITS = (
    "Seconds were measured on this machine and multiplied by the price of the machine named under Prices: "
    "the dollars hold as far as the two are equally fast.",
    "Comparisons are of the adapters that were trained. Another seed gives another adapter; how much that moves "
    "the accuracy is shown only where a fine-tune was trained with several seeds.",
    "The figures are of these questions. How they were chosen decides what they say about yours.",
    "Small models use passages badly: compare retrieved with right passages before blaming retrieval.",
)
