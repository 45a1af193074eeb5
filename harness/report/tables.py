"""The tables of what was measured on one task, of its systems and of pairs of them.

A table without rows is left out of a report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from harness.analysis.latency_ratio import FEWEST_RATIOS
from harness.analysis.results import comparison, figures
from harness.analysis.results.figures import Tokens
from harness.analysis.results.run import SystemResult, TaskResult
from harness.analysis.retrieval import DEPTHS
from harness.analysis.statistics.paired import A_BETTER, B_BETTER, INCONCLUSIVE
from harness.quantities import NA, counted, listed, number, percent, points
from harness.report import numbers, servers
from harness.report.view import Table, table_of
from harness.spec.context import way_of

GROUPS = {
    "fact_seen": "facts in the training set",
    "fact_unseen": "facts not in it",
    "answerable": "answerable",
    "unanswerable": "unanswerable",
}
FEW_DECODED = 10
"""Below so many timed answers the decode rate says on how many it rests."""
NO_RATES = figures.Throughput(None, None, None, 0, 0, 0)


def metrics(task: TaskResult) -> Table | None:
    """Every metric, where there is more than the primary one, and lm-eval's figures of all answers beside them.

    The trivial baselines stand below the systems.
    """
    systems, overall = task.strategies.values(), task.aggregates
    names = dict.fromkeys(name for row in systems for name in row.metrics)
    if len(names) < 2 and not overall:
        return None
    headers = (*names, *(f"{name} (of all answers, no interval)" for name in overall))
    rows = [
        (
            row.label,
            *(numbers.estimate(row.metrics.get(name)) for name in names),
            *(numbers.figure(row.aggregates.get(name)) for name in overall),
        )
        for row in systems
    ]
    rows += [
        (row.label, *(numbers.estimate(row.metrics.get(name)) for name in names), *("–" for _ in overall))
        for row in task.baselines
    ]
    return Table(("Strategy", *headers), tuple(rows))


def groups(task: TaskResult) -> Table | None:
    """Accuracy by kind of question; None where all questions are of one kind."""
    systems = task.strategies.values()
    shown = [group for group in GROUPS if any(group in row.groups for row in systems)]
    if shown in ([], ["answerable"]):
        return None
    rows = [(row.label, *(numbers.with_n(row.groups.get(group)) for group in shown)) for row in systems]
    return Table(("Strategy", *(GROUPS[group] for group in shown)), tuple(rows))


def seeds(task: TaskResult) -> Table:
    """Fine-tunes trained with several seeds, and the seeds' part of the uncertainty."""
    return table_of(
        [(row.label, row.seeds) for row in task.strategies.values() if row.seeds],
        ("Strategy", lambda row: row[0]),
        (
            "Accuracy by training seed",
            lambda row: ", ".join(f"seed {seed}: {percent(mean)}" for seed, mean in row[1].means.items()),
        ),
        ("Same questions", lambda row: str(row[1].n)),
        ("Standard deviation between trainings", lambda row: numbers.size(row[1].sd)),
        ("Seeds' share of the variance", lambda row: percent(row[1].seed_share)),
        ("With one training", lambda row: percent(row[1].single_seed_share)),
        (
            "95 % interval over questions and trainings",
            lambda row: numbers.spread(row[1].ci_low, row[1].ci_high),
        ),
    )


def speed(task: TaskResult) -> Table:
    """Times of single requests, and tokens per second in their three senses."""
    rows: list[
        tuple[str, SystemResult, SystemResult | figures.Unmerged | figures.Warm, figures.Throughput]
    ] = []
    for row in task.strategies.values():
        if row.latency_s.n or row.tokens_per_s.system_output is not None:
            rows.append((f"{row.label}, cold" if row.warm else row.label, row, row, row.tokens_per_s))
            if row.warm:
                rows.append((f"{row.system.name}, warm", row, row.warm, NO_RATES))
            if row.unmerged:
                rows.append((f"{row.system.name}, unmerged", row, row.unmerged, NO_RATES))
    return table_of(
        rows,
        ("Strategy", lambda row: row[0]),
        ("n", lambda row: str(row[2].latency_s.n)),
        ("Latency p50 (95 % interval)", lambda row: numbers.percentile_interval(row[2].latency_s, "p50")),
        ("p90", lambda row: numbers.percentile(row[2].latency_s, "p90")),
        ("p95", lambda row: numbers.percentile(row[2].latency_s, "p95")),
        ("p99", lambda row: numbers.percentile(row[2].latency_s, "p99")),
        ("First token p50", lambda row: numbers.percentile(row[2].ttft_s, "p50")),
        ("Retrieval p50", lambda row: _retrieval_time(row[1].retrieve_s)),
        ("Decode per user, tok/s", lambda row: _decode(row[3])),
        ("End to end, tok/s", lambda row: numbers.figure(row[3].end_to_end)),
        ("Batched system, tok/s", lambda row: numbers.figure(row[3].system_output)),
    )


def _retrieval_time(times: figures.Percentiles) -> str:
    return numbers.percentile(times, "p50") if times.n else "no retrieval"


def _decode(rates: figures.Throughput) -> str:
    few = f" (n={rates.decode_n})" if 0 < rates.decode_n < FEW_DECODED else ""
    return f"{numbers.figure(rates.decode_per_user)}{few}"


def retrieval(task: TaskResult) -> Table:
    """Whether the right documents were found, and whether an answer stood in the prompt."""

    def recall(depth: int) -> tuple[str, Callable[[tuple[SystemResult, figures.Retrieval]], str]]:
        return f"recall@{depth}", lambda row: percent(row[1].recall_at_k[str(depth)])

    return table_of(
        [(row, row.retrieval) for row in task.strategies.values() if row.retrieval],
        ("Strategy", lambda row: row[0].label),
        ("Found by", lambda row: way_of(row[0].system.retrieved) if row[0].system.retrieved else "given"),
        ("k", lambda row: NA if row[1].k is None else str(row[1].k)),
        *map(recall, DEPTHS),
        ("n", lambda row: str(row[1].n)),
        ("Answer in context", lambda row: percent(row[1].answer_in_context)),
        (
            "Passages dropped",
            lambda row: f"{row[0].dropped_passages} in {counted(row[0].truncated, 'prompt')}",
        ),
    )


def citations(task: TaskResult) -> Table:
    """Which passages answers name: right ones, others that were shown, or none that there is."""
    return table_of(
        [(row, row.citations) for row in task.strategies.values() if row.citations],
        ("Strategy", lambda row: row[0].label),
        ("Cites", lambda row: numbers.estimate(row[1].cited)),
        ("Right passages alone", lambda row: numbers.estimate(row[1].gold)),
        ("Others that were shown", lambda row: numbers.estimate(row[1].shown)),
        ("Never shown", lambda row: numbers.estimate(row[1].never_shown)),
        ("n", lambda row: f"{row[1].cited.n}, {row[1].gold.n} with gold documents"),
    )


STEPS = (
    "",
    ": what found passages add",
    ": what better retrieval could add",
    "all right: what the generator loses",
)
"""What each step of the waterfall adds to the one before, beside the name of its system."""
BINS = {
    "retrieval_missed": ("retrieval missed", "no passage found for the prompt held an answer"),
    "passage_dropped": ("passage dropped", "the prompt's budget took out the one that did"),
    "reader_failed": ("generator failed", "an answer stood in the prompt"),
    "answer_cut": ("answer cut", "it stood there, and the token limit ended the reply"),
    "refusal_wrong": ("refusal wrong", "declined with an answer before it, or answered where there is none"),
}
"""Why an answer is wrong, in two words and in a clause."""


def steps(task: TaskResult) -> Table | None:
    """The ladder from the bare model to all right, on the same questions."""
    if task.waterfall.bins is None:
        return None
    steps = task.waterfall.steps
    names = (*(f"{step.step}{words}" for step, words in zip(steps, STEPS[:-1], strict=False)), STEPS[-1])
    return table_of(
        zip(names, steps, strict=True),
        ("Step", lambda row: row[0]),
        ("Accuracy", lambda row: "not run" if row[1].mean is None else percent(row[1].mean)),
        ("Gain", lambda row: NA if row[1].gain is None else f"{points(row[1].gain)} over {row[1].over}"),
        ("Same questions", lambda row: str(row[1].n)),
    )


def bins(task: TaskResult) -> Table | None:
    """Why each wrong answer with retrieved passages is wrong; each stands in one row."""
    counts, wrong = task.waterfall.bins, task.waterfall.n_wrong
    if not counts or not wrong:
        return None
    return table_of(
        counts.items(),
        (f"Why {task.waterfall.steps[1].step} was wrong", lambda row: ": ".join(BINS[row[0]])),
        ("Answers", lambda row: str(row[1])),
        ("Share of the wrong ones", lambda row: percent(row[1] / wrong)),
    )


def answers(task: TaskResult) -> Table:
    """How many answers there are, how long, and how many were cut, empty, or taken from the cache."""
    return table_of(
        task.strategies.values(),
        ("Strategy", lambda row: row.label),
        ("Answers", lambda row: f"{row.accuracy.n}{'' if row.accuracy.n == task.n else f' of {task.n}'}"),
        ("Prompt tokens", lambda row: number(row.tokens.prompt_mean)),
        ("Answer tokens", lambda row: _reply_tokens(row.tokens)),
        ("Cut by the token limit", lambda row: percent(row.finish_length_share)),
        ("Empty", lambda row: percent(row.empty_share)),
        ("From the cache", lambda row: percent(row.cached_share)),
    )


def _reply_tokens(tokens: Tokens) -> str:
    thoughts = f", {number(tokens.reasoning_mean)} of them thoughts" if tokens.reasoning_mean else ""
    return f"{number(tokens.completion_mean)}{thoughts}"


PAIRS = (
    "The difference is of the second strategy to the first on the same questions. A verdict rests on the pairs of the "
    "strategy with the highest accuracy, which stand first: any of them might have come out on top, so the p of each "
    "is adjusted for all pairs of strategies that were not yet shown to be worse, from the smallest p on. Other pairs, "
    "and those with a control or a strategy that failed a check, stand by themselves with their own p: where all are "
    "alike, one in twenty of these is told apart by chance. Detectable is the smallest difference that so many "
    "questions, on which two strategies differ so often, show in four of five such runs, at the level that the "
    "adjustment asks of the pair. A difference that is inconclusive may be nothing, or anything in its interval."
)


def comparisons(task: TaskResult) -> Table:
    """Every pair of systems on the primary metric, those that a verdict rests on first."""
    return table_of(
        sorted(task.comparisons, key=lambda row: not row.in_family),
        ("First → second", lambda row: f"{row.a} → {row.b}"),
        ("Difference (95 % interval)", lambda row: row.in_points),
        *servers.variation(task),
        ("Same questions", lambda row: str(row.n)),
        (
            "Differ (first : second higher)",
            lambda row: f"{row.discordant} ({row.a_higher} : {row.b_higher})",
        ),
        ("p, adjusted", lambda row: f"{numbers.probability(row.p_adjusted)}{_alone(row)}"),
        ("Detectable", lambda row: numbers.size(row.mde_adjusted)),
        ("Latency, times the first's", lambda row: _ratio(row.latency_ratio)),
        ("Verdict", in_words),
    )


def _ratio(ratio: comparison.LatencyRatio | None) -> str:
    if ratio is None or not ratio.n:
        return "not timed"
    if ratio.median is None:
        return f"{NA} (n={ratio.n} < {FEWEST_RATIOS})"
    median, low, high = map(numbers.factor, (ratio.median, ratio.ci_low, ratio.ci_high))
    return f"{median} ({low}–{high}, n={ratio.n})"


def _alone(row: comparison.Comparison) -> str:
    """Marks a pair that is in no family, with a p of its own."""
    return "" if row.in_family or row.p_adjusted is None else " (by itself)"


def in_words(row: comparison.Comparison) -> str:
    """`rag is better`, or that it is inconclusive, with the reason where more than chance stands behind it."""
    if row.excluded:
        return f"does not count: {listed(row.excluded)} failed a check (see validity)"
    better = {A_BETTER: row.a, B_BETTER: row.b}.get(row.verdict)
    if better:
        return f"{better} is better{_alone(row)}"
    return f"{INCONCLUSIVE}: {row.reason}" if row.reason else INCONCLUSIVE


def clusters_in_words(task: TaskResult) -> str:
    """How questions hang together, where they do."""
    facts = task.clusters
    if facts.clusters == facts.questions:
        return ""
    words = (
        f"Questions that share a cluster, a gold document or a fact are right or wrong together: these "
        f"{facts.questions} fall into {counted(facts.clusters, 'cluster')}, the largest of {facts.largest}. "
        "Intervals and p count clusters, not questions."
    )
    if not facts.repeated:
        return words
    one = facts.repeated == 1
    again = "question repeats an earlier one" if one else "questions repeat earlier ones"
    once = "counts once with it" if one else "count once with these"
    return f"{words} {facts.repeated} {again} word for word ({listed(facts.repeated_example)}) and {once}."


def forgetting(task: TaskResult) -> Table:
    """What adapters trained for other tasks lost on these questions."""
    return table_of(
        task.forgetting,
        ("Adapter", lambda row: f"{row.strategy} trained for {row.trained_for}"),
        ("Base model", lambda row: percent(row.base)),
        ("With the adapter", lambda row: percent(row.adapter)),
        ("Difference (95 % interval)", lambda row: row.comparison.in_points),
        ("Same questions", lambda row: str(row.comparison.n)),
        ("p, adjusted", lambda row: numbers.probability(row.comparison.p_adjusted)),
        ("Detectable", lambda row: numbers.size(row.comparison.mde_adjusted)),
        ("Verdict", _forgot),
    )


def forgotten(tasks: Iterable[TaskResult]) -> Table:
    """The same over several tasks, in short."""
    return table_of(
        [(task, row) for task in tasks for row in task.forgetting],
        ("Adapter", lambda row: f"{row[1].strategy} trained for {row[1].trained_for}"),
        ("Asked", lambda row: row[0].name),
        ("Base model", lambda row: percent(row[1].base)),
        ("With the adapter", lambda row: percent(row[1].adapter)),
        ("Difference (95 % interval)", lambda row: row[1].comparison.in_points),
        ("Verdict", lambda row: _forgot(row[1])),
    )


def _forgot(row: comparison.Forgetting) -> str:
    base = row.comparison.a
    words = {A_BETTER: f"worse than {base}", B_BETTER: f"better than {base}"}
    return words.get(row.comparison.verdict) or in_words(row.comparison)
